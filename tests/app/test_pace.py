"""
The pace of a pass's restarts, on a clock that goes as fast as it is told.

Aspects: spacing within a pass and from the pass before; deadlines and signals; trials; no pace.
"""

import os
import signal
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from figwasp.app.pace import LEAST_SECONDS, Pace
from figwasp.cli.passes import ends_on_signals
from figwasp.core.deadline import Deadline
from figwasp.core.moment import write_time
from figwasp.core.restraint import Restraint
from figwasp.wiring import SystemClock
from tests.app.stage import TickingClock
from tests.factories import workload

SIX_SECONDS = timedelta(seconds=6)


class Case:
    """A pass that goes on for so long, with restarts that take no time."""

    def __init__(
        self,
        spacing: timedelta = SIX_SECONDS,
        seconds: float = 300,
        *,
        before: Sequence[str] = (),
        is_trial: bool = False,
    ) -> None:
        self.clock = TickingClock()
        self.deadline = Deadline(seconds, self.clock.monotonic, "the pass took too long")
        restarted = [workload(restarted_at=each) for each in before]
        self.began = self.clock.monotonic()
        self.pace = Pace(Restraint(spacing=spacing), self.clock, self.deadline, restarted, is_trial=is_trial)

    def restarts(self, wanted: int) -> list[float]:
        """When restarts began, of so many that are due."""
        times = []
        for _ in range(wanted):
            if self.pace.has_room():
                times.append(round(self.clock.monotonic() - self.began, 3))
                self.pace.restarted()
        return times


def test_restarts_are_spaced_evenly_and_the_first_does_not_wait() -> None:
    first, *others = Case().restarts(4)

    assert [6, 12, 18] == [each - first for each in others]


@given(st.integers(1, 40), st.integers(1, 60), st.integers(1, 300))
def test_no_more_restarts_begin_than_the_rate_allows_and_none_after_the_deadline(
    wanted: int, spacing: int, seconds: int
) -> None:
    times = Case(timedelta(seconds=spacing), seconds).restarts(wanted)

    assert all(later - earlier >= spacing for earlier, later in pairwise(times))
    assert all(each <= seconds for each in times)
    assert len(times) >= min(wanted, (seconds - LEAST_SECONDS - 1) // spacing)


@pytest.mark.parametrize(("ago", "waits"), [(1, 5), (5, 1), (600, 0)])
def test_the_first_restart_of_a_pass_waits_for_what_an_earlier_one_did(ago: int, waits: int) -> None:
    at = write_time(TickingClock().now() - timedelta(seconds=ago))

    (first,) = Case(before=["", at, write_time(TickingClock().now() - timedelta(hours=1))]).restarts(1)

    assert waits == first - 1  # a second goes by as the clock is asked


@pytest.mark.parametrize("at", ["2999-01-01T00:00:00Z", "yesterday", ""])
def test_a_time_that_is_wrong_holds_no_pass_up(at: str) -> None:
    assert 1 == len(Case(timedelta(hours=1), before=[at]).restarts(1))


def test_one_that_has_no_time_left_is_told_at_once() -> None:
    case = Case(timedelta(minutes=2), seconds=60)

    assert 1 == len(case.restarts(5))
    assert case.clock.monotonic() - case.began <= 1


def test_where_the_deadline_is_over_there_is_no_room() -> None:
    case = Case()
    case.restarts(1)
    case.clock.forward(400)

    assert not case.pace.has_room()


def test_a_trial_does_not_wait_and_counts_those_for_which_there_would_be_time() -> None:
    real, trial = Case(seconds=60), Case(seconds=60, is_trial=True)

    assert len(real.restarts(20)) == len(trial.restarts(20)) == 10
    assert trial.clock.monotonic() - trial.began <= 1


def test_without_a_rate_nothing_waits_and_nobody_asks_for_the_time() -> None:
    case = Case(timedelta())

    assert [0.0] * 3 == case.restarts(3)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_waiting(number: signal.Signals) -> None:
    deadline = Deadline(300, time.monotonic, "the pass took too long")
    pace = Pace(Restraint(spacing=timedelta(minutes=1)), SystemClock(), deadline, (), is_trial=False)
    began = time.monotonic()
    with ends_on_signals(deadline) as caught:
        pace.restarted()
        killer = threading.Timer(0.1, os.kill, (os.getpid(), number))
        killer.start()
        has_room = pace.has_room()
        killer.join()

    assert (False, [number]) == (has_room, caught)
    assert time.monotonic() - began < 20
