"""What the small API server does with what it holds, when it is asked to."""

from collections.abc import Callable

from figwasp.embedded.api.bodies import Preconditions, read_delete_options, read_object, require_new, require_place
from figwasp.embedded.api.call import Call
from figwasp.embedded.api.patch import read_patch
from figwasp.embedded.api.resources import Json
from figwasp.embedded.api.scale import SCALE, scale_of, scaled
from figwasp.embedded.api.shapes import problem_of
from figwasp.embedded.api.status import conflict_of_kind, deleted, invalid, no_such_dry_run, not_allowed
from figwasp.embedded.api.store import Store

_KEEP_BODY = {"pods"}
"""Resources whose objects are the answer to their deletion."""


def perform(store: Store, call: Call, admit: Callable[[Json], object] | None = None) -> tuple[int, Json]:
    """
    Do what is asked for (all but watching); the code and body of the answer.

    `admit` may change an object that replaces another, as an admission webhook may.

    Raises:
        Refusal: it cannot be done.
    """
    route, name = call.route, call.route.name
    match call.asked.verb:
        case "get":
            found = store.get(route.resource.plural, route.namespace, name)
            return 200, scale_of(found) if route.subresource == "scale" else found
        case "list":
            return 200, store.list(route.resource, route.namespace, call.asked.query)
        case "create" if not name and route.resource.namespaced == bool(route.namespace):
            sent = read_object(route.resource, call.body, call.content_type)
            new = require_new(route.resource, sent, route.namespace)
            return 201, store.create(route.resource, route.namespace, new, dry_run=_is_dry_run(call, "CreateOptions"))
        case "update" if name:
            return 200, _change(store, call, _sent(call, admit), dry_run=_is_dry_run(call, "UpdateOptions"))
        case "patch" if name:
            return 200, _change(store, call, _patched(call), dry_run=_is_dry_run(call, "PatchOptions"))
        case "delete" if not route.subresource:
            return 200, _delete(store, call)
    raise not_allowed()


def _change(store: Store, call: Call, make: Callable[[Json], Json], *, dry_run: bool) -> Json:
    """Let `make` change the object, or the part of it that the path names."""
    route = call.route
    place = route.resource, route.namespace, route.name
    match route.subresource:
        case "scale":
            changed = store.change(*place, lambda old: scaled(old, make(scale_of(old))), dry_run=dry_run)
            return scale_of(changed)
        case "status":
            return store.change_status(*place, make, dry_run=dry_run)
    return store.change(*place, make, dry_run=dry_run)


def _sent(call: Call, admit: Callable[[Json], object] | None) -> Callable[[Json], Json]:
    route = call.route
    resource = SCALE if route.subresource == "scale" else route.resource
    sent = read_object(resource, call.body, call.content_type)
    require_place(sent, route.namespace, route.name)
    if admit is not None:
        admit(sent)
    return lambda _: sent


def _patched(call: Call) -> Callable[[Json], Json]:
    patch, route = read_patch(call.content_type, call.body), call.route
    resource = SCALE if route.subresource == "scale" else route.resource

    def make(old: Json) -> Json:
        patched = patch(old)
        if problem := problem_of(resource, patched):
            raise invalid("", "", "", ("patch", "FieldValueInvalid", f"Invalid value: {problem}"))
        new = require_place(patched, route.namespace, route.name)
        was, uid = old["metadata"]["uid"], new["metadata"].get("uid")
        if uid not in (None, was):
            cause = "metadata.uid", "FieldValueInvalid", f'Invalid value: "{uid}": field is immutable'
            raise invalid(route.resource.kind, route.resource.group, route.name, cause, cause)
        return new

    return make


def _delete(store: Store, call: Call) -> Json:
    route, options = call.route, read_delete_options(call.body)
    dry_run = _is_dry_run(call, "DeleteOptions") or "All" in options.dry_run
    found = store.get(route.resource.plural, route.namespace, route.name)
    _require_same(call, options.preconditions, found["metadata"])
    if not dry_run:
        if store.has_node and _is_on_node(found) and options.grace_period_seconds != 0:
            return store.end_pod(route.namespace, route.name, options.grace_period_seconds)
        policy = call.asked.query.get("propagationPolicy", options.propagation_policy)
        store.delete(route.resource.plural, route.namespace, route.name, orphan=policy == "Orphan")
    if route.resource.plural in _KEEP_BODY:
        return found
    return deleted(route.resource, route.name, found["metadata"]["uid"])


def _is_on_node(found: Json) -> bool:
    return bool(found["kind"] == "Pod" and (found.get("spec") or {}).get("nodeName"))


def _require_same(call: Call, required: Preconditions, metadata: Json) -> None:
    facts = (
        ("UID", required.uid, metadata["uid"], "deleted and then recreated"),
        ("ResourceVersion", required.resource_version, metadata["resourceVersion"], "modified"),
    )
    for field, wanted, found, what in facts:
        if wanted not in ("", found):
            differ = f"the {field} in the precondition ({wanted}) does not match the {field} in record ({found})"
            why = f"{differ}. The object might have been {what}"
            raise conflict_of_kind(call.route.resource, call.route.name, why)


def _is_dry_run(call: Call, options: str) -> bool:
    asked = call.asked.query.get("dryRun", "All")
    if asked != "All":
        raise no_such_dry_run(asked, options)
    return "dryRun" in call.asked.query
