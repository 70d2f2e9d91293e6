"""What makes a restart wait, though it is due; and times, as they are written on workloads."""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

from figwasp.core.duration import parse_duration
from figwasp.core.moment import LONG_AGO, read_time, write_time
from figwasp.errors import shorten

NO_TIME = timedelta()
_ALMOST_A_SECOND = timedelta(seconds=1) - timedelta.resolution


class Wait(Struct, frozen=True):
    """From when and until when a restart waits."""

    since: datetime
    until: datetime


class Restraint(Struct, frozen=True, kw_only=True):
    """
    What keeps restarts back, and the time by which that is told.

    `max_restarts` is how many workloads one pass restarts; None for any number. `min_interval` is the least time
    between two restarts of one workload, `settle` how long a tag must have been seen to name the same digest before a
    restart follows, and `spacing` the time between the restarts of a pass; zero for none. A time on a workload that
    lies ahead (somebody's clock is wrong) makes nothing wait for ever.
    """

    now: datetime = LONG_AGO
    max_restarts: int | None = None
    min_interval: timedelta = NO_TIME
    settle: timedelta = NO_TIME
    spacing: timedelta = NO_TIME

    def at(self, now: datetime) -> "Restraint":
        """Give the same at another time."""
        return replace(self, now=now)

    def rests(self, restarted_at: str) -> Wait | None:
        """
        Tell until when a workload that bears this time is not restarted again; None if it may be at once.

        A time that cannot be read counts as none, and so does one further ahead than the interval: what is left would
        have to wait for longer than twice that.
        """
        wait = self._wait(restarted_at, self.min_interval)
        return wait if wait is not None and wait.until > self.now else None

    def settles(self, since: str) -> Wait | None:
        """
        Tell until when a move that was first seen at this time is waited for; that may be over.

        None where it has to begin anew: for a time that cannot be read, or would hold it up for longer than twice the
        delay.
        """
        return self._wait(since, self.settle)

    def owed(self, restarted: Iterable[str]) -> timedelta:
        """Tell for how long the first restart of a pass waits, by the times of those that earlier ones did."""
        waits = (self._wait(each, self.spacing) for each in restarted)
        until = max((wait.until for wait in waits if wait is not None), default=self.now)
        return min(max(until - self.now, NO_TIME), self.spacing)

    @property
    def first_seen(self) -> str:
        """How a move is written down that is seen now: in whole seconds, none of which has begun before."""
        return write_time(self.now + _ALMOST_A_SECOND)

    def _wait(self, since: str, least: timedelta) -> Wait | None:
        at = read_time(since)
        return None if at is None or at - self.now > least else Wait(at, at + least)


UNRESTRAINED = Restraint()


def parse_delay(text: str) -> timedelta:
    """
    Read how long something waits; `0s` is not at all.

    Raises:
        ValueError: says what is wrong.
    """
    return NO_TIME if text in {"0", "0s"} else timedelta(seconds=parse_duration(text))


def parse_rate(text: str) -> timedelta:
    """
    Read a rate, such as `10/1m` or `10/m`, as the time between two restarts.

    Raises:
        ValueError: says what is wrong.
    """
    number, _, length = text.partition("/")
    if not re.fullmatch("[1-9][0-9]{0,8}", number) or not length:
        raise ValueError(f'"{shorten(text, 80)}" is not a rate: say "10/1m" for ten restarts a minute')
    return timedelta(seconds=parse_duration(length if length[0].isdigit() else f"1{length}")) / int(number)
