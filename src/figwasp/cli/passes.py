"""Runs one pass for a command, which ends with its report whatever signal comes."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from msgspec import Struct

from figwasp import wiring
from figwasp.core.deadline import Deadline
from figwasp.core.report import Failed, Report
from figwasp.settings import Flags, Settings, read_settings

LAST_SECONDS = 2.0
"""Time that an interrupted pass has to finish what it has begun, well inside Kubernetes' 30 s of grace."""


class Ran(Struct, frozen=True):
    """A pass that is over; `code` is the exit code that follows from it."""

    report: Report
    code: int
    settings: Settings


def run_pass(flags: Flags, environment: Mapping[str, str], restarter: wiring.MakeRestarter) -> Ran:
    """
    Run one pass over what the settings select. A bug of ours that it met is said in full on standard error.

    Raises:
        UsageError: the settings are wrong.
        KubeconfigError: there is no usable way to reach a cluster.
    """
    kinds = wiring.workload_kinds()
    settings = read_settings(flags, environment, wiring.kind_names(kinds))
    with (
        wiring.prepared(settings, kinds, environment, restarter) as ready,
        ends_on_signals(ready.deadline) as caught,
    ):
        report = ready.sweep.run(ready.selection, ready.deadline)
    _print_bugs(report)
    return Ran(report, 128 + caught[0] if caught else report.exit_code, settings)


def _print_bugs(report: Report) -> None:
    """Say on standard error all that helps to find a bug of ours, where the pass met one."""
    for trace in filter(None, [report.trace, *(each.trace for each in report.outcomes if isinstance(each, Failed))]):
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
