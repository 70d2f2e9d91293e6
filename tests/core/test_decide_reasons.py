"""
What is told of a workload that is left: which reason, where there are several, and in what words.

Aspects: which comes first · how it is counted · its detail · what to do. Labels: tags name `b`, pods run `a`.
"""

import itertools

import pytest

from figwasp.core.decide import decide, hold
from figwasp.core.decision import Leave, Why
from figwasp.core.finding import Finding
from figwasp.core.record import Record
from figwasp.core.verdict import Verdict
from figwasp.core.workload import RolloutState, Strategy, Workload
from tests.core.deciding import (
    BLOCKED,
    CURRENT,
    HELD,
    PINNED,
    RUNNING,
    STALE,
    UNKNOWN,
    UNRESOLVED,
    left,
    settled,
    why,
)
from tests.factories import IMAGE, digest, finding, key, running, workload

# Which comes first


def test_whoever_wants_it_left_alone_is_told_so_before_all_else() -> None:
    held = hold(workload(ignored='figwasp/ignore: "true"', owned_by="Grafana x", is_paused=True, replicas=0))

    assert held is not None
    assert ('it is annotated figwasp/ignore: "true"', Why.IGNORED) == (held.detail, held.why)


def test_the_owners_wish_is_told_before_the_state_of_the_cluster() -> None:
    both = workload(is_paused=True, replicas=0, rollout=RolloutState.IN_PROGRESS, containers=(PINNED,))

    assert left(decide(both, ())).why is Why.PAUSED


def test_a_partition_does_not_matter_where_there_are_no_replicas() -> None:
    assert left(decide(workload(strategy=Strategy.KEEPS_ALL, replicas=0), ())).why is Why.SCALED_TO_ZERO


REASONS = [
    (Why.NOT_CONVERGING, finding(STALE)),
    (Why.UNKNOWN, finding(UNKNOWN, container="unknown")),
    (Why.PULL_POLICY, finding(STALE, container="kept", would_pull=False)),
    (Why.NO_STATUS, finding(UNKNOWN, container="waiting", is_waiting=True)),
    (Why.CURRENT, finding(CURRENT, container="current")),
]


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(REASONS, 2)), ids=lambda each: each[0].name)
def test_what_needs_attention_is_told_before_what_does_not(
    first: tuple[Why, Finding], second: tuple[Why, Finding]
) -> None:
    assert why(second[1], first[1], record=BLOCKED) is first[0]


def test_a_blocked_container_is_told_though_another_could_not_be_resolved() -> None:
    assert why(finding(STALE), UNRESOLVED, record=BLOCKED) is Why.NOT_CONVERGING


# How it is counted, and how it is told


def test_reasons_are_counted_by_a_word_or_two() -> None:
    assert ["scaled to zero", "current"] == [Why.SCALED_TO_ZERO.word, Why.CURRENT.word]


def test_only_what_its_owner_has_to_change_lasts() -> None:
    assert {Why.OWNED, Why.ON_DELETE, Why.PARTITION, Why.PULL_POLICY} == {each for each in Why if each.is_lasting}


@pytest.mark.parametrize("findings", [(finding(STALE),), (finding(CURRENT),)])
def test_a_decision_names_its_workload(findings: tuple[Finding, ...]) -> None:
    assert settled(*findings).key == key("web")


@pytest.mark.parametrize(
    ("reason", "detail", "words"),
    [
        pytest.param(Why.CURRENT, "", "up to date", id="no detail"),
        pytest.param(Why.CURRENT, "though slow", "up to date: though slow", id="a detail"),
        pytest.param(Why.UNKNOWN, "web: odd", "web: odd", id="unknown, with a detail that says it all"),
        pytest.param(Why.UNKNOWN, "", "it could not be judged", id="unknown, without"),
    ],
)
def test_the_reason_is_told_with_its_detail(reason: Why, detail: str, words: str) -> None:
    assert Leave(workload(), reason, detail, "", (), Record()).words == words


# Its detail


def test_what_a_rollout_waits_for_is_told() -> None:
    in_progress = workload(rollout=RolloutState.IN_PROGRESS, rollout_detail="1 of 3 pods")

    assert left(decide(in_progress, ())).detail == "1 of 3 pods"


def test_a_rollout_that_does_not_get_on_is_told_with_where_to_look() -> None:
    stalled = left(decide(workload(rollout=RolloutState.STALLED, rollout_detail="1 of 3 pods"), ()))

    assert "1 of 3 pods" == stalled.detail
    assert "kubectl get pods -o wide -n shop" in stalled.hint


