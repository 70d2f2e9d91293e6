"""What is said of what came of a workload, the same to people and to programs."""

from collections.abc import Iterator

from figwasp.core.decision import Restart, Why
from figwasp.core.finding import Finding
from figwasp.core.report import Failed, Left, Outcome, Restarted, WouldRestart, needs_attention
from figwasp.core.verdict import Verdict
from figwasp.errors import FigwaspError


def is_news(outcome: Outcome) -> bool:
    """Whether a person wants to hear of it unasked: what changed, what needs attention, what is kept from following."""
    match outcome:
        case Left(decision, note):
            is_asked_for = decision.why.is_lasting or decision.why.is_waiting
            return bool(note) or is_asked_for or needs_attention(outcome)
        case _:
            return True


def what_of(outcome: Outcome) -> str:
    """Say what came of it, and why."""
    match outcome:
        case Restarted(decision):
            return _moves(decision)
        case WouldRestart(decision, obstacle):
            return "; ".join(filter(None, (_moves(decision), str(obstacle or ""))))
        case Failed(_, error):
            return str(error)
        case Left(decision, note):
            return "; ".join(filter(None, (decision.words, note)))


def _moves(decision: Restart) -> str:
    kept = [each for each in decision.findings if each.verdict is Verdict.STALE and not each.would_pull]
    moved = [f"{each.container}: {each.image} {_moved(each)}" for each in decision.because]
    outage = [f"an outage: {decision.workload.outage}"] if decision.workload.outage else []
    return "; ".join([*moved, *(f"not {each.container}: {Why.PULL_POLICY}" for each in kept), *outage])


def _moved(finding: Finding) -> str:
    old = ", ".join(dict.fromkeys(short(each) for each in finding.running))
    return f"moved from {old} to {short(str(finding.named))}"


def short(image_id: str) -> str:
    """Shorten an image ID to the beginning of its digest."""
    return image_id.rpartition(":")[2][:12]


def hints_of(outcome: Outcome) -> Iterator[str]:
    """Say what to do about it."""
    match outcome:
        case Failed(error=error) | WouldRestart(obstacle=FigwaspError() as error) if error.hint:
            yield error.hint
        case Left(decision) if decision.hint:
            yield decision.hint


def findings_of(outcome: Outcome) -> tuple[Finding, ...]:
    """Give what was found of its containers."""
    return () if isinstance(outcome, Failed) else outcome.decision.findings
