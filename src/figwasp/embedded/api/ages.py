"""How long ago something was, in the words of `kubectl get`."""

import re
from datetime import UTC, datetime

UNKNOWN = "<unknown>"

_FRACTION = re.compile(r"\.\d+")
_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86400, 365 * 86400


def seconds_of(text: str) -> float:
    """The time of a timestamp, in seconds since 1970."""
    return datetime.strptime(_FRACTION.sub("", text), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()


def age(text: str | None, now_seconds: float) -> str:
    """The time since a timestamp, as `90s`, `3m5s`, `2d4h`."""
    try:
        return human(int(now_seconds - seconds_of(text))) if text else UNKNOWN
    except ValueError:
        return UNKNOWN


def human(seconds: int) -> str:
    """
    A duration in one or two units.

    Source: kubernetes apimachinery, pkg/util/duration/duration.go, HumanDuration.
    """
    if seconds < -1:
        return "<invalid>"
    if seconds < 2 * _MINUTE:
        return f"{max(seconds, 0)}s"
    if seconds < 10 * _MINUTE:
        return _two(seconds, _MINUTE, "m", 1, "s")
    if seconds < 3 * _HOUR:
        return f"{seconds // _MINUTE}m"
    if seconds < 8 * _HOUR:
        return _two(seconds, _HOUR, "h", _MINUTE, "m")
    if seconds < 2 * _DAY:
        return f"{seconds // _HOUR}h"
    if seconds < 8 * _DAY:
        return _two(seconds, _DAY, "d", _HOUR, "h")
    if seconds < 2 * _YEAR:
        return f"{seconds // _DAY}d"
    if seconds < 8 * _YEAR:
        return _two(seconds, _YEAR, "y", _DAY, "d")
    return f"{seconds // _YEAR}y"


def _two(seconds: int, large: int, large_name: str, small: int, small_name: str) -> str:
    rest = seconds % large // small
    return f"{seconds // large}{large_name}" + (f"{rest}{small_name}" if rest else "")
