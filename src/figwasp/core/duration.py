"""Durations as Go writes them, since the original's users do: `30s`, `1m30s`, `1.5h`."""

import re

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "μs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
LONGEST_SECONDS = (2**63 - 1) / 1e9
"""What Go's Duration can hold: 292 years."""

_PART = r"(?:\d++(?:\.\d*+)?|\.\d++)(?:ns|us|µs|μs|ms|s|m|h)"


def parse_duration(text: str) -> float:
    """
    Read a positive duration, in seconds.

    Raises:
        ValueError: says what is wrong, and what was meant where only the unit is missing.

    Source: Go, time.ParseDuration.
    """
    if re.fullmatch(r"\+?\d+(\.\d+)?", text) and float(text) != 0:
        raise ValueError(f'"{text}" has no unit (say "{text}s")')
    if not re.fullmatch(rf"\+?(?:0|(?:{_PART})+)", text, re.ASCII):
        raise ValueError(f'"{text[:40]}" is not a duration such as "30s" or "1m30s"')
    parts = re.findall(r"([\d.]+)(ns|us|µs|μs|ms|s|m|h)", text)
    seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
    if seconds > LONGEST_SECONDS:
        raise ValueError(f'"{text[:40]}" is longer than any duration may be')
    if seconds <= 0:
        raise ValueError(f'"{text[:40]}" must be more than zero')
    return seconds
