"""The messages of the other groups; schema.py says how to read them."""

MESSAGES = """
AggregationRule: clusterRoleSelectors:*LabelSelector
BoundObjectReference: kind apiVersion name uid
CSIDriver: metadata:ObjectMeta spec:CSIDriverSpec
CSIDriverSpec: attachRequired:b podInfoOnMount:b volumeLifecycleModes:*s storageCapacity:b fsGroupPolicy
  tokenRequests:*storage/TokenRequest requiresRepublish:b seLinuxMount:b
CSINode: metadata:ObjectMeta spec:CSINodeSpec
CSINodeDriver: name nodeID topologyKeys:*s allocatable:VolumeNodeResources
CSINodeSpec: drivers:*CSINodeDriver
ClusterRole: metadata:ObjectMeta rules:*PolicyRule aggregationRule:AggregationRule
ClusterRoleBinding: metadata:ObjectMeta subjects:*Subject roleRef:RoleRef
CronJob: metadata:ObjectMeta spec:CronJobSpec status:CronJobStatus
CronJobSpec: schedule startingDeadlineSeconds:l concurrencyPolicy suspend:b jobTemplate:JobTemplateSpec successfulJobsHistoryLimit:i
  failedJobsHistoryLimit:i timeZone
CronJobStatus: active:*ObjectReference 4=lastScheduleTime:Time lastSuccessfulTime:Time
Deployment: metadata:ObjectMeta spec:DeploymentSpec status:DeploymentStatus
DeploymentCondition: type status 4=reason message lastUpdateTime:Time lastTransitionTime:Time
DeploymentSpec: replicas:i selector:LabelSelector template:PodTemplateSpec strategy:DeploymentStrategy minReadySeconds:i
  revisionHistoryLimit:i paused:b 9=progressDeadlineSeconds:i
DeploymentStatus: observedGeneration:l replicas:i updatedReplicas:i availableReplicas:i unavailableReplicas:i
  conditions:*DeploymentCondition readyReplicas:i collisionCount:i terminatingReplicas:i
DeploymentStrategy: type rollingUpdate:RollingUpdateDeployment
Endpoint: addresses:*s conditions:EndpointConditions hostname targetRef:ObjectReference deprecatedTopology:%s nodeName zone
  hints:EndpointHints
EndpointConditions: ready:b serving:b terminating:b
EndpointHints: forZones:*ForZone
EndpointSlice: metadata:ObjectMeta endpoints:*Endpoint ports:*discovery/EndpointPort addressType
Eviction: metadata:ObjectMeta deleteOptions:DeleteOptions
FieldSelectorAttributes: rawSelector requirements:*FieldSelectorRequirement
ForZone: name
Job: metadata:ObjectMeta spec:JobSpec status:JobStatus
JobCondition: type status lastProbeTime:Time lastTransitionTime:Time reason message
JobSpec: parallelism:i completions:i activeDeadlineSeconds:l selector:LabelSelector manualSelector:b template:PodTemplateSpec
  backoffLimit:i ttlSecondsAfterFinished:i completionMode suspend:b podFailurePolicy:PodFailurePolicy backoffLimitPerIndex:i
  maxFailedIndexes:i podReplacementPolicy managedBy successPolicy:SuccessPolicy
JobStatus: conditions:*JobCondition startTime:Time completionTime:Time active:i succeeded:i failed:i completedIndexes
  uncountedTerminatedPods:UncountedTerminatedPods ready:i failedIndexes terminating:i
JobTemplateSpec: metadata:ObjectMeta spec:JobSpec
LabelSelectorAttributes: rawSelector requirements:*LabelSelectorRequirement
Lease: metadata:ObjectMeta spec:LeaseSpec
LeaseSpec: holderIdentity leaseDurationSeconds:i acquireTime:Time renewTime:Time leaseTransitions:i strategy preferredHolder
LocalSubjectAccessReview: metadata:ObjectMeta spec:SubjectAccessReviewSpec status:SubjectAccessReviewStatus
NonResourceAttributes: path verb
NonResourceRule: verbs:*s nonResourceURLs:*s
PodDisruptionBudget: metadata:ObjectMeta spec:PodDisruptionBudgetSpec status:PodDisruptionBudgetStatus
PodDisruptionBudgetSpec: minAvailable:IntOrString selector:LabelSelector maxUnavailable:IntOrString unhealthyPodEvictionPolicy
PodDisruptionBudgetStatus: observedGeneration:l disruptedPods:%Time disruptionsAllowed:i currentHealthy:i desiredHealthy:i expectedPods:i
  conditions:*Condition
PodFailurePolicy: rules:*PodFailurePolicyRule
PodFailurePolicyOnExitCodesRequirement: containerName operator values:*i
PodFailurePolicyOnPodConditionsPattern: type status
PodFailurePolicyRule: action onExitCodes:PodFailurePolicyOnExitCodesRequirement onPodConditions:*PodFailurePolicyOnPodConditionsPattern
PolicyRule: verbs:*s apiGroups:*s resources:*s resourceNames:*s nonResourceURLs:*s
ReplicaSet: metadata:ObjectMeta spec:ReplicaSetSpec status:ReplicaSetStatus
ReplicaSetCondition: type status lastTransitionTime:Time reason message
ReplicaSetSpec: replicas:i selector:LabelSelector template:PodTemplateSpec minReadySeconds:i
ReplicaSetStatus: replicas:i fullyLabeledReplicas:i observedGeneration:l readyReplicas:i availableReplicas:i
  conditions:*ReplicaSetCondition terminatingReplicas:i
ResourceAttributes: namespace verb group version resource subresource name fieldSelector:FieldSelectorAttributes
  labelSelector:LabelSelectorAttributes
ResourceRule: verbs:*s apiGroups:*s resources:*s resourceNames:*s
Role: metadata:ObjectMeta rules:*PolicyRule
RoleBinding: metadata:ObjectMeta subjects:*Subject roleRef:RoleRef
RoleRef: apiGroup kind name
RollingUpdateDeployment: maxUnavailable:IntOrString maxSurge:IntOrString
RollingUpdateStatefulSetStrategy: partition:i maxUnavailable:IntOrString
Scale: metadata:ObjectMeta spec:ScaleSpec status:ScaleStatus
ScaleSpec: replicas:i
ScaleStatus: replicas:i selector
SelfSubjectAccessReview: metadata:ObjectMeta spec:SelfSubjectAccessReviewSpec status:SubjectAccessReviewStatus
SelfSubjectAccessReviewSpec: resourceAttributes:ResourceAttributes nonResourceAttributes:NonResourceAttributes
SelfSubjectReview: metadata:ObjectMeta status:SelfSubjectReviewStatus
SelfSubjectReviewStatus: userInfo:UserInfo
SelfSubjectRulesReview: metadata:ObjectMeta spec:SelfSubjectRulesReviewSpec status:SubjectRulesReviewStatus
SelfSubjectRulesReviewSpec: namespace
StatefulSet: metadata:ObjectMeta spec:StatefulSetSpec status:StatefulSetStatus
StatefulSetCondition: type status lastTransitionTime:Time reason message
StatefulSetOrdinals: start:i
StatefulSetPersistentVolumeClaimRetentionPolicy: whenDeleted whenScaled
StatefulSetSpec: replicas:i selector:LabelSelector template:PodTemplateSpec volumeClaimTemplates:*PersistentVolumeClaim serviceName
  podManagementPolicy updateStrategy:StatefulSetUpdateStrategy revisionHistoryLimit:i minReadySeconds:i
  persistentVolumeClaimRetentionPolicy:StatefulSetPersistentVolumeClaimRetentionPolicy ordinals:StatefulSetOrdinals
StatefulSetStatus: observedGeneration:l replicas:i readyReplicas:i currentReplicas:i updatedReplicas:i currentRevision updateRevision
  9=collisionCount:i conditions:*StatefulSetCondition availableReplicas:i
StatefulSetUpdateStrategy: type rollingUpdate:RollingUpdateStatefulSetStrategy
StorageClass: metadata:ObjectMeta provisioner parameters:%s reclaimPolicy mountOptions:*s allowVolumeExpansion:b volumeBindingMode
  allowedTopologies:*TopologySelectorTerm
Subject: kind apiGroup name namespace
SubjectAccessReview: metadata:ObjectMeta spec:SubjectAccessReviewSpec status:SubjectAccessReviewStatus
SubjectAccessReviewSpec: resourceAttributes:ResourceAttributes nonResourceAttributes:NonResourceAttributes user groups:*s
  extra:%authorization/ExtraValue uid
SubjectAccessReviewStatus: allowed:b reason evaluationError denied:b
SubjectRulesReviewStatus: resourceRules:*ResourceRule nonResourceRules:*NonResourceRule incomplete:b evaluationError
SuccessPolicy: rules:*SuccessPolicyRule
SuccessPolicyRule: succeededIndexes succeededCount:i
TokenRequestSpec: audiences:*s 3=boundObjectRef:BoundObjectReference expirationSeconds:l
TokenRequestStatus: token expirationTimestamp:Time
TokenReview: metadata:ObjectMeta spec:TokenReviewSpec status:TokenReviewStatus
TokenReviewSpec: token audiences:*s
TokenReviewStatus: authenticated:b user:UserInfo error audiences:*s
UncountedTerminatedPods: succeeded:*s failed:*s
UserInfo: username uid groups:*s extra:%authentication/ExtraValue
VolumeAttachment: metadata:ObjectMeta spec:VolumeAttachmentSpec status:VolumeAttachmentStatus
VolumeAttachmentSource: persistentVolumeName inlineVolumeSpec:PersistentVolumeSpec
VolumeAttachmentSpec: attacher source:VolumeAttachmentSource nodeName
VolumeAttachmentStatus: attached:b attachmentMetadata:%s attachError:VolumeError detachError:VolumeError
VolumeError: time:Time message
VolumeNodeResources: count:i
authentication/ExtraValue: items:*s
authentication/TokenRequest: metadata:ObjectMeta spec:TokenRequestSpec status:TokenRequestStatus
authorization/ExtraValue: items:*s
discovery/EndpointPort: name protocol port:i appProtocol
events/Event: metadata:ObjectMeta eventTime:Time series:events/EventSeries reportingController reportingInstance action reason
  regarding:ObjectReference related:ObjectReference note type deprecatedSource:EventSource deprecatedFirstTimestamp:Time
  deprecatedLastTimestamp:Time deprecatedCount:i
events/EventSeries: count:i lastObservedTime:Time
storage/TokenRequest: audience expirationSeconds:l
"""
