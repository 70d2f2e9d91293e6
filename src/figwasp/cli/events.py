"""
Report → a log for programs: one JSON object a line, the last of which is the summary.

Its form is part of what users rely on, as of `document`: `docs/schema/log.v1.json` is made from these types.
"""

from collections.abc import Iterator
from typing import Literal

import msgspec
from msgspec import Struct

from figwasp.cli.wire import moment
from figwasp.cli.words import findings_of, hints_of, is_news, what_of
from figwasp.core.finding import Finding
from figwasp.core.report import End, Outcome, Report, end_of, needs_attention

Level = Literal["info", "warning", "error"]


class Event(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A line of the log: what is not known, or not to be said, is left out."""

    time: str
    level: Level


class ContainerFacts(Struct, frozen=True, kw_only=True):
    """A container that was judged: `running` are image IDs, `registry` the digest that its tag names, if known."""

    container: str
    image: str
    verdict: str
    why: str
    running: tuple[str, ...]
    registry: str | None


class OutcomeEvent(Event, frozen=True, kw_only=True, omit_defaults=True):
    """What came of a workload."""

    event: End
    namespace: str
    kind: str
    name: str
    why: str = ""
    hint: str = ""
    containers: tuple[ContainerFacts, ...] = ()


class NoteEvent(Event, frozen=True, kw_only=True, omit_defaults=True):
    """Something that was not looked at, such as a kind that may not be listed, or what failed as a whole."""

    event: Literal["failed", "note"]
    why: str
    hint: str = ""


class SummaryEvent(Event, frozen=True, kw_only=True, omit_defaults=True):
    """The last line: how many workloads came to which end; `seconds` is how long the pass took."""

    event: Literal["summary"]
    workloads: int
    restarted: int
    would_restart: int
    failed: int
    not_judged: int
    left: int
    current: int
    selected: str
    seconds: float


def json_lines(report: Report, *, verbose: bool) -> Iterator[str]:
    """Write a report as a log: a line for each workload of which there is news, or with `verbose` for each."""
    yield from (msgspec.json.encode(each).decode() for each in _events(report, verbose=verbose))


def _events(report: Report, *, verbose: bool) -> Iterator[Event]:
    time = moment(report.finished)
    if report.failure is not None:
        yield NoteEvent(time=time, level="error", event="failed", why=str(report.failure), hint=report.failure.hint)
    yield from (_outcome(each, time) for each in report.outcomes if verbose or is_news(each))
    for note in report.notes:
        if note.is_failure:
            yield NoteEvent(time=time, level="error", event="failed", why=note.words, hint=note.hint)
        else:
            yield NoteEvent(time=time, level="info", event="note", why=note.words, hint=note.hint)
    yield SummaryEvent(
        time=time,
        level="error" if report.needs_attention else "info" if report.outcomes else "warning",
        event="summary",
        workloads=len(report.outcomes),
        **{str(end): number for end, number in report.counts.items()},
        selected=report.selected,
        seconds=round(report.seconds, 2),
    )


def _outcome(outcome: Outcome, time: str) -> OutcomeEvent:
    return OutcomeEvent(
        time=time,
        level="error" if needs_attention(outcome) else "info",
        event=end_of(outcome),
        namespace=outcome.key.namespace,
        kind=outcome.key.kind,
        name=outcome.key.name,
        why=what_of(outcome),
        hint=" ".join(hints_of(outcome)),
        containers=tuple(map(_container, findings_of(outcome))),
    )


def _container(finding: Finding) -> ContainerFacts:
    return ContainerFacts(
        container=finding.container,
        image=finding.image,
        verdict=str(finding.verdict),
        why=finding.why,
        running=finding.running,
        registry=str(finding.named) if finding.named else None,
    )
