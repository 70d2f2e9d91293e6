"""What one workload kind consists of: data and pure functions, no request."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from msgspec import Raw, Struct

from figwasp.core.workload import RolloutState
from figwasp.kube.picks import LabelSelector, Metadata


class Rollout(Struct, frozen=True):
    """Where a roll-out stands, and in words how far it is."""

    state: RolloutState
    detail: str = ""


class WorkloadItem(Protocol):
    """What every kind's pick has in common."""

    @property
    def metadata(self) -> Metadata:
        """Name, version, annotations."""
        ...

    @property
    def selector(self) -> LabelSelector:
        """Selects (at least) its pods."""
        ...

    @property
    def template(self) -> Raw:
        """The pod template, as JSON."""
        ...

    @property
    def replicas(self) -> int:
        """Pods that it wants."""
        ...

    @property
    def is_paused(self) -> bool:
        """Whether a change of the template rolls nothing out for now."""
        ...


class WorkloadKind(Struct, frozen=True, kw_only=True):
    """
    A kind of workload that can be restarted.

    `name` is lower case and singular, `aliases` are what people call it besides. `item` is the typed pick that an
    object is read as. `revisions` is the plural of the kind (same API group) whose objects tell the current revision,
    `revision` their pick. `owner` gives the uid that owns the pods of the current revision, empty where it cannot be
    told for sure.
    """

    name: str
    aliases: frozenset[str]
    group: str
    version: str
    plural: str
    item: type[Any]
    revisions: str
    revision: type[Any]
    rollout: Callable[[Any], Rollout]
    owner: Callable[[Any, Sequence[Any]], str]
