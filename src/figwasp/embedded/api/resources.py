"""The resources that the small API server has."""

from typing import Any

from msgspec import Struct

Json = dict[str, Any]
"""A JSON object."""

Objects = list[Json]
"""By this name where `list` is a method."""


class Resource(Struct, frozen=True):
    """A resource of the API; `kind` is empty for one that the server does not have."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    counts: bool = False
    """Whether its objects have a generation, which a new spec raises."""
    short_names: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    in_all: bool = False
    """Whether `kubectl get all` shows it."""

    @property
    def api_version(self) -> str:
        """Its group and version as objects name them."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def qualified(self) -> str:
        """Its name with the group, as in `deployments.apps`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural


def _workload(group: str, plural: str, kind: str, *short_names: str, scales: bool = False) -> Resource:
    subresources = ("scale", "status") if scales else ("status",)
    return Resource(group, "v1", plural, kind, True, True, short_names, subresources, True)


_ALL = (
    _workload("apps", "deployments", "Deployment", "deploy", scales=True),
    _workload("apps", "replicasets", "ReplicaSet", "rs", scales=True),
    _workload("apps", "statefulsets", "StatefulSet", "sts", scales=True),
    _workload("apps", "daemonsets", "DaemonSet", "ds"),
    Resource("apps", "v1", "controllerrevisions", "ControllerRevision"),
    _workload("batch", "cronjobs", "CronJob", "cj"),
    _workload("batch", "jobs", "Job"),
    Resource("", "v1", "pods", "Pod", short_names=("po",), subresources=("status",), in_all=True),
    Resource("", "v1", "secrets", "Secret"),
    Resource("", "v1", "serviceaccounts", "ServiceAccount", short_names=("sa",)),
    Resource("", "v1", "events", "Event", short_names=("ev",)),
    Resource("", "v1", "nodes", "Node", namespaced=False, short_names=("no",), subresources=("status",)),
    Resource("", "v1", "namespaces", "Namespace", namespaced=False, short_names=("ns",), subresources=("status",)),
    Resource("rbac.authorization.k8s.io", "v1", "roles", "Role"),
    Resource("rbac.authorization.k8s.io", "v1", "rolebindings", "RoleBinding"),
    Resource("rbac.authorization.k8s.io", "v1", "clusterroles", "ClusterRole", namespaced=False),
    Resource("rbac.authorization.k8s.io", "v1", "clusterrolebindings", "ClusterRoleBinding", namespaced=False),
    Resource("", "v1", "configmaps", "ConfigMap", short_names=("cm",)),
    Resource("coordination.k8s.io", "v1", "leases", "Lease"),
)
RESOURCES = {(each.group, each.version, each.plural): each for each in _ALL}
BY_PLURAL = {each.plural: each for each in _ALL}

REVIEWS = {
    (each.group, each.version, each.plural): each
    for each in (
        Resource("authentication.k8s.io", "v1", "selfsubjectreviews", "SelfSubjectReview", namespaced=False),
        Resource("authorization.k8s.io", "v1", "selfsubjectaccessreviews", "SelfSubjectAccessReview", namespaced=False),
        Resource("authorization.k8s.io", "v1", "selfsubjectrulesreviews", "SelfSubjectRulesReview", namespaced=False),
    )
}
"""Questions about oneself, which are created and answered, and not kept."""
