"""What the output goes to: how wide it is, and whether it shows colours."""

import os
import sys
import textwrap
from collections.abc import Mapping
from enum import Enum

from msgspec import Struct


class Colour(Enum):
    """What a word is coloured for, as the terminal's own palette has it."""

    GOOD = "32"
    NEWS = "36;1"
    BAD = "31;1"
    DOUBT = "33"
    QUIET = "2"
    STRONG = "1"


class Screen(Struct, frozen=True):
    """`width` is in columns, None where lines may be of any length: no terminal reads them."""

    width: int | None = None
    has_colours: bool = False

    @classmethod
    def of_stdout(cls, environment: Mapping[str, str], *, no_color: bool = False) -> "Screen":
        """
        Tell what standard output is.

        Colours are for terminals only, and not for those who set NO_COLOR (https://no-color.org).
        """
        if sys.stdout is None or not sys.stdout.isatty():
            return cls()
        wants_none = no_color or bool(environment.get("NO_COLOR")) or environment.get("TERM") == "dumb"
        columns = environment.get("COLUMNS", "")
        width = int(columns) if columns.isdecimal() and int(columns) else os.get_terminal_size(1).columns
        return cls(width or 80, has_colours=not wants_none)

    def paint(self, text: str, colour: Colour) -> str:
        """Colour `text`, if there are colours."""
        return f"\033[{colour.value}m{text}\033[0m" if self.has_colours and text else text

    def wrap(self, text: str, *, first: str, rest: str) -> list[str]:
        """Break `text` into lines that fit, the first one behind `first`, the others behind `rest`."""
        if self.width is None:
            return [first + text]
        return textwrap.wrap(
            text,
            max(self.width, len(first) + 20),
            initial_indent=first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        ) or [first]
