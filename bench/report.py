"""Results as text, as a page of the documentation, and as JSON."""

import contextlib
import os
import platform
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from bench.figures import Goal, Result, Row, Spread

HEAD: Final = ("program", "wall s", "CPU s", "peak MB", "API requests", "API MB", "registry")
_PART: Final = re.compile(r"(<!-- bench: (?P<name>[a-z0-9-]+) -->\n).*?(<!-- end -->)", re.DOTALL)


class Machine(Struct, frozen=True, kw_only=True):
    """Where it was measured, and with which versions."""

    cores: int
    processor: str
    load: float
    """Of the machine at the start: what others keep busy on it, in cores."""
    versions: dict[str, str]

    @property
    def text(self) -> str:
        """In one sentence."""
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        others = f"{self.load:.1f} of them busy with other things before" if self.load >= 0.1 else "idle before"
        return f"{self.cores} cores of {self.processor}, {others}; {versions}."


def machine(versions: dict[str, str]) -> Machine:
    """Look at this machine, before anything is measured."""
    processor = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    load = min(os.getloadavg()[0], float(os.cpu_count() or 1))
    return Machine(cores=os.cpu_count() or 1, processor=processor, load=load, versions=versions)


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
    return "\n".join([result.title, *lines, *(f"  {line}" for line in _remarks(result)), ""])


def markdown(result: Result) -> str:
    """A result for the page."""
    table = [HEAD, ("---",) * len(HEAD), *(cells(row) for row in result.rows)]
    rows = "".join(f"| {' | '.join(line)} |\n" for line in table)
    return f"{result.title}:\n\n{rows}\n" + "".join(f"* {line}\n" for line in _remarks(result))


def _remarks(result: Result) -> list[str]:
    served = [f"{row.program}, seconds of the API server: {text}" for row in result.rows if (text := made_of(row))]
    return [*(_goal(goal) for goal in result.goals), *result.notes, *served]


def _goal(goal: Goal) -> str:
    measured, most = (f"{figure:,.{goal.decimals}f}" for figure in (goal.measured, goal.most))
    return f"{goal.what}: {measured}, to be at most {most}: {'met' if goal.is_met else '**not met**'}"


def made_of(row: Row) -> str:
    """What the API server's part of the time is made of, in the middle of all runs, but for what rounds to nothing."""
    asked = dict.fromkeys(what for run in row.runs for what in run.api_seconds)
    medians = {what: Spread.over([run.api_seconds.get(what, 0.0) for run in row.runs]).median for what in asked}
    return ", ".join(f"{seconds:.2f} {what}" for what, seconds in medians.items() if seconds >= 0.005)


def put_into(page: str, results: Sequence[Result], where: Machine) -> str:
    """The page with these results in their places; others stay as they are."""
    parts = {result.name: f"{markdown(result)}\n{where.text}\n" for result in results}
    return _PART.sub(lambda part: part[1] + parts[part["name"]] + part[3] if part["name"] in parts else part[0], page)


class Kept(Struct, frozen=True):
    """A result, and where it was measured."""

    result: Result
    machine: Machine


def keep(results: Sequence[Result], where: Machine, folder: Path) -> Path:
    """Write results as JSON, beside those of other scenarios that are there; gives the file."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "results.json"
    kept: dict[str, Kept] = {}
    if file.exists():
        with contextlib.suppress(msgspec.MsgspecError):  # written by an older version
            kept = msgspec.json.decode(file.read_bytes(), type=dict[str, Kept])
    kept |= {result.name: Kept(result, where) for result in results}
    file.write_bytes(msgspec.json.format(msgspec.json.encode(kept)))
    return file
