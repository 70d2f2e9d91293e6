"""Which objects of the API a request is about: its path, and the facts of an RBAC rule."""

from collections.abc import Mapping

from msgspec import Struct

from figwasp.core.url import quote


class Resource(Struct, frozen=True):
    """
    Objects of one kind, or, with `name`, one of them.

    `plural` is as in RBAC rules, such as `deployments`. `namespace` is empty for what lies in none, such as nodes.
    """

    group: str
    version: str
    plural: str
    namespace: str = ""
    name: str = ""

    @property
    def collection(self) -> str:
        """The path of all of them."""
        root = f"/apis/{quote(self.group)}/{self.version}" if self.group else f"/api/{self.version}"
        inside = f"/namespaces/{quote(self.namespace)}" if self.namespace else ""
        return f"{root}{inside}/{self.plural}"

    @property
    def path(self) -> str:
        """The path of the one with `name`."""
        return f"{self.collection}/{quote(self.name)}"

    @property
    def api(self) -> str:
        """Group and version, as in `apiVersion`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def singular(self) -> str:
        """What one of them is called."""
        return self.plural.removesuffix("s")

    @property
    def where(self) -> str:
        """Where they are, as the end of a sentence; empty for what lies in no namespace."""
        return f" in namespace {self.namespace}" if self.namespace else ""

    def __str__(self) -> str:
        what = f"{self.singular}/{self.name}" if self.name else self.plural
        return what + self.where


def with_query(path: str, query: Mapping[str, str]) -> str:
    """Add a query to a path."""
    return f"{path}?{'&'.join(f'{quote(key)}={quote(value)}' for key, value in query.items())}" if query else path
