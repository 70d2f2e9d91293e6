"""What is known of the terminal."""

import os
import pty
import subprocess
import sys

import pytest

ASK = (
    "import os, sys; from figwasp.cli.screen import Screen;"
    "s = Screen.of_stdout(os.environ, no_color='--no-color' in sys.argv); print(s.width, s.has_colours)"
)


def on_a_terminal(*arguments: str, **environment: str) -> str:
    """What a terminal shows of what the program finds."""
    ours, its = pty.openpty()
    try:
        subprocess.run(
            [sys.executable, "-c", ASK, *arguments],
            env={"PATH": os.environ["PATH"], "TERM": "xterm", **environment},
            stdin=its,
            stdout=its,
            check=True,
            timeout=30,
        )
        return os.read(ours, 1000).decode().strip()
    finally:
        os.close(ours)
        os.close(its)


def test_a_terminal_has_colours_and_a_width() -> None:
    assert "100 True" == on_a_terminal(COLUMNS="100")


def test_a_terminal_of_unknown_width_has_80_columns() -> None:
    assert "80 True" == on_a_terminal()


@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_whoever_wants_no_colours_gets_none(environment: dict[str, str]) -> None:
    assert "80 False" == on_a_terminal(**environment)


def test_a_flag_says_the_same() -> None:
    assert "80 False" == on_a_terminal("--no-color")


def test_a_pipe_has_neither() -> None:
    asked = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True, timeout=30)

    assert "None False" == asked.stdout.strip()
