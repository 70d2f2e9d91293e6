"""
Schedules of CronJobs: checked before the API server sees them.

Source: robfig/cron v3, ParseStandard, which Kubernetes reads them with; and its own ban of a time zone inside them.
"""

import re

from figwasp.core.duration import parse_duration

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 6, _DAYS),
)
_WORDS = frozenset({"@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly"})
_EVERY = "@every "


def check_schedule(text: str) -> None:
    """
    Check that a CronJob may have this schedule.

    Raises:
        ValueError: says which part is wrong.
    """
    shown = text[:80]
    if text.startswith(_EVERY):
        parse_duration(text.removeprefix(_EVERY))
        return
    if text.startswith("@"):
        if text not in _WORDS:
            raise ValueError(f'"{shown}" is none of {", ".join(sorted(_WORDS))}, {_EVERY}5m')
        return
    if re.match("(CRON_)?TZ=", text):
        raise ValueError(f'"{shown}" has a time zone: give that with --timezone')
    parts = text.split()
    if len(parts) != len(_FIELDS):
        raise ValueError(f'"{shown}" has not the {len(_FIELDS)} fields of a schedule, such as "*/5 * * * *"')
    for part, (what, lowest, highest, names) in zip(parts, _FIELDS, strict=True):
        ranges = [each for each in part.lower().split(",") if each]  # one comma too many does no harm
        if not ranges or not all(_is_range(each, lowest, highest, names) for each in ranges):
            raise ValueError(f'"{part[:40]}" cannot be the {what} of a schedule ({lowest} to {highest})')


def _is_range(text: str, lowest: int, highest: int, names: tuple[str, ...]) -> bool:
    span, slash, step = text.partition("/")
    if slash and (not re.fullmatch("[0-9]{1,9}", step) or not int(step)):
        return False
    if span in {"*", "?"}:
        return True
    first, dash, last = span.partition("-")
    start = _number(first, lowest, names)
    end = _number(last, lowest, names) if dash else start
    return start is not None and end is not None and lowest <= start <= end <= highest


def _number(text: str, lowest: int, names: tuple[str, ...]) -> int | None:
    if text in names:
        return names.index(text) + lowest
    return int(text) if re.fullmatch("[0-9]{1,9}", text) else None
