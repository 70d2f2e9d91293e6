"""Runs one pass for a command, which ends with its report whatever signal comes."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

from msgspec import Struct

from figwasp import wiring
from figwasp.cli.watching import shows_progress, wants_timings, watched
from figwasp.core.deadline import Deadline
from figwasp.core.meter import SILENT
from figwasp.core.report import Report
from figwasp.settings.reading import log_format, read_settings
from figwasp.settings.values import Flags, Settings
from figwasp.settings.variables import DEFAULTS, OWN

if TYPE_CHECKING:
    from figwasp.app.tally import Count

LAST_SECONDS = 2.0
"""Time that an interrupted pass has to finish what it has begun, well inside Kubernetes' 30 s of grace."""


class Ran(Struct, frozen=True):
    """A pass that is over; `code` is the exit code that follows from it, `count` is there if it was asked for."""

    report: Report
    code: int
    settings: Settings
    count: "Count | None" = None


def run_pass(
    flags: Flags,
    environment: Mapping[str, str],
    restarter: wiring.MakeRestarter,
    *,
    timings: bool = False,
    has_log: bool = False,
    explains: bool = False,
) -> Ran:
    """
    Run one pass over what the settings select. A bug of ours that it met is said in full on standard error.

    `timings` asks for what it spent its time on; the environment may ask for it too. `has_log` tells that the report
    is a log, in the format that the settings name. `explains` asks besides why roll-outs are stuck.

    Raises:
        UsageError: the settings are wrong.
        KubeconfigError: there is no usable way to reach a cluster.
    """
    note_misspelt(environment, log_format(flags, environment) if has_log else "text")
    kinds = wiring.workload_kinds()
    settings = read_settings(flags, environment, wiring.kind_names(kinds), reads_log_format=has_log)
    timings = timings or wants_timings(environment)
    progress = not (has_log and settings.log_format == "json") and shows_progress(environment, sys.stderr)
    with (
        watched(timings=timings, progress=progress) as tally,
        wiring.prepared(settings, kinds, environment, restarter, meter := tally or SILENT) as ready,
        ends_on_signals(ready.deadline) as caught,
    ):
        report = ready.sweep.run(ready.selection, ready.deadline, meter)
        if explains:
            from figwasp.cli.stuck import explained  # noqa: PLC0415 - for explanations only

            report = explained(report, ready.image_waits)
        count = tally.count() if tally and timings else None
    _print_bugs(report)
    return Ran(report, 128 + caught[0] if caught else report.exit_code, settings, count)


def note_misspelt(environment: Mapping[str, str], form: str = "text") -> None:
    """Tell on standard error of variables that are nearly called like ours, and set nothing."""
    if sys.stderr is None or all(each in DEFAULTS for each in environment if each.startswith(OWN)):
        return
    from figwasp.cli.misspelt import write_notes  # noqa: PLC0415 - hardly ever

    write_notes(environment, form, wiring.SystemClock().now())


def _print_bugs(report: Report) -> None:
    """Say on standard error all that helps to find a bug of ours, where the pass met one."""
    for trace in dict.fromkeys(each.trace for each in report.bugs):
        print(trace, file=sys.stderr)  # noqa: T201 - see above


@contextmanager
def ends_on_signals(deadline: Deadline) -> Iterator[list[int]]:
    """Let SIGINT and SIGTERM shorten the pass, so that it ends with its report; gives the signals that came."""
    caught: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        caught.append(number)
        if sys.stderr is not None and sys.stderr.isatty():
            os.write(2, b"\ninterrupted: the report follows within seconds\n")  # safe where a print was interrupted
        deadline.shorten(LAST_SECONDS if len(caught) == 1 else 0, f"interrupted by {signal.Signals(number).name}")

    before = {each: signal.signal(each, end) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
