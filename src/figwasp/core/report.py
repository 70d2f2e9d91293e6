"""What came of a pass: one outcome for each workload, in order, and the exit code that follows."""

from collections import Counter
from datetime import datetime

from msgspec import Struct

from figwasp.core.decide import Leave, Restart
from figwasp.core.workload import WorkloadKey
from figwasp.errors import FigwaspError


class Restarted(Struct, frozen=True):
    """A rolling restart was started, as `decision` says."""

    decision: Restart

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
    """Something went wrong on the way, so that nothing was done; `trace` is set only for a bug of ours."""

    key: WorkloadKey
    error: FigwaspError
    trace: str = ""


Outcome = Restarted | Left | Failed


class Report(Struct, frozen=True, kw_only=True):
    """
    All outcomes of one pass, by workload.

    `failure` is set where the pass ended before any workload was known.
    """

    started: datetime
    finished: datetime
    outcomes: tuple[Outcome, ...]
    failure: FigwaspError | None = None

    @property
    def needs_attention(self) -> bool:
        """Whether something failed or could not be judged."""
        return self.failure is not None or any(map(needs_attention, self.outcomes))

    @property
    def exit_code(self) -> int:
        """0 for done or left by wish or state, 1 where something needs attention."""
        return 1 if self.needs_attention else 0

    @property
    def counts(self) -> dict[str, int]:
        """How many workloads came to which end, the most important first; ends that none came to are left out."""
        counted = Counter(_end(each) for each in self.outcomes)
        return {
            end: counted[end] for end in ("restarted", "failed", "not judged", "left", "up to date") if counted[end]
        }


def needs_attention(outcome: Outcome) -> bool:
    """Whether somebody should look at it."""
    match outcome:
        case Failed():
            return True
        case Left(decision):
            return decision.why.needs_attention
        case Restarted():
            return False


def _end(outcome: Outcome) -> str:
    match outcome:
        case Restarted():
            return "restarted"
        case Failed():
            return "failed"
        case Left(decision) if decision.why.needs_attention:
            return "not judged"
        case Left(decision) if decision.why is decision.why.CURRENT:
            return "up to date"
        case Left():
            return "left"
