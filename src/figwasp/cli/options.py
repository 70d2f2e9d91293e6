"""Options that several commands share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[[F], F]

_CLUSTER = (
    click.option("--kubeconfig", type=click.Path(), default="", help="Path of the kubeconfig file.", metavar="FILE"),
    click.option("--context", default="", help="Context of the kubeconfig.", metavar="NAME"),
)
_SELECTION = (
    click.option(
        "-n",
        "--namespace",
        "namespaces",
        multiple=True,
        help="Namespace of the workloads; may be given several times.",
        metavar="NAME",
    ),
    click.option("-A", "--all-namespaces", is_flag=True, help="Look into every namespace."),
    click.option(
        "-l",
        "--selector",
        "label",
        default=None,
        callback=lambda _context, _option, value: _selector(value),
        help="Those with these labels.",
        metavar="SELECTOR",
    ),
    click.option("--all", "everything", is_flag=True, help="All of them, labelled or not."),
    click.option(
        "-k",
        "--kind",
        "kinds",
        multiple=True,
        help="Those of this kind only; may be given several times. Without it every kind that may be listed.",
        metavar="KIND",
    ),
)
_LIMITS = (
    click.option(
        "--max-restarts", help="Restart at most N workloads, and leave the others to the next pass.", metavar="N"
    ),
    click.option("--restart-rate", help="Restart N workloads in DURATION, evenly spaced.", metavar="N/DURATION"),
    click.option("--min-interval", help="Least time between two restarts of one workload.", metavar="DURATION"),
    click.option(
        "--settle", help="How long a tag must have named the same digest before a restart.", metavar="DURATION"
    ),
)
_REGISTRY = (
    click.option(
        "--registry-ca",
        type=click.Path(),
        multiple=True,
        help="CA certificates (PEM) to trust for registries too.",
        metavar="FILE",
    ),
    click.option("--config", default="", help="Settings for single registries (TOML).", metavar="FILE"),
)
timings = click.option(
    "--timings", is_flag=True, help="Say where time and requests went, behind the report (on standard error)."
)
no_color = click.option("--no-color", is_flag=True, help="No colours (as with NO_COLOR set).")


def _selector(given: str | None) -> str:
    """An empty selector, such as that of a variable that is not set, must not mean something else."""
    if given is not None and not given.strip():
        raise click.BadParameter("it is empty; --all means all of them")
    return given or ""


def _all(*options: Decorator[Any]) -> Decorator[F]:
    def decorate(command: F) -> F:
        for each in reversed(options):
            command = each(command)
        return command

    return decorate


def selected(command: F) -> F:
    """Take `[[KIND/]NAME]...` and the options that select workloads, in the words of `settings.Flags`."""
    targets = click.argument("targets", nargs=-1, metavar="[[KIND/]NAME]...")
    return _all(targets, *_SELECTION, *_CLUSTER, *_REGISTRY)(command)


def limited(command: F) -> F:
    """Take `--max-restarts` and what else makes restarts wait."""
    return _all(*_LIMITS)(command)


def cluster(command: F) -> F:
    """Take a namespace and the options that find a cluster."""
    return _all(_SELECTION[0], *_CLUSTER, *_REGISTRY)(command)


def output(*choices: str) -> Decorator[Any]:
    """Take `-o`; the first of `choices` is the default."""
    return click.option(
        "-o", "--output", type=click.Choice(choices), default=choices[0], help="How it is written.", show_default=True
    )
