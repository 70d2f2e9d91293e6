"""Report → what a person reads."""

from collections.abc import Iterator

from figwasp.cli.words import findings_of, hints_of, is_news, short, what_of
from figwasp.core.finding import Finding
from figwasp.core.report import End, Left, Outcome, Report, end_of
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
    shown = [each for each in report.outcomes if verbose or is_news(each)]
    width = max((len(end_of(each)) for each in shown), default=0)
    name_width = min(max((len(str(each.key)) for each in shown), default=0), WIDEST_NAME)
    for outcome in shown:
        yield f"{end_of(outcome).words:{width}}  {outcome.key!s:{name_width}}  {what_of(outcome)}"
        yield from _advice(outcome)
        if verbose:
            yield from (f"    {line}" for line in map(_container, findings_of(outcome)))
    for note in report.notes:
        yield f"{'failed' if note.is_failure else 'note'}  {note.words}"
        if note.hint and (note.is_failure or verbose):
            yield f"  → {note.hint}"
    yield _summary(report, verbose=verbose)


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


def _advice(outcome: Outcome) -> Iterator[str]:
    for hint in hints_of(outcome):
        yield f"  → {hint}"


def _container(finding: Finding) -> str:
    running = ", ".join(short(each) for each in finding.running) or "nothing yet"
    named = f", the tag names {finding.named.short}" if finding.named and finding.named.short != running else ""
    return f"{finding.container}: {finding.image} is {finding.verdict}: {finding.why} (runs {running}{named})"


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
    return f"{count} workload{'s' if count > 1 else ''}: {ends} ({round(report.seconds, 2)} s){more}"


def _reasons(report: Report) -> str:
    left = [each.decision.why for each in report.outcomes if isinstance(each, Left) and end_of(each) is End.LEFT]
    return ", ".join(f"{left.count(why)} {why.word}" for why in dict.fromkeys(left))
