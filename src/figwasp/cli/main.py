"""
The `figwasp` command.

In a pod, `figwasp` with no arguments is one pass, as it always was; that way needs no argument parser, whose import
would be a third of the whole run.
"""

import os
import sys
from collections.abc import Sequence

from figwasp import wiring
from figwasp.cli import once, render
from figwasp.errors import FigwaspError, UsageError
from figwasp.settings import Flags


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give the exit code: 0 done, 1 something needs attention, 2 wrong usage."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        if not arguments and wiring.is_in_cluster(os.environ):
            return once.run(Flags(), os.environ)
        from figwasp.cli import commands  # noqa: PLC0415 - see above

        return commands.run(arguments)
    except FigwaspError as error:
        for line in render.error_lines(error):
            print(line, file=sys.stderr)  # noqa: T201 - the person at the terminal
        return 2 if isinstance(error, UsageError) else 1
    except BrokenPipeError:
        # The reader of our output has gone (`figwasp once | head`); nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
