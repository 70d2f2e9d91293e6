"""
Passes that hold restarts back, on whole requests.

Aspects: the least time between two restarts of one workload; the time that a move is given to settle, and what is
written for it.
"""

from datetime import timedelta
from typing import Any

from figwasp.core.decide import Why
from figwasp.core.report import Left, Report, end_of
from figwasp.core.restraint import Restraint
from tests.app.stage import Stage
from tests.objects import NAMESPACE

TEN_MINUTES = timedelta(minutes=10)
RESTING = Restraint(min_interval=TEN_MINUTES)
SETTLING = Restraint(settle=TEN_MINUTES)


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


# The time to settle


def writes(stage: Stage) -> int:
    return sum(each.verb == "update" for each in stage.api.requests)


def test_a_move_is_restarted_for_once_it_has_settled_and_is_written_down_once(stage: Stage) -> None:
    stage.deploy("old")
    stage.push("new")
    found, written = [], []
    for seconds in (0, 300, 270, 30):
        stage.clock.forward(seconds)
        found.append(whys(stage.sweep("web", restraint=SETTLING))["web"])
        written.append(writes(stage))
        stage.settle()

    assert [*["SETTLING"] * 3, "restarted"] == found
    assert [1, 1, 1, 2] == written


def test_a_move_that_waits_needs_nobodys_attention_and_rolls_nothing_out(stage: Stage) -> None:
    stage.deploy("old")
    stage.push("new")

    report = stage.sweep("web", restraint=SETTLING)

    assert (0, "") == (report.exit_code, stage.restarted_at())


def test_a_tag_that_moves_on_before_it_has_settled_is_waited_for_anew(stage: Stage) -> None:
    stage.deploy("old")
    found = []
    for content, seconds in (("new", 0), ("newer", 580), ("newer", 580), ("newer", 30)):
        stage.push(content)
        stage.clock.forward(seconds)
        found.append(whys(stage.sweep("web", restraint=SETTLING))["web"])
        stage.settle()

    assert [*["SETTLING"] * 3, "restarted"] == found


def test_a_tag_that_moves_back_before_it_has_settled_restarts_nothing_and_is_forgotten(stage: Stage) -> None:
    stage.deploy("old")
    found = []
    for content in ("new", "old", "new"):
        stage.push(content)
        stage.clock.forward(700)
        found.append(whys(stage.sweep("web", restraint=SETTLING))["web"])
        stage.settle()

    assert ["SETTLING", "CURRENT", "SETTLING"] == found


def test_a_clock_that_is_set_back_holds_no_move_up_for_ever(stage: Stage) -> None:
    stage.deploy("old")
    stage.push("new")
    stage.sweep("web", restraint=SETTLING)
    stage.settle()
    stage.clock.forward(-(10**8))
    stage.sweep("web", restraint=SETTLING)
    stage.settle()
    stage.clock.forward(601)

    assert {"web": "restarted"} == whys(stage.sweep("web", restraint=SETTLING))


def test_a_move_that_cannot_be_written_down_is_a_failure_since_it_would_wait_for_ever(stage: Stage) -> None:
    stage.deploy("old")
    stage.push("new")
    reads = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list"]}]
    stage.api.allow("system:anonymous", [{"kind": "Role", "metadata": {"namespace": NAMESPACE}, "rules": reads}])

    report = stage.sweep("web", restraint=SETTLING)

    assert ({"web": "failed"}, 1) == (whys(report), report.exit_code)


def test_a_plan_writes_no_move_down_and_says_what_it_waits_for(stage: Stage) -> None:
    stage.deploy("old")
    stage.push("new")

    report = stage.sweep("web", restraint=SETTLING, is_plan=True)

    assert ({"web": "SETTLING"}, 0) == (whys(report), writes(stage))
