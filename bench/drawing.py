"""An environment with what draws the picture, made once and kept outside the tree."""

import subprocess
import sys
from pathlib import Path
from typing import Final

from bench.installed import TREE
from testbed import TestbedError
from testbed.cache import cached
from testbed.command import run

_LIBRARY: Final = "matplotlib==3.10.8"
_SECONDS: Final = 600.0


def draw(results: Path) -> Path | None:
    """Draw results beside themselves; None where the library cannot be had, which is said."""
    picture = results.with_suffix(".png")
    try:
        python = cached("drawing", _LIBRARY.encode(), _make, lambda: print(f"installing {_LIBRARY} (once)"))
        run(str(python / "bin" / "python"), str(TREE / "bench" / "picture.py"), str(results), str(picture))
    except TestbedError as error:
        print(f"no picture: {error}", file=sys.stderr)
        return None
    return picture


def _make(folder: Path) -> None:
    try:
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, capture_output=True)
    except subprocess.CalledProcessError as error:
        raise TestbedError(f"no environment: {error.stderr!r}") from error
    # By module, since the folder is given its name later.
    run(str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", _LIBRARY, timeout=_SECONDS)
