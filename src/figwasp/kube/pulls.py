"""Which pods of a workload wait for their image; asked only by whoever wants a roll-out that is stuck explained."""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct, field

from figwasp.core.deadline import Deadline
from figwasp.core.workload import Selection, WorkloadKey
from figwasp.kube.client import ApiClient, Resource
from figwasp.kube.kind import WorkloadKind
from figwasp.kube.picks import Metadata, Pick
from figwasp.kube.search import search
from figwasp.kube.workloads import Found

REASONS: Final = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
"""
Why a container waits, as the kubelet writes it, where it cannot have its image.

Source: kubernetes, pkg/kubelet/images/types.go, and cri-api, pkg/errors.
"""


class ImageWait(Struct, frozen=True):
    """A container that cannot have its image: `reason` is the kubelet's word, `message` what it says besides."""

    pod: str
    container: str
    reason: str
    message: str = ""


class _Waiting(Pick):
    reason: str = ""
    message: str = ""


class _State(Pick):
    waiting: _Waiting | None = None


class _Container(Pick):
    name: str
    state: _State = field(default_factory=_State)


class _Status(Pick):
    container_statuses: list[_Container] | None = None
    init_container_statuses: list[_Container] | None = None


class _Pod(Pick):
    metadata: Metadata
    status: _Status = field(default_factory=_Status)


def image_waits(
    client: ApiClient, kinds: Sequence[WorkloadKind], key: WorkloadKey, deadline: Deadline
) -> list[ImageWait]:
    """
    Ask which pods of a workload wait for an image, in the order of their names.

    Raises:
        FigwaspError: they may not be read, or it failed.
    """
    selection = Selection(namespaces=(key.namespace,), targets=((key.kind, key.name),))
    waits: list[ImageWait] = []
    for found in search(client, kinds, selection, deadline).workloads:
        pods = Resource("", "v1", "pods", key.namespace)
        for pod in client.list_items(pods, _Pod, {"labelSelector": found.selector}, deadline):
            if not pod.metadata.deletion_timestamp and _is_of(pod.metadata, found):
                waits += _of(pod)
    return sorted(waits, key=lambda each: (each.pod, each.container))


def _is_of(pod: Metadata, workload: Found) -> bool:
    """Whether a pod is the workload's own: others may have the same labels."""
    owner = pod.controller
    if owner is None:
        return False
    # Between a Deployment and its pods is a ReplicaSet, named after it and the hash of a template.
    return owner.uid == workload.uid or owner.name.rpartition("-")[0] == workload.workload.key.name


def _of(pod: _Pod) -> list[ImageWait]:
    states = [*(pod.status.init_container_statuses or ()), *(pod.status.container_statuses or ())]
    waiting = [(each.name, each.state.waiting) for each in states if each.state.waiting is not None]
    return [
        ImageWait(pod.metadata.name, name, state.reason, state.message)
        for name, state in waiting
        if state.reason in REASONS
    ]
