"""The commands as they are listed, imported and completed."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from figwasp.cli.program import COMMANDS, program
from tests.cli.program import FIGWASP, run

NAMES = [name for group in COMMANDS.values() for name in group]


@pytest.mark.parametrize("name", NAMES)
def test_every_command_that_is_listed_is_there(name: str) -> None:
    command = program.get_command(click.Context(program), name)

    assert command is not None
    assert (name, True) == (command.name, bool(command.help))


def test_help_imports_no_command() -> None:
    code = (
        "import sys; from figwasp.cli import program; program.run(['--help']);"
        " sys.exit(any(name.startswith('figwasp.cli.commands.') for name in sys.modules))"
    )

    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=30)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_is_told_how_to_complete(home: dict[str, str], shell: str) -> None:
    code, out, _ = run("completion", shell, env=home)

    assert 0 == code
    assert f"_FIGWASP_COMPLETE={shell}_complete" in out


def test_bash_completes_commands_and_runs_none_of_them_in_a_pod_either(home: dict[str, str]) -> None:
    asked = {"_FIGWASP_COMPLETE": "bash_complete", "COMP_WORDS": "figwasp pl", "COMP_CWORD": "1"}

    code, out, _ = run(env={**home, **asked, "KUBERNETES_SERVICE_HOST": "127.0.0.1"})

    assert (0, "plain,plan\n") == (code, out)


def test_help_that_cannot_be_written_is_an_error_in_one_line(home: dict[str, str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*FIGWASP, "--help"], env=home, stdout=full, stderr=subprocess.PIPE, text=True, timeout=30, check=False
        )

    assert (1, "figwasp: the output could not be written: No space left on device\n") == (done.returncode, done.stderr)
