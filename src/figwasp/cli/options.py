"""Options that several commands share."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

F = TypeVar("F", bound=Callable[..., Any])
Decorator = Callable[[F], F]


def filled(_context: click.Context, option: click.Parameter, value: str | None) -> str:
    """
    Refuse a value that is empty, for whoever asks for it as a click callback; "" where the option was not given.

    It is most often that of a variable that is not set, and must not mean what the command does without the option.
    """
    if value is not None and not value.strip():
        raise click.BadParameter(_EMPTY, param=option)
    return value or ""


def all_filled(_context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse an empty value among several, as `filled` does."""
    if not all(each.strip() for each in values):
        raise click.BadParameter(_EMPTY, param=option)
    return values


def text(*names: str, meaning: str, metavar: str, is_path: bool = False) -> Decorator[Any]:
    """Take an option whose value must not be empty; "" where it is not given. A shell completes paths."""
    kind = click.Path() if is_path else None
    return click.option(*names, type=kind, default=None, callback=filled, help=meaning, metavar=metavar)


def one_namespace(meaning: str) -> Decorator[Any]:
    """Take `-n` as a tuple of at most one: elsewhere it may be given several times, so a second one is refused."""
    return click.option(
        "-n", "--namespace", "namespaces", multiple=True, callback=_at_most_one, help=meaning, metavar="NAME"
    )


def _at_most_one(context: click.Context, option: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...]:
    if len(values) > 1 or any("," in each for each in values):
        raise click.BadParameter("it takes one namespace", param=option)
    return all_filled(context, option, values)


_EMPTY = "it is empty; leave the option out if you mean none"
_CLUSTER = (
    text("--kubeconfig", meaning="Path of the kubeconfig file.", metavar="FILE", is_path=True),
    text("--context", meaning="Context of the kubeconfig.", metavar="NAME"),
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
        callback=all_filled,
        help="CA certificates (PEM) to trust for registries too.",
        metavar="FILE",
    ),
    text("--config", meaning="Settings for single registries (TOML).", metavar="FILE", is_path=True),
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
    """Take one namespace and the options that find a cluster."""
    return _all(one_namespace("Namespace of the workload of --as."), *_CLUSTER, *_REGISTRY)(command)


def output(*choices: str) -> Decorator[Any]:
    """Take `-o`; the first of `choices` is the default."""
    return click.option(
        "-o", "--output", type=click.Choice(choices), default=choices[0], help="How it is written.", show_default=True
    )
