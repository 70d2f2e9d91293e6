"""`figwasp resolve`, as it is typed."""

import os
from typing import Any

import click

from figwasp.cli import options
from figwasp.settings.values import Flags


@click.command("resolve")
@click.argument("image")
@options.text("--platform", meaning="Only this one, such as linux/arm64.", metavar="OS/ARCH")
@options.text("--as", "workload", meaning="Ask with the logins of this workload.", metavar="[KIND/]NAME")
@options.cluster
@options.output("text", "json")
def COMMAND(image: str, platform: str, workload: str, output: str, **flags: Any) -> int:  # noqa: N802 - a value
    """
    Ask a registry what an image's tag names now: digest, media type, images by platform, the login that was used, and
    how many requests it took.

    Without --as it asks as anybody, and needs no cluster.
    """  # noqa: D205 - click breaks the lines itself
    from figwasp.cli.resolving import resolve  # noqa: PLC0415 - a second of help need not import it

    return resolve(image, Flags(**flags), os.environ, platform=platform, workload=workload, form=output)
