"""What the small API server says about itself: its health, its version, and what it has."""

from figwasp.embedded.api.resources import RESOURCES, REVIEWS, Json, Resource
from figwasp.embedded.api.status import no_such_group, no_such_resource

VERSION = "1.34.4"
"""The version of Kubernetes whose server this one is held to."""

_HAS = (*RESOURCES.values(), *REVIEWS.values())
_GROUPS = sorted({each.group for each in _HAS if each.group})
_ROOTS = ("api/v1", *(f"apis/{group}/v1" for group in _GROUPS))
_VERBS = ["create", "delete", "get", "list", "patch", "update", "watch"]
_CHECKS = ("healthz", "livez", "readyz")


def describe(path: str) -> Json | str:
    """
    What a path that names no resource holds; a text for the checks of health.

    Raises:
        Refusal: there is nothing (404).
    """
    match path.strip("/").split("/"):
        case [check] if check in _CHECKS:
            return "ok"
        case ["version"]:
            return _version()
        case ["api"]:
            address = {"clientCIDR": "0.0.0.0/0", "serverAddress": "127.0.0.1"}
            return {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": [address]}
        case ["apis"]:
            groups = [_group(group) for group in _GROUPS]
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": groups}
        case ["api", version]:
            return _resources("", version)
        case ["apis", group] if group in _GROUPS:
            return {"kind": "APIGroup", "apiVersion": "v1", **_group(group)}
        case ["apis", group, version] if group in _GROUPS:
            return _resources(group, version)
        case ["openapi", "v3"]:
            return {"paths": {root: {"serverRelativeURL": f"/openapi/v3/{root}"} for root in _ROOTS}}
        case ["openapi", "v3", *rest] if (root := "/".join(rest)) in _ROOTS:
            return _open_api(root)
    raise no_such_group()


def _version() -> Json:
    major, minor, _ = VERSION.split(".")
    emulated = {"emulationMajor": major, "emulationMinor": minor}
    return {"major": major, "minor": minor, **emulated, "gitVersion": f"v{VERSION}", "platform": "figwasp/embedded"}


def _group(name: str) -> Json:
    version = {"groupVersion": f"{name}/v1", "version": "v1"}
    return {"name": name, "versions": [version], "preferredVersion": version}


def _resources(group: str, version: str) -> Json:
    found = [each for each in _HAS if (each.group, each.version) == (group, version)]
    if not found:
        raise no_such_resource()
    listed = [entry for each in sorted(found, key=lambda each: each.plural) for entry in _entries(each)]
    group_version = found[0].api_version
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": listed}


def _entries(resource: Resource) -> list[Json]:
    """A resource and its subresources, as discovery lists them."""
    own: Json = {
        "name": resource.plural,
        "singularName": resource.kind.lower(),
        "namespaced": resource.namespaced,
        "kind": resource.kind,
        "verbs": ["create"] if resource in REVIEWS.values() else _VERBS,
    }
    if resource.short_names:
        own["shortNames"] = list(resource.short_names)
    if resource.in_all:
        own["categories"] = ["all"]
    return [own, *(_subresource(resource, name) for name in resource.subresources)]


def _subresource(resource: Resource, name: str) -> Json:
    kind: Json = {"kind": resource.kind}
    if name == "scale":
        kind = {"group": "autoscaling", "version": "v1", "kind": "Scale"}
    entry = {"name": f"{resource.plural}/{name}", "singularName": "", "namespaced": resource.namespaced}
    return {**entry, **kind, "verbs": ["get", "patch", "update"]}


def _open_api(root: str) -> Json:
    """As much as kubectl looks at before it lets the server judge what it sends: which verbs have which parameters."""
    names = ("dryRun", "fieldManager", "fieldValidation")
    parameters = [{"name": name, "in": "query", "schema": {"type": "string"}} for name in names]
    paths = {}
    for each in _HAS:
        if root in (f"apis/{each.api_version}", f"api/{each.api_version}"):
            scope = "namespaces/{namespace}/" if each.namespaced else ""
            kind = {"group": each.group, "version": each.version, "kind": each.kind}
            patch = {"parameters": parameters, "responses": {}, "x-kubernetes-group-version-kind": kind}
            paths[f"/{root}/{scope}{each.plural}/{{name}}"] = {"patch": patch}
    return {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": f"v{VERSION}"}, "paths": paths}
