"""Why a roll-out that is in progress does not get on, where its pods say that they cannot have their image."""

from collections.abc import Callable, Sequence

from msgspec.structs import replace

from figwasp.core.decision import Why
from figwasp.core.report import Left, Report
from figwasp.core.workload import WorkloadKey
from figwasp.errors import FigwaspError, shorten
from figwasp.kube.pulls import ImageWait

LONGEST_MESSAGE = 200
"""Characters that are shown of what a node says: it quotes what a registry answered."""


def explained(report: Report, ask: Callable[[WorkloadKey], Sequence[ImageWait]]) -> Report:
    """Say so in the hint of a report's only workload; `ask` is called only where its roll-out is in progress."""
    match report.outcomes:
        case (Left(decision) as left,) if decision.why is Why.IN_PROGRESS:
            try:
                waits = ask(decision.key)
            except FigwaspError:
                return report  # it is only a hint
        case _:
            return report
    if not waits:
        return report
    return replace(report, outcomes=(replace(left, decision=replace(decision, hint=hint(waits))),))


def hint(waits: Sequence[ImageWait]) -> str:
    """Tell who waits, and for how many the first one speaks."""
    first = waits[0]
    said = f": {shorten(first.message, LONGEST_MESSAGE)}" if first.message else ""
    others = len({each.pod for each in waits} - {first.pod})
    more = f"; {others} more pod{'s' if others > 1 else ''} too" if others else ""
    return f"container {first.container} of pod {first.pod} waits for its image ({first.reason}{said}){more}"
