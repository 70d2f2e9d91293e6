"""
Passes that hold restarts back, on whole requests.

Aspects: the least time between two restarts of one workload.
"""

from datetime import timedelta
from typing import Any

from figwasp.core.decide import Why
from figwasp.core.report import Left, Report, end_of
from figwasp.core.restraint import Restraint
from tests.app.stage import Stage

TEN_MINUTES = timedelta(minutes=10)
RESTING = Restraint(min_interval=TEN_MINUTES)


def whys(report: Report) -> dict[str, str]:
    return {
        each.key.name: each.decision.why.name if isinstance(each, Left) else end_of(each) for each in report.outcomes
    }


def restart_twice(stage: Stage, seconds: float, **given: Any) -> Report:
    """Let the tag move to and fro, and pass after each time, so many seconds apart; the second pass's report."""
    old = stage.deploy("old")
    new = stage.push("new")
    stage.sweep("web", **given)
    stage.settle()
    stage.run_pod(new)
    assert old == stage.push("old")
    stage.clock.forward(seconds)
    return stage.sweep("web", **given)


def test_a_workload_is_not_restarted_again_before_the_least_interval_is_over(stage: Stage) -> None:
    report = restart_twice(stage, 590, restraint=RESTING)

    assert ({"web": Why.RESTARTED_LATELY.name}, 0) == (whys(report), report.exit_code)


def test_a_workload_is_restarted_again_once_the_least_interval_is_over(stage: Stage) -> None:
    assert {"web": "restarted"} == whys(restart_twice(stage, 601, restraint=RESTING))


def test_without_a_least_interval_a_workload_is_restarted_again_at_once(stage: Stage) -> None:
    assert {"web": "restarted"} == whys(restart_twice(stage, 0))
