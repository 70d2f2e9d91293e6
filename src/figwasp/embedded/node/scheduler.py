"""
The scheduler: gives each new pod the machine with the fewest pods of those that its nodeSelector allows.

A machine that is cordoned gets none, but for those of DaemonSets, which tolerate that.

Source: kubernetes pkg/scheduler/schedule_one.go, bind and handleSchedulingFailure; framework/plugins/nodeunschedulable.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from figwasp.embedded.node.cluster import Cluster
from figwasp.embedded.node.objects import Json, condition, is_ending, key_of, labels_of, selects, without_condition

_SOURCE: Final = "default-scheduler"


class Scheduler:
    """Binds pods to nodes."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def step(self, pod: Json, nodes: Sequence[Json], pods: Sequence[Json]) -> None:
        """
        Bind `pod` unless it has a node, or say why it cannot be bound.

        Raises:
            Changed: somebody else wrote the pod meanwhile.
        """
        if pod["spec"].get("nodeName") or is_ending(pod):
            return
        wanted = pod["spec"].get("nodeSelector") or {}
        cordoned = {each["metadata"]["name"] for each in nodes if (each.get("spec") or {}).get("unschedulable")}
        fitting = [str(each["metadata"]["name"]) for each in nodes if selects(wanted, labels_of(each))]
        if only := node_of(pod):
            fitting, cordoned = [name for name in fitting if name == only], set()
        fitting = [name for name in fitting if name not in cordoned]
        if fitting:
            load = Counter(each["spec"].get("nodeName", "") for each in pods)
            self._bind(pod, min(fitting, key=lambda name: (load[name], name)))
        else:
            self._refuse(pod, len(nodes), len(cordoned))

    def _bind(self, pod: Json, node: str) -> None:
        scheduled = {"type": "PodScheduled", "status": "True"}
        bound = {**pod, "spec": {**pod["spec"], "nodeName": node}, "status": self._status(pod, scheduled)}
        self._cluster.update(bound)
        message = f"Successfully assigned {key_of(pod)} to {node}"
        self._cluster.event(pod, "Scheduled", message, source=_SOURCE)

    def _refuse(self, pod: Json, nodes: int, cordoned: int) -> None:
        if condition(pod.get("status") or {}, "PodScheduled"):
            return
        whys = {"didn't match Pod's node affinity/selector": nodes - cordoned, "were unschedulable": cordoned}
        why = ", ".join(f"{count} node(s) {each}" for each, count in whys.items() if count)
        message = f"0/{nodes} nodes are available: {why}."
        refused = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
        self._cluster.update_status({**pod, "status": self._status(pod, refused)})
        self._cluster.event(pod, "FailedScheduling", message, source=_SOURCE, is_bad=True)

    def _status(self, pod: Json, scheduled: Json) -> Json:
        status = pod.get("status") or {}
        times = {"lastProbeTime": None, "lastTransitionTime": self._cluster.timestamp()}
        others = without_condition(status.get("conditions") or (), "PodScheduled")
        return {**status, "conditions": [*others, {**scheduled, **times}]}


def bound_to(pod: Json, node: str) -> Json:
    """The pod, which may run on one node only, as a DaemonSet's. Source: ReplaceDaemonSetPodNodeNameNodeAffinity."""
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    required = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    affinity = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}
    return {**pod, "spec": {**pod["spec"], "affinity": affinity}}


def node_of(pod: Json) -> str:
    """The node that a pod is on, or the only one that it may be on; empty for none."""
    if name := pod["spec"].get("nodeName"):
        return str(name)
    affinity = (pod["spec"].get("affinity") or {}).get("nodeAffinity") or {}
    terms = (affinity.get("requiredDuringSchedulingIgnoredDuringExecution") or {}).get("nodeSelectorTerms") or ()
    named = [field["values"][0] for term in terms for field in term.get("matchFields") or ()]
    return str(named[0]) if named else ""
