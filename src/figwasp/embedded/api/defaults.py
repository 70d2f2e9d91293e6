"""What the API server fills in where an object says nothing, as far as clients rely on it."""

from figwasp.embedded.api.resources import Json

_CONTAINER = {"resources": {}, "terminationMessagePath": "/dev/termination-log", "terminationMessagePolicy": "File"}
_POD = {
    "restartPolicy": "Always",
    "terminationGracePeriodSeconds": 30,
    "dnsPolicy": "ClusterFirst",
    "securityContext": {},
    "schedulerName": "default-scheduler",
}
_STATEFUL = {
    "replicas": 1,
    "revisionHistoryLimit": 10,
    "podManagementPolicy": "OrderedReady",
    "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
}
_ROLLING = {"maxUnavailable": "25%", "maxSurge": "25%"}


def with_defaults(value: Json) -> Json:
    """
    The object with defaults for what is not there; `value` stays as it is.

    Source: kubernetes pkg/apis/apps/v1/defaults.go, pkg/apis/core/v1/defaults.go.
    """
    match value["kind"]:
        case "Deployment":
            spec = {
                "replicas": 1,
                "revisionHistoryLimit": 10,
                "progressDeadlineSeconds": 600,
                **(value.get("spec") or {}),
            }
            spec["strategy"] = _update_strategy(spec.get("strategy") or {}, _ROLLING)
            return {**value, "spec": _with_template(spec)}
        case "StatefulSet" if value.get("spec"):
            spec = {**_STATEFUL, **value["spec"]}
            spec["updateStrategy"] = _update_strategy(spec.get("updateStrategy") or {}, {"partition": 0})
            return {**value, "spec": _with_template(spec)}
        case "DaemonSet" if value.get("spec"):
            spec = {"revisionHistoryLimit": 10, **value["spec"]}
            rolling = {"maxSurge": 0, "maxUnavailable": 1}
            spec["updateStrategy"] = _update_strategy(spec.get("updateStrategy") or {}, rolling)
            return {**value, "spec": _with_template(spec)}
        case "ReplicaSet" if value.get("spec"):
            return {**value, "spec": _with_template({"replicas": 1, **value["spec"]})}
        case "Secret":
            return {**value, "type": value.get("type") or "Opaque"}
        case "Namespace":
            metadata = value["metadata"]
            labels = {"kubernetes.io/metadata.name": metadata["name"], **(metadata.get("labels") or {})}
            spec = {"finalizers": ["kubernetes"], **(value.get("spec") or {})}
            status = value.get("status") or {"phase": "Active"}
            return {**value, "metadata": {**metadata, "labels": labels}, "spec": spec, "status": status}
    return value


def _update_strategy(given: Json, rolling: Json) -> Json:
    kind = given.get("type") or "RollingUpdate"
    if kind != "RollingUpdate":
        return {**given, "type": kind}
    return {**given, "type": kind, "rollingUpdate": {**rolling, **(given.get("rollingUpdate") or {})}}


def _with_template(spec: Json) -> Json:
    template = spec.get("template")
    if not isinstance(template, dict) or not isinstance(template.get("spec"), dict):
        return spec
    pod = template["spec"]
    lists = {key: [_container(each) for each in pod[key]] for key in ("initContainers", "containers") if pod.get(key)}
    return {**spec, "template": {**template, "spec": {**_POD, **pod, **lists}}}


def _container(given: Json) -> Json:
    name = str(given.get("image", "")).rpartition("/")[2]
    # Source: kubernetes pkg/apis/core/v1/defaults.go, SetDefaults_Container: the tag alone counts, not the digest.
    tag = name.partition("@")[0].partition(":")[2] or ("" if "@" in name else "latest")
    return {**_CONTAINER, "imagePullPolicy": "Always" if tag == "latest" else "IfNotPresent", **given}
