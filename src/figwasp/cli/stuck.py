"""Why roll-outs do not get on, where their pods say that they cannot have their image."""

from collections.abc import Callable, Mapping, Sequence

from msgspec.structs import replace

from figwasp.core.decision import Why
from figwasp.core.report import Left, Outcome, Report
from figwasp.core.workload import WorkloadKey
from figwasp.errors import FigwaspError, printable
from figwasp.kube.pulls import ImageWait

LONGEST_MESSAGE = 200
"""Characters that are shown of what a node says: it quotes what a registry answered."""

MOST = 10
"""For so many workloads of a report it is asked: each takes a request of its own, and some more."""


def explained(report: Report, ask: Callable[[WorkloadKey], Sequence[ImageWait]]) -> Report:
    """Say so in their hints; `ask` is called only for those whose roll-out is in progress, the first `MOST` of them."""
    stuck = [each.key for each in report.outcomes if _is_in_progress(each)]
    if not stuck:
        return report
    hints = {key: _asked(key, ask) for key in stuck[:MOST]}
    hints |= {key: f"figwasp explain {key.target} -n {key.namespace} tells more" for key in stuck[MOST:]}
    return replace(report, outcomes=tuple(_hinted(each, hints) for each in report.outcomes))


def _is_in_progress(outcome: Outcome) -> bool:
    return isinstance(outcome, Left) and outcome.decision.why in {Why.IN_PROGRESS, Why.STALLED}


def _asked(key: WorkloadKey, ask: Callable[[WorkloadKey], Sequence[ImageWait]]) -> str:
    try:
        waits = ask(key)
    except FigwaspError:
        return ""  # it is only a hint
    return hint(waits) if waits else ""


def _hinted(outcome: Outcome, hints: Mapping[WorkloadKey, str]) -> Outcome:
    if isinstance(outcome, Left) and hints.get(outcome.key):
        return replace(outcome, decision=replace(outcome.decision, hint=hints[outcome.key]))
    return outcome


def hint(waits: Sequence[ImageWait]) -> str:
    """Tell who waits, and for how many the first one speaks."""
    first = waits[0]
    said = f": {_end(first.message)}" if first.message else ""
    others = len({each.pod for each in waits} - {first.pod})
    more = f"; {others} more pod{'s' if others > 1 else ''} too" if others else ""
    return f"container {first.container} of pod {first.pod} waits for its image ({first.reason}{said}){more}"


def _end(message: str) -> str:
    """The end of what a node says, where the reason is: what was tried stands before it, each step with the image."""
    line = printable(message).strip()
    return line if len(line) <= LONGEST_MESSAGE else "…" + line[-LONGEST_MESSAGE:].lstrip()
