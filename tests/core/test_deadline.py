"""Deadlines, by a clock that only these tests move."""

import pytest

from figwasp.core.deadline import Deadline
from figwasp.errors import DeadlineExceeded


class VirtualClock:
    """Seconds that pass when a test says so."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds

    def passes(self, seconds: float) -> None:
        self.seconds += seconds


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def deadline(clock: VirtualClock) -> Deadline:
    return Deadline(300, clock, "the pass took longer than 5m")


def test_what_remains_grows_less_as_time_passes(clock: VirtualClock, deadline: Deadline) -> None:
    clock.passes(100)

    assert deadline.remaining() == 200


def test_a_part_of_a_second_that_is_left_is_still_time(clock: VirtualClock, deadline: Deadline) -> None:
    clock.passes(299.5)

    assert 0.5 == deadline.remaining()


@pytest.mark.parametrize("passed", [300, 301])
def test_a_deadline_that_is_over_says_which_it_was(clock: VirtualClock, deadline: Deadline, passed: float) -> None:
    clock.passes(passed)

    with pytest.raises(DeadlineExceeded, match="the pass took longer than 5m"):
        deadline.remaining()


def test_a_step_has_its_own_time_from_its_start(clock: VirtualClock, deadline: Deadline) -> None:
    clock.passes(100)
    step = deadline.within(30, "no answer for 30s")

    assert step.remaining() == 30


def test_a_step_never_ends_after_the_whole(clock: VirtualClock, deadline: Deadline) -> None:
    clock.passes(290)
    step = deadline.within(30, "no answer for 30s")

    assert step.remaining() == 10


def test_a_step_that_is_over_does_not_end_the_whole(clock: VirtualClock, deadline: Deadline) -> None:
    deadline.within(30, "no answer for 30s")
    clock.passes(40)

    assert deadline.remaining() == 260


def test_a_step_that_is_over_names_the_step(clock: VirtualClock, deadline: Deadline) -> None:
    step = deadline.within(30, "no answer for 30s")
    clock.passes(30)

    with pytest.raises(DeadlineExceeded, match="no answer for 30s"):
        step.remaining()


def test_a_step_of_a_whole_that_is_over_names_the_whole(clock: VirtualClock, deadline: Deadline) -> None:
    clock.passes(290)
    step = deadline.within(30, "no answer for 30s")
    clock.passes(10)

    with pytest.raises(DeadlineExceeded, match="the pass took longer than 5m"):
        step.remaining()


def test_a_step_inside_a_step_is_bounded_by_both(clock: VirtualClock, deadline: Deadline) -> None:
    inner = deadline.within(30, "the request").within(60, "the body")
    clock.passes(10)

    assert inner.remaining() == 20


def test_a_deadline_can_come_nearer_for_a_step_under_way(deadline: Deadline) -> None:
    step = deadline.within(30, "no answer for 30s")
    deadline.shorten(5, "interrupted")

    assert step.remaining() == 5


def test_a_shortened_deadline_says_why_it_is_over(clock: VirtualClock, deadline: Deadline) -> None:
    deadline.shorten(5, "interrupted")
    clock.passes(5)

    with pytest.raises(DeadlineExceeded, match="interrupted"):
        deadline.remaining()


def test_a_deadline_never_moves_away(deadline: Deadline) -> None:
    deadline.shorten(600, "interrupted")

    assert deadline.remaining() == 300


def test_a_share_is_a_part_of_what_is_left_and_says_how_much(clock: VirtualClock, deadline: Deadline) -> None:
    clock.passes(100)
    share = deadline.share(0.8, lambda seconds: f"{seconds:g} s were for this")

    assert share.remaining() == 160
    clock.passes(160)
    with pytest.raises(DeadlineExceeded, match="160 s were for this"):
        share.remaining()
    assert deadline.remaining() == 40


def test_a_share_of_nothing_is_over_at_once(clock: VirtualClock, deadline: Deadline) -> None:
    clock.passes(301)

    with pytest.raises(DeadlineExceeded, match="5m"):
        deadline.share(0.8, lambda _: "no time").remaining()


def test_a_share_of_nothing_is_told_as_no_seconds(clock: VirtualClock, deadline: Deadline) -> None:
    clock.passes(301)
    told: list[float] = []

    def what(seconds: float) -> str:
        told.append(seconds)
        return "no time"

    deadline.share(0.8, what)

    assert [0.0] == told


class Busy:
    """A lock that somebody else holds until it was asked for so often."""

    def __init__(self, clock: VirtualClock, times: int) -> None:
        self._clock, self._times = clock, times
        self.waits: list[float] = []
        self.held = 0

    def acquire(self, *, timeout: float) -> bool:
        self.waits.append(timeout)
        is_free = len(self.waits) > self._times
        self._clock.passes(0 if is_free else timeout)
        self.held += is_free
        return is_free

    def release(self) -> None:
        self.held -= 1


def test_a_turn_is_waited_for_in_steps_and_ends_with_what_is_done_in_it(
    clock: VirtualClock, deadline: Deadline
) -> None:
    lock = Busy(clock, 3)

    with pytest.raises(LookupError), deadline.turn(lock):
        assert (1, [0.5] * 4) == (lock.held, lock.waits)
        raise LookupError

    assert 0 == lock.held


def test_a_turn_that_does_not_come_in_time_is_not_taken(clock: VirtualClock, deadline: Deadline) -> None:
    lock = Busy(clock, 10_000)
    clock.passes(298.75)

    with pytest.raises(DeadlineExceeded, match="5m"), deadline.turn(lock):
        raise AssertionError("it was not to be had")
    assert ([0.5, 0.5, 0.25], 0) == (lock.waits, lock.held)


def test_what_is_shortened_to_its_own_end_keeps_its_name(clock: VirtualClock, deadline: Deadline) -> None:
    deadline.shorten(300, "interrupted")
    clock.passes(300)

    with pytest.raises(DeadlineExceeded, match="5m"):
        deadline.remaining()
