"""Times, as RFC 3339 writes them."""

from datetime import UTC, datetime

LONG_AGO = datetime(1, 1, 1, tzinfo=UTC)
"""The time where nobody tells it."""


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
