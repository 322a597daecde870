"""What a run asks of Kubernetes and OpenStack: one noun for each call that an administrator may allow or not."""

from dataclasses import dataclass

# Where a call is made: in the workload's namespace, in another one that is named, or in the cluster as a whole ("").
WORKLOAD = "{namespace}"
COMPUTE, BLOCK_STORAGE = "compute", "block-storage"


@dataclass(frozen=True, slots=True, order=True)
class ClusterCall:
    """One verb on one resource. names are the only objects it is about, empty for any; place is WORKLOAD, a namespace, or "".

    sometimes tells when it is made, where that is not in every run.
    """

    group: str
    resource: str
    verb: str
    place: str = ""
    names: tuple[str, ...] = ()
    sometimes: str = ""

    def __str__(self) -> str:
        """As people say it: get leases.coordination.k8s.io chaoscinder in shop."""
        where = f" in {self.place}" if self.place else ""
        named = f" {', '.join(self.names)}" if self.names else ""
        return f"{self.verb} {self.resource}{f'.{self.group}' if self.group else ''}{named}{where}"


@dataclass(frozen=True, slots=True, order=True)
class CloudCall:
    """One request to Nova or Cinder. path is below the service's endpoint, with {names} for one segment each; rule is its policy's name."""

    service: str
    method: str
    path: str
    rule: str = ""
    sometimes: str = ""

    def __str__(self) -> str:
        """As people say it: POST /servers/{server_id}/action of compute."""
        return f"{self.method} {self.path} of {self.service}"


@dataclass(frozen=True, slots=True)
class Needs:
    """Everything that one thing asks for."""

    cluster: frozenset[ClusterCall] = frozenset()
    cloud: frozenset[CloudCall] = frozenset()

    def __or__(self, other: "Needs") -> "Needs":
        """Both."""
        return Needs(self.cluster | other.cluster, self.cloud | other.cloud)


@dataclass(frozen=True, slots=True)
class CloudRule:
    """One access rule of an application credential, as Keystone tells it: path is the whole path, below the service's host."""

    service: str
    method: str
    path: str
