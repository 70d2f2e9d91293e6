"""Whether anybody wants to know what a pass is doing. Nothing is imported, and nothing counted, where nobody does."""

import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from figwasp.settings.variables import TIMINGS

if TYPE_CHECKING:
    from figwasp.app.tally import Tally

_NO = frozenset({"", "0", "false", "no", "off"})


def wants_timings(environment: Mapping[str, str]) -> bool:
    """Whether the environment asks for them."""
    return environment.get(TIMINGS, "").lower() not in _NO


def shows_progress(environment: Mapping[str, str], stream: TextIO | None) -> bool:
    """Whether `stream` is a terminal on which a line can be written anew, and a person looks at it."""
    is_terminal = stream is not None and stream.isatty()
    return is_terminal and environment.get("TERM", "dumb") != "dumb" and not environment.get("CI")


@contextmanager
def watched(*, timings: bool, progress: bool) -> "Iterator[Tally | None]":
    """Give what counts for a pass, and show its progress until the context ends."""
    if not (timings or progress):
        yield None
        return
    from figwasp.app.tally import Tally  # noqa: PLC0415 - see above

    tally = Tally(time.monotonic, already=age_of_process())
    if not progress:
        yield tally
        return
    from figwasp.cli.progress import shown  # noqa: PLC0415

    with shown(tally):
        yield tally


def age_of_process() -> float:
    """
    For how many seconds this process has been there, interpreter and imports included; 0 where that cannot be told.

    Source: proc_pid_stat(5), starttime.
    """
    try:
        with open("/proc/self/stat", "rb") as file:  # noqa: PTH123 - `pathlib` is not imported for this
            fields = file.read().rpartition(b")")[2].split()
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        return max(time.clock_gettime(time.CLOCK_BOOTTIME) - started, 0.0)
    except (OSError, ValueError, IndexError, AttributeError):
        return 0.0
