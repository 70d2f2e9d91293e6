"""
A pod's status from the states of its containers.

Source: kubernetes pkg/kubelet/kubelet_pods.go, generateAPIPodStatus; pkg/kubelet/status/generate.go.
"""

from collections.abc import Sequence
from typing import Final

from msgspec import Struct

from figwasp.embedded.node.objects import Json, condition

_CREATING: Final = "ContainerCreating"
_INITIALIZING: Final = "PodInitializing"


class State(Struct, frozen=True, kw_only=True):
    """
    One container: what it waits for, or since when it runs, or when it ended, which is well.

    Before it first runs, `image` is the one of the spec and `image_id` is empty. One that ended badly waits to be
    started again: `restarts` counts how often it was, and `ended` is how it ended last.
    """

    name: str
    image: str
    image_id: str = ""
    container_id: str = ""
    waits_for: str = ""
    message: str = ""
    started_at: str = ""
    finished_at: str = ""
    is_sidecar: bool = False
    restarts: int = 0
    ended: Json = {}

    @property
    def is_running(self) -> bool:
        """Whether it runs now."""
        return bool(self.started_at) and not self.finished_at

    @property
    def has_started_or_ended(self) -> bool:
        """Whether what comes after an init container may go on."""
        return bool(self.finished_at) or (self.is_sidecar and self.is_running)


def pod_status(before: Json, inits: Sequence[State], mains: Sequence[State], *, has_sandbox: bool, now: str) -> Json:
    """
    The status of a pod that had the status `before`; conditions that stay as they were keep their times.

    `has_sandbox` tells whether the runtime has made room for its containers.
    """
    waiting = [each.name for each in inits if not each.has_started_or_ended]
    sidecars = [each for each in inits if each.is_sidecar]
    unready = [each.name for each in (*sidecars, *mains) if not each.is_running]
    is_initialized = not waiting
    conditions = [
        {"type": "PodReadyToStartContainers", "status": "True" if has_sandbox else "False"},
        _claim("Initialized", "ContainersNotInitialized", "incomplete", waiting),
        _claim("Ready", "ContainersNotReady", "unready", unready),
        _claim("ContainersReady", "ContainersNotReady", "unready", unready),
        {"type": "PodScheduled", "status": "True"},
    ]
    idle = _INITIALIZING if inits else _CREATING
    statuses = {
        "initContainerStatuses": [_container(each, idle, is_init=True) for each in inits],
        "containerStatuses": [_container(each, idle) for each in mains],
    }
    # One that is to be started again counts as running. Source: kubernetes pkg/kubelet/kubelet_pods.go, getPhase.
    all_run = is_initialized and all(each.is_running or each.ended for each in mains)
    return {
        "observedGeneration": 1,
        "phase": "Running" if all_run else "Pending",
        "conditions": [_since(each, condition(before, each["type"]), now) for each in conditions],
        "startTime": before.get("startTime", now),
        **{key: value for key, value in statuses.items() if value},
        "qosClass": "BestEffort",
    }


def _claim(kind: str, reason: str, what: str, names: Sequence[str]) -> Json:
    """A condition that holds if there are no `names`."""
    if not names:
        return {"type": kind, "status": "True"}
    message = f"containers with {what} status: [{' '.join(names)}]"
    return {"type": kind, "status": "False", "reason": reason, "message": message}


def _since(claim: Json, before: Json, now: str) -> Json:
    is_same = before.get("status") == claim["status"]
    since = before["lastTransitionTime"] if is_same else now
    return {**claim, "observedGeneration": 1, "lastProbeTime": None, "lastTransitionTime": since}


def _container(one: State, idle: str, *, is_init: bool = False) -> Json:
    state: Json
    has_crashed = bool(one.ended) and not one.started_at and not one.waits_for
    if has_crashed:
        state = {"terminated": one.ended}
    elif one.finished_at:
        ended = {"exitCode": 0, "reason": "Completed", "startedAt": one.started_at, "finishedAt": one.finished_at}
        state = {"terminated": {**ended, "containerID": one.container_id}}
    elif one.started_at:
        state = {"running": {"startedAt": one.started_at}}
    else:
        state = {"waiting": {"reason": one.waits_for or idle, **({"message": one.message} if one.message else {})}}
    return {
        "name": one.name,
        "state": state,
        "lastState": {"terminated": one.ended} if one.ended and not has_crashed else {},
        "ready": one.is_running or (is_init and bool(one.finished_at)),
        "restartCount": one.restarts,
        "image": one.image,
        "imageID": one.image_id,
        **({"containerID": one.container_id} if one.container_id else {}),
        "started": one.is_running,
    }
