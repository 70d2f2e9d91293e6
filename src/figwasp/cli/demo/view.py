"""How `figwasp demo` is watched: line by line, or on a terminal with the pods beside it."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from figwasp.cli.demo.stage import PodState, short
from figwasp.cli.screen import Colour, Screen

if TYPE_CHECKING:
    from rich.console import Console, RenderableType


class View(Protocol):
    """Shows the story as it happens."""

    def title(self, text: str) -> None:
        """Begin a chapter."""
        ...

    def simulated(self, text: str) -> None:
        """Tell of the cluster, the node or the registry, which are all simulated."""
        ...

    def real(self, text: str) -> None:
        """Tell of Figwasp itself."""
        ...

    def say(self, text: str) -> None:
        """Tell of anything else."""
        ...


class Lines:
    """Writes the story as lines. `write` puts one out."""

    def __init__(self, screen: Screen, write: Callable[[str], object] = print) -> None:
        self._screen = screen
        self._write = write

    def title(self, text: str) -> None:
        """Begin a chapter."""
        self._write("")
        self._tell("", text, Colour.STRONG)

    def simulated(self, text: str) -> None:
        """Tell of what is simulated."""
        self._tell("simulated", text, Colour.QUIET)

    def real(self, text: str) -> None:
        """Tell of Figwasp itself."""
        self._tell("real", text, Colour.GOOD)

    def say(self, text: str) -> None:
        """Tell of anything else."""
        self._tell("", text, None)

    def _tell(self, mark: str, text: str, colour: Colour | None) -> None:
        indent = f"{mark:<11}" if mark else ""
        first, *rest = self._screen.wrap(text, first=indent, rest=" " * len(indent))
        if colour is not None:
            # A mark is coloured by itself: escape sequences must not count for the width.
            painted = self._screen.paint(mark or first, colour)
            first = painted + first[len(mark) if mark else len(first) :]
        for line in (first, *rest):
            self._write(line)


@contextmanager
def shown(screen: Screen, pods: Callable[[], Sequence[PodState]]) -> Iterator[View]:
    """Give what shows the story: on a terminal with `pods` below it, as they change."""
    if screen.width is None:
        yield Lines(screen, lambda line: print(line, flush=True))  # noqa: T201 - the person who watches
        return
    from rich.console import Console  # noqa: PLC0415 - 60 ms that only a terminal is worth
    from rich.live import Live  # noqa: PLC0415 - as above
    from rich.text import Text  # noqa: PLC0415 - as above

    console = Console(file=sys.stdout, no_color=not screen.has_colours, highlight=False, width=screen.width)
    with Live(
        console=console, get_renderable=lambda: _table(pods(), console), refresh_per_second=12, redirect_stdout=False
    ) as live:

        def write(line: str) -> None:
            console.print(Text.from_ansi(line), soft_wrap=True)
            live.refresh()  # what is told must not be ahead of what is shown

        yield Lines(screen, write)


def _table(pods: Sequence[PodState], console: "Console") -> "RenderableType":
    from rich.table import Table  # noqa: PLC0415 - see `shown`

    table = Table(title="pods (simulated)", title_style="dim", title_justify="left", width=min(console.width, 72))
    for name in ("pod", "state", "runs"):
        table.add_column(name)
    newest = next((each.runs for each in reversed(pods) if each.runs), "")
    for each in pods:
        style = "green" if each.phase == "Running" and each.runs == newest else "yellow"
        table.add_row(each.name, each.phase, short(each.runs) or "-", style=style)
    return table