def test_one_that_a_fix_would_help_is_told_too_while_there_is_none() -> None:
    stuck = workload(rollout=RolloutState.STUCK, rollout_detail="1 of 3 pods")
    stalled = left(decide(stuck, (finding(),)))

    assert (Why.STALLED, "1 of 3 pods", 1) == (stalled.why, stalled.detail, len(stalled.findings))
    assert not isinstance(decide(stuck, (finding(Verdict.STALE),)), Leave)


def test_one_with_a_pod_that_is_not_ready_now_and_then_is_told_only_where_a_restart_would_wait_for_it() -> None:
    unready = workload(rollout=RolloutState.UNREADY, rollout_detail="1 of 3 pods are not ready", running=RUNNING)
    moved, current = decide(unready, (finding(Verdict.STALE),)), decide(unready, (finding(),))

    assert (Why.STALLED, "1 of 3 pods are not ready") == (left(moved).why, left(moved).detail)
    assert Why.CURRENT is left(current).why


def test_pods_that_have_not_reported_yet_are_not_waited_for_once_the_rollout_has_failed() -> None:
    failed = workload(running=(), rollout=RolloutState.FAILED, rollout_detail="exceeded quota")
    waiting = finding(UNKNOWN, container="web", is_waiting=True)
    decision = left(decide(failed, (waiting,)))

    assert (Why.STALLED, "exceeded quota") == (decision.why, decision.detail)
    assert Why.UNKNOWN is left(decide(failed, (waiting, finding(UNKNOWN, container="side")))).why


def test_a_rollout_that_does_not_get_on_is_no_matter_of_ours_where_every_image_is_pinned() -> None:
    assert Why.PINNED is left(decide(workload(containers=(PINNED,), rollout=RolloutState.STALLED), ())).why


@pytest.mark.parametrize(
    ("state", "detail"), [(RolloutState.SETTLED, "asleep"), (RolloutState.IN_PROGRESS, ""), (RolloutState.FAILED, "")]
)
def test_why_there_are_no_replicas_is_told_where_that_is_all_there_is_to_tell(state: RolloutState, detail: str) -> None:
    asleep = workload(replicas=0, rollout=state, rollout_detail="asleep")

    assert left(decide(asleep, ())).detail == detail


def test_a_stale_container_that_would_not_pull_is_left_with_its_image_and_why() -> None:
    assert left(settled(finding(STALE, would_pull=False))).detail == f"web ({IMAGE}): because"


def test_pods_that_do_not_follow_tell_every_image_that_they_run() -> None:
    stale = finding(STALE, running=(running("a"), running("c")))

    assert f"the pods run {'a' * 12}, {'c' * 12}" in left(settled(stale, record=BLOCKED)).detail


def test_a_workload_that_is_up_to_date_and_whose_rollout_failed_says_so() -> None:
    failed = workload(running=RUNNING, rollout=RolloutState.FAILED, rollout_detail="deadline passed")

    assert "deadline passed" in left(decide(failed, (finding(CURRENT),))).detail


def test_a_workload_that_is_up_to_date_has_no_more_to_tell() -> None:
    decision = left(settled(finding(CURRENT)))

    assert ("", "") == (decision.detail, decision.hint)


# What to do


def test_a_paused_workload_is_told_how_to_go_on() -> None:
    assert left(decide(workload(is_paused=True), ())).hint == "kubectl rollout resume deployment/web -n shop"


@pytest.mark.parametrize("held", [HELD[Why.OWNED], HELD[Why.ON_DELETE], HELD[Why.PARTITION]])
def test_what_lasts_until_somebody_changes_it_says_what_to_change(held: Workload) -> None:
    found = hold(held)

    assert found is not None
    assert found.why.is_lasting
    assert found.hint


def test_what_is_left_after_a_failed_roll_out_tells_how_to_get_out() -> None:
    decision = left(settled(finding(STALE), record=BLOCKED, rollout=RolloutState.FAILED))

    assert decision.why is Why.FAILED_WITH_IT
    assert decision.hint == "push a fix under the same tag"
    assert digest("b").short in decision.detail


def test_pods_that_do_not_follow_are_told_with_both_digests() -> None:
    decision = left(settled(finding(STALE), record=BLOCKED))

    assert (digest("b").short in decision.detail, digest("a").short in decision.detail) == (True, True)
    assert "kubectl rollout restart deployment/web -n shop" in decision.hint
