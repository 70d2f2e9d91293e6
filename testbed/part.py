"""A part of the bed: one program, what it is started with, and how to see that it works."""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

SEARCH_PATH = ":".join(
    dict.fromkeys([*os.environ.get("PATH", "").split(":"), "/usr/sbin", "/usr/bin", "/sbin", "/bin"])
)
"""PATH of the parts: root's own may lack the sbin folders."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A program of the bed, as a value: making one starts nothing."""

    name: str
    """Unique in a bed; names its log and its pid file."""

    argv: tuple[str, ...]
    """The program (searched on SEARCH_PATH) and its arguments."""

    ready: Callable[[], bool]
    """Whether it serves; asked again and again until it does, must not raise."""

    env: Mapping[str, str] = field(default_factory=dict)
    """On top of PATH and HOME; nothing else of the caller's environment reaches the part."""

    files: Mapping[Path, str] = field(default_factory=dict)
    """Written before the start, folders included."""
