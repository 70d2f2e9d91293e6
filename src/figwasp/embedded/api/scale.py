"""The subresource `scale`: how many replicas a workload is to have, by itself."""

from figwasp.embedded.api.resources import Json, Resource
from figwasp.embedded.api.status import invalid

SCALE = Resource("autoscaling", "v1", "scales", "Scale")
"""What the subresource is an object of."""


def scale_of(workload: Json) -> Json:
    """The Scale of a workload; as at the real server, no replicas are not mentioned."""
    names = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    replicas, selector = workload["spec"].get("replicas", 1), workload["spec"].get("selector") or {}
    return {
        "kind": SCALE.kind,
        "apiVersion": SCALE.api_version,
        "metadata": {name: workload["metadata"][name] for name in names if name in workload["metadata"]},
        "spec": {"replicas": replicas} if replicas else {},
        "status": {
            "replicas": (workload.get("status") or {}).get("replicas", 0),
            "selector": selector_text(selector),
        },
    }


def scaled(workload: Json, scale: Json) -> Json:
    """
    The workload with the replicas of a Scale, which also says of which version it has to be.

    Raises:
        Refusal: the Scale is none.
    """
    name, metadata = workload["metadata"]["name"], scale.get("metadata") or {}
    replicas = (scale.get("spec") or {}).get("replicas") or 0
    if replicas < 0:
        why = f"Invalid value: {replicas}: must be greater than or equal to 0"
        raise invalid(SCALE.kind, SCALE.group, name, ("spec.replicas", "FieldValueInvalid", why))
    kept = {key: metadata[key] for key in ("uid", "resourceVersion") if metadata.get(key)}
    own = {key: value for key, value in workload["metadata"].items() if key not in ("uid", "resourceVersion")}
    return {**workload, "metadata": {**own, **kept}, "spec": {**workload["spec"], "replicas": replicas}}


def selector_text(selector: Json) -> str:
    """A workload's selector as it is written on the command line."""
    parts = [f"{key}={value}" for key, value in sorted((selector.get("matchLabels") or {}).items())]
    for each in selector.get("matchExpressions") or ():
        key, values = each["key"], ",".join(sorted(each.get("values") or ()))
        match each["operator"]:
            case "Exists":
                parts.append(key)
            case "DoesNotExist":
                parts.append(f"!{key}")
            case operator:
                parts.append(f"{key} {operator.lower()} ({values})")
    return ",".join(parts)
