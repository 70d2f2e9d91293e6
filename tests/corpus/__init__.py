"""Cases as data, each file one subject: upstream's own, in our words, and ours beside them."""

import tomllib
from pathlib import Path
from typing import Any

_SHORT = {"{F}": "f" * 64, "{F63}": "f" * 63, "{A128}": "a" * 128, "{A255}": "a" * 255, "{a/127}": "a/" * 127}


def corpus(name: str) -> dict[str, Any]:
    """Read the cases of `name`.toml, with `{F}` and the other names of long runs written out."""
    text = (Path(__file__).parent / f"{name}.toml").read_text("utf-8")
    for short, long in _SHORT.items():
        text = text.replace(short, long)
    return tomllib.loads(text)
