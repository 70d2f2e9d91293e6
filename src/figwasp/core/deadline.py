"""How long something may still take."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from figwasp.errors import DeadlineExceeded

LONGEST_WAIT = 0.5
"""Seconds after which it is looked at whether a deadline has come nearer."""


class Lock(Protocol):
    """What one at a time holds, as `threading` has it."""

    def acquire(self, *, timeout: float) -> bool:
        """Wait for it, and tell whether it is held."""
        ...

    def release(self) -> None:
        """Let go of it."""
        ...


class Deadline:
    """
    A point in time that every blocking call of a pass receives.

    It can only come nearer: an interrupted pass shortens its deadline, and whatever blocks notices.
    The clock is an argument, in seconds that never go back (`time.monotonic`).
    """

    def __init__(self, seconds: float, clock: Callable[[], float], what: str) -> None:
        self._clock = clock
        self._end = clock() + seconds
        self._what = what
        self._outer: Deadline | None = None

    def within(self, seconds: float, what: str) -> "Deadline":
        """A deadline for one step: `seconds` from now, and never after this one."""
        inner = Deadline(seconds, self._clock, what)
        inner._outer = self
        return inner

    def share(self, of: float, what: Callable[[float], str]) -> "Deadline":
        """A deadline for one step: a part `of` what is left (nothing where it is over); `what` is told the seconds."""
        seconds = of * max(self._end - self._clock(), 0.0)
        return self.within(seconds, what(seconds))

    def shorten(self, seconds: float, what: str) -> None:
        """Let it end `seconds` from now, unless it ends earlier; `what` says why."""
        end = self._clock() + seconds
        if end < self._end:
            self._end, self._what = end, what

    def remaining(self) -> float:
        """
        Seconds left, more than zero.

        Raises:
            DeadlineExceeded: none are left; says which deadline it was.
        """
        outer = self._outer.remaining() if self._outer else float("inf")
        inner = self._end - self._clock()
        if inner <= 0:
            raise DeadlineExceeded(self._what)
        return min(inner, outer)

    @contextmanager
    def turn(self, lock: Lock) -> Iterator[None]:
        """
        Wait for `lock`, and hold it inside.

        Raises:
            DeadlineExceeded: it was not to be had in time.
        """
        while not lock.acquire(timeout=min(self.remaining(), LONGEST_WAIT)):
            pass
        try:
            yield
        finally:
            lock.release()
