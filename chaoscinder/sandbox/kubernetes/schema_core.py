"""The messages of the core group and of metadata; schema.py says how to read them."""

MESSAGES = """
Affinity: nodeAffinity:NodeAffinity podAffinity:PodAffinity podAntiAffinity:PodAntiAffinity
AppArmorProfile: type localhostProfile
AttachedVolume: name devicePath
Binding: metadata:ObjectMeta target:ObjectReference
CSIPersistentVolumeSource: driver volumeHandle readOnly:b fsType volumeAttributes:%s controllerPublishSecretRef:SecretReference
  nodeStageSecretRef:SecretReference nodePublishSecretRef:SecretReference controllerExpandSecretRef:SecretReference
  nodeExpandSecretRef:SecretReference
CSIVolumeSource: driver readOnly:b fsType volumeAttributes:%s nodePublishSecretRef:LocalObjectReference
Capabilities: add:*s drop:*s
CinderPersistentVolumeSource: volumeID fsType readOnly:b secretRef:SecretReference
CinderVolumeSource: volumeID fsType readOnly:b secretRef:LocalObjectReference
ClientIPConfig: timeoutSeconds:i
ClusterTrustBundleProjection: name signerName labelSelector:LabelSelector path optional:b
Condition: type status observedGeneration:l lastTransitionTime:Time reason message
ConfigMap: metadata:ObjectMeta data:%s binaryData:%y immutable:b
ConfigMapEnvSource: localObjectReference:LocalObjectReference optional:b
ConfigMapKeySelector: localObjectReference:LocalObjectReference key optional:b
ConfigMapNodeConfigSource: namespace name uid resourceVersion kubeletConfigKey
ConfigMapProjection: localObjectReference:LocalObjectReference items:*KeyToPath 4=optional:b
ConfigMapVolumeSource: localObjectReference:LocalObjectReference items:*KeyToPath defaultMode:i optional:b
Container: name image command:*s args:*s workingDir ports:*ContainerPort env:*EnvVar resources:ResourceRequirements
  volumeMounts:*VolumeMount livenessProbe:Probe readinessProbe:Probe lifecycle:Lifecycle terminationMessagePath imagePullPolicy
  securityContext:SecurityContext stdin:b stdinOnce:b tty:b envFrom:*EnvFromSource terminationMessagePolicy volumeDevices:*VolumeDevice
  startupProbe:Probe resizePolicy:*ContainerResizePolicy restartPolicy
ContainerImage: names:*s sizeBytes:l
ContainerPort: name hostPort:i containerPort:i protocol hostIP
ContainerResizePolicy: resourceName restartPolicy
ContainerState: waiting:ContainerStateWaiting running:ContainerStateRunning terminated:ContainerStateTerminated
ContainerStateRunning: startedAt:Time
ContainerStateTerminated: exitCode:i signal:i reason message startedAt:Time finishedAt:Time containerID
ContainerStateWaiting: reason message
ContainerStatus: name state:ContainerState lastState:ContainerState ready:b restartCount:i image imageID containerID started:b
  allocatedResources:%Quantity resources:ResourceRequirements volumeMounts:*VolumeMountStatus user:ContainerUser
  allocatedResourcesStatus:*ResourceStatus
ContainerUser: linux:LinuxContainerUser
DaemonEndpoint: Port:i
DeleteOptions: gracePeriodSeconds:l preconditions:Preconditions orphanDependents:b propagationPolicy dryRun:*s
  ignoreStoreReadErrorWithClusterBreakingPotential:b
DownwardAPIProjection: items:*DownwardAPIVolumeFile
DownwardAPIVolumeFile: path fieldRef:ObjectFieldSelector resourceFieldRef:ResourceFieldSelector mode:i
DownwardAPIVolumeSource: items:*DownwardAPIVolumeFile defaultMode:i
EmptyDirVolumeSource: medium sizeLimit:Quantity
EndpointAddress: ip targetRef:ObjectReference hostname nodeName
EndpointPort: name port:i protocol appProtocol
EndpointSubset: addresses:*EndpointAddress notReadyAddresses:*EndpointAddress ports:*EndpointPort
Endpoints: metadata:ObjectMeta subsets:*EndpointSubset
EnvFromSource: prefix configMapRef:ConfigMapEnvSource secretRef:SecretEnvSource
EnvVar: name value valueFrom:EnvVarSource
EnvVarSource: fieldRef:ObjectFieldSelector resourceFieldRef:ResourceFieldSelector configMapKeyRef:ConfigMapKeySelector
  secretKeyRef:SecretKeySelector
EphemeralContainer: ephemeralContainerCommon:EphemeralContainerCommon targetContainerName
EphemeralContainerCommon:
EphemeralVolumeSource: volumeClaimTemplate:PersistentVolumeClaimTemplate
Event: metadata:ObjectMeta involvedObject:ObjectReference reason message source:EventSource firstTimestamp:Time lastTimestamp:Time count:i
  type eventTime:Time series:EventSeries action related:ObjectReference reportingComponent reportingInstance
EventSeries: count:i lastObservedTime:Time
EventSource: component host
ExecAction: command:*s
FieldSelectorRequirement: key operator values:*s
GRPCAction: port:i service
HTTPGetAction: path port:IntOrString host scheme httpHeaders:*HTTPHeader
HTTPHeader: name value
HostAlias: ip hostnames:*s
HostIP: ip
HostPathVolumeSource: path type
ImageVolumeSource: reference pullPolicy
KeyToPath: key path mode:i
LabelSelector: matchLabels:%s matchExpressions:*LabelSelectorRequirement
LabelSelectorRequirement: key operator values:*s
Lifecycle: postStart:LifecycleHandler preStop:LifecycleHandler
LifecycleHandler: exec:ExecAction httpGet:HTTPGetAction tcpSocket:TCPSocketAction sleep:SleepAction
LinuxContainerUser: uid:l gid:l supplementalGroups:*l
LoadBalancerIngress: ip hostname ipMode ports:*PortStatus
LoadBalancerStatus: ingress:*LoadBalancerIngress
LocalObjectReference: name
LocalVolumeSource: path fsType
ManagedFieldsEntry: manager operation apiVersion time:Time 6=fieldsType fieldsV1:RawExtension subresource
ModifyVolumeStatus: targetVolumeAttributesClassName status
Namespace: metadata:ObjectMeta spec:NamespaceSpec status:NamespaceStatus
NamespaceCondition: type status 4=lastTransitionTime:Time reason message
NamespaceSpec: finalizers:*s
NamespaceStatus: phase conditions:*NamespaceCondition
Node: metadata:ObjectMeta spec:NodeSpec status:NodeStatus
NodeAddress: type address
NodeAffinity: requiredDuringSchedulingIgnoredDuringExecution:NodeSelector
  preferredDuringSchedulingIgnoredDuringExecution:*PreferredSchedulingTerm
NodeCondition: type status lastHeartbeatTime:Time lastTransitionTime:Time reason message
NodeConfigSource: 2=configMap:ConfigMapNodeConfigSource
NodeConfigStatus: assigned:NodeConfigSource active:NodeConfigSource lastKnownGood:NodeConfigSource error
NodeDaemonEndpoints: kubeletEndpoint:DaemonEndpoint
NodeFeatures: supplementalGroupsPolicy:b
NodeRuntimeHandler: name features:NodeRuntimeHandlerFeatures
NodeRuntimeHandlerFeatures: recursiveReadOnlyMounts:b userNamespaces:b
NodeSelector: nodeSelectorTerms:*NodeSelectorTerm
NodeSelectorRequirement: key operator values:*s
NodeSelectorTerm: matchExpressions:*NodeSelectorRequirement matchFields:*NodeSelectorRequirement
NodeSpec: podCIDR externalID providerID unschedulable:b taints:*Taint configSource:NodeConfigSource podCIDRs:*s
NodeStatus: capacity:%Quantity allocatable:%Quantity phase conditions:*NodeCondition addresses:*NodeAddress
  daemonEndpoints:NodeDaemonEndpoints nodeInfo:NodeSystemInfo images:*ContainerImage volumesInUse:*s volumesAttached:*AttachedVolume
  config:NodeConfigStatus runtimeHandlers:*NodeRuntimeHandler features:NodeFeatures
NodeSystemInfo: machineID systemUUID bootID kernelVersion osImage containerRuntimeVersion kubeletVersion kubeProxyVersion operatingSystem
  architecture
ObjectFieldSelector: apiVersion fieldPath
ObjectMeta: name generateName namespace selfLink uid resourceVersion generation:l creationTimestamp:Time deletionTimestamp:Time
  deletionGracePeriodSeconds:l labels:%s annotations:%s ownerReferences:*OwnerReference finalizers:*s 17=managedFields:*ManagedFieldsEntry
ObjectReference: kind namespace name uid apiVersion resourceVersion fieldPath
OwnerReference: kind 3=name uid apiVersion controller:b blockOwnerDeletion:b
PersistentVolume: metadata:ObjectMeta spec:PersistentVolumeSpec status:PersistentVolumeStatus
PersistentVolumeClaim: metadata:ObjectMeta spec:PersistentVolumeClaimSpec status:PersistentVolumeClaimStatus
PersistentVolumeClaimCondition: type status lastProbeTime:Time lastTransitionTime:Time reason message
PersistentVolumeClaimSpec: accessModes:*s resources:VolumeResourceRequirements volumeName selector:LabelSelector storageClassName
  volumeMode dataSource:TypedLocalObjectReference dataSourceRef:TypedObjectReference volumeAttributesClassName
PersistentVolumeClaimStatus: phase accessModes:*s capacity:%Quantity conditions:*PersistentVolumeClaimCondition
  allocatedResources:%Quantity 7=allocatedResourceStatuses:%s currentVolumeAttributesClassName modifyVolumeStatus:ModifyVolumeStatus
PersistentVolumeClaimTemplate: metadata:ObjectMeta spec:PersistentVolumeClaimSpec
PersistentVolumeClaimVolumeSource: claimName readOnly:b
PersistentVolumeSource: 3=hostPath:HostPathVolumeSource 8=cinder:CinderPersistentVolumeSource 20=local:LocalVolumeSource
  22=csi:CSIPersistentVolumeSource
PersistentVolumeSpec: capacity:%Quantity persistentVolumeSource:PersistentVolumeSource accessModes:*s claimRef:ObjectReference
  persistentVolumeReclaimPolicy storageClassName mountOptions:*s volumeMode nodeAffinity:VolumeNodeAffinity volumeAttributesClassName
PersistentVolumeStatus: phase message reason lastPhaseTransitionTime:Time
Pod: metadata:ObjectMeta spec:PodSpec status:PodStatus
PodAffinity: requiredDuringSchedulingIgnoredDuringExecution:*PodAffinityTerm
  preferredDuringSchedulingIgnoredDuringExecution:*WeightedPodAffinityTerm
PodAffinityTerm: labelSelector:LabelSelector namespaces:*s topologyKey namespaceSelector:LabelSelector matchLabelKeys:*s
  mismatchLabelKeys:*s
PodAntiAffinity: requiredDuringSchedulingIgnoredDuringExecution:*PodAffinityTerm
  preferredDuringSchedulingIgnoredDuringExecution:*WeightedPodAffinityTerm
PodCondition: type status lastProbeTime:Time lastTransitionTime:Time reason message
PodDNSConfig: nameservers:*s searches:*s options:*PodDNSConfigOption
PodDNSConfigOption: name value
PodIP: ip
PodOS: name
PodReadinessGate: conditionType
PodResourceClaim: name 3=resourceClaimName resourceClaimTemplateName
PodResourceClaimStatus: name resourceClaimName
PodSchedulingGate: name
PodSecurityContext: seLinuxOptions:SELinuxOptions runAsUser:l runAsNonRoot:b supplementalGroups:*l fsGroup:l runAsGroup:l sysctls:*Sysctl
  windowsOptions:WindowsSecurityContextOptions fsGroupChangePolicy seccompProfile:SeccompProfile appArmorProfile:AppArmorProfile
  supplementalGroupsPolicy seLinuxChangePolicy
PodSpec: volumes:*Volume containers:*Container restartPolicy terminationGracePeriodSeconds:l activeDeadlineSeconds:l dnsPolicy
  nodeSelector:%s serviceAccountName serviceAccount nodeName hostNetwork:b hostPID:b hostIPC:b securityContext:PodSecurityContext
  imagePullSecrets:*LocalObjectReference hostname subdomain affinity:Affinity schedulerName initContainers:*Container
  automountServiceAccountToken:b tolerations:*Toleration hostAliases:*HostAlias priorityClassName priority:i dnsConfig:PodDNSConfig
  shareProcessNamespace:b readinessGates:*PodReadinessGate runtimeClassName enableServiceLinks:b preemptionPolicy overhead:%Quantity
  topologySpreadConstraints:*TopologySpreadConstraint ephemeralContainers:*EphemeralContainer setHostnameAsFQDN:b os:PodOS hostUsers:b
  schedulingGates:*PodSchedulingGate resourceClaims:*PodResourceClaim resources:ResourceRequirements
PodStatus: phase conditions:*PodCondition message reason hostIP podIP startTime:Time containerStatuses:*ContainerStatus qosClass
  initContainerStatuses:*ContainerStatus nominatedNodeName podIPs:*PodIP ephemeralContainerStatuses:*ContainerStatus resize
  resourceClaimStatuses:*PodResourceClaimStatus hostIPs:*HostIP
PodTemplateSpec: metadata:ObjectMeta spec:PodSpec
PortStatus: port:i protocol error
Preconditions: uid resourceVersion
PreferredSchedulingTerm: weight:i preference:NodeSelectorTerm
Probe: handler:ProbeHandler initialDelaySeconds:i timeoutSeconds:i periodSeconds:i successThreshold:i failureThreshold:i
  terminationGracePeriodSeconds:l
ProbeHandler: exec:ExecAction httpGet:HTTPGetAction tcpSocket:TCPSocketAction grpc:GRPCAction
ProjectedVolumeSource: sources:*VolumeProjection defaultMode:i
ResourceClaim: name request
ResourceFieldSelector: containerName resource divisor:Quantity
ResourceHealth: resourceID health
ResourceRequirements: limits:%Quantity requests:%Quantity claims:*ResourceClaim
ResourceStatus: name resources:*ResourceHealth
SELinuxOptions: user role type level
SeccompProfile: type localhostProfile
Secret: metadata:ObjectMeta data:%y type stringData:%s immutable:b
SecretEnvSource: localObjectReference:LocalObjectReference optional:b
SecretKeySelector: localObjectReference:LocalObjectReference key optional:b
SecretProjection: localObjectReference:LocalObjectReference items:*KeyToPath 4=optional:b
SecretReference: name namespace
SecretVolumeSource: secretName items:*KeyToPath defaultMode:i optional:b
SecurityContext: capabilities:Capabilities privileged:b seLinuxOptions:SELinuxOptions runAsUser:l runAsNonRoot:b readOnlyRootFilesystem:b
  allowPrivilegeEscalation:b runAsGroup:l procMount windowsOptions:WindowsSecurityContextOptions seccompProfile:SeccompProfile
  appArmorProfile:AppArmorProfile
Service: metadata:ObjectMeta spec:ServiceSpec status:ServiceStatus
ServiceAccount: metadata:ObjectMeta secrets:*ObjectReference imagePullSecrets:*LocalObjectReference automountServiceAccountToken:b
ServiceAccountTokenProjection: audience expirationSeconds:l path
ServicePort: name protocol port:i targetPort:IntOrString nodePort:i appProtocol
ServiceSpec: ports:*ServicePort selector:%s clusterIP type externalIPs:*s 7=sessionAffinity loadBalancerIP loadBalancerSourceRanges:*s
  externalName externalTrafficPolicy healthCheckNodePort:i publishNotReadyAddresses:b sessionAffinityConfig:SessionAffinityConfig
  17=ipFamilyPolicy clusterIPs:*s ipFamilies:*s allocateLoadBalancerNodePorts:b loadBalancerClass internalTrafficPolicy
  trafficDistribution
ServiceStatus: loadBalancer:LoadBalancerStatus conditions:*Condition
SessionAffinityConfig: clientIP:ClientIPConfig
SleepAction: seconds:l
Sysctl: name value
TCPSocketAction: port:IntOrString host
Taint: key value effect timeAdded:Time
Toleration: key operator value effect tolerationSeconds:l
TopologySelectorLabelRequirement: key values:*s
TopologySelectorTerm: matchLabelExpressions:*TopologySelectorLabelRequirement
TopologySpreadConstraint: maxSkew:i topologyKey whenUnsatisfiable labelSelector:LabelSelector minDomains:i nodeAffinityPolicy
  nodeTaintsPolicy matchLabelKeys:*s
TypedLocalObjectReference: apiGroup kind name
TypedObjectReference: apiGroup kind name namespace
Volume: name volumeSource:VolumeSource
VolumeDevice: name devicePath
VolumeMount: name readOnly:b mountPath subPath mountPropagation subPathExpr recursiveReadOnly
VolumeMountStatus: name mountPath readOnly:b recursiveReadOnly
VolumeNodeAffinity: required:NodeSelector
VolumeProjection: secret:SecretProjection downwardAPI:DownwardAPIProjection configMap:ConfigMapProjection
  serviceAccountToken:ServiceAccountTokenProjection clusterTrustBundle:ClusterTrustBundleProjection
VolumeResourceRequirements: limits:%Quantity requests:%Quantity
VolumeSource: hostPath:HostPathVolumeSource emptyDir:EmptyDirVolumeSource 6=secret:SecretVolumeSource
  10=persistentVolumeClaim:PersistentVolumeClaimVolumeSource 13=cinder:CinderVolumeSource 16=downwardAPI:DownwardAPIVolumeSource
  19=configMap:ConfigMapVolumeSource 26=projected:ProjectedVolumeSource 28=csi:CSIVolumeSource ephemeral:EphemeralVolumeSource
  image:ImageVolumeSource
WeightedPodAffinityTerm: weight:i podAffinityTerm:PodAffinityTerm
WindowsSecurityContextOptions: gmsaCredentialSpecName gmsaCredentialSpec runAsUserName hostProcess:b
"""
