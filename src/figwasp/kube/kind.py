"""What one workload kind consists of: data and pure functions, no request."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final, Protocol

from msgspec import Raw, Struct
from msgspec.structs import replace

from figwasp.core.moment import read_time, write_time
from figwasp.core.workload import RolloutState, Strategy
from figwasp.kube.picks import LabelSelector, Metadata, Pick

PATIENCE: Final = 600
"""Seconds without any progress after which a roll-out is taken for failed: the default of a Deployment's deadline."""

USUAL_GRACE: Final = 30
"""Seconds that a pod may take to end where its template does not say; there is room for them in the above."""


class Overdue(Struct, frozen=True):
    """
    What becomes of a roll-out that is in progress, where its kind has no deadline of its own: `state`.

    That is when nothing has changed any more since `since`, a time as the API server writes it, for `seconds`. `said`
    says what has not.
    """

    state: RolloutState
    since: str
    seconds: int = PATIENCE
    said: str = "nothing has changed"


class Rollout(Struct, frozen=True):
    """Where a roll-out stands, and in words how far it is; `overdue` what must not be so for ever, the worst last."""

    state: RolloutState
    detail: str = ""
    overdue: tuple[Overdue, ...] = ()

    def given(self, seconds: int) -> "Rollout":
        """Give the same with so many seconds more, in which nothing may change: none where they are less than none."""
        late = (replace(each, seconds=each.seconds + max(seconds, 0)) for each in self.overdue)
        return replace(self, overdue=tuple(late))

    def at(self, now: datetime) -> "Rollout":
        """Give where it stands now."""
        stands = self
        for late in self.overdue:
            since = read_time(late.since)
            if since is not None and (now - since).total_seconds() >= late.seconds:
                stands = Rollout(late.state, f"{self.detail}; {late.said} since {write_time(since)}")
        return stands


class Followed(Struct, frozen=True):
    """
    What `kubectl rollout status` says of a roll-out, in its words, and whether there is nothing more to wait for.

    `error` is what it fails with; empty for nothing.
    """

    message: str = ""
    is_done: bool = False
    error: str = ""


class Revision(Struct, frozen=True):
    """
    Which pods are of a workload's current revision: those of `owner`, a uid.

    And, where they are not empty, those whose label `controller-revision-hash` is `label`, and whose name does not end
    in a number below `first`.
    """

    owner: str
    label: str = ""
    first: int = 0

    def has(self, pod: Metadata) -> bool:
        """Whether a pod belongs to it."""
        if pod.controller_uid != self.owner or (self.label and pod.revision != self.label):
            return False
        number = pod.name.rpartition("-")[2] if self.first else ""
        return not number.isdecimal() or int(number) >= self.first


class Finder(Protocol):
    """Finds a workload's current revision among those of its own that it is shown, one by one."""

    def look_at(self, revision: Any) -> None:
        """Look at one more, the pick of the kind's revisions."""
        ...

    def found(self) -> Revision | None:
        """The current revision; None where it cannot be told for sure."""
        ...


class Known(Struct, frozen=True):
    """The `Finder` of a kind whose workloads name their revision themselves."""

    revision: Revision | None

    def look_at(self, revision: Any) -> None:
        """Need no other."""

    def found(self) -> Revision | None:
        """The revision that is known."""
        return self.revision


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

    @property
    def strategy(self) -> Strategy:
        """What becomes of its pods when the template changes."""
        ...

    @property
    def outage(self) -> str:
        """Why a restart leaves no pod for a while; empty where some are always there."""
        ...


class Template(Pick):
    """What the specs of all kinds have in common."""

    selector: LabelSelector
    template: Raw


class Templated(Pick):
    """What the objects of all kinds have in common; most of them cannot be paused."""

    metadata: Metadata
    spec: Template

    @property
    def selector(self) -> LabelSelector:
        """Selects (at least) its pods."""
        return self.spec.selector

    @property
    def template(self) -> Raw:
        """The pod template, as JSON."""
        return self.spec.template

    @property
    def is_paused(self) -> bool:
        """Whether a change of the template rolls nothing out for now."""
        return False


class WorkloadKind(Struct, frozen=True, kw_only=True):
    """
    A kind of workload that can be restarted.

    `name` is lower case and singular, `aliases` are what people call it besides. `item` is the typed pick that an
    object is read as. `revisions` is the plural of the kind (same API group) whose objects tell the current revision,
    `revision` their pick; empty where the workload itself tells it. `rollout` tells whether a restart may start,
    `current` gives what makes a finder of its current revision (and does not hold the object), and `follow` tells what
    `kubectl rollout status` would say. `rank` is its place wherever kinds are listed, the commonest first.
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
    current: Callable[[Any], Callable[[], Finder]]
    follow: Callable[[Any], Followed]
    rank: int = 9


def scaled(value: int | str | None, total: int, *, up: bool) -> int:
    """
    Read a number of pods or a percentage of `total`, rounded up or down; 0 for what is neither.

    Source: apimachinery pkg/util/intstr/intstr.go, GetScaledValueFromIntOrPercent.
    """
    if isinstance(value, int):
        return value
    percent = (value or "").removesuffix("%")
    if not percent.isdecimal():
        return 0
    percent = percent.lstrip("0")[:9] or "0"  # more zeros than Python reads are a number to the API server
    return (int(percent) * total + (99 if up else 0)) // 100
