"""`figwasp demo`, as it is typed."""

import os
import shlex
import shutil
import sys
from pathlib import Path

import click

from figwasp.cli import options

RUNTIMES = ("containerd", "cri-o", "cri-dockerd")


@click.command("demo")
@click.option("--keep", is_flag=True, help="Leave it running, to be played with until Ctrl-C.")
@click.option(
    "--runtime",
    type=click.Choice(RUNTIMES),
    default=RUNTIMES[0],
    show_default=True,
    help="What the node runs.",
)
@click.option("--port", type=click.IntRange(0, 65534), default=0, help="The API server's; any free one without it.")
@click.option("--pace", type=click.FloatRange(0, 60), default=1.0, help="Seconds that a pod takes to start.")
@options.no_color
def COMMAND(*, keep: bool, runtime: str, port: int, pace: float, no_color: bool) -> int:  # noqa: N802 - click makes it a value
    """
    Watch the whole loop on this machine, without a cluster: an app is deployed, a new image is pushed under its tag,
    figwasp restarts it, and its pods are replaced. Takes some ten seconds.

    The cluster and the registry are simulated, in this process and on loopback; figwasp's part is the ordinary pass.
    """  # noqa: D205 - click breaks the lines itself
    from figwasp.cli.demo.stage import demo  # noqa: PLC0415 - see plan
    from figwasp.cli.demo.story import end_cleanly_on_sigterm, keep_running, next_commands, tell  # noqa: PLC0415 - see plan
    from figwasp.cli.demo.view import shown  # noqa: PLC0415 - see plan
    from figwasp.cli.screen import Screen  # noqa: PLC0415 - see plan
    from figwasp.embedded.node.runtimes import Runtime  # noqa: PLC0415 - see plan

    end_cleanly_on_sigterm()
    screen = Screen.of_stdout(os.environ, no_color=no_color)
    with demo(Runtime[runtime.upper().replace("-", "_")], port, pace) as one:
        with shown(screen, one.pods) as view:
            report = tell(one, view, runtime)
        for line in next_commands(one, _called(elsewhere=keep), keep=keep):
            click.echo(line)
        if keep:
            keep_running(one)
    return report.exit_code


def _called(*, elsewhere: bool) -> str:
    """How this program is called from a shell: by its name, where that finds it; `elsewhere` by its whole path."""
    ours = sys.argv[0]
    if not os.access(ours, os.X_OK):  # python -m figwasp
        return f"{shlex.quote(sys.executable)} -m figwasp"
    if elsewhere:
        return shlex.quote(str(Path(ours).absolute()))
    return "figwasp" if shutil.which("figwasp") == shutil.which(ours) else shlex.quote(ours)
