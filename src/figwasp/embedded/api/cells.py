"""
What `kubectl get` shows of each kind of object, after its name.

Source: kubernetes pkg/printers/internalversion/printers.go.
"""

from collections.abc import Callable, Mapping
from typing import Any

from figwasp.embedded.api.ages import age, human, seconds_of
from figwasp.embedded.api.pod_cells import pod_cells
from figwasp.embedded.api.resources import Json
from figwasp.embedded.api.scale import selector_text

Cells = Callable[[Json, float], list[Any]]
"""The cells of an object at a time, in seconds since 1970."""

_NONE = "<none>"
_UNKNOWN = "<unknown>"


def default_cells(value: Json, now: float) -> list[Any]:
    """Those of a kind that has none of its own."""
    return [value["metadata"].get("creationTimestamp", "") and _age(value, now)]


def _age(value: Json, now: float) -> str:
    return age(value["metadata"].get("creationTimestamp"), now)


def _spec(value: Json) -> Json:
    return value.get("spec") or {}


def _status(value: Json) -> Json:
    return value.get("status") or {}


def _containers(spec: Json) -> list[str]:
    containers = ((spec.get("template") or {}).get("spec") or {}).get("containers") or []
    return [",".join(each.get(key, "") for each in containers) for key in ("name", "image")]


def _selector(spec: Json) -> str:
    return selector_text(spec.get("selector") or {}) or _NONE


def _numbers(status: Json, *names: str) -> list[int]:
    return [status.get(name, 0) for name in names]


def _deployment(value: Json, now: float) -> list[Any]:
    spec, status = _spec(value), _status(value)
    ready = f"{status.get('readyReplicas', 0)}/{spec.get('replicas', 0)}"
    numbers = _numbers(status, "updatedReplicas", "availableReplicas")
    return [ready, *numbers, _age(value, now), *_containers(spec), _selector(spec)]


def _replica_set(value: Json, now: float) -> list[Any]:
    spec = _spec(value)
    numbers = [spec.get("replicas", 0), *_numbers(_status(value), "replicas", "readyReplicas")]
    return [*numbers, _age(value, now), *_containers(spec), _selector(spec)]


def _stateful_set(value: Json, now: float) -> list[Any]:
    spec = _spec(value)
    ready = f"{_status(value).get('readyReplicas', 0)}/{spec.get('replicas', 0)}"
    return [ready, _age(value, now), *_containers(spec)]


def _daemon_set(value: Json, now: float) -> list[Any]:
    spec = _spec(value)
    scheduled = ("desiredNumberScheduled", "currentNumberScheduled", "numberReady", "updatedNumberScheduled")
    numbers = _numbers(_status(value), *scheduled, "numberAvailable")
    nodes = ((spec.get("template") or {}).get("spec") or {}).get("nodeSelector") or {}
    where = selector_text({"matchLabels": nodes}) or _NONE
    return [*numbers, where, _age(value, now), *_containers(spec), _selector(spec)]


def _controller_revision(value: Json, now: float) -> list[Any]:
    owners = [each for each in value["metadata"].get("ownerReferences") or () if each.get("controller")]
    kinds = [f"{each['kind'].lower()}{_group_of(each)}/{each['name']}" for each in owners]
    return [kinds[0] if kinds else _NONE, value.get("revision", 0), _age(value, now)]


def _group_of(reference: Json) -> str:
    group = str(reference.get("apiVersion", "")).partition("/")
    return f".{group[0]}" if group[1] else ""


def _job(value: Json, now: float) -> list[Any]:
    spec, status = _spec(value), _status(value)
    wanted = spec.get("completions")
    completions = f"{status.get('succeeded', 0)}/{1 if wanted is None else wanted}"
    kinds = [each["type"] for each in status.get("conditions") or () if each["status"] == "True"]
    state = next((kind for kind in ("Complete", "Failed", "Suspended", "FailureTarget") if kind in kinds), "Running")
    began, ended = status.get("startTime"), status.get("completionTime")
    took = human(int((seconds_of(ended) if ended else now) - seconds_of(began))) if began else ""
    return [state, completions, took, _age(value, now), *_containers(spec), _selector(spec)]


def _cron_job(value: Json, now: float) -> list[Any]:
    spec, status = _spec(value), _status(value)
    last = status.get("lastScheduleTime")
    job = ((spec.get("jobTemplate") or {}).get("spec")) or {}
    when = [spec.get("schedule", ""), spec.get("timeZone") or _NONE, bool(spec.get("suspend"))]
    active = len(status.get("active") or ())
    return [*when, active, age(last, now) if last else _NONE, _age(value, now), *_containers(job), _selector(job)]


def _secret(value: Json, now: float) -> list[Any]:
    return [value.get("type", ""), len(value.get("data") or ()), _age(value, now)]


def _service_account(value: Json, now: float) -> list[Any]:
    return [len(value.get("secrets") or ()), _age(value, now)]


def _event(value: Json, now: float) -> list[Any]:
    about, source, series = value.get("involvedObject") or {}, value.get("source") or {}, value.get("series") or {}
    first = value.get("firstTimestamp") or value.get("eventTime")
    last = series.get("lastObservedTime") or value.get("lastTimestamp") or first
    name = f"{str(about.get('kind', '')).lower()}/{about.get('name', '')}"
    component = source.get("component") or value.get("reportingComponent") or ""
    where = ", ".join(part for part in (component, source.get("host") or value.get("reportingInstance")) if part)
    return [
        *(age(last, now), value.get("type", ""), value.get("reason", ""), name, about.get("fieldPath", ""), where),
        *(str(value.get("message", "")).strip(), age(first, now)),
        *(series.get("count") or value.get("count") or 1, value["metadata"]["name"]),
    ]


def _node(value: Json, now: float) -> list[Any]:
    status, info = _status(value), _status(value).get("nodeInfo") or {}
    ready = next((each["status"] for each in status.get("conditions") or () if each["type"] == "Ready"), "")
    state = {"True": "Ready", "": "Unknown"}.get(ready, "NotReady")
    state += ",SchedulingDisabled" if _spec(value).get("unschedulable") else ""
    prefix = "node-role.kubernetes.io/"
    labels = value["metadata"].get("labels") or {}
    roles = ",".join(sorted(key.removeprefix(prefix) for key in labels if key.startswith(prefix))) or _NONE
    addresses = {each["type"]: each["address"] for each in status.get("addresses") or ()}
    ips = [addresses.get(kind, _NONE) for kind in ("InternalIP", "ExternalIP")]
    facts = [info.get(key) or _UNKNOWN for key in ("osImage", "kernelVersion", "containerRuntimeVersion")]
    return [state, roles, _age(value, now), info.get("kubeletVersion", ""), *ips, *facts]


def _namespace(value: Json, now: float) -> list[Any]:
    return [_status(value).get("phase", ""), _age(value, now)]


def _lease(value: Json, now: float) -> list[Any]:
    return [_spec(value).get("holderIdentity", ""), _age(value, now)]


CELLS: Mapping[str, Cells] = {
    "deployments": _deployment,
    "replicasets": _replica_set,
    "statefulsets": _stateful_set,
    "daemonsets": _daemon_set,
    "controllerrevisions": _controller_revision,
    "jobs": _job,
    "cronjobs": _cron_job,
    "pods": pod_cells,
    "secrets": _secret,
    "serviceaccounts": _service_account,
    "events": _event,
    "nodes": _node,
    "namespaces": _namespace,
    "leases": _lease,
}
"""By the plural of the resource."""
