"""One request for a resource, read: what it is about, who asks, what was sent."""

from collections.abc import Mapping

from msgspec import Struct

from figwasp.embedded.api.route import Route
from figwasp.embedded.api.rules import Asked
from figwasp.embedded.api.selectors import selected_name

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch"}
_TRUE = ("", "1", "true", "True", "TRUE", "t", "T")


class Call(Struct, frozen=True):
    """A request; `asked` is its outside, as RBAC and the log see it."""

    route: Route
    asked: Asked
    body: bytes

    @property
    def content_type(self) -> str:
        """What the body is said to be."""
        return self.asked.headers.get("content-type", "").partition(";")[0].strip()


def read_call(
    method: str, route: Route, query: Mapping[str, str], headers: Mapping[str, str], user: str, body: bytes
) -> Call:
    """Put together what a request asks for."""
    verb = _verb(method, route.name, query)
    selects = verb in ("list", "watch", "deletecollection")
    asked = Asked(
        verb=verb,
        group=route.resource.group,
        resource=route.rbac_resource,
        namespace=route.rbac_namespace,
        name=selected_name(query.get("fieldSelector", "")) if selects else route.name,
        query=query,
        headers=headers,
        user=user,
    )
    return Call(route, asked, body)


def _verb(method: str, name: str, query: Mapping[str, str]) -> str:
    if method == "GET" and not name:
        return "watch" if query.get("watch", "false") in _TRUE else "list"
    if method == "DELETE":
        return "delete" if name else "deletecollection"
    return _VERBS.get(method, "get")
