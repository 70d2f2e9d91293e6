"""Which resource a path names."""

from urllib.parse import unquote

from msgspec import Struct

from figwasp.embedded.api.resources import BY_PLURAL, RESOURCES, REVIEWS, Resource
from figwasp.embedded.api.status import no_such_group, no_such_resource

_LIST_DEPTH = {"api": 3, "apis": 4}
"""How many parts a path of a resource has at least."""


class Route(Struct, frozen=True):
    """What a path names: an object, a part of one (`subresource`), or, without a name, a collection."""

    resource: Resource
    namespace: str
    name: str
    subresource: str

    @property
    def rbac_namespace(self) -> str:
        """The namespace whose Roles count: for a namespace its own."""
        return self.name if self.resource.plural == "namespaces" else self.namespace

    @property
    def rbac_resource(self) -> str:
        """The resource as a Role names it."""
        return f"{self.resource.plural}/{self.subresource}" if self.subresource else self.resource.plural

    def require(self) -> None:
        """
        Refuse what the server does not have, which RBAC has judged before.

        Raises:
            Refusal: there is no such group or resource, or not in this scope (404).
        """
        resource = self.resource
        if resource.group not in _GROUPS:
            raise no_such_group()
        fits = resource.namespaced or not self.namespace
        if self.name and resource.namespaced and not self.namespace:
            fits = False
        if not resource.kind or not fits or (self.subresource and self.subresource not in resource.subresources):
            raise no_such_resource()


def read_route(path: str) -> Route | None:
    """Read a path; None where it names no resource. One that the server does not have comes without a kind."""
    parts = [unquote(part) for part in path.strip("/").split("/")]
    if len(parts) < _LIST_DEPTH.get(parts[0], len(parts) + 1):
        return None
    group, version, rest = ("", parts[1], parts[2:]) if parts[0] == "api" else (parts[1], parts[2], parts[3:])
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 2 and rest[2] not in BY_PLURAL["namespaces"].subresources:
        namespace, rest = rest[1], rest[2:]
    plural, name, *more = [*rest, ""]
    key = (group, version, plural)
    resource = RESOURCES.get(key) or REVIEWS.get(key) or Resource(group, version, plural, kind="")
    return Route(resource, namespace, name, "/".join(each for each in more if each))


_GROUPS = {each.group for each in (*RESOURCES.values(), *REVIEWS.values())}
