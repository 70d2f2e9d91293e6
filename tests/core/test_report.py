"""Exit codes and counts of a pass."""

from datetime import UTC, datetime, timedelta

import pytest

from figwasp.core.decision import Leave, Restart, Why
from figwasp.core.record import Record
from figwasp.core.report import (
    Failed,
    Left,
    Note,
    Outcome,
    Report,
    Restarted,
    WouldRestart,
    end_of,
    needs_attention,
)
from figwasp.errors import FigwaspError, Forbidden, Unauthenticated
from tests.factories import key, workload

STARTED = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
RESTARTED = Restarted(Restart(workload(name="restarted"), (), (), Record()))
WOULD_RESTART = WouldRestart(Restart(workload(name="wanted"), (), (), Record()))
FORBIDDEN = Forbidden(verb="update", resource="deployments", group="apps", namespace="shop")
FAILED = Failed(key("failed"), FORBIDDEN)
BY_WISH_OR_STATE = {
    Why.IGNORED,
    Why.OWNED,
    Why.ON_DELETE,
    Why.PARTITION,
    Why.PENDING,
    Why.SETTLING,
    Why.RESTARTED_LATELY,
    Why.VOLUMES,
    Why.PAUSED,
    Why.SCALED_TO_ZERO,
    Why.IN_PROGRESS,
    Why.PINNED,
    Why.DESELECTED,
    Why.DELETING,
    Why.CURRENT,
    Why.PULL_POLICY,
    Why.NO_STATUS,
}


def left(why: Why = Why.CURRENT) -> Left:
    return Left(Leave(workload(name="left"), why, "", "", (), Record()))


def report(*outcomes: Outcome, failure: Unauthenticated | None = None) -> Report:
    return Report(started=STARTED, finished=STARTED + timedelta(seconds=1), outcomes=outcomes, failure=failure)


@pytest.mark.parametrize("why", sorted(BY_WISH_OR_STATE))
def test_a_workload_left_by_wish_or_state_needs_no_attention(why: Why) -> None:
    assert report(left(why)).exit_code == 0


@pytest.mark.parametrize("why", sorted(set(Why) - BY_WISH_OR_STATE))
def test_a_workload_that_could_not_be_judged_needs_attention(why: Why) -> None:
    assert report(left(why)).exit_code == 1


def test_a_pass_without_workloads_is_done() -> None:
    assert report().exit_code == 0


def test_a_restart_is_done() -> None:
    assert report(RESTARTED).exit_code == 0


def test_a_restart_that_would_follow_has_a_code_of_its_own() -> None:
    assert report(left(), WOULD_RESTART, RESTARTED).exit_code == 3


def test_what_needs_attention_goes_before_a_restart_that_would_follow() -> None:
    assert report(WOULD_RESTART, FAILED).exit_code == 1


@pytest.mark.parametrize(("obstacle", "code"), [(FORBIDDEN, 3), (Unauthenticated("who are you"), 1)])
def test_only_that_this_user_may_not_restart_it_is_no_trouble(obstacle: FigwaspError, code: int) -> None:
    outcome = WouldRestart(WOULD_RESTART.decision, obstacle)

    assert report(outcome).exit_code == code


def test_one_failure_among_others_needs_attention() -> None:
    assert report(RESTARTED, FAILED, left()).exit_code == 1


def test_a_pass_that_could_not_start_needs_attention() -> None:
    assert report(failure=Unauthenticated("who are you")).exit_code == 1


@pytest.mark.parametrize(
    ("outcome", "expected"), [(RESTARTED, False), (FAILED, True), (left(), False), (left(Why.UNKNOWN), True)]
)
def test_an_outcome_tells_whether_somebody_should_look(outcome: Outcome, *, expected: bool) -> None:
    assert needs_attention(outcome) is expected


@pytest.mark.parametrize(
    ("outcome", "name"), [(RESTARTED, "restarted"), (WOULD_RESTART, "wanted"), (FAILED, "failed"), (left(), "left")]
)
def test_an_outcome_names_its_workload(outcome: Outcome, name: str) -> None:
    assert outcome.key == key(name)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        (RESTARTED, "restarted"),
        (WOULD_RESTART, "would restart"),
        (FAILED, "failed"),
        (left(Why.UNKNOWN), "not judged"),
        (left(Why.PAUSED), "left"),
        (left(), "current"),
    ],
)
def test_what_came_of_a_workload_is_told_in_a_word_or_two(outcome: Outcome, words: str) -> None:
    assert end_of(outcome).words == words


def test_every_end_is_counted_once() -> None:
    outcomes = (left(), left(Why.PAUSED), left(Why.UNKNOWN), FAILED, RESTARTED, left(), left(Why.PINNED))

    assert report(*outcomes).counts == {
        "restarted": 1,
        "would_restart": 0,
        "failed": 1,
        "not_judged": 1,
        "left": 2,
        "current": 2,
    }


def test_the_most_important_end_is_counted_first() -> None:
    assert list(report(left(), FAILED, RESTARTED).counts) == [
        "restarted",
        "would_restart",
        "failed",
        "not_judged",
        "left",
        "current",
    ]


def test_ends_that_none_came_to_are_counted_as_none() -> None:
    assert report(RESTARTED).counts == {
        "restarted": 1,
        "would_restart": 0,
        "failed": 0,
        "not_judged": 0,
        "left": 0,
        "current": 0,
    }


@pytest.mark.parametrize("why", list(Why))
def test_every_workload_is_counted(why: Why) -> None:
    assert sum(report(left(why)).counts.values()) == 1


@pytest.mark.parametrize(("note", "code"), [(Note("not read"), 0), (Note("not read", is_failure=True), 1)])
def test_what_was_not_looked_at_needs_attention_only_if_it_was_asked_for(note: Note, code: int) -> None:
    one = Report(started=STARTED, finished=STARTED, outcomes=(), notes=(note,))

    assert code == one.exit_code
