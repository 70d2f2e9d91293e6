"""`figwasp once`: one pass, and what it did. Needs no argument parser, since a CronJob's pod has no arguments."""

from collections.abc import Mapping

from figwasp import wiring
from figwasp.cli import output, passes, pasting, render
from figwasp.settings import Flags


def run(flags: Flags, environment: Mapping[str, str], *, verbose: bool = False) -> int:
    """
    Run one pass, print its report and give the exit code.

    Raises:
        UsageError: the settings are wrong.
        KubeconfigError: there is no usable way to reach a cluster.
    """
    ran = passes.run_pass(flags, environment, wiring.PutRestarter)
    if ran.settings.log_format == "json":
        lines = render.json_lines(ran.report, verbose=verbose)
    else:
        lines = (pasting.pasted(line, flags) for line in render.text_lines(ran.report, verbose=verbose))
    return output.write(lines, ran.code)
