"""figwasp as a process."""

import subprocess
import sys

FIGWASP = [sys.executable, "-W", "error", "-m", "figwasp"]


def start(*arguments: str, env: dict[str, str]) -> "subprocess.Popen[str]":
    """Start it and do not wait."""
    return subprocess.Popen([*FIGWASP, *arguments], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def run(*arguments: str, env: dict[str, str]) -> tuple[int, str, str]:
    """Run it; exit code, output, errors."""
    process = start(*arguments, env=env)
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err
