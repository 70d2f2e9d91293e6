"""Durations in Go's forms, as the original's users write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from figwasp.core.duration import parse_duration, write_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("30s", 30.0),
        ("5m", 300.0),
        ("1h", 3600.0),
        ("1m30s", 90.0),
        ("1h0m0.5s", 3600.5),
        ("1.5h", 5400.0),
        (".5s", 0.5),
        ("1.s", 1.0),
        ("+30s", 30.0),
        ("250ms", 0.25),
        ("250us", 0.00025),
        ("250µs", 0.00025),
        ("250\N{GREEK SMALL LETTER MU}s", 0.00025),
        ("250ns", 0.00000025),
        ("30s1m", 90.0),
        ("1s1s", 2.0),
    ],
)
def test_a_duration_is_read_as_go_reads_it(text: str, seconds: float) -> None:
    assert parse_duration(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("1.25s", 1.25), ("0.123456789s", 0.123456789), ("1.000000001s", 1.000000001), (f"0.{'3' * 400}h", 1200.0)],
    ids=["two", "nine", "the ninth", "four hundred"],
)
def test_every_digit_of_a_fraction_counts(text: str, seconds: float) -> None:
    assert pytest.approx(seconds, rel=1e-12) == parse_duration(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "s",
        ".s",
        ".",
        "+",
        "1x",
        "1 s",
        " 1s",
        "1s ",
        "1s\n",
        "1d",
        "1S",
        "1,5s",
        "1e3s",
        "--1s",
        "1٣s",
        "٣s",
        "1m30",
    ],
)
def test_what_go_refuses_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["0", "0s", "0h0m", "+0"])
def test_no_time_at_all_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be more than zero"):
        parse_duration(text)


def test_a_negative_duration_is_refused() -> None:
    with pytest.raises(ValueError, match="duration"):
        parse_duration("-1s")


@pytest.mark.parametrize("text", ["30", "1.5", "+30"])
def test_a_number_without_a_unit_is_refused_with_what_was_meant(text: str) -> None:
    with pytest.raises(ValueError, match=r"has no unit \(say .*s\"\)"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["2562048h", "9223372037s", "9" * 400 + "h"])
def test_more_than_a_go_duration_holds_is_refused(text: str) -> None:
    """Go's int64 of nanoseconds ends at 292 years; a timeout of more than that ends in an OverflowError of ours."""
    with pytest.raises(ValueError, match="duration"):
        parse_duration(text)


@given(st.text() | st.text("0123456789.smhun+-", max_size=20))
def test_any_text_is_a_positive_duration_or_refused(text: str) -> None:
    try:
        seconds = parse_duration(text)
    except ValueError:
        return

    assert seconds > 0


@given(st.integers(1, 10_000), st.integers(0, 59), st.integers(0, 59))
def test_hours_minutes_and_seconds_add_up(hours: int, minutes: int, seconds: int) -> None:
    assert parse_duration(f"{hours}h{minutes}m{seconds}s") == hours * 3600 + minutes * 60 + seconds


@pytest.mark.parametrize(("text", "nanoseconds"), [("1ns", 1), ("9223372036854775807ns", 2**63 - 1)])
def test_the_shortest_and_the_longest_are_read(text: str, nanoseconds: int) -> None:
    assert nanoseconds / 1e9 == parse_duration(text)


@pytest.mark.parametrize("text", ["9223372036854775808ns", "2562047h47m16.854775808s", f"{'9' * 5000}h"])
def test_what_is_longer_than_the_longest_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is longer than any duration may be"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["x" * 50, f"{'9' * 50}h", f"{'0' * 50}h"])
def test_a_long_text_is_cut_in_the_refusal(text: str) -> None:
    with pytest.raises(ValueError, match=f'^"{text[:40]}" '):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0s"), (0.9, "0s"), (59, "59s"), (60, "1m"), (200, "3m20s"), (90061, "25h1m1s")],
)
def test_a_duration_is_written_for_people(seconds: float, text: str) -> None:
    assert write_duration(seconds) == text
