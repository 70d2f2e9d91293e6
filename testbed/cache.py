"""What is made once and kept outside the tree, for every later run."""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path


def cache() -> Path:
    """The folder that all of it lies in; safe to remove."""
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "figwasp-testbed"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def cached(name: str, made_of: bytes, build: Callable[[Path], None], announce: Callable[[], None]) -> Path:
    """
    The folder called `name` for this state of what it is made of, filled by `build` if it is not there.

    Safe against other runs at the same time, and against ones that were killed.
    """
    state = hashlib.sha256(made_of).hexdigest()[:12]
    folder = cache() / f"{name}-{state}"
    if folder.exists():
        return folder
    with (cache() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            announce()
            unfinished = cache() / f"{name}.unfinished"
            shutil.rmtree(unfinished, ignore_errors=True)
            unfinished.mkdir()
            build(unfinished)
            unfinished.rename(folder)
    return folder
