"""`figwasp once`: one pass, and what it did."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from types import FrameType

from figwasp import wiring
from figwasp.cli import render
from figwasp.core.deadline import Deadline
from figwasp.core.report import Failed, Report
from figwasp.settings import Flags, read_settings

LAST_SECONDS = 2.0
"""Time that an interrupted pass has to finish what it has begun, well inside Kubernetes' 30 s of grace."""


def run(flags: Flags, environment: Mapping[str, str], *, verbose: bool = False) -> int:
    """
    Run one pass, print its report and give the exit code.

    Raises:
        UsageError: the settings are wrong.
        KubeconfigError: there is no usable way to reach a cluster.
    """
    kinds = wiring.workload_kinds()
    settings = read_settings(flags, environment, wiring.kind_names(kinds))
    with wiring.prepared(settings, kinds, environment) as ready, _ends_on_signals(ready.deadline) as caught:
        report = ready.sweep.run(ready.selection, ready.deadline)
    code = 128 + caught[0] if caught else report.exit_code
    return _print(report, code, log_format=settings.log_format, verbose=verbose)


def _print(report: Report, code: int, *, log_format: str, verbose: bool) -> int:
    """Print the report; gives `code`, or another one if nobody got to see it."""
    lines = render.json_lines if log_format == "json" else render.text_lines
    traces = [report.trace, *(each.trace for each in report.outcomes if isinstance(each, Failed))]
    try:
        for line in lines(report, verbose=verbose):
            print(line)  # noqa: T201 - the report is what the command is for
        if sys.stdout is not None:
            sys.stdout.flush()
        for trace in filter(None, traces):
            print(trace, file=sys.stderr)  # noqa: T201 - a bug of ours: all that helps to find it
    except BrokenPipeError:
        # The reader has seen enough (`figwasp once | head`). What is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"figwasp: the report could not be written: {error.strerror}", file=sys.stderr)  # noqa: T201
        return code or 1
    return code


@contextmanager
def _ends_on_signals(deadline: Deadline) -> Iterator[list[int]]:
    """Let SIGINT and SIGTERM shorten the pass, so that it ends with its report; gives the signals that came."""
    caught: list[int] = []

    def end(number: int, _frame: FrameType | None) -> None:
        caught.append(number)
        deadline.shorten(LAST_SECONDS if len(caught) == 1 else 0, f"interrupted by {signal.Signals(number).name}")

    before = {each: signal.signal(each, end) for each in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield caught
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
