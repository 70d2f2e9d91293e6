"""
The line that says what a long pass is doing.

Aspects: what it says; where it is shown; that it is gone before the report.
"""

import os
import pty
import re
import subprocess
import threading
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from figwasp.app.tally import Count, Tally, Traffic, Waiting
from figwasp.cli.progress import fitted, progress_words, shown
from figwasp.cli.watching import shows_progress
from figwasp.core.meter import Exchange, Phase, Step
from tests.app.stage import Stage
from tests.cli.program import FIGWASP

NOTHING = Tally(lambda: 0.0).count()
ASKED = replace(NOTHING, seconds=12.4, kubernetes={"list pods": Traffic(3, 500, 12_100_000, 2.0)})


def _count(**facts: Any) -> Count:
    return replace(ASKED, **facts)


def test_nothing_is_said_before_anybody_was_asked() -> None:
    assert "" == progress_words(replace(NOTHING, seconds=60))


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (_count(phase=Phase.READING), "12 s: reading the cluster (3 pages, 12.1 MB)"),
        (
            _count(phase=Phase.REGISTRIES, done={Step.REFERENCES: 37}, expected={Step.REFERENCES: 120}),
            "12 s: asked registries for 37 of 120 references",
        ),
        (_count(phase=Phase.REGISTRIES), "12 s: asked registries for 0 of 0 references"),
        (
            _count(phase=Phase.RESTARTING, done={Step.WORKLOADS: 4, Step.RESTARTS: 2}, expected={Step.WORKLOADS: 9}),
            "12 s: judged 4 of 9 workloads, 2 restarts",
        ),
        (
            _count(phase=Phase.SECRETS, waiting=Waiting(Exchange("h", "GET", "list secrets"), 7.6)),
            "12 s: waiting 8 s for the API server (list secrets); reading pull secrets",
        ),
        (
            _count(phase=Phase.SECRETS, waiting=Waiting(Exchange("ghcr.io", "HEAD"), 0.4)),
            "12 s: reading pull secrets",
        ),
        (
            _count(phase=Phase.SECRETS, pauses={"ghcr.io": 30.0}),
            "12 s: ghcr.io is asked again in 30 s; reading pull secrets",
        ),
    ],
)
def test_it_says_what_is_done_and_what_is_waited_for(count: Count, words: str) -> None:
    assert words == progress_words(count)


@pytest.mark.parametrize("width", [0, 1, 2, 3, 4, 5, 12, 13, 80])
def test_a_line_never_reaches_the_end_of_the_terminal(width: int) -> None:
    assert len(fitted("12 s: judged", width)) <= max(width - 1, 1)


def test_a_line_that_fits_is_whole() -> None:
    assert ("12 s: judged", "12 s: j...") == (fitted("12 s: judged", 13), fitted("12 s: judged by", 11))


def test_a_pass_that_is_over_soon_shows_nothing() -> None:
    written: list[str] = []

    with shown(Tally(lambda: 0.0), written.append, lambda: 80):
        pass

    assert [] == written


def test_the_line_is_cleared_as_the_pass_ends() -> None:
    drawn, written = threading.Event(), list[str]()
    tally = Tally(lambda: 0.0)
    tally.sent(Exchange("ghcr.io", "HEAD"), 1, 1)

    def write(text: str) -> None:
        written.append(text)
        drawn.set()

    with shown(tally, write, lambda: 80, after_seconds=0):
        assert drawn.wait(20)

    assert ("\r\033[K0 s: 1 requests", "\r\033[K") == (written[0], written[-1])


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {}, {"TERM": "xterm", "CI": "true"}], ids=str)
def test_it_is_not_shown_where_a_line_cannot_be_written_anew_or_nobody_looks(environment: dict[str, str]) -> None:
    ours, its = pty.openpty()
    with os.fdopen(its, "w") as terminal:
        assert shows_progress({"TERM": "xterm"}, terminal)
        assert not shows_progress(environment, terminal)
    os.close(ours)


def test_it_is_not_shown_in_a_file(tmp_path: Path) -> None:
    with (tmp_path / "log").open("w") as file:
        assert not shows_progress({"TERM": "xterm"}, file)
    assert not shows_progress({"TERM": "xterm"}, None)


@pytest.mark.parametrize("command", ["once", "plan", "explain", "doctor"])
def test_a_pass_that_hangs_says_what_it_waits_for_and_the_report_is_alone_after_it(
    stage: Stage, cluster: dict[str, str], command: str
) -> None:
    stage.deploy()
    go_on = threading.Event()
    stage.api.before("list", "pods", lambda: go_on.wait(20))
    ours, its = pty.openpty()
    env = {**cluster, "TERM": "xterm"}
    process = subprocess.Popen([*FIGWASP, command], env=env, stdout=subprocess.PIPE, stderr=its, text=True)
    os.close(its)
    shown_there = b""
    try:
        while not re.search(rb"waiting \d+ s for the API server \(list pods\); reading the cluster", shown_there):
            shown_there += os.read(ours, 65536)
        go_on.set()
        out, _ = process.communicate(timeout=20)
        try:
            while more := os.read(ours, 65536):
                shown_there += more
        except OSError:
            pass
    finally:
        go_on.set()
        process.kill()
        process.wait()
        os.close(ours)

    text = shown_there.decode()
    assert text.endswith("\r\033[K")
    assert "\n" not in text
    assert out
    assert not re.search("waiting|\033\\[K", out)
