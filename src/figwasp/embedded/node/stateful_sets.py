"""
The StatefulSet controller: pods with names that last, made, ended and replaced one after another.

Source: kubernetes pkg/controller/statefulset/stateful_set_control.go, updateStatefulSet; stateful_set_utils.go.
Storage is left out, and `maxUnavailable`, which is behind a feature gate.
"""

from collections.abc import Sequence
from typing import ClassVar, Final

from figwasp.embedded.node.cluster import Cluster, Owned
from figwasp.embedded.node.history import forget, revision_of_template, template_of
from figwasp.embedded.node.objects import Json, is_ending, labels_of, with_metadata
from figwasp.embedded.node.pods import HASH_LABEL, end, has_ended, is_available, is_ready, pod_of
from figwasp.embedded.node.rollout import replicas_of

_SOURCE: Final = "statefulset-controller"
_HASH_OF_REVISION: Final = "controller.kubernetes.io/hash"


class StatefulSetController:
    """Makes, ends and replaces the pods of a StatefulSet."""

    kind: ClassVar = "StatefulSet"
    plural: ClassVar = "statefulsets"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def step(self, one: Json, owned: Owned) -> None:
        """Take one step: see Controller."""
        if is_ending(one):
            return
        pods = [each for each in owned(one) if each["kind"] == "Pod"]
        revisions = [each for each in owned(one) if each["kind"] == "ControllerRevision"]
        update = revision_of_template(self._cluster, one, revisions, _HASH_OF_REVISION)
        named = (one.get("status") or {}).get("currentRevision")
        current = next((each for each in revisions if _name(each) == named), update)
        _Step(self._cluster, one, pods, current, update).take()
        self._store_status(one, pods, _name(current), _name(update))
        needed = {_name(current), _name(update), *map(_revision, pods)}
        forget(self._cluster, one, [each for each in revisions if _name(each) not in needed])

    def is_settled(self, one: Json) -> bool:
        """All pods are ready, and those that may be are of its template."""
        status, wanted = one.get("status") or {}, replicas_of(one["spec"])
        is_seen = status.get("observedGeneration", 0) >= one["metadata"]["generation"]
        are_all = wanted == status.get("replicas", 0) == status.get("readyReplicas", 0)
        to_update = 0 if _is_on_delete(one["spec"]) else max(0, wanted - _partition(one["spec"]))
        return bool(is_seen and are_all and status.get("updatedReplicas", 0) >= to_update)

    def _store_status(self, one: Json, pods: Sequence[Json], current: str, update: str) -> None:
        wanted, before = replicas_of(one["spec"]), one.get("status") or {}
        made = [each for each in pods if not is_ending(each)]
        ready = [each for each in pods if is_ready(each) and not has_ended(each)]
        seconds = one["spec"].get("minReadySeconds", 0)
        updated = sum(_revision(each) == update for each in made)
        counts = {
            "readyReplicas": len(ready),
            "currentReplicas": sum(_revision(each) == current for each in made),
            "updatedReplicas": updated,
        }
        if not _is_on_delete(one["spec"]) and wanted == updated == len(ready) == len(pods):
            current, counts["currentReplicas"] = update, updated
        status = {
            "observedGeneration": one["metadata"]["generation"],
            "replicas": len(pods),
            "availableReplicas": sum(is_available(self._cluster, each, seconds) for each in ready),
            **{key: count for key, count in counts.items() if count},
            "currentRevision": current,
            "updateRevision": update,
            "collisionCount": 0,
        }
        if status != before:
            self._cluster.update_status({**one, "status": status})


class _Step:
    """One step of a StatefulSet: the first thing that there is to do, in the order of upstream's."""

    def __init__(self, cluster: Cluster, one: Json, pods: Sequence[Json], current: Json, update: Json) -> None:
        self._cluster, self._one, self._spec = cluster, one, one["spec"]
        self._pods = {_ordinal(each): each for each in pods}
        self._current, self._update = current, update
        self._is_ordered = self._spec.get("podManagementPolicy", "OrderedReady") == "OrderedReady"
        start = (self._spec.get("ordinals") or {}).get("start", 0)
        self._wanted = range(start, start + replicas_of(self._spec))

    def take(self) -> None:
        """Fill up in order, then scale down, then replace from the highest ordinal down to the partition."""
        if self._fill_up() or self._scale_down() or _is_on_delete(self._spec):
            return
        for ordinal in reversed(self._wanted[_partition(self._spec) :]):
            pod = self._pods.get(ordinal)
            if pod is not None and _revision(pod) != _name(self._update) and not is_ending(pod):
                self._end(pod)
                return
            if pod is None or not self._is_healthy(pod):
                return

    def _fill_up(self) -> bool:
        """Make pods that are not there; tells whether to wait: where order matters, for the first unready one."""
        for ordinal in self._wanted:
            pod = self._pods.get(ordinal)
            if pod is None:
                self._create(ordinal)
            elif has_ended(pod) and not is_ending(pod):
                self._end(pod)
            elif self._is_healthy(pod):
                continue
            if self._is_ordered:
                return True
        return False

    def _scale_down(self) -> bool:
        for ordinal in sorted(set(self._pods) - set(self._wanted), reverse=True):
            pod = self._pods[ordinal]
            if not is_ending(pod):
                self._end(pod)
            if self._is_ordered:
                return True
        return False

    def _is_healthy(self, pod: Json) -> bool:
        seconds = self._spec.get("minReadySeconds", 0)
        return not is_ending(pod) and not has_ended(pod) and is_available(self._cluster, pod, seconds)

    def _create(self, ordinal: int) -> None:
        is_kept = ordinal < self._wanted.start + _partition(self._spec)
        revision = self._current if is_kept else self._update
        name = f"{_name(self._one)}-{ordinal}"
        made = pod_of(self._one, template_of(revision), self._cluster.timestamp(), name=name)
        labels = {
            HASH_LABEL: _name(revision),
            "statefulset.kubernetes.io/pod-name": name,
            "apps.kubernetes.io/pod-index": str(ordinal),
        }
        known_as = {"hostname": name, "subdomain": self._spec.get("serviceName", "")}
        labelled = with_metadata(made, labels={**labels_of(made), **labels})
        self._cluster.create({**labelled, "spec": {**made["spec"], **known_as}})
        message = f"create Pod {name} in StatefulSet {_name(self._one)} successful"
        self._cluster.event(self._one, "SuccessfulCreate", message, source=_SOURCE)

    def _end(self, pod: Json) -> None:
        end(self._cluster, pod)
        message = f"delete Pod {_name(pod)} in StatefulSet {_name(self._one)} successful"
        self._cluster.event(self._one, "SuccessfulDelete", message, source=_SOURCE)


def _is_on_delete(spec: Json) -> bool:
    return bool((spec.get("updateStrategy") or {}).get("type") == "OnDelete")


def _partition(spec: Json) -> int:
    rolling = (spec.get("updateStrategy") or {}).get("rollingUpdate") or {}
    return int(rolling.get("partition", 0))


def _name(one: Json) -> str:
    return str(one["metadata"]["name"])


def _ordinal(pod: Json) -> int:
    return int(_name(pod).rpartition("-")[2])


def _revision(pod: Json) -> str:
    return labels_of(pod).get(HASH_LABEL, "")


__all__ = ["StatefulSetController"]
