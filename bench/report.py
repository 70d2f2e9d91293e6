"""Results as text."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from bench.figures import Result, Row

HEAD = ("program", "wall s", "CPU s", "peak MB", "API requests", "API MB", "registry")


def cells(row: Row) -> tuple[str, ...]:
    """A row of the table."""
    megabytes = "" if row.api_bytes is None else f"{row.api_bytes / 1e6:,.1f}"
    methods = sorted({method for run in row.runs for method in run.registry_requests})
    registry = ", ".join(f"{row.registry(method).text(0)} {method}" for method in methods)
    requests = row.api.text(0) if row.api.most else ""
    wall = row.wall.text(3 if row.wall.median < 0.5 else 2)
    return (row.program, wall, row.cpu.text(2), row.peak.text(1), requests, megabytes, registry)


def text(result: Result) -> str:
    """A result for a terminal."""
    table = [HEAD, *(cells(row) for row in result.rows)]
    widths = [max(len(line[column]) for line in table) for column in range(len(HEAD))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in table]
    goals = [f"  {goal.text}" for goal in result.goals]
    return "\n".join([result.title, *lines, *goals, *(f"  {note}" for note in result.notes), ""])


def keep(results: Sequence[Result], folder: Path) -> None:
    """Write results as JSON."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "results.json").write_bytes(msgspec.json.format(msgspec.json.encode(list(results))))


def _(lines: Iterable[str]) -> None: ...
