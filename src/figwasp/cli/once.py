"""`figwasp once`: one pass, and what it did. Needs no argument parser, since a CronJob's pod has no arguments."""

from collections.abc import Iterator, Mapping

from figwasp import wiring
from figwasp.cli import output, passes, pasting, render
from figwasp.core.report import Report
from figwasp.errors import KubeconfigError
from figwasp.settings.reading import log_format
from figwasp.settings.values import Flags


def run(flags: Flags, environment: Mapping[str, str], *, verbose: bool = False, timings: bool = False) -> int:
    """
    Run one pass, print its report and give the exit code.

    Raises:
        UsageError: the settings are wrong.
        KubeconfigError: there is no usable way to reach a cluster; a log in JSON has it as a line of its own instead.
    """
    try:
        ran = passes.run_pass(flags, environment, wiring.PutRestarter, timings=timings, has_log=True)
    except KubeconfigError as error:
        if log_format(flags, environment) != "json":
            raise
        return output.write(_json_lines(_failed(error), verbose=verbose), 1)
    if ran.settings.log_format == "json":
        lines = _with_timings(_json_lines(ran.report, verbose=verbose), ran)
    else:
        lines = (pasting.pasted(line, flags) for line in render.text_lines(ran.report, verbose=verbose))
    code = output.write(lines, ran.code)
    if ran.settings.log_format != "json":
        output.write_timings(ran.count)
    return code


def _json_lines(report: Report, *, verbose: bool) -> Iterator[str]:
    from figwasp.cli.events import json_lines  # noqa: PLC0415 - its types take time, and text is usual

    return json_lines(report, verbose=verbose)


def _failed(error: KubeconfigError) -> Report:
    now = wiring.SystemClock().now()
    return Report(started=now, finished=now, outcomes=(), failure=error)


def _with_timings(lines: Iterator[str], ran: passes.Ran) -> Iterator[str]:
    """Add them before the last line, which is always the summary."""
    if ran.count is None:
        return lines
    from figwasp.cli.timings import timings_event  # noqa: PLC0415 - hardly ever asked for

    *others, summary = lines
    return iter([*others, timings_event(ran.count, ran.report.finished), summary])
