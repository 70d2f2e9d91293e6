"""Durations as Go writes them, since the original's users do: `30s`, `1m30s`, `1.5h`."""

import re

_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
"""The length of each unit, in nanoseconds."""

LONGEST_NANOSECONDS = 2**63 - 1
"""What Go's Duration can hold: 292 years."""

_DIGITS_OF_LONGEST = 19
_PART = r"(?:\d++(?:\.\d*+)?|\.\d++)(?:ns|us|µs|μs|ms|s|m|h)"


def parse_duration(text: str) -> float:
    """
    Read a positive duration, in seconds.

    Raises:
        ValueError: says what is wrong, and what was meant where only the unit is missing.

    Source: Go, time.ParseDuration, to the nanosecond.
    """
    if re.fullmatch(r"\+?\d+(\.\d+)?", text) and float(text) != 0:
        raise ValueError(f'"{text}" has no unit (say "{text}s")')
    if not re.fullmatch(rf"\+?(?:0|(?:{_PART})+)", text, re.ASCII):
        raise ValueError(f'"{text[:40]}" is not a duration such as "30s" or "1m30s"')
    parts = re.findall(r"(\d*)\.?(\d*)(ns|us|µs|μs|ms|s|m|h)", text)
    nanoseconds = sum(_nanoseconds(*part) for part in parts)
    if nanoseconds > LONGEST_NANOSECONDS:
        raise ValueError(f'"{text[:40]}" is longer than any duration may be')
    if nanoseconds <= 0:
        raise ValueError(f'"{text[:40]}" must be more than zero')
    return nanoseconds / 1e9


def write_duration(seconds: float) -> str:
    """Write a duration for people, in whole seconds: `1h2m`, `3m20s`, `0s`."""
    hours, rest = divmod(int(seconds), 3600)
    minutes, left = divmod(rest, 60)
    parts = [f"{hours}h" if hours else "", f"{minutes}m" if minutes else "", f"{left}s" if left else ""]
    return "".join(parts) or "0s"


def _nanoseconds(whole: str, fraction: str, unit: str) -> int:
    """The length of one part. Go reads as many digits of a fraction as fit, and cuts off what is below a nanosecond."""
    whole = whole.lstrip("0")
    if len(whole) > _DIGITS_OF_LONGEST:
        return LONGEST_NANOSECONDS + 1
    value, scale = 0, 1.0
    for digit in fraction:
        if value > LONGEST_NANOSECONDS // 10 or value * 10 + int(digit) > LONGEST_NANOSECONDS + 1:
            break
        value, scale = value * 10 + int(digit), scale * 10
    return int(whole or "0") * _UNITS[unit] + int(value * (_UNITS[unit] / scale))
