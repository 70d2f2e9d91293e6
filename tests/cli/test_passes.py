"""Running a pass for a command."""

from datetime import datetime
from pathlib import Path

import pytest

from figwasp.cli.passes import run_pass
from figwasp.core.deadline import Deadline
from figwasp.core.decision import Restart
from figwasp.core.record import Record
from figwasp.core.report import Restarted
from figwasp.core.workload import Workload
from figwasp.settings.values import Flags
from tests.app.stage import Stage


class Broken:
    """A restarter with a bug in it."""

    is_trial = False

    def restart(self, decision: Restart, now: datetime, deadline: Deadline) -> Restarted:  # noqa: ARG002
        """Do something that nobody foresaw."""
        raise ZeroDivisionError("nobody foresaw this")

    def write_record(self, workload: Workload, record: Record, deadline: Deadline) -> None:
        """Write nothing."""


def test_a_bug_of_ours_fails_its_workload_and_is_said_in_full(
    stage: Stage, cluster: dict[str, str], capfd: pytest.CaptureFixture[str]
) -> None:
    stage.deploy("old")
    stage.push("new")
    stage.deploy(name="api")

    ran = run_pass(Flags(), {**cluster, "HOME": str(Path.cwd())}, lambda *_: Broken())

    assert (1, {"failed": 1, "current": 1}) == (ran.code, {end: n for end, n in ran.report.counts.items() if n})
    assert "ZeroDivisionError: nobody foresaw this" in capfd.readouterr().err
