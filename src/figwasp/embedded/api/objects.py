"""What the API server itself sets on the objects that it keeps."""

import msgspec

from figwasp.embedded.api.resources import Json, Resource
from figwasp.embedded.api.selectors import key_of


def place_of(value: Json) -> str:
    """The key of an object in its resource."""
    return key_of(value["metadata"].get("namespace", ""), value["metadata"]["name"])


def copied(value: Json) -> Json:
    """The same object, which may be changed in place."""
    made: Json = msgspec.json.decode(msgspec.json.encode(value))
    return made


def of_kind(resource: Resource, value: Json) -> Json:
    """The object, which says what it is."""
    return {**value, "apiVersion": resource.api_version, "kind": resource.kind}


def owned_by_server(value: Json) -> Json:
    """The metadata that no client sets."""
    names = ("uid", "creationTimestamp", "resourceVersion", "generation")
    return {name: value["metadata"][name] for name in names if name in value["metadata"]}


def first_status(resource: Resource, sent: Json) -> Json:
    """What a new object's status is, whatever was sent."""
    match resource.kind:
        case "Pod":
            return {"status": {"phase": "Pending"}}
        case "Namespace":
            return {"status": {"phase": "Active"}}
        case "Node":
            return {"status": sent.get("status", {})}
    return {"status": {}} if "status" in resource.subresources else {}


def without_owner(value: Json, uid: str) -> Json:
    """The object without one of its owners."""
    references = [each for each in value["metadata"]["ownerReferences"] if each.get("uid") != uid]
    metadata = {key: each for key, each in value["metadata"].items() if key != "ownerReferences"}
    return {**value, "metadata": {**metadata, **({"ownerReferences": references} if references else {})}}


def generation_of(old: Json | None, new: Json) -> int:
    """The generation of an object that takes the place of `old`, if there is one."""
    if old is None:
        return 1
    before: int = old["metadata"]["generation"]
    changed = old.get("spec") != new.get("spec")
    if new["kind"] == "Deployment":
        # Its annotations count too, because its controller copies them to the ReplicaSets.
        # Source: kubernetes pkg/registry/apps/deployment/strategy.go, PrepareForUpdate.
        changed = changed or (old["metadata"].get("annotations") or {}) != (new["metadata"].get("annotations") or {})
    return before + changed
