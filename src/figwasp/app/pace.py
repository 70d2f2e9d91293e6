"""How many workloads a pass restarts, and at what pace: evenly spaced, so that it is never more than a rate allows."""

from collections.abc import Callable, Iterable, Iterator

from figwasp.core.deadline import Deadline
from figwasp.core.decide import pend
from figwasp.core.decision import Restart
from figwasp.core.ports import Timer
from figwasp.core.report import Failed, Left, Outcome, Restarted, WouldRestart
from figwasp.core.restraint import Restraint
from figwasp.core.workload import Workload
from figwasp.errors import AnswerLost, DeadlineExceeded, Unrecorded

LEAST_SECONDS = 2.0
"""A restart that had to wait is begun with at least so long left: more than an interrupted pass has."""

_LONGEST_STEP = 0.5
"""So that a deadline that a signal has brought nearer is noticed."""


class Pace:
    """
    Lets the restarts of one pass wait for each other.

    What was restarted before counts too, by the times on the workloads. A trial does not wait, but tells for which
    restarts there would have been no time.
    """

    def __init__(
        self, restraint: Restraint, clock: Timer, deadline: Deadline, workloads: Iterable[Workload], *, is_trial: bool
    ) -> None:
        self._spacing = restraint.spacing.total_seconds()
        self._clock = clock
        self._deadline = deadline
        self._is_trial = is_trial
        self._owed = 0.0
        self._imagined = 0.0
        if self._spacing:
            now = restraint.at(clock.now())
            self._owed = now.owed(each.restarted_at for each in workloads).total_seconds()

    def has_room(self) -> bool:
        """Wait until the next restart may begin; false, and at once, where the deadline comes first."""
        if self._is_trial:
            self._imagined, self._owed = self._imagined + self._owed, 0.0
            return not self._imagined or self._has_seconds(self._imagined)
        while self._owed > 0:
            if not self._has_seconds(self._owed):
                return False
            step = min(self._owed, _LONGEST_STEP)
            self._clock.sleep(step)
            self._owed -= step
        return True

    def restarted(self) -> None:
        """Let the next restart wait, since there was one."""
        self._owed = self._spacing

    def _has_seconds(self, seconds: float) -> bool:
        try:
            return self._deadline.remaining() >= seconds + LEAST_SECONDS
        except DeadlineExceeded:
            return False


def rationed(
    prepared: Iterable[Restart | Outcome], most: int | None, pace: Pace, restart: Callable[[Restart], Outcome]
) -> Iterator[Outcome]:
    """
    Restart `most` of them (None for any number), in their order and at their pace, and put the others off.

    One after the other: what fails, or turns out not to need a restart, leaves its place to the next. What may have
    been restarted all the same does not.
    """
    done = 0
    for each in prepared:
        if not isinstance(each, Restart):
            yield each
        elif most is not None and done >= most:
            yield Left(pend(each))
        elif not pace.has_room():
            yield Left(pend(each, "the rate of restarts leaves no time for it in this pass"))
        else:
            outcome = restart(each)
            if _takes_a_place(outcome):
                done += 1
                pace.restarted()
            yield outcome


def _takes_a_place(outcome: Outcome) -> bool:
    if isinstance(outcome, Failed):
        return isinstance(outcome.error, AnswerLost | Unrecorded)
    return isinstance(outcome, Restarted | WouldRestart)
