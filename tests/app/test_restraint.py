"""
Passes that hold restarts back, on whole requests.

Aspects: the least time between two restarts of one workload; the rate of a pass; the time to settle, and what is
written for it.
"""

from datetime import timedelta
from itertools import pairwise
from typing import Any

from figwasp.core.deadline import Deadline
from figwasp.core.decision import Why
from figwasp.core.moment import read_time
from figwasp.core.report import Left, Report
from figwasp.core.restraint import Restraint
from tests.app.stage import Stage, whys
from tests.objects import NAMESPACE

TEN_MINUTES = timedelta(minutes=10)
RESTING = Restraint(min_interval=TEN_MINUTES)
SETTLING = Restraint(settle=TEN_MINUTES)


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


# The rate


SIX_SECONDS = Restraint(spacing=timedelta(seconds=6))


def deploy_many(stage: Stage, *names: str) -> None:
    for name in names:
        stage.deploy("old", name)
        stage.push("new", name)


def minute(stage: Stage, seconds: float = 60) -> Deadline:
    return Deadline(seconds, stage.clock.monotonic, "the pass took too long")


def test_a_pass_that_restarts_many_does_so_evenly_spaced_and_in_their_order(stage: Stage) -> None:
    deploy_many(stage, "c", "a", "b")

    report = stage.sweep(restraint=SIX_SECONDS, deadline=minute(stage))

    times = [read_time(stage.restarted_at(name)) for name in "abc"]
    assert {"a": "restarted", "b": "restarted", "c": "restarted"} == whys(report)
    assert all(6 <= (late - early).total_seconds() <= 8 for early, late in pairwise(times) if early and late)


def test_what_a_pass_has_no_time_for_is_pending_and_the_next_goes_on_with_it(stage: Stage) -> None:
    deploy_many(stage, "a", "b", "c")

    first = stage.sweep(restraint=SIX_SECONDS, deadline=minute(stage, 18))
    second = stage.sweep(restraint=SIX_SECONDS, deadline=minute(stage, 18))

    assert ({"a": "restarted", "b": "restarted", "c": "PENDING"}, 0) == (whys(first), first.exit_code)
    assert "the rate of restarts leaves no time for it in this pass" in next(
        each.decision.words for each in first.outcomes if isinstance(each, Left)
    )
    assert "restarted" == whys(second)["c"]


def test_the_number_of_restarts_and_their_rate_both_hold(stage: Stage) -> None:
    deploy_many(stage, "a", "b", "c")

    report = stage.sweep(restraint=SIX_SECONDS, max_restarts=2, deadline=minute(stage))

    assert {"a": "restarted", "b": "restarted", "c": "PENDING"} == whys(report)


def test_a_plan_does_not_wait(stage: Stage) -> None:
    deploy_many(stage, "a", "b", "c")
    began = stage.clock.monotonic()

    report = stage.sweep(restraint=SIX_SECONDS, deadline=minute(stage, 18), is_plan=True)

    assert {"a": "would_restart", "b": "would_restart", "c": "PENDING"} == whys(report)
    assert stage.clock.monotonic() - began < 12


def test_a_sighting_gets_through_although_somebody_writes_the_workload_meanwhile(stage: Stage) -> None:
    stage.deploy("old")
    stage.push("new")
    stage.api.before("update", "deployments", lambda: touch(stage))

    assert {"web": Why.SETTLING.name} == whys(stage.sweep("web", restraint=SETTLING))

    stage.settle()
    stage.clock.forward(601)
    assert {"web": "restarted"} == whys(stage.sweep("web", restraint=SETTLING))


def touch(stage: Stage) -> None:
    stage.api.edit("deployments", NAMESPACE, "web", lambda one: one["status"].update(unavailableReplicas=1))


def test_a_sighting_that_never_gets_through_is_a_failure(stage: Stage) -> None:
    stage.deploy("old")
    stage.push("new")

    def touch_again() -> None:
        touch(stage)
        stage.api.before("update", "deployments", touch_again)

    stage.api.before("update", "deployments", touch_again)

    report = stage.sweep("web", restraint=SETTLING)

    assert ({"web": "failed"}, 1) == (whys(report), report.exit_code)


def test_what_was_sighted_for_another_template_has_to_settle_anew(stage: Stage) -> None:
    """`latest` was seen to move; then the owner follows `canary`, which is promoted to the same image."""
    stage.deploy("old")
    new = stage.push("new")
    stage.sweep("web", restraint=SETTLING)
    stage.clock.forward(10_000)
    canary = stage.image().replace(":latest", ":canary")
    assert new == stage.push("new", tag="canary")

    def follow_canary(one: Any) -> None:
        one["spec"]["template"]["spec"]["containers"][0]["image"] = canary

    stage.api.edit("deployments", NAMESPACE, "web", follow_canary)
    stage.settle()
    pods = stage.api.get("pods", NAMESPACE, "web-1-1")
    pods["spec"]["containers"][0]["image"] = canary
    stage.api.put("pods", pods)

    assert {"web": Why.SETTLING.name} == whys(stage.sweep("web", restraint=SETTLING))
