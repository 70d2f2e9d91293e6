"""What a check-up counts, and the exit code that follows."""

import pytest

from figwasp.core.diagnosis import Check, Diagnosis, State, Topic
from figwasp.core.remedy import NOTHING_TO_DO


def found(*states: State) -> Diagnosis:
    """A check-up of as many images as there are states."""
    return Diagnosis(tuple(Check(Topic.IMAGE, state, "an image") for state in states))


@pytest.mark.parametrize(
    ("states", "exit_code"),
    [
        ((), 0),
        ((State.OK,), 0),
        ((State.OK, State.HINT), 0),
        ((State.OK, State.PROBLEM), 1),
        ((State.SKIPPED, State.OK), 1),
        ((State.PROBLEM, State.SKIPPED, State.PROBLEM), 1),
    ],
)
def test_a_problem_or_what_could_not_be_looked_at_fails(states: tuple[State, ...], exit_code: int) -> None:
    assert exit_code == found(*states).exit_code


def test_every_state_is_counted_and_those_that_nothing_is_in_too() -> None:
    counts = found(State.HINT, State.OK, State.HINT).counts

    assert {State.OK: 1, State.PROBLEM: 0, State.HINT: 2, State.SKIPPED: 0} == counts


def test_counts_are_told_from_what_is_well_to_what_was_skipped() -> None:
    counts = found(State.SKIPPED, State.HINT, State.OK).counts

    assert [State.OK, State.PROBLEM, State.HINT, State.SKIPPED] == list(counts)


def test_there_is_nothing_to_do_about_a_check_that_names_no_remedy() -> None:
    (check,) = found(State.OK).checks

    assert check.remedy == NOTHING_TO_DO
