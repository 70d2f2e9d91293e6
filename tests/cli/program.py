"""figwasp as a process."""

import os
import pty
import signal
import subprocess
import sys
import threading

from figwasp.embedded.api.server import ApiServer

FIGWASP = [sys.executable, "-W", "error", "-m", "figwasp"]


def start(*arguments: str, env: dict[str, str], stdin: int | None = None) -> "subprocess.Popen[str]":
    """Start it and do not wait."""
    pipe = subprocess.PIPE
    return subprocess.Popen([*FIGWASP, *arguments], env=env, stdin=stdin, stdout=pipe, stderr=pipe, text=True)


def run(*arguments: str, env: dict[str, str]) -> tuple[int, str, str]:
    """Run it; exit code, output, errors."""
    process = start(*arguments, env=env)
    out, err = process.communicate(timeout=30)
    return process.returncode, out, err


def interrupted(*arguments: str, api: ApiServer, env: dict[str, str], number: signal.Signals) -> tuple[int, str, str]:
    """Run it, and send it a signal while it waits for the list of pods; exit code, output, errors."""
    asked, never = threading.Event(), threading.Event()

    def hang() -> None:
        asked.set()
        never.wait(20)

    api.before("list", "pods", hang)
    process = start(*arguments, env=env)
    assert asked.wait(20)
    process.send_signal(number)
    out, err = process.communicate(timeout=20)
    never.set()
    return process.returncode, out, err


def on_a_terminal(*argv: str, env: dict[str, str]) -> str:
    """Run a command on a terminal of its own, which must end well; all that the terminal is sent."""
    ours, its = pty.openpty()
    shown: list[bytes] = []

    def read() -> None:
        try:
            while received := os.read(ours, 65536):
                shown.append(received)
        except OSError:  # Linux's word for: nobody holds the other end any more
            return

    reading = threading.Thread(target=read)
    try:
        reading.start()
        subprocess.run(argv, env=env, stdin=its, stdout=its, check=True, timeout=30)
    finally:
        os.close(its)
        reading.join()
        os.close(ours)
    return b"".join(shown).decode()
