"""The table of `figwasp plan`: a row for each container, which stays readable on a narrow terminal."""

from collections.abc import Iterator, Sequence

from figwasp.cli.document import Document, RunsPart, WorkloadPart
from figwasp.cli.screen import Colour, Screen
from figwasp.core.report import End
from figwasp.errors import printable

_GAP = 2
_SHORT_DIGEST = 12
_LEAST_WHY = 30
"""Columns that a reason needs to stand beside the others; with less it goes below."""

COLOURS = {
    End.RESTARTED: Colour.NEWS,
    End.WOULD_RESTART: Colour.NEWS,
    End.FAILED: Colour.BAD,
    End.NOT_JUDGED: Colour.BAD,
    End.LEFT: Colour.DOUBT,
    End.CURRENT: Colour.GOOD,
}
DECISIONS = {each: each.words for each in End} | {End.WOULD_RESTART: "restart"}


class _Row:
    """One container: its cells, the reason, and what to do about it."""

    def __init__(self, cells: Sequence[str], end: End, why: str, hints: Sequence[str] = ()) -> None:
        self.cells = [printable(each) for each in cells]
        self.end = end
        self.why = printable(why)
        self.hints = [printable(each) for each in dict.fromkeys(hints) if each]


def table_lines(
    report: Document, screen: Screen, *, wide: bool = False, everywhere: bool = False, hints: Sequence[str] = ()
) -> Iterator[str]:
    """
    Draw the workloads of `report`, what to do about each, and a summary.

    `wide` shows whole references and digests, pods and logins, `everywhere` the namespaces in any case. `hints` say
    what else could be selected where nothing is.
    """
    if report.failure is not None:
        yield printable(f"failed  {report.failure.message}")
        yield from (printable(f"  → {hint}") for hint in [report.failure.hint] if hint)
        yield "nothing was looked at"
        return
    namespaces = sorted({each.namespace for each in report.workloads})
    is_one = len(namespaces) == 1 and not everywhere
    rows = [
        row
        for workload in report.workloads
        for row in _rows(workload, wide=wide, prefix="" if is_one else f"{workload.namespace}/")
    ]
    if rows:
        head = ["WORKLOAD", "CONTAINER", "TAG", "RUNNING", "REGISTRY", *(["PODS", "LOGIN"] if wide else []), "DECISION"]
        yield from _drawn(head, rows, screen)
    for note in report.notes:
        kind = "failed" if note.is_failure else "note"
        yield from screen.wrap(printable(f"{kind}  {note.message}"), first="", rest="  ")
        if note.hint:
            yield from screen.wrap(printable(note.hint), first="  → ", rest="    ")
    where = f" in namespace {namespaces[0]}" if is_one else ""
    yield from screen.wrap(_summary(report, where, hints), first="", rest="  ")


def _summary(report: Document, where: str, hints: Sequence[str]) -> str:
    """Say in one line how many workloads there are, and what is to come."""
    count = len(report.workloads)
    if not count:
        more = f" ({'; '.join(hints)})" if hints else ""
        return f"nothing is selected: there is no {report.selected}{more}"
    ends = ", ".join(f"{report.counts[end]} {_counted(end)}" for end in End if report.counts[end])
    return f"{count} workload{'s' if count > 1 else ''}{where}: {ends}"


def _counted(end: End) -> str:
    return "would be restarted" if end is End.WOULD_RESTART else end.words


def _rows(workload: WorkloadPart, *, wide: bool, prefix: str) -> Iterator[_Row]:
    end = End(workload.decision)
    name = f"{prefix}{workload.kind}/{workload.name}"
    obstacle = workload.obstacle
    hints = [workload.hint, *([f"{obstacle.message}: {obstacle.hint}"] if obstacle else [])]
    told = [each for each in workload.containers if each.is_reason] or list(workload.containers)
    for number, each in enumerate(workload.containers):
        first = each is told[0]
        # The reason for the whole workload stands once, beside the container that it comes from.
        why = workload.why.removeprefix(f"{each.name}: ") if first else each.why
        cells = [
            name if not number else "",
            each.name,
            each.image if wide else _tag(each.image),
            _running(each.runs, wide=wide),
            _digest(each.registry.digest if each.registry else "", wide=wide) or "-",
            *([str(sum(len(runs.pods) for runs in each.runs)), each.login or "-"] if wide else []),
            DECISIONS[end] if not number else "",
        ]
        yield _Row(cells, end, why, hints if first else [])
    if not workload.containers:
        cells = [name, "-", "-", "-", "-", *(["-", "-"] if wide else []), DECISIONS[end]]
        yield _Row(cells, end, workload.why, hints)


def _tag(image: str) -> str:
    """The end of a reference, which a person knows an image by."""
    name, at, digest = image.partition("@")
    return name.rpartition("/")[2] + (f"@{_digest(digest, wide=False)}" if at else "")


def _running(runs: Sequence[RunsPart], *, wide: bool) -> str:
    shown = [(_digest(each.digest, wide=wide) if each.digest else each.image_id[:40]) or "nothing yet" for each in runs]
    return ", ".join(dict.fromkeys(shown)) or "-"


def _digest(digest: str, *, wide: bool) -> str:
    return digest if wide else digest.rpartition(":")[2][:_SHORT_DIGEST]


def _drawn(head: list[str], rows: Sequence[_Row], screen: Screen) -> Iterator[str]:
    widths = [max(len(row[column]) for row in [head, *(each.cells for each in rows)]) for column in range(len(head))]
    taken = sum(widths) + _GAP * len(widths)
    if screen.width is not None and taken - _GAP > screen.width:
        yield from _stacked(rows, screen)
        return
    is_beside = screen.width is None or taken + _LEAST_WHY <= screen.width
    line = _line(head, widths)
    yield screen.paint(f"{line}  WHY" if is_beside else line.rstrip(), Colour.STRONG)
    for row in rows:
        cells = _line(row.cells[:-1], widths) + " " * _GAP
        decision = screen.paint(f"{row.cells[-1]:{widths[-1]}}", COLOURS[row.end])
        if is_beside:
            first, *more = screen.wrap(row.why, first=" " * taken, rest=" " * taken)
            yield f"{cells}{decision}{' ' * _GAP}{first[taken:]}".rstrip()
            yield from more
        else:
            yield (cells + decision).rstrip()
            yield from screen.wrap(row.why, first="  ", rest="  ") if row.why else ()
        for hint in row.hints:
            yield from screen.wrap(hint, first="  → ", rest="    ")


def _stacked(rows: Sequence[_Row], screen: Screen) -> Iterator[str]:
    """Draw the same on a terminal that is too narrow for columns."""
    for row in rows:
        workload, container, tag, running, registry, *_, decision = row.cells
        if workload:
            yield f"{workload}: {screen.paint(decision, COLOURS[row.end])}"
        if container != "-":
            yield from screen.wrap(f"{container} ({tag}) runs {running}, registry {registry}", first="  ", rest="    ")
        yield from screen.wrap(row.why, first="  ", rest="  ") if row.why else ()
        for hint in row.hints:
            yield from screen.wrap(hint, first="  → ", rest="    ")


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return (" " * _GAP).join(f"{cell:{width}}" for cell, width in zip(cells, widths, strict=False))
