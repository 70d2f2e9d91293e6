"""What the API server says when it refuses: the real one's Status objects, word for word."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from figwasp.embedded.api.resources import Resource


class Refusal(Exception):
    """An answer that is not a success; `status` is its body."""

    def __init__(self, code: int, reason: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.code = code
        self.headers: dict[str, str] = {}
        self.text = ""
        """The body instead of `status`, if there is one."""
        self.status: dict[str, Any] = {
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": more.pop("metadata", {}),
            "status": "Failure",
            "message": message,
            **({"reason": reason} if reason else {}),
            **more,
            "code": code,
        }


def bad_request(message: str) -> Refusal:
    """400."""
    return Refusal(400, "BadRequest", message)


def unauthorized() -> Refusal:
    """401."""
    return Refusal(401, "Unauthorized", "Unauthorized")


def forbidden(user: str, verb: str, resource: "Resource", where: tuple[str, str, str]) -> Refusal:
    """403; `where` is namespace, name and subresource."""
    namespace, name, subresource = where
    scope = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    asked = f"{resource.plural}/{subresource}" if subresource else resource.plural
    cannot = f'cannot {verb} resource "{asked}" in API group "{resource.group}" {scope}'
    message = f'{_named(resource, name)} is forbidden: User "{user}" {cannot}'
    return Refusal(403, "Forbidden", message, details=_details(resource, name))


def forbidden_path(user: str, path: str) -> Refusal:
    """403 of what is no resource."""
    return Refusal(403, "Forbidden", f'forbidden: User "{user}" cannot get path "{path}"', details={})


def not_found(resource: "Resource", name: str) -> Refusal:
    """404 of an object."""
    return Refusal(404, "NotFound", f"{_named(resource, name)} not found", details=_details(resource, name))


def no_such_resource() -> Refusal:
    """404 of a resource that the server does not have."""
    return Refusal(404, "NotFound", "the server could not find the requested resource", details={})


def no_such_group() -> Refusal:
    """404 of an API group or version that the server does not have: not even a Status."""
    refusal = Refusal(404, "NotFound", "404 page not found")
    refusal.headers["Content-Type"] = "text/plain; charset=utf-8"
    refusal.text = "404 page not found\n"
    return refusal


def not_allowed() -> Refusal:
    """405."""
    message = "the server does not allow this method on the requested resource"
    return Refusal(405, "MethodNotAllowed", message, details={})


def not_acceptable() -> Refusal:
    """406."""
    message = "only the following media types are accepted: application/json"
    return Refusal(406, "NotAcceptable", message)


def unknown_format() -> Refusal:
    """415 of a new object; the real server takes YAML and its own binary format too."""
    message = "the body of the request was in an unknown format - accepted media types include: application/json"
    return Refusal(415, "UnsupportedMediaType", message)


def unknown_patch() -> Refusal:
    """415 of a patch."""
    return Refusal(415, "UnsupportedMediaType", "415: Unsupported Media Type", details={})


def already_exists(resource: "Resource", name: str) -> Refusal:
    """409 of a new object."""
    return Refusal(409, "AlreadyExists", f"{_named(resource, name)} already exists", details=_details(resource, name))


def invalid(kind: str, group: str, name: str, *causes: tuple[str, str, str]) -> Refusal:
    """422; a cause is a field, a reason and what is wrong."""
    listed = [{"reason": reason, "message": message, "field": field} for field, reason, message in causes]
    told = [f"{field}: {message}" for field, _, message in dict.fromkeys(causes)]
    problem = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    named = {key: value for key, value in {"name": name, "group": group, "kind": kind}.items() if value}
    qualified = f"{kind}.{group}" if group else kind
    return Refusal(422, "Invalid", f'{qualified} "{name}" is invalid: {problem}', details={**named, "causes": listed})


def no_such_dry_run(value: str, options: str) -> Refusal:
    """422 of a dryRun other than All; `options` is the kind of the verb's options."""
    why = f'Unsupported value: ["{value}"]: supported values: "All"'
    return invalid(options, "meta.k8s.io", "", ("dryRun", "FieldValueNotSupported", why))


def does_not_apply() -> Refusal:
    """422 of a JSON patch."""
    message = "the server rejected our request due to an error in our request"
    return Refusal(422, "Invalid", message, details={})


def other_error(message: str) -> Refusal:
    """500 without a reason, as the server has it for a few mistakes of clients."""
    return Refusal(500, "", message)


def conflict_of_kind(resource: "Resource", name: str, why: str) -> Refusal:
    """409 of a deletion, which names the kind and not the resource."""
    qualified = f"{resource.kind}.{resource.group}" if resource.group else resource.kind
    message = f'Operation cannot be fulfilled on {qualified} "{name}": {why}'
    return Refusal(409, "Conflict", message, details={**_details(resource, name), "kind": resource.kind})


def conflict(resource: "Resource", name: str, why: str) -> Refusal:
    """409."""
    message = f"Operation cannot be fulfilled on {_named(resource, name)}: {why}"
    return Refusal(409, "Conflict", message, details=_details(resource, name))


def watch_expired() -> Refusal:
    """410 of a watch."""
    return Refusal(410, "Expired", "The resourceVersion for the provided watch is too old.")


def expired(token: str) -> Refusal:
    """410 of a continue token."""
    message = (
        "The provided continue parameter is too old to display a consistent list result. You can start a new list"
        " without the continue parameter, or use the continue token in this response to retrieve the remainder of the"
        " results. Continuing with the provided token results in an inconsistent list - objects that were created,"
        " modified, or deleted between the time the first chunk was returned and now may show up in the list."
    )
    return Refusal(410, "Expired", message, metadata={"continue": token})


def too_many_requests() -> Refusal:
    """429."""
    message = "too many requests, please try again later."
    refusal = Refusal(429, "TooManyRequests", message, details={"retryAfterSeconds": 1})
    refusal.headers["Retry-After"] = "1"
    return refusal


def internal_error() -> Refusal:
    """500."""
    causes = [{"message": "etcdserver: request timed out"}]
    message = "Internal error occurred: etcdserver: request timed out"
    return Refusal(500, "InternalError", message, details={"causes": causes})


def _named(resource: "Resource", name: str) -> str:
    return f'{resource.qualified} "{name}"' if name else resource.qualified


def _details(resource: "Resource", name: str) -> dict[str, str]:
    facts = {"name": name, "group": resource.group, "kind": resource.plural}
    return {key: value for key, value in facts.items() if value}


def deleted(resource: "Resource", name: str, uid: str) -> dict[str, Any]:
    """The Status that says that an object is deleted."""
    details = {**_details(resource, name), "uid": uid}
    return {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
