"""Writes to standard output: whole lines, whatever becomes of the reader."""

import os
import sys
from collections.abc import Iterable


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
