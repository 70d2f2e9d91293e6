"""What can be typed, by click: the commands, and the help that shows them."""

import difflib
from collections.abc import Sequence
from importlib import import_module

import click

from figwasp import __version__
from figwasp.errors import UsageError

COMMANDS = {
    "See, and change nothing": {
        "plan": "Show which workloads a pass would restart, and why.",
        "explain": "Tell how a workload is judged, step by step.",
        "resolve": "Ask a registry what an image's tag names now.",
    },
    "Act": {
        "once": "Look once, restart what is stale, say what was done.",
    },
    "Set up": {
        "demo": "Watch the whole loop on this machine, without a cluster.",
        "doctor": "Check rights, logins and registries, and say what mends them.",
        "manifests": "Print the YAML that installs Figwasp as a CronJob.",
        "completion": "Print the script that completes commands in your shell.",
    },
}
"""Every command, as a person thinks of them: one module each in `commands`, imported only when it is asked for."""

_EPILOG = "In a pod, figwasp alone is the same as figwasp once. It is a kubectl plugin, too: kubectl figwasp plan."


class Program(click.Group):
    """Finds commands when they are asked for, lists them in groups, and knows what was meant by a mistyped one."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The names of all commands, in the order of the help."""
        return [name for group in COMMANDS.values() for name in group]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import a command; None where there is none of that name."""
        if cmd_name not in self.list_commands(ctx):
            return None
        found: click.Command = import_module(f"figwasp.cli.commands.{cmd_name}").COMMAND
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which one is nearest."""
        names = self.list_commands(ctx)
        if args and args[0] not in names and not args[0].startswith("-"):
            if args[0] in ("help", "version"):
                asked = [*(each for each in args[1:2] if args[0] == "help" and each in names), f"--{args[0]}"]
                raise click.UsageError(f'there is no command "{args[0]}": say figwasp {" ".join(asked)}')
            near = difflib.get_close_matches(args[0], names, n=1, cutoff=0.4)
            meant = f' (did you mean "{near[0]}"?)' if near else f" (commands: {', '.join(names)})"
            raise click.UsageError(f'there is no command "{args[0]}"{meant}')
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's
        """List the commands by group."""
        for title, group in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl(list(group.items()))


@click.group(
    cls=Program,
    invoke_without_command=True,
    epilog=_EPILOG,
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, "-V", "--version", message="figwasp %(version)s")
@click.pass_context
def program(context: click.Context) -> int:
    """Restart Kubernetes workloads when the image behind their tag has changed."""
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
        click.echo("\nTo begin with: figwasp plan shows what would happen, and changes nothing.")
        # 0 would look like a pass that found nothing to do.
        return 2
    return 0


_INSTEAD = {"--dry-run": "figwasp plan shows what figwasp once would do, and changes nothing"}
"""Options that are looked for, and what is there in their place."""


def run(arguments: Sequence[str]) -> int:
    """
    Run a command line and give its exit code.

    Raises:
        UsageError: it cannot be understood; one line, with the nearest thing that can.
    """
    try:
        code = program.main(list(arguments), prog_name="figwasp", standalone_mode=False)
    except click.NoSuchOption as error:
        instead = f" ({_INSTEAD[error.option_name]})" if error.option_name in _INSTEAD else ""
        raise UsageError([_message(error) + instead]) from error
    except click.UsageError as error:
        raise UsageError([_message(error)]) from error
    except click.Abort:
        return 130
    return code if isinstance(code, int) else 0


def _message(error: click.UsageError) -> str:
    text = error.format_message().rstrip(".")
    return text[:1].lower() + text[1:]
