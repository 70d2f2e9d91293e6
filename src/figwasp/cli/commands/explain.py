"""`figwasp explain`, as it is typed."""

import os
from typing import Any

import click

from figwasp.cli import options
from figwasp.settings.values import Flags


@click.command("explain")
@options.selected
@options.limited
@options.output("text", "json", "yaml")
@options.no_color
def COMMAND(output: str, no_color: bool, **flags: Any) -> int:  # noqa: N802 - click makes it a value
    """
    Tell how a workload is judged, step by step: what its template asks for, what its pods run, which login was used,
    what the registry says, which rule decided, and what to do about it. Changes nothing.

    Of a workload that is left whatever it runs (ignored, paused, pinned, a roll-out in progress) pods are not read.

    Without a NAME: the workloads that figwasp plan would show. Exit codes as of figwasp plan.
    """  # noqa: D205 - click breaks the lines itself
    from figwasp.cli.seeing import see  # noqa: PLC0415 - as in plan

    return see(Flags(**flags), os.environ, form=output, no_color=no_color, explains=True)
