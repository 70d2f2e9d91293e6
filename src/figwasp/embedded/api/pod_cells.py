"""
What `kubectl get pods` shows of a pod.

Source: kubernetes pkg/printers/internalversion/printers.go, printPod.
"""

from typing import Any

from figwasp.embedded.api.ages import age
from figwasp.embedded.api.resources import Json

_NONE = "<none>"


def pod_cells(pod: Json, now_seconds: float) -> list[Any]:
    """Ready, status, restarts, age, IP, node, nominated node and readiness gates."""
    spec, status = pod.get("spec") or {}, pod.get("status") or {}
    containers = status.get("containerStatuses") or []
    ready = sum(bool(each.get("ready")) and "running" in (each.get("state") or {}) for each in containers)
    gates = spec.get("readinessGates") or []
    return [
        f"{ready}/{len(spec.get('containers') or ())}",
        _status(pod, spec, status),
        _restarts(status, now_seconds),
        age(pod["metadata"].get("creationTimestamp"), now_seconds),
        status.get("podIP") or _NONE,
        spec.get("nodeName") or _NONE,
        status.get("nominatedNodeName") or _NONE,
        f"{sum(_is_true(status, gate['conditionType']) for gate in gates)}/{len(gates)}" if gates else _NONE,
    ]


def _status(pod: Json, spec: Json, status: Json) -> str:
    phase: str = status.get("phase", "")
    reason: str = status.get("reason") or phase
    if "deletionTimestamp" in pod["metadata"] and phase not in ("Succeeded", "Failed"):
        return "Unknown" if reason == "NodeLost" else "Terminating"
    for number, each in enumerate(status.get("initContainerStatuses") or ()):
        if initial := _initial(each, number, len(spec.get("initContainers") or ())):
            return initial
    for each in reversed(status.get("containerStatuses") or ()):
        reason = _reason(each.get("state") or {}) or reason
    if reason == "Completed" and any(each.get("ready") for each in status.get("containerStatuses") or ()):
        return "Running" if _is_true(status, "Ready") else "NotReady"
    return reason


def _initial(container: Json, number: int, count: int) -> str:
    """What is shown while an init container has not ended well; else empty."""
    state = container.get("state") or {}
    ended = state.get("terminated")
    if (ended and ended.get("exitCode", 0) == 0) or container.get("started"):
        return ""
    reason = _reason(state)
    return f"Init:{reason}" if reason and reason != "PodInitializing" else f"Init:{number}/{count}"


def _reason(state: Json) -> str:
    """Why a container does not run."""
    if reason := (state.get("waiting") or {}).get("reason", ""):
        return str(reason)
    ended = state.get("terminated")
    if not ended:
        return ""
    if ended.get("reason"):
        return str(ended["reason"])
    return f"Signal:{ended['signal']}" if ended.get("signal") else f"ExitCode:{ended.get('exitCode', 0)}"


def _restarts(status: Json, now_seconds: float) -> str:
    containers = status.get("containerStatuses") or []
    count = sum(each.get("restartCount", 0) for each in containers)
    ends = [((each.get("lastState") or {}).get("terminated") or {}).get("finishedAt") or "" for each in containers]
    return f"{count} ({age(max(ends), now_seconds)} ago)" if count and any(ends) else str(count)


def _is_true(status: Json, condition: str) -> bool:
    return any(each["type"] == condition and each["status"] == "True" for each in status.get("conditions") or ())
