"""
What hostile texts cost our parsers: the time for 4 KiB over that for 1 KiB.

    python -m bench.parsing

Linear work gives 4, an expression that backtracks 16 and more. A figure, not a test: machines differ.
"""

import contextlib
import time
from collections.abc import Callable

from figwasp.core.challenge import parse_challenges
from figwasp.core.credential import Credential, Entry, Keyring, Secret
from figwasp.core.digest import parse_image_id
from figwasp.core.duration import parse_duration
from figwasp.core.reference import LONGEST_INPUT, Reference
from figwasp.errors import FigwaspError

SIZES = (LONGEST_INPUT // 4, LONGEST_INPUT)
_SECONDS = 0.2


def _keyring(pattern: str) -> None:
    entry = Entry(pattern, "", Credential("", Secret(""), ""))
    Keyring((entry,)).login("a" * len(pattern) + "/web")


HOSTILE: dict[str, tuple[Callable[[str], object], tuple[str, str, str]]] = {
    # a parser, and the start, the repeated part and the end of its text
    "reference: dashes": (Reference.parse, ("a/", "a-", "")),
    "reference: only dashes": (Reference.parse, ("a/a", "-", "!")),
    "reference: underscores": (Reference.parse, ("", "a__", "!")),
    "reference: labels": (Reference.parse, ("", "a.", "!/b")),
    "reference: dashes in a host": (Reference.parse, ("A", "-", "!/b")),
    "reference: components": (Reference.parse, ("", "a/", "!")),
    "reference: an address": (Reference.parse, ("[", "1:", "!]/b")),
    "reference: a tag": (Reference.parse, ("a:", "t", "!")),
    "reference: capitals": (Reference.parse, ("docker.io/", "Aa", "")),
    "image ID: an import": (parse_image_id, ("", "import-", f"@sha256:{'a' * 64}")),
    "key: stars": (_keyring, ("", "*a", "b")),
    "challenge: a quoted value": (lambda text: parse_challenges([text]), ('Bearer a="', "\\\\", "")),
    "challenge: schemes": (lambda text: parse_challenges([text]), ("", "a,", "=")),
    "challenge: parameters": (lambda text: parse_challenges([text]), ("Bearer ", "a=a ", "=")),
    "challenge: a token": (lambda text: parse_challenges([text]), ("Bearer ", "a", "=!")),
    "duration: parts": (parse_duration, ("", "1s", "!")),
    "duration: digits": (parse_duration, ("", "1", "!")),
    "duration: a fraction": (parse_duration, (".", "1", "s!")),
}


def seconds(parse: Callable[[str], object], text: str) -> float:
    """The shortest time of many for one call."""
    best, until = 1e9, time.perf_counter() + _SECONDS
    while time.perf_counter() < until:
        start = time.perf_counter()
        with contextlib.suppress(FigwaspError, ValueError):
            parse(text)
        best = min(best, time.perf_counter() - start)
    return best


def main() -> None:
    """Print one line for each text."""
    print(f"{'':30} {'1 KiB, µs':>10} {'4 KiB, µs':>10} {'ratio':>6}")
    for name, (parse, (start, part, end)) in HOSTILE.items():
        texts = [start + part * ((size - len(start + end)) // len(part)) + end for size in SIZES]
        small, large = (seconds(parse, text) for text in texts)
        print(f"{name:30} {small * 1e6:10.1f} {large * 1e6:10.1f} {large / small:6.1f}")


if __name__ == "__main__":
    main()
