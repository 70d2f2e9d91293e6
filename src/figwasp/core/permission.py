"""What the API server must allow: one verb on the objects of one resource, and why it is needed."""

from typing import Any

from msgspec import Struct


class Permission(Struct, frozen=True, kw_only=True):
    """
    One verb on the objects of one resource.

    `resource` is a plural, as in RBAC. `names` are the only objects that it is needed for; nothing means all.
    `why` completes "it is needed to …". `is_cluster_wide` tells of what lies in no namespace. Without an optional one
    a pass still works, and may have to leave more workloads unjudged.
    """

    verb: str
    group: str
    resource: str
    names: tuple[str, ...] = ()
    why: str
    is_cluster_wide: bool = False
    is_optional: bool = False

    @property
    def rule(self) -> dict[str, Any]:
        """The rule of a Role (a ClusterRole, for what is cluster-wide) that gives it."""
        rule: dict[str, Any] = {"apiGroups": [self.group], "resources": [self.resource], "verbs": [self.verb]}
        return {**rule, "resourceNames": list(self.names)} if self.names else rule

    def __str__(self) -> str:
        return f"{self.verb} {self.resource}" + (f" ({', '.join(self.names)})" if self.names else "")
