"""
What a Deployment's status says: counts, and the conditions Available and Progressing.

Source: kubernetes pkg/controller/deployment/sync.go, calculateStatus; progress.go, syncRolloutStatus;
util/deployment_util.go.
"""

from collections.abc import Sequence
from typing import Final

from figwasp.embedded.node.objects import Json, condition, seconds_of, timestamp, without_condition
from figwasp.embedded.node.rollout import fences_of, replicas_of

_NO_DEADLINE: Final = 2**31 - 1
_DEFAULT_DEADLINE_SECONDS: Final = 600

Reason = tuple[str, str, str]
"""Status, reason and message of a condition."""


def deadline_seconds(deployment: Json) -> int | None:
    """After how long without progress a roll-out has failed; None for never."""
    seconds = deployment["spec"].get("progressDeadlineSeconds", _DEFAULT_DEADLINE_SECONDS)
    return None if seconds is None or seconds == _NO_DEADLINE else int(seconds)


def set_condition(status: Json, kind: str, reason: Reason, now: float, *, even_if_same: bool = False) -> Json:
    """
    `status` with a condition; one of the same status and reason stays as it is, its times too.

    With `even_if_same` the time of its last update is renewed all the same.
    """
    before = condition(status, kind)
    if before and (before["status"], before["reason"]) == reason[:2] and not even_if_same:
        return status
    at = timestamp(now)
    since = before["lastTransitionTime"] if before and before["status"] == reason[0] else at
    made = {
        "type": kind,
        "status": reason[0],
        "lastUpdateTime": at,
        "lastTransitionTime": since,
        "reason": reason[1],
        "message": reason[2],
    }
    return {**status, "conditions": [*without_condition(status.get("conditions") or (), kind), made]}


def counted(deployment: Json, new: Json | None, old: Sequence[Json], now: float) -> Json:
    """The status with counts and Available as they are now, and Progressing as it was."""
    everything = [*old, *([new] if new else [])]
    available = _sum(everything, "availableReplicas")
    counts = {
        "replicas": _sum(everything, "replicas"),
        "updatedReplicas": _sum([new] if new else [], "replicas"),
        "readyReplicas": _sum(everything, "readyReplicas"),
        "availableReplicas": available,
        "unavailableReplicas": max(0, sum(replicas_of(each["spec"]) for each in everything) - available),
    }
    before = deployment.get("status") or {}
    kept = {key: before[key] for key in ("collisionCount", "conditions") if key in before}
    observed = {"observedGeneration": deployment["metadata"]["generation"]}
    status = {**observed, **{key: count for key, count in counts.items() if count}, **kept}
    if available >= fences_of(deployment["spec"]).fewest_available:
        enough = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
    else:
        enough = ("False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.")
    return set_condition(status, "Available", enough, now)


def progressed(deployment: Json, new: Json | None, status: Json, now: float) -> Json:
    """`status` (of now) with the condition Progressing, judged by the status that the Deployment had before."""
    seconds = deadline_seconds(deployment)
    if seconds is None:
        return {**status, "conditions": without_condition(status.get("conditions") or (), "Progressing")}
    before = condition(deployment.get("status") or {}, "Progressing")
    if _count(status, "replicas") == _count(status, "updatedReplicas") and _reason(before) == "NewReplicaSetAvailable":
        return status
    what = f'ReplicaSet "{new["metadata"]["name"]}"' if new else f'Deployment "{deployment["metadata"]["name"]}"'
    if is_complete(deployment, status):
        done = ("True", "NewReplicaSetAvailable", f"{what} has successfully progressed.")
        return set_condition(status, "Progressing", done, now)
    if _is_progressing(deployment.get("status") or {}, status):
        going = ("True", "ReplicaSetUpdated", f"{what} is progressing.")
        return set_condition(status, "Progressing", going, now, even_if_same=True)
    if _is_late(condition(status, "Progressing"), seconds, now):
        late = ("False", "ProgressDeadlineExceeded", f"{what} has timed out progressing.")
        return set_condition(status, "Progressing", late, now)
    return status


def is_complete(deployment: Json, status: Json) -> bool:
    """Whether all replicas are of the newest ReplicaSet and available, and there are no other ones."""
    wanted = replicas_of(deployment["spec"])
    counts = ("updatedReplicas", "replicas", "availableReplicas")
    is_observed = _count(status, "observedGeneration") >= deployment["metadata"]["generation"]
    return is_observed and all(_count(status, each) == wanted for each in counts)


def late_at(deployment: Json) -> float | None:
    """When the roll-out under way will have failed unless it progresses; None where none may fail."""
    seconds = deadline_seconds(deployment)
    progressing = condition(deployment.get("status") or {}, "Progressing")
    has_ended = _reason(progressing) in {"NewReplicaSetAvailable", "ProgressDeadlineExceeded"}
    if seconds is None or not progressing or has_ended or deployment["spec"].get("paused"):
        return None
    # A second more than the deadline, since times are kept in whole seconds.
    return seconds_of(progressing["lastUpdateTime"]) + seconds + 1


def _is_progressing(before: Json, now: Json) -> bool:
    def old(status: Json) -> int:
        return _count(status, "replicas") - _count(status, "updatedReplicas")

    more = ("updatedReplicas", "readyReplicas", "availableReplicas")
    return old(now) < old(before) or any(_count(now, each) > _count(before, each) for each in more)


def _is_late(progressing: Json, seconds: int, now: float) -> bool:
    match _reason(progressing):
        case "" | "NewReplicaSetAvailable":
            return False
        case "ProgressDeadlineExceeded":
            return True
    return seconds_of(progressing["lastUpdateTime"]) + seconds < now


def _reason(found: Json) -> str:
    return str(found.get("reason", ""))


def _count(status: Json, name: str) -> int:
    return int(status.get(name, 0))


def _sum(sets: Sequence[Json], name: str) -> int:
    return sum(_count(each.get("status") or {}, name) for each in sets)
