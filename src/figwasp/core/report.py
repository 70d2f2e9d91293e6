"""What came of a pass: one outcome for each workload, in order, and the exit code that follows."""

from collections import Counter
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from figwasp.core.decision import Leave, Restart, Why
from figwasp.core.workload import WorkloadKey
from figwasp.errors import FigwaspError, Forbidden, InternalError


class Restarted(Struct, frozen=True):
    """A rolling restart was started, as `decision` says."""

    decision: Restart

    @property
    def key(self) -> WorkloadKey:
        """Which workload."""
        return self.decision.key


class WouldRestart(Struct, frozen=True):
    """
    A rolling restart would be started, as `decision` says; nothing was changed.

    `obstacle` is what would keep whoever asked from doing it: it may not update the workload, say.
    """

    decision: Restart
    obstacle: FigwaspError | None = None

    @property
    def key(self) -> WorkloadKey:
        """Which workload."""
        return self.decision.key


class Left(Struct, frozen=True):
    """The workload was left as it is, as `decision` says; `note` tells of a record that could not be written."""

    decision: Leave
    note: str = ""

    @property
    def key(self) -> WorkloadKey:
        """Which workload."""
        return self.decision.key


class Failed(Struct, frozen=True):
    """Something went wrong on the way, so that nothing was done."""

    key: WorkloadKey
    error: FigwaspError


class Note(Struct, frozen=True):
    """Something that was not looked at; a failure where it was asked for. `kinds` are those that were passed over."""

    words: str
    hint: str = ""
    is_failure: bool = False
    kinds: tuple[str, ...] = ()


Outcome = Restarted | WouldRestart | Left | Failed


class Report(Struct, frozen=True, kw_only=True):
    """
    All outcomes of one pass, by workload, and what was not looked at.

    `selected` says in words what was looked for. `failure` is set where the pass ended before any workload was known.
    `bugs` are those of ours that it met anywhere.
    """

    started: datetime
    finished: datetime
    outcomes: tuple[Outcome, ...]
    notes: tuple[Note, ...] = ()
    selected: str = ""
    failure: FigwaspError | None = None
    bugs: tuple[InternalError, ...] = ()

    @property
    def needs_attention(self) -> bool:
        """Whether something failed or could not be judged."""
        failed = self.failure is not None or any(each.is_failure for each in self.notes)
        return failed or any(map(needs_attention, self.outcomes))

    @property
    def seconds(self) -> float:
        """How long the pass took."""
        return (self.finished - self.started).total_seconds()

    @property
    def exit_code(self) -> int:
        """0 for done or left by wish or state, 1 where something needs attention, 3 where a restart would follow."""
        if self.needs_attention:
            return 1
        return 3 if any(isinstance(each, WouldRestart) for each in self.outcomes) else 0

    @property
    def counts(self) -> "dict[End, int]":
        """How many workloads came to which end, the most important first."""
        counted = Counter(map(end_of, self.outcomes))
        return {end: counted[end] for end in End}


class End(StrEnum):
    """What came of a workload, in one word; the most important first."""

    RESTARTED = "restarted"
    WOULD_RESTART = "would_restart"
    FAILED = "failed"
    NOT_JUDGED = "not_judged"
    LEFT = "left"
    CURRENT = "current"

    @property
    def words(self) -> str:
        """The same for people."""
        return self.replace("_", " ")


def end_of(outcome: Outcome) -> End:
    """What came of a workload, in one word."""
    match outcome:
        case Restarted():
            return End.RESTARTED
        case WouldRestart():
            return End.WOULD_RESTART
        case Failed():
            return End.FAILED
        case Left(decision) if decision.why.needs_attention:
            return End.NOT_JUDGED
        case Left(decision):
            return End.CURRENT if decision.why is Why.CURRENT else End.LEFT


def needs_attention(outcome: Outcome) -> bool:
    """Whether somebody should look at it."""
    if isinstance(outcome, WouldRestart):
        # That this very user may not is no trouble of the workload's: another one restarts it.
        return outcome.obstacle is not None and not isinstance(outcome.obstacle, Forbidden)
    return end_of(outcome) in {End.FAILED, End.NOT_JUDGED}
