"""Report → what a person, or a log collector, reads."""

from collections.abc import Iterator
from typing import Any

import msgspec

from figwasp.core.decision import Restart, Why
from figwasp.core.finding import Finding
from figwasp.core.report import End, Failed, Left, Outcome, Report, Restarted, WouldRestart, end_of, needs_attention
from figwasp.core.verdict import Verdict
from figwasp.errors import FigwaspError, UsageError, printable

WIDEST_NAME = 48
"""Up to this width the names of workloads are padded into a column."""


def text_lines(report: Report, *, verbose: bool) -> Iterator[str]:
    """
    Give one line for each workload that changed or needs attention, what to do under it, and a summary.

    `verbose` adds the workloads that were left, and for each container what runs and what the tag names.
    """
    # What registries and people wrote may hold line breaks or colours; it must not look like lines of ours.
    yield from map(printable, _text_lines(report, verbose=verbose))


def _text_lines(report: Report, *, verbose: bool) -> Iterator[str]:
    if report.failure is not None:
        yield from _failure(report.failure)
        return
    shown = [each for each in report.outcomes if verbose or _is_news(each)]
    width = max((len(end_of(each)) for each in shown), default=0)
    name_width = min(max((len(str(each.key)) for each in shown), default=0), WIDEST_NAME)
    for outcome in shown:
        yield f"{end_of(outcome).words:{width}}  {outcome.key!s:{name_width}}  {_what(outcome)}"
        yield from _advice(outcome)
        if verbose:
            yield from (f"    {line}" for line in map(_container, _findings(outcome)))
    for note in report.notes:
        yield f"{'failed' if note.is_failure else 'note'}  {note.words}"
        if note.hint and (note.is_failure or verbose):
            yield f"  → {note.hint}"
    yield _summary(report, verbose=verbose)


def json_lines(report: Report, *, verbose: bool) -> Iterator[str]:
    """Give the same facts as JSON, one object a line: `event` is the outcome, the last line's is `summary`."""
    time = report.finished.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def line(level: str, event: str, **facts: Any) -> str:
        kept = {key: value for key, value in facts.items() if value not in ("", None) and value != []}
        return msgspec.json.encode({"time": time, "level": level, "event": event, **kept}).decode()

    if report.failure is not None:
        yield line("error", "failed", why=str(report.failure), hint=report.failure.hint)
    for outcome in report.outcomes:
        if verbose or _is_news(outcome):
            key = outcome.key
            yield line(
                "error" if needs_attention(outcome) else "info",
                end_of(outcome),
                namespace=key.namespace,
                kind=key.kind,
                name=key.name,
                why=_what(outcome),
                hint=" ".join(_hints(outcome)),
                containers=[_container_facts(each) for each in _findings(outcome)],
            )
    for note in report.notes:
        event = "failed" if note.is_failure else "note"
        yield line("error" if note.is_failure else "info", event, why=note.words, hint=note.hint)
    level = "error" if report.needs_attention else "info" if report.outcomes else "warning"
    counts = {str(end): number for end, number in report.counts.items()}
    count = len(report.outcomes)
    yield line(level, "summary", workloads=count, **counts, selected=report.selected, seconds=_seconds(report))


def error_lines(error: FigwaspError) -> Iterator[str]:
    """Give an error that ended the program, and what to do about it."""
    if isinstance(error, UsageError) and error.counted:
        yield printable(f"figwasp: {error.counted.strip()}")
        yield from (printable(f"  {each}") for each in error.told)
    else:
        yield printable(f"figwasp: {error}")
    if error.hint:
        yield printable(f"  → {error.hint}")


def _failure(error: FigwaspError) -> Iterator[str]:
    yield f"failed  {error}"
    if error.hint:
        yield f"  → {error.hint}"
    yield "nothing was looked at"


def _is_news(outcome: Outcome) -> bool:
    """Whether a person wants to hear of it unasked: what changed, what needs attention, what is kept from following."""
    match outcome:
        case Left(decision, note):
            is_asked_for = decision.why.is_lasting or decision.why.is_waiting
            return bool(note) or is_asked_for or needs_attention(outcome)
        case _:
            return True


def _what(outcome: Outcome) -> str:
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
    old = ", ".join(dict.fromkeys(_short(each) for each in finding.running))
    return f"moved from {old} to {_short(str(finding.named))}"


def _short(image_id: str) -> str:
    return image_id.rpartition(":")[2][:12]


def _advice(outcome: Outcome) -> Iterator[str]:
    for hint in _hints(outcome):
        yield f"  → {hint}"


def _hints(outcome: Outcome) -> Iterator[str]:
    match outcome:
        case Failed(error=error) | WouldRestart(obstacle=FigwaspError() as error) if error.hint:
            yield error.hint
        case Left(decision) if decision.hint:
            yield decision.hint


def _findings(outcome: Outcome) -> tuple[Finding, ...]:
    return () if isinstance(outcome, Failed) else outcome.decision.findings


def _container(finding: Finding) -> str:
    running = ", ".join(_short(each) for each in finding.running) or "nothing yet"
    named = f", the tag names {finding.named.short}" if finding.named and finding.named.short != running else ""
    return f"{finding.container}: {finding.image} is {finding.verdict}: {finding.why} (runs {running}{named})"


def _container_facts(finding: Finding) -> dict[str, Any]:
    return {
        "container": finding.container,
        "image": finding.image,
        "verdict": str(finding.verdict),
        "why": finding.why,
        "running": list(finding.running),
        "registry": str(finding.named) if finding.named else None,
    }


def _summary(report: Report, *, verbose: bool) -> str:
    count = len(report.outcomes)
    if not count:
        return f'nothing is selected: there is no {report.selected} (name one, or label it figwasp/target: "true")'
    ends = ", ".join(
        f"{number} {end.words}" + (f" ({_reasons(report)})" if end is End.LEFT else "")
        for end, number in report.counts.items()
        if number
    )
    more = "; -v says more" if report.counts[End.LEFT] and not verbose else ""
    return f"{count} workload{'s' if count > 1 else ''}: {ends} ({_seconds(report)} s){more}"


def _reasons(report: Report) -> str:
    left = [each.decision.why for each in report.outcomes if isinstance(each, Left) and end_of(each) is End.LEFT]
    return ", ".join(f"{left.count(why)} {why.word}" for why in dict.fromkeys(left))


def _seconds(report: Report) -> float:
    return round((report.finished - report.started).total_seconds(), 2)
