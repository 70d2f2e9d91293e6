"""What is known of the terminal."""

import os
import subprocess
import sys

import pytest

from tests.cli.program import on_a_terminal

ASK = (
    "import os, sys; from figwasp.cli.screen import Screen;"
    "s = Screen.of_stdout(os.environ, no_color='--no-color' in sys.argv); print(s.width, s.has_colours)"
)


def found(*arguments: str, **environment: str) -> str:
    """What the program finds on a terminal."""
    env = {"PATH": os.environ["PATH"], "TERM": "xterm", **environment}
    return on_a_terminal(sys.executable, "-c", ASK, *arguments, env=env).strip()


def test_a_terminal_has_colours_and_a_width() -> None:
    assert "100 True" == found(COLUMNS="100")


def test_a_terminal_of_unknown_width_has_80_columns() -> None:
    assert "80 True" == found()


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_whoever_wants_no_colours_gets_none(environment: dict[str, str]) -> None:
    assert "80 False" == found(**environment)


def test_a_flag_says_the_same() -> None:
    assert "80 False" == found("--no-color")


def test_a_pipe_has_neither() -> None:
    asked = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True, timeout=30)

    assert "None False" == asked.stdout.strip()
