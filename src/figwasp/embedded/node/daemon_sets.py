"""
The DaemonSet controller: one pod on each node that it chooses.

Source: kubernetes pkg/controller/daemon/daemon_controller.go, syncDaemonSet; update.go, rollingUpdate. Surges are left
out.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from figwasp.embedded.node.cluster import Cluster, Owned
from figwasp.embedded.node.history import forget, revision_of_template
from figwasp.embedded.node.objects import Json, is_ending, labels_of, selects, with_metadata
from figwasp.embedded.node.pods import HASH_LABEL, end, has_ended, is_available, is_ready, pod_of
from figwasp.embedded.node.scheduler import bound_to, node_of

_SOURCE: Final = "daemonset-controller"

Placed = Mapping[str, list[Json]]
"""For each node that is to have a pod: those that are there."""


class DaemonSetController:
    """Makes, ends and replaces the pods of a DaemonSet."""

    kind: ClassVar = "DaemonSet"
    plural: ClassVar = "daemonsets"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def step(self, one: Json, owned: Owned) -> None:
        """Take one step: see Controller."""
        if is_ending(one):
            return
        pods = [each for each in owned(one) if each["kind"] == "Pod"]
        revisions = [each for each in owned(one) if each["kind"] == "ControllerRevision"]
        revision = labels_of(revision_of_template(self._cluster, one, revisions, HASH_LABEL))[HASH_LABEL]
        placed = {name: [each for each in pods if node_of(each) == name] for name in self._chosen(one)}
        self._manage(one, pods, placed, revision)
        if not _is_on_delete(one["spec"]):
            self._replace(one, placed, revision)
        self._store_status(one, pods, placed, revision)
        needed = {revision, *map(_revision, pods)}
        forget(self._cluster, one, [each for each in revisions if _revision(each) not in needed])

    def is_settled(self, one: Json) -> bool:
        """Every node that it chooses has an available pod, of its template where that is rolled out."""
        status = one.get("status") or {}
        wanted = status.get("desiredNumberScheduled", 0)
        is_seen = status.get("observedGeneration", 0) >= one["metadata"]["generation"]
        are_updated = _is_on_delete(one["spec"]) or status.get("updatedNumberScheduled", 0) == wanted
        return bool(is_seen and are_updated and status.get("numberAvailable", 0) == wanted)

    def _chosen(self, one: Json) -> list[str]:
        wanted = one["spec"]["template"]["spec"].get("nodeSelector") or {}
        nodes = self._cluster.list("nodes")
        return [str(each["metadata"]["name"]) for each in nodes if selects(wanted, labels_of(each))]

    def _manage(self, one: Json, pods: Sequence[Json], placed: Placed, revision: str) -> None:
        """Make pods where there is none, not even one that is ending; end those that are done, or elsewhere."""
        for node, here in placed.items():
            if not here:
                self._create(one, node, revision)
        for each in pods:
            if (has_ended(each) or node_of(each) not in placed) and not is_ending(each):
                self._end(one, each)

    def _replace(self, one: Json, placed: Placed, revision: str) -> None:
        """End old pods: those that are not available at once, and others as many as may be unavailable."""
        unavailable, waiting = 0, []
        for here in placed.values():
            there = [each for each in here if not is_ending(each) and not has_ended(each)]
            if not there or not self._is_available(one, there[0]):
                unavailable += 1
                for each in there:
                    if _revision(each) != revision:
                        self._end(one, each)
            elif _revision(there[0]) != revision:
                waiting.append(there[0])
        for each in waiting[: max(0, _most_unavailable(one["spec"], len(placed)) - unavailable)]:
            self._end(one, each)

    def _store_status(self, one: Json, pods: Sequence[Json], placed: Placed, revision: str) -> None:
        first = [here[0] for here in placed.values() if here]
        ready = [each for each in first if is_ready(each)]
        available = sum(self._is_available(one, each) for each in ready)
        counts = {
            "updatedNumberScheduled": sum(_revision(each) == revision for each in first),
            "numberAvailable": available,
            "numberUnavailable": len(placed) - available,
        }
        status = {
            "currentNumberScheduled": len(first),
            "numberMisscheduled": len({node_of(each) for each in pods} - set(placed)),
            "desiredNumberScheduled": len(placed),
            "numberReady": len(ready),
            "observedGeneration": one["metadata"]["generation"],
            **{key: count for key, count in counts.items() if count},
        }
        if status != one.get("status"):
            self._cluster.update_status({**one, "status": status})

    def _is_available(self, one: Json, pod: Json) -> bool:
        return is_available(self._cluster, pod, one["spec"].get("minReadySeconds", 0))

    def _create(self, one: Json, node: str, revision: str) -> None:
        made = pod_of(one, one["spec"]["template"], self._cluster.timestamp())
        labelled = with_metadata(made, labels={**labels_of(made), HASH_LABEL: revision})
        created = self._cluster.create(bound_to(labelled, node))
        message = f"Created pod: {created['metadata']['name']}"
        self._cluster.event(one, "SuccessfulCreate", message, source=_SOURCE)

    def _end(self, one: Json, pod: Json) -> None:
        end(self._cluster, pod)
        message = f"Deleted pod: {pod['metadata']['name']}"
        self._cluster.event(one, "SuccessfulDelete", message, source=_SOURCE)


def _is_on_delete(spec: Json) -> bool:
    return bool((spec.get("updateStrategy") or {}).get("type") == "OnDelete")


def _most_unavailable(spec: Json, nodes: int) -> int:
    value = ((spec.get("updateStrategy") or {}).get("rollingUpdate") or {}).get("maxUnavailable", 1)
    # Source: kubernetes pkg/controller/daemon/util/daemonset_util.go, UnavailableCount: rounded up.
    most = value if isinstance(value, int) else -(-int(value.removesuffix("%")) * nodes // 100)
    return max(1, most)


def _revision(value: Json) -> str:
    return labels_of(value).get(HASH_LABEL, "")


__all__ = ["DaemonSetController"]
