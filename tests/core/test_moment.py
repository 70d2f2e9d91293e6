"""Times, and what people and builders write instead."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from figwasp.core.moment import read_time, write_time


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-03-01", "2026-03-01T12:00:00", "9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00+23:00"],
)
def test_what_is_no_time_with_a_zone_counts_as_none(text: str) -> None:
    assert read_time(text) is None


@pytest.mark.parametrize(
    "text", ["2026-03-01T12:00:00Z", "2026-03-01T12:00:00.123456789Z", "2026-03-01T14:30:00+02:30"]
)
def test_fractions_and_zones_are_read(text: str) -> None:
    time = read_time(text)

    assert time is not None
    assert time.replace(microsecond=0) == datetime(2026, 3, 1, 12, tzinfo=UTC)


@given(st.text())
def test_no_text_raises(text: str) -> None:
    read_time(text)


@given(st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants it so
def test_a_time_survives_its_text(time: datetime) -> None:
    assert read_time(write_time(time)) == time.replace(microsecond=0)
