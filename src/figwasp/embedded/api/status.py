"""What the API server says when it refuses: the real one's Status objects, word for word."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from figwasp.embedded.api.store import Resource


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
            "reason": reason,
            **more,
            "code": code,
        }


def bad_request(message: str) -> Refusal:
    """400."""
    return Refusal(400, "BadRequest", message)


def unauthorized() -> Refusal:
    """401."""
    return Refusal(401, "Unauthorized", "Unauthorized")


def forbidden(user: str, verb: str, resource: "Resource", namespace: str, name: str) -> Refusal:
    """403."""
    where = f'in the namespace "{namespace}"' if namespace else "at the cluster scope"
    what = _named(resource, name)
    cannot = f'cannot {verb} resource "{resource.plural}" in API group "{resource.group}" {where}'
    message = f'{what} is forbidden: User "{user}" {cannot}'
    return Refusal(403, "Forbidden", message, details=_details(resource, name))


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


def no_such_dry_run(value: str) -> Refusal:
    """422 of a dryRun other than All."""
    why = f'Unsupported value: ["{value}"]: supported values: "All"'
    causes = [{"reason": "FieldValueNotSupported", "message": why, "field": "dryRun"}]
    details = {"group": "meta.k8s.io", "kind": "UpdateOptions", "causes": causes}
    return Refusal(422, "Invalid", f'UpdateOptions.meta.k8s.io "" is invalid: dryRun: {why}', details=details)


def conflict(resource: "Resource", name: str, why: str) -> Refusal:
    """409."""
    message = f"Operation cannot be fulfilled on {_named(resource, name)}: {why}"
    return Refusal(409, "Conflict", message, details=_details(resource, name))


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
    qualified = f"{resource.plural}.{resource.group}" if resource.group else resource.plural
    return f'{qualified} "{name}"' if name else qualified


def _details(resource: "Resource", name: str) -> dict[str, str]:
    facts = {"name": name, "group": resource.group, "kind": resource.plural}
    return {key: value for key, value in facts.items() if value}
