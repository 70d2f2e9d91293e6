"""Writes to standard output: whole lines, whatever becomes of the reader."""

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from figwasp.app.tally import Count


def write(lines: Iterable[str], code: int) -> int:
    """Print `lines`; gives `code`, or another one if they could not be written (a reader that has gone is none)."""
    try:
        for line in lines:
            print(line)  # noqa: T201 - this is what the command is for
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough (`figwasp once | head`). What is still buffered has nowhere to go.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        print(f"figwasp: the report could not be written: {error.strerror}", file=sys.stderr)  # noqa: T201
        return code or 1
    return code


def write_timings(count: "Count | None") -> None:
    """Print where the time went to standard error, behind what `write` printed; nothing where nobody counted."""
    if count is None or sys.stderr is None:
        return
    from figwasp.cli.timings import timings, timings_lines  # noqa: PLC0415 - hardly ever asked for

    for line in timings_lines(timings(count)):
        print(line, file=sys.stderr)  # noqa: T201 - the person who asked
