"""`figwasp demo`: the whole loop in one process."""

import re
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.program import FIGWASP, on_a_terminal, run, start

FAST = ("--pace", "0.05")


@pytest.fixture
def kept(home: dict[str, str], tmp_path: Path) -> Iterator[tuple["subprocess.Popen[str]", dict[str, str], str]]:
    """A demo that is left running, the environment by which others find it, and its image."""
    process = start("demo", "--keep", *FAST, env={**home, "TMPDIR": str(tmp_path)}, stdin=subprocess.PIPE)
    assert process.stdout is not None
    told: list[str] = []
    while "kubectl rollout status" not in (told[-1] if told else ""):
        told.append(process.stdout.readline())
        assert told[-1], "".join(told)
    text = "".join(told)
    kubeconfig = re.search(r"export KUBECONFIG=(\S+) FIGWASP_CONFIG=(\S+)", text)
    image = re.search(r"figwasp resolve (\S+)", text)
    assert kubeconfig and image, text
    yield process, {**home, "KUBECONFIG": kubeconfig[1], "FIGWASP_CONFIG": kubeconfig[2]}, image[1]
    process.kill()
    process.communicate()


@pytest.mark.parametrize("runtime", ["containerd", "cri-o", "cri-dockerd"])
def test_an_image_that_is_pushed_again_reaches_every_pod(home: dict[str, str], runtime: str) -> None:
    code, out, err = run("demo", *FAST, "--runtime", runtime, env=home)

    story = [
        "A team deploys web with 3 replicas",
        "simulated  3 pods run 102e6f61bccc",
        "Then it pushes another image under the same tag",
        "and nothing happens: the 3 pods go on with 102e6f61bccc",
        "$ figwasp once",
        "real       restarted  shop/deployment/web  web: ",
        "real       1 workload: 1 restarted",
        "Kubernetes replaces the pods",
        "runs 16a982b4d0ea",
        "$ figwasp once -v",
        "real       1 workload: 1 current",
        "Try next:",
    ]
    assert (0, "") == (code, err)
    assert sorted(map(out.index, story)) == [out.index(each) for each in story], out


def test_every_line_of_the_story_says_what_is_simulated(home: dict[str, str]) -> None:
    _, out, _ = run("demo", *FAST, env=home)

    told = out.partition("Try next:")[0].splitlines()
    assert {"simulated", "real"} == {line.split()[0] for line in told if re.match(r"\S+ {2,}", line)}
    assert [] == [line for line in told if re.search(r"\b(pod|registry at|API server at)\b", line) and line[0] != "s"]


def test_what_is_left_running_can_be_planned_explained_and_resolved(
    kept: tuple["subprocess.Popen[str]", dict[str, str], str],
) -> None:
    _, env, image = kept

    codes = [run(*each.split(), env=env)[0] for each in ("plan", "explain web", f"resolve {image}", "once")]

    assert [0, 0, 0, 0] == codes


def test_enter_pushes_another_image_for_the_next_pass(
    kept: tuple["subprocess.Popen[str]", dict[str, str], str],
) -> None:
    process, env, _ = kept
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline().startswith("pushed ")

    codes = [run(each, env=env)[0] for each in ("plan", "once")]

    assert [3, 0] == codes


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_it_ends_when_it_is_told_to_and_leaves_nothing(
    kept: tuple["subprocess.Popen[str]", dict[str, str], str], number: signal.Signals, expected: int, tmp_path: Path
) -> None:
    process, env, _ = kept
    assert Path(env["KUBECONFIG"]).is_file()

    process.send_signal(number)
    _, err = process.communicate(timeout=20)

    assert (expected, "") == (process.returncode, err.strip())
    assert [] == list(tmp_path.glob("figwasp-demo-*"))


def test_a_port_that_is_taken_is_said(home: dict[str, str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        code, _, err = run("demo", "--port", str(taken.getsockname()[1]), env=home)

    assert 1 == code
    assert "cannot listen on port" in err
    assert "give another --port" in err


def test_on_a_terminal_the_pods_are_shown_as_they_change(home: dict[str, str]) -> None:
    shown = on_a_terminal(*FIGWASP, "demo", "--pace", "0.2", env={**home, "TERM": "xterm", "COLUMNS": "100"})

    assert "pods (simulated)" in shown
    assert "Terminating" in shown
    assert "\033[" in shown


def test_the_commands_to_try_next_work_as_they_are_printed(home: dict[str, str]) -> None:
    """In a shell; without a cluster `plan` fails (1), but is no wrong usage (2)."""
    _, out, _ = run("demo", *FAST, env=home)
    lines = out.partition("Try next:")[2].splitlines()
    commands = [line for line in lines if line.strip() and "demo" not in line and "#" not in line]

    codes = {
        line.split()[-1]: subprocess.run(["sh", "-c", line], env=home, check=False).returncode for line in commands
    }

    assert {"--all": 1, "registry.example.com/figwasp:3": 0} == codes


def test_what_is_left_running_is_found_from_another_terminal_and_folder(home: dict[str, str], tmp_path: Path) -> None:
    """By a shell there that takes the lines as they are printed, with blanks in them."""
    folder = tmp_path / "my files"
    folder.mkdir()
    process = start("demo", "--keep", *FAST, env={**home, "TMPDIR": str(folder)}, stdin=subprocess.PIPE)
    assert process.stdout is not None
    try:
        export = next(line for line in process.stdout if "export KUBECONFIG=" in line)
        plan = next(process.stdout)
        shell = ["sh", "-ec", export + plan]
        done = subprocess.run(shell, cwd="/", env=home, capture_output=True, text=True, timeout=30, check=False)
    finally:
        process.terminate()
        process.communicate()

    assert (0, True) == (done.returncode, "deployment/web" in done.stdout), done.stderr


@pytest.mark.parametrize("keep", [(), ("--keep",)])
def test_where_no_disk_has_room_it_says_so_and_what_to_do(home: dict[str, str], keep: tuple[str, ...]) -> None:
    demo = shlex.join([*FIGWASP, "demo", *FAST, *keep])

    full = ["sh", "-c", f"ulimit -f 0; exec {demo}"]
    done = subprocess.run(full, env=home, capture_output=True, text=True, timeout=30, check=False)

    assert 1 == done.returncode
    assert "  → name one by the variable TMPDIR" == done.stderr.splitlines()[-1]
    assert 2 == len(done.stderr.splitlines())


def test_its_last_lines_fit_80_columns(home: dict[str, str]) -> None:
    env = {**home, "TERM": "xterm", "NO_COLOR": "1"}

    shown = on_a_terminal(*FIGWASP, "demo", *FAST, env={**env, "COLUMNS": "80"})

    last = shown.replace("\r", "").partition("Try next:")[2].replace(sys.executable, "python").splitlines()
    assert [] == [line for line in last if len(line) > 80]
