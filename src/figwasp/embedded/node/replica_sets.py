"""
The ReplicaSet controller: makes and deletes pods until there are as many as wanted, and counts them.

Source: kubernetes pkg/controller/replicaset/replica_set.go and replica_set_utils.go;
pkg/controller/controller_utils.go.
"""

from collections.abc import Sequence
from typing import ClassVar, Final

from figwasp.embedded.node.cluster import Cluster, Owned
from figwasp.embedded.node.objects import Json, labels_of, selects
from figwasp.embedded.node.pods import end, is_active, is_available, is_ready, pod_of, ready_since
from figwasp.embedded.node.rollout import replicas_of

_SOURCE: Final = "replicaset-controller"


class ReplicaSetController:
    """Makes and deletes pods."""

    kind: ClassVar = "ReplicaSet"
    plural: ClassVar = "replicasets"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def step(self, one: Json, owned: Owned) -> None:
        """Take one step: see Controller."""
        active = [each for each in owned(one) if is_active(each)]
        surplus = len(active) - replicas_of(one["spec"])
        if surplus > 0:
            for each in sorted(active, key=_worth)[:surplus]:
                self._delete(one, each)
        for _ in range(-surplus):
            self._create(one)
        self._count(one, active)

    def is_settled(self, _: Json) -> bool:
        """Always: its Deployment tells."""
        return True

    def _create(self, one: Json) -> None:
        made = self._cluster.create(pod_of(one, one["spec"]["template"], self._cluster.timestamp()))
        name = made["metadata"]["name"]
        self._cluster.event(one, "SuccessfulCreate", f"Created pod: {name}", source=_SOURCE)

    def _delete(self, one: Json, pod: Json) -> None:
        end(self._cluster, pod)
        name = pod["metadata"]["name"]
        self._cluster.event(one, "SuccessfulDelete", f"Deleted pod: {name}", source=_SOURCE)

    def _count(self, one: Json, active: Sequence[Json]) -> None:
        seconds = one["spec"].get("minReadySeconds") or 0
        labels = labels_of(one["spec"]["template"])
        counts = {
            "fullyLabeledReplicas": sum(selects(labels, labels_of(each)) for each in active),
            "readyReplicas": sum(map(is_ready, active)),
            "availableReplicas": sum(is_available(self._cluster, each, seconds) for each in active),
            "observedGeneration": one["metadata"]["generation"],
        }
        status = {"replicas": len(active), **{key: count for key, count in counts.items() if count}}
        if status != one.get("status"):
            self._cluster.update_status({**one, "status": status})


def _worth(pod: Json) -> tuple[bool, int, bool, float, str]:
    """The order in which pods are given up. Source: controller_utils.go, ActivePodsWithRanks."""
    status = pod.get("status") or {}
    phase = {"Pending": 0, "Unknown": 1, "Running": 2}.get(status.get("phase", "Pending"), 0)
    since = -ready_since(pod) if is_ready(pod) else 0.0
    return bool(pod["spec"].get("nodeName")), phase, is_ready(pod), since, pod["metadata"]["name"]
