"""`figwasp doctor`, as it is typed."""

import os
from typing import Any

import click

from figwasp.cli import options
from figwasp.settings.values import Flags


@click.command("doctor")
@options.selected
@options.text("--as", "impersonate", meaning="Check as this user, if you may impersonate it.", metavar="USER")
@options.output("text", "json")
@options.no_color
def COMMAND(output: str, no_color: bool, **flags: Any) -> int:  # noqa: N802 - click makes it a value
    """
    Check all that a pass needs: the API server, each permission, pull secrets, registries, logins, the clock. For what
    is missing it prints the rule or the command that mends it. Changes nothing.

    Without a NAME: the workloads that FIGWASP_TARGET_DEPLOYMENT names, else those labelled figwasp/target: "true".

    --as system:serviceaccount:NAMESPACE:figwasp checks what an installed Figwasp may do.

    Exit code: 0 all is well, 1 there are problems, 2 wrong usage.
    """  # noqa: D205 - click breaks the lines itself
    from figwasp.cli import doctor  # noqa: PLC0415 - a second of help need not import it

    return doctor.run(Flags(**flags), os.environ, form=output, no_color=no_color)
