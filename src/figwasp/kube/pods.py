"""Live pods → what runs in them."""

from collections.abc import Iterable, Iterator
from sys import intern

from figwasp.core.digest import ImageId, parse_image_id
from figwasp.core.workload import PlatformLimits, PullPolicy, RunningContainer
from figwasp.kube.picks import ContainerStatus, Pod, PodSpec, Requirement

OS_LABEL = "kubernetes.io/os"
ARCHITECTURE_LABEL = "kubernetes.io/arch"

_ANY_PLATFORM = PlatformLimits()
_NO_STATUS = ContainerStatus(name="")


def counts(pod: Pod) -> bool:
    """Whether a pod tells what a workload runs: not one that is going, has ended or was evicted."""
    return pod.metadata.deletion_timestamp is None and pod.status.phase not in {"Failed", "Succeeded"}


class PodReader:
    """
    Reads what pods run.

    The texts that many pods have in common are kept once: thousands of pods run hundreds of images.
    """

    def __init__(self) -> None:
        self._image_ids: dict[str, ImageId | None] = {"": None}

    def running_containers(self, pod: Pod) -> Iterator[RunningContainer]:
        """Give every container of `pod`, init containers too, with the image ID that its node reports."""
        statuses = [*(pod.status.container_statuses or ()), *(pod.status.init_container_statuses or ())]
        reported = {each.name: each for each in statuses}
        limits = platform_limits(pod.spec)
        node = intern(pod.spec.node_name)
        for container in pod.spec.all_containers:
            status = reported.get(container.name, _NO_STATUS)
            image_id = intern(status.image_id)
            if image_id not in self._image_ids:
                self._image_ids[image_id] = parse_image_id(image_id)
            yield RunningContainer(
                pod=pod.metadata.name,
                container=intern(container.name),
                image=intern(container.image),
                pull_policy=pull_policy(container.image_pull_policy),
                reported=image_id,
                image_id=self._image_ids[image_id],
                is_ready=status.ready,
                node=node,
                limits=limits,
                since=pod.metadata.creation_timestamp,
            )


def pull_policy(text: str) -> PullPolicy:
    """Read a pull policy; the API server has filled in the default, an unknown one pulls nothing as far as we know."""
    try:
        return PullPolicy(text)
    except ValueError:
        return PullPolicy.NEVER


def platform_limits(spec: PodSpec) -> PlatformLimits:
    """Tell which platforms the node selector and the required node affinity of a pod allow."""
    if not spec.node_selector and not spec.affinity:
        return _ANY_PLATFORM
    return PlatformLimits(_limit(spec, OS_LABEL), _limit(spec, ARCHITECTURE_LABEL))


def _limit(spec: PodSpec, label: str) -> frozenset[str] | None:
    allowed: frozenset[str] | None = None
    if label in (spec.node_selector or {}):
        allowed = frozenset({(spec.node_selector or {})[label]})
    affinity = spec.affinity.node_affinity if spec.affinity else None
    required = affinity.required_during_scheduling_ignored_during_execution if affinity else None
    if required and required.node_selector_terms:
        # One of the terms must be met, so a term that says nothing of the label allows everything.
        terms = [_values(term.match_expressions or (), label) for term in required.node_selector_terms]
        if all(term is not None for term in terms):
            union = frozenset[str]().union(*(term or () for term in terms))
            allowed = union if allowed is None else allowed & union
    return allowed


def _values(requirements: Iterable[Requirement], label: str) -> frozenset[str] | None:
    allowed: frozenset[str] | None = None
    for each in requirements:
        if each.key == label and each.operator == "In":
            values = frozenset(each.values or ())
            allowed = values if allowed is None else allowed & values
    return allowed
