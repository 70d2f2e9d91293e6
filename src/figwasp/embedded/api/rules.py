"""Who may do what at the small API server: RBAC, as far as Roles of ours use it."""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct


class Rule(Struct, frozen=True):
    """One rule of a Role in `namespace`, or of a ClusterRole where it is empty."""

    groups: frozenset[str]
    resources: frozenset[str]
    verbs: frozenset[str]
    names: frozenset[str] = frozenset()
    namespace: str = ""

    def allows(self, request: "Asked") -> bool:
        """Whether the rule allows what is asked for."""
        return (
            self.namespace in ("", request.namespace)
            and not self.groups.isdisjoint((request.group, "*"))
            and not self.resources.isdisjoint((request.resource, f"*/{request.resource.partition('/')[2]}", "*"))
            and not self.verbs.isdisjoint((request.verb, "*"))
            and (not self.names or request.name in self.names)
        )


class Asked(Struct, frozen=True):
    """
    A request, as RBAC and the audit log see it.

    A subresource is part of `resource`, as in "deployments/scale"; the name of what is no resource, but a path like
    "/version", is that path. A list with a field selector of one name has that name, as at the real server.
    """

    verb: str
    group: str
    resource: str
    namespace: str
    name: str
    query: Mapping[str, str] = {}
    headers: Mapping[str, str] = {}
    """The request's headers, names in lower case."""
    user: str = ""
    """Who asked; empty where the server did not know (401)."""

    def __str__(self) -> str:
        return " ".join(part for part in (self.verb, self.resource, self.namespace, self.name) if part)


def rules_of(role: Mapping[str, Any]) -> tuple[Rule, ...]:
    """
    Read the rules of a Role (which hold in its namespace) or a ClusterRole.

    Roles are as in YAML: `{"kind": "Role", "metadata": {"namespace": "shop"}, "rules": [{"apiGroups": […], …}]}`.
    """
    namespace = (role.get("metadata") or {}).get("namespace", "")
    return tuple(
        Rule(
            groups=frozenset(rule["apiGroups"]),
            resources=frozenset(rule["resources"]),
            verbs=frozenset(rule["verbs"]),
            names=frozenset(rule.get("resourceNames", ())),
            namespace=namespace,
        )
        for rule in role["rules"]
    )


ANYTHING = (Rule(frozenset("*"), frozenset("*"), frozenset("*")),)
"""What a cluster's administrator may do."""


def may_all(rules: Iterable[Rule]) -> bool:
    """Whether rules allow anything."""
    return any(rule in ANYTHING for rule in rules)
