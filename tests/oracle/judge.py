"""Upstream's own code as a program that is asked (testbed/oracle)."""

import subprocess
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec

Json = dict[str, Any]


class Judge:
    """
    Asks the oracle, many questions at once.

    `do` is the name of a function of oracle/main.go; each question holds its arguments, each answer has `error` where
    upstream refuses.
    """

    def __init__(self, program: Path) -> None:
        self._program = program

    def ask(self, do: str, questions: Iterable[Json]) -> list[Json]:
        """One answer for each question, in their order."""
        encoder = msgspec.json.Encoder()
        lines = [encoder.encode({"do": do, **question}) for question in questions]
        done = subprocess.run([self._program], input=b"\n".join(lines), capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        found: list[Json] = msgspec.json.Decoder(Json).decode_lines(done.stdout)
        assert len(found) == len(lines)
        return found
