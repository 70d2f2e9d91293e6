"""Running another program to its end."""

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from testbed.errors import TestbedError
from testbed.part import SEARCH_PATH

_TAIL_LINES = 20


def run(
    *argv: str, stdin: str = "", env: Mapping[str, str] | None = None, cwd: Path | None = None, timeout: float = 120.0
) -> str:
    """
    What the program wrote to its standard output.

    `env` is on top of the caller's environment, `timeout` in seconds.

    Raises:
        TestbedError: it is not there, took too long, or ended with another code than 0; carries its last lines.
    """
    full_env = {**os.environ, "PATH": SEARCH_PATH, **(env or {})}
    try:
        ended = subprocess.run(
            argv, input=stdin, env=full_env, cwd=cwd, timeout=timeout, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise TestbedError(f"{argv[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise TestbedError(f"{' '.join(argv)}: not done within {timeout:g} s") from None
    if ended.returncode != 0:
        tail = "\n".join(f"  {line}" for line in (ended.stderr or ended.stdout).splitlines()[-_TAIL_LINES:])
        raise TestbedError(f"{' '.join(argv)} ended with code {ended.returncode}:\n{tail}")
    return ended.stdout
