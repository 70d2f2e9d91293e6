"""`figwasp plan`, as it is typed."""

import os
from typing import Any

import click

from figwasp.cli import options
from figwasp.settings.values import Flags


@click.command("plan")
@options.selected
@options.limited
@options.output("table", "wide", "json", "yaml")
@options.timings
@options.no_color
def COMMAND(output: str, no_color: bool, timings: bool, **flags: Any) -> int:  # noqa: N802 - click makes it a value
    """
    Show which workloads a pass would restart, and why. Changes nothing.

    It is the same pass as figwasp once, but for its last step, which the API server only tries (a dry run).
    Without a NAME: the workloads that FIGWASP_TARGET_DEPLOYMENT names, else those labelled figwasp/target: "true".

    Exit code: 0 nothing to do, 3 something would be restarted, 1 something could not be judged, 2 wrong usage.
    """
    from figwasp.cli.seeing import see  # noqa: PLC0415 - a second of help need not import it

    return see(Flags(**flags), os.environ, form=output, no_color=no_color, timings=timings)
