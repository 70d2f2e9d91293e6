"""What makes a restart wait, though it is due; and times, as they are written on workloads."""

from datetime import UTC, datetime, timedelta

from msgspec import Struct
from msgspec.structs import replace

NO_TIME = timedelta()
LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)


class Restraint(Struct, frozen=True, kw_only=True):
    """
    What keeps restarts back, and the time by which that is told.

    `max_restarts` is how many workloads one pass restarts; None for any number. `min_interval` is the least time
    between two restarts of one workload; zero for none. A time on a workload that lies ahead (somebody's clock is
    wrong) makes nothing wait for ever.
    """

    now: datetime = LONG_AGO
    max_restarts: int | None = None
    min_interval: timedelta = NO_TIME

    def at(self, now: datetime) -> "Restraint":
        """Give the same at another time."""
        return replace(self, now=now)

    def rests_until(self, restarted_at: str) -> datetime | None:
        """
        Tell until when a workload that bears this time is not restarted again; None if it may be at once.

        A time that cannot be read counts as none, and so does one further ahead than the interval: what is left would
        have to wait for longer than twice that.
        """
        at = read_time(restarted_at)
        if at is None or at - self.now > self.min_interval:
            return None
        until = at + self.min_interval
        return until if until > self.now else None


UNRESTRAINED = Restraint()


def write_time(time: datetime) -> str:
    """Write a time as RFC 3339 does, to the second, in UTC."""
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_time(text: str) -> datetime | None:
    """Read a time with its zone; None for whatever else people may have written."""
    try:
        time = datetime.fromisoformat(text)
        return time.astimezone(UTC) if time.tzinfo else None
    except (ValueError, OverflowError):
        return None
