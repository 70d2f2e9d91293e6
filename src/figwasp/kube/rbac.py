"""
What a pass must be allowed to do, and why: the one place that every Role, table and check of permissions comes from.

All of it follows from the data of the workload kinds, so that a new kind brings its rules along.
"""

from collections.abc import Iterable, Sequence

from msgspec import Struct

from figwasp.core.permission import Permission
from figwasp.kube.kind import WorkloadKind


class Needs(Struct, frozen=True, kw_only=True):
    """
    What a pass is to do.

    `targets` are the workloads that it looks at, as (kind, name); nothing means all labelled ones of `kinds`, and no
    kinds mean every one.
    `pull_secrets` are the names of the secrets that it may have to read; nothing means any, and None none at all.
    `nodes` tells whether it may ask for the platform of nodes.
    """

    targets: tuple[tuple[str, str], ...] = ()
    kinds: tuple[str, ...] = ()
    pull_secrets: tuple[str, ...] | None = ()
    nodes: bool = False


class Rule(Struct, frozen=True):
    """A rule of a Role: permissions on the same objects, put together."""

    permissions: tuple[Permission, ...]

    @property
    def verbs(self) -> list[str]:
        """Its verbs, in order."""
        return [each.verb for each in self.permissions]

    @property
    def reasons(self) -> list[str]:
        """Why each verb is needed, as `get: to …`."""
        return [f"{each.verb}: to {each.why}" for each in self.permissions]


def permissions(needs: Needs, kinds: Sequence[WorkloadKind]) -> tuple[Permission, ...]:
    """Tell what a pass over `needs` must be allowed to do, in the order in which it does it, and nothing more."""
    found: list[Permission] = []
    for kind in kinds:
        names = tuple(sorted(name for of, name in needs.targets if of == kind.name))
        if names or (not needs.targets and (kind.name in needs.kinds or not needs.kinds)):
            found += _of_kind(kind, names)
    found.append(Permission(verb="list", group="", resource="pods", why="see which images run"))
    if needs.pull_secrets is not None:
        why = "log in to registries by the workloads' own imagePullSecrets, read one by one by name, and no others"
        names = tuple(sorted(needs.pull_secrets))
        found.append(Permission(verb="list", group="", resource="secrets", names=names, why=why))
    return (*found, *([NODES] if needs.nodes else []))


NODES = Permission(
    verb="get",
    group="",
    resource="nodes",
    why="see which platform a node has, where an index changed for some platforms only, and which digests it knows as "
    "one image, where a registry does not have what runs",
    is_cluster_wide=True,
    is_optional=True,
)


def rules(permissions: Iterable[Permission]) -> tuple[Rule, ...]:
    """Put permissions on the same objects into one rule each, in order."""
    grouped: dict[tuple[str, str, tuple[str, ...]], list[Permission]] = {}
    for each in permissions:
        grouped.setdefault((each.group, each.resource, each.names), []).append(each)
    return tuple(Rule(tuple(each)) for each in grouped.values())


def _of_kind(kind: WorkloadKind, names: tuple[str, ...]) -> list[Permission]:
    def allow(verb: str, why: str) -> Permission:
        return Permission(verb=verb, group=kind.group, resource=kind.plural, names=names, why=why)

    found = [] if names else [allow("list", f"find the labelled {kind.plural}")]
    reading = f"read the named {kind.plural}, and each" if names else f"read a {kind.name}"
    found += [
        allow("get", f"{reading} again right before it is changed"),
        allow("update", "restart, and write down what for: two annotations, only if nobody changed anything since"),
    ]
    if kind.revisions:
        why = f"tell which pods are of a {kind.name}'s current revision"
        found.append(Permission(verb="list", group=kind.group, resource=kind.revisions, why=why))
    return found
