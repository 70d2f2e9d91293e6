"""`figwasp once`, as it is typed."""

import os
from typing import Any

import click

from figwasp.cli import once, options
from figwasp.settings.values import Flags
from figwasp.settings.variables import LOG_FORMATS


@click.command("once")
@options.selected
@options.limited
@click.option("--log-format", type=click.Choice(LOG_FORMATS), help="How the report is written.")
@click.option("-v", "--verbose", is_flag=True, help="Report every workload and container, not only news.")
@options.timings
def COMMAND(verbose: bool, log_format: str | None, timings: bool, **flags: Any) -> int:  # noqa: N802 - click makes it a value
    """
    Look once, restart what is stale, and say what was done.

    Without a NAME: the workloads that FIGWASP_TARGET_DEPLOYMENT names, else those labelled figwasp/target: "true".
    """
    return once.run(Flags(log_format=log_format or "", **flags), os.environ, verbose=verbose, timings=timings)
