"""What can be typed: commands and options, by click."""

import difflib
import os
from collections.abc import Sequence
from typing import Any

import click

from figwasp import __version__
from figwasp.cli import once as once_command
from figwasp.errors import UsageError
from figwasp.settings import LOG_FORMATS, Flags

EPILOG = "Outside a cluster, figwasp without a command only shows this; in a pod it is the same as figwasp once."


class Commands(click.Group):
    """A group that knows what was meant by a mistyped command."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one is nearest."""
        if args and self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], self.list_commands(ctx), n=1, cutoff=0.4)
            meant = f' (did you mean "{near[0]}"?)' if near else f" (commands: {', '.join(self.list_commands(ctx))})"
            raise click.UsageError(f'there is no command "{args[0]}"{meant}')
        return super().resolve_command(ctx, args)


@click.group(
    cls=Commands,
    invoke_without_command=True,
    epilog=EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, "-V", "--version", message="figwasp %(version)s")
@click.pass_context
def program(context: click.Context) -> int:
    """Restart Kubernetes workloads when the image behind their tag has changed."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
        # 0 would look like a pass that found nothing to do.
        return 2
    return 0


@program.command()
@click.argument("targets", nargs=-1, metavar="[[KIND/]NAME]...")
@click.option("-n", "--namespace", default="", help="Namespace of the workloads.", metavar="NAME")
@click.option("--kubeconfig", default="", help="Path of the kubeconfig file.", metavar="FILE")
@click.option("--context", default="", help="Context of the kubeconfig.", metavar="NAME")
@click.option("--registry-ca", multiple=True, help="CA certificates (PEM) to trust for registries too.", metavar="FILE")
@click.option("--log-format", type=click.Choice(LOG_FORMATS), help="How the report is written.")
@click.option("-v", "--verbose", is_flag=True, help="Report every workload and container, not only news.")
def once(verbose: bool, **flags: Any) -> int:
    """
    Look once, restart what is stale, and say what was done.

    Without a NAME: the Deployments that FIGWASP_TARGET_DEPLOYMENT names, else those labelled figwasp/target: "true".
    """
    return once_command.run(Flags(**flags), os.environ, verbose=verbose)


def run(arguments: Sequence[str]) -> int:
    """
    Run a command line and give its exit code.

    Raises:
        UsageError: it cannot be understood; one line, with the nearest thing that can.
    """
    try:
        code = program.main(list(arguments), prog_name="figwasp", standalone_mode=False)
    except click.UsageError as error:
        message = error.format_message().rstrip(".")
        raise UsageError([message[:1].lower() + message[1:]]) from error
    except click.Abort:
        return 130
    return code if isinstance(code, int) else 0
