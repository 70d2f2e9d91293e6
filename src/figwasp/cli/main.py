"""
The `figwasp` command.

In a pod, `figwasp` with no arguments is one pass, as it always was; that way needs no argument parser, whose import
would be a fifth of the whole run.
"""

import errno
import gc
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

INTERRUPTED = 130
COMPLETING = "_FIGWASP_COMPLETE"
"""Set by the scripts of `figwasp completion`."""

_OUTPUT_FAILED = {errno.ENOSPC, errno.EPIPE, errno.EIO}


def run() -> NoReturn:
    """
    Be the `figwasp` process.

    It ends without taking the interpreter apart, which would take as long as a quarter of a small pass; and a thread
    that is stuck beyond our reach does not keep it.
    """
    for stream in (sys.stdout, sys.stderr):
        if stream is not None:  # it is, where the shell closed it
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # a text file, always
    try:
        code = main()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
    except KeyboardInterrupt:  # outside of a pass, which has its own way to end
        code = INTERRUPTED
    except OSError as error:
        if error.errno not in _OUTPUT_FAILED:
            sys.excepthook(*sys.exc_info())
        elif sys.stderr is not None:
            print(f"figwasp: the output could not be written: {error.strerror}", file=sys.stderr)  # noqa: T201
        code = 1
    except Exception:  # noqa: BLE001 - a bug of ours: said in full, since nobody else will
        sys.excepthook(*sys.exc_info())
        code = 1
    os._exit(code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and give the exit code: 0 done, 1 something needs attention, 2 wrong usage."""
    # A pass makes hardly any reference cycles and ends soon. The collector would find nothing, and take a tenth of the
    # time: most of it during the imports, which is why they follow here.
    gc.disable()
    from figwasp.errors import FigwaspError, UsageError  # noqa: PLC0415 - see above

    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        # A shell that completes a command calls it without arguments too, and wants no pass.
        if not arguments and os.environ.get("KUBERNETES_SERVICE_HOST") and COMPLETING not in os.environ:
            from figwasp.cli import once  # noqa: PLC0415 - all that a pass needs
            from figwasp.settings.values import Flags  # noqa: PLC0415

            return once.run(Flags(), os.environ)
        from figwasp.cli import program  # noqa: PLC0415 - the argument parser

        return program.run(arguments)
    except FigwaspError as error:
        from figwasp.cli import render  # noqa: PLC0415 - only where something is wrong

        for line in render.error_lines(error):
            print(line, file=sys.stderr)  # noqa: T201 - the person at the terminal
        return 2 if isinstance(error, UsageError) else 1
