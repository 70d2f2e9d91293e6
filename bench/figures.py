"""What was measured: values, medians and spread."""

import statistics
from collections.abc import Callable, Sequence

from msgspec import Struct


class Run(Struct, frozen=True, kw_only=True):
    """One pass of one program."""

    wall_seconds: float
    cpu_seconds: float
    peak_mb: float
    api_requests: dict[str, int] = {}
    """By verb and resource, as "list pods"; those that were refused too."""
    api_seconds: dict[str, float] = {}
    """What the API server needed to answer them, by its own log; more than wall time where they overlap."""
    registry_requests: dict[str, int] = {}
    """By method."""


class Row(Struct, frozen=True, kw_only=True):
    """What one program needed for one piece of work, over all runs."""

    program: str
    runs: tuple[Run, ...]
    api_bytes: int | None = None
    """Received from the API server, TLS and all, in a run of its own; None where that was not counted."""

    @property
    def wall(self) -> "Spread":
        """Seconds from its start to its end."""
        return self.spread(lambda run: run.wall_seconds)

    @property
    def cpu(self) -> "Spread":
        """Seconds of the processor."""
        return self.spread(lambda run: run.cpu_seconds)

    @property
    def peak(self) -> "Spread":
        """Megabytes of memory at the most."""
        return self.spread(lambda run: run.peak_mb)

    @property
    def api(self) -> "Spread":
        """Requests to the API server."""
        return self.spread(lambda run: sum(run.api_requests.values()))

    def registry(self, method: str) -> "Spread":
        """Requests to the registry with this method."""
        return self.spread(lambda run: run.registry_requests.get(method, 0))

    def spread(self, figure: Callable[[Run], float]) -> "Spread":
        """A figure over all runs."""
        return Spread.over([figure(run) for run in self.runs])


class Spread(Struct, frozen=True):
    """The middle and the ends of some figures."""

    median: float
    least: float
    most: float

    @staticmethod
    def over(figures: Sequence[float]) -> "Spread":
        """Of at least one figure."""
        return Spread(statistics.median(figures), min(figures), max(figures))

    def text(self, decimals: int) -> str:
        """As `1.23 (1.20-1.31)`; the median alone where all are alike."""
        median, least, most = (f"{each:,.{decimals}f}" for each in (self.median, self.least, self.most))
        return median if least == most else f"{median} ({least}-{most})"


class Goal(Struct, frozen=True, kw_only=True):
    """What a figure is to be at most."""

    what: str
    measured: float
    most: float
    decimals: int = 2

    @property
    def is_met(self) -> bool:
        """Whether it is."""
        return self.measured <= self.most


class Result(Struct, frozen=True, kw_only=True):
    """One scenario, done."""

    name: str
    title: str
    rows: tuple[Row, ...]
    goals: tuple[Goal, ...] = ()
    notes: tuple[str, ...] = ()

    def row(self, program: str) -> Row | None:
        """The row of a program."""
        return next((row for row in self.rows if row.program == program), None)


def ratio(ours: Row, theirs: Row) -> float:
    """How many times as long as theirs ours took: the middle of all pairs of runs, made one after the other."""
    pairs = zip(ours.runs, theirs.runs, strict=True)
    return statistics.median(mine.wall_seconds / other.wall_seconds for mine, other in pairs)
