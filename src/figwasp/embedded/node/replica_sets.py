"""
The ReplicaSet controller: makes and deletes pods until there are as many as wanted, and counts them.

Source: kubernetes pkg/controller/replicaset/replica_set.go and replica_set_utils.go;
pkg/controller/controller_utils.go.
"""

import secrets
from collections.abc import Sequence
from typing import ClassVar, Final

from figwasp.embedded.node.cluster import Cluster, Owned
from figwasp.embedded.node.objects import (
    ALPHABET,
    Json,
    annotations_of,
    condition,
    is_ending,
    labels_of,
    owner_reference,
    seconds_of,
    selects,
)
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

    def _create(self, one: Json) -> None:
        made = self._cluster.create(pod_of(one, self._cluster.timestamp()))
        name = made["metadata"]["name"]
        self._cluster.event(one, "SuccessfulCreate", f"Created pod: {name}", source=_SOURCE)

    def _delete(self, one: Json, pod: Json) -> None:
        end(self._cluster, pod)
        name = pod["metadata"]["name"]
        self._cluster.event(one, "SuccessfulDelete", f"Deleted pod: {name}", source=_SOURCE)

    def _count(self, one: Json, active: Sequence[Json]) -> None:
        wanted_seconds = one["spec"].get("minReadySeconds") or 0
        ready = [each for each in active if condition(each.get("status") or {}, "Ready").get("status") == "True"]
        available_at = [_ready_since(each) + wanted_seconds if wanted_seconds else 0.0 for each in ready]
        now = self._cluster.now()
        for later in (at for at in available_at if at > now):
            self._cluster.look_again_at(later)
        labels = labels_of(one["spec"]["template"])
        counts = {
            "fullyLabeledReplicas": sum(selects(labels, labels_of(each)) for each in active),
            "readyReplicas": len(ready),
            "availableReplicas": sum(at <= now for at in available_at),
            "observedGeneration": one["metadata"]["generation"],
        }
        status = {"replicas": len(active), **{key: count for key, count in counts.items() if count}}
        if status != one.get("status"):
            self._cluster.update_status({**one, "status": status})


def is_active(pod: Json) -> bool:
    """Whether a pod counts for its ReplicaSet. Source: controller_utils.go, IsPodActive."""
    return not is_ending(pod) and (pod.get("status") or {}).get("phase") not in {"Succeeded", "Failed"}


def end(cluster: Cluster, pod: Json) -> None:
    """Ask for the deletion of a pod, or anything: at once, unless it is on a node, whose kubelet ends it first."""
    if not pod["spec"].get("nodeName"):
        cluster.delete(pod)
        return
    seconds = pod["spec"].get("terminationGracePeriodSeconds", 30)
    asked = {"deletionTimestamp": cluster.timestamp(), "deletionGracePeriodSeconds": seconds}
    cluster.update_status({**pod, "metadata": {**pod["metadata"], **asked}})


def pod_of(one: Json, created: str) -> Json:
    """A new pod of a ReplicaSet."""
    template, metadata = one["spec"]["template"], one["metadata"]
    prefix = f"{metadata['name']}-"
    annotations = annotations_of(template)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": prefix,
            "name": prefix + "".join(secrets.choice(ALPHABET) for _ in range(5)),
            "namespace": metadata["namespace"],
            "creationTimestamp": created,
            "generation": 1,
            "labels": labels_of(template),
            **({"annotations": annotations} if annotations else {}),
            "ownerReferences": [owner_reference(one)],
        },
        "spec": _with_defaults(template["spec"]),
        "status": {"phase": "Pending", "qosClass": "BestEffort"},
    }


def _with_defaults(spec: Json) -> Json:
    """The spec with what the API server fills in, as far as anybody here reads it."""
    defaults = {"restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "serviceAccountName": "default"}
    filled = {**defaults, **spec}
    for field in ("containers", "initContainers"):
        if spec.get(field):
            filled[field] = [{"imagePullPolicy": pull_policy(each["image"]), **each} for each in spec[field]]
    return filled


def pull_policy(image: str) -> str:
    """
    The policy of a container that names none.

    Source: kubernetes pkg/apis/core/v1/defaults.go, SetDefaults_Container: `latest` is pulled always, even where a
    digest follows.
    """
    name, _, digest = image.partition("@")
    tag = name[name.rfind("/") + 1 :].partition(":")[2] or ("" if digest else "latest")
    return "Always" if tag == "latest" else "IfNotPresent"


def _worth(pod: Json) -> tuple[bool, int, bool, float, str]:
    """The order in which pods are given up. Source: controller_utils.go, ActivePodsWithRanks."""
    status = pod.get("status") or {}
    phase = {"Pending": 0, "Unknown": 1, "Running": 2}.get(status.get("phase", "Pending"), 0)
    is_ready = condition(status, "Ready").get("status") == "True"
    since = -_ready_since(pod) if is_ready else 0.0
    return bool(pod["spec"].get("nodeName")), phase, is_ready, since, pod["metadata"]["name"]


def _ready_since(pod: Json) -> float:
    return seconds_of(condition(pod.get("status") or {}, "Ready")["lastTransitionTime"])
