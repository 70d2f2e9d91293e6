"""Durations, against Go's time.ParseDuration."""

import re
from fractions import Fraction

from hypothesis import strategies as st

from figwasp.core.duration import parse_duration
from tests.oracle.judge import Json, Judge
from tests.oracle.search import assert_agreement, combinations, mutations, raw

TEXTS = [
    "30s",
    "1m30s",
    "1.5h",
    ".5s",
    "1.s",
    "+30s",
    "250µs",
    "2562047h47m16.854775807s",
    "9223372036854775807ns",
    "0",
    "0.3ns",
]
ALPHABET = "0123456789.+-smhnuµμ \n\N{ARABIC-INDIC DIGIT ONE}e"

numbers = st.one_of(
    st.text("0123456789", max_size=20),
    st.builds("{}.{}".format, st.text("0123456789", max_size=12), st.text("0123456789", max_size=22)),
    st.sampled_from(["9223372036854775808", "0.9223372036854775807", "2562047.788015215", "." + "0" * 30 + "1"]),
)
units = st.sampled_from(["ns", "us", "µs", "μs", "ms", "s", "m", "h", "", "d", "S", "n"])
part = st.builds("{}{}".format, numbers, units)
sign = st.sampled_from(["", "", "+", "-", "++"])
grammar = combinations(sign, part, part | st.just(""), part | st.just(""))


def difference(text: str, theirs: Json) -> str:
    """Ours must be positive, which a time-out and an interval are: what Go reads as zero or less is refused."""
    try:
        found = parse_duration(text)
    except ValueError as error:
        is_agreed = theirs.get("nanoseconds", 0) <= 0 or nanoseconds(text) >= 2**64
        return "" if is_agreed else f"ours: {error}; theirs: {theirs}"
    if "error" in theirs:
        return f"ours: {found}; theirs: {theirs}"
    return "" if found == theirs["nanoseconds"] / 1e9 else f"ours: {found}; theirs: {theirs}"


def nanoseconds(text: str) -> Fraction:
    """The sum of the parts. Theirs begins again at nothing where it reaches 2**64 (docs/decisions/0005)."""
    lengths = {"ns": 1, "us": 1000, "µs": 1000, "μs": 1000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
    parts = re.findall(r"(\d*\.?\d*)(ns|us|µs|μs|ms|s|m|h)", text)
    return sum((Fraction(number) * lengths[unit] for number, unit in parts), Fraction())


def test_every_duration_has_gos_length_to_the_nanosecond(judge: Judge) -> None:
    strategies = [grammar, mutations(TEXTS, ALPHABET), raw(ALPHABET)]
    assert_agreement(judge, "duration", strategies, lambda text: {"text": text}, difference)
