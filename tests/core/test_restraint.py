"""
What makes a restart wait: the least time between two.

Aspects: bounds; times of wrong clocks, and what is no time; what is told.
"""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from figwasp.core.decide import Leave, Restart, Why, decide
from figwasp.core.restraint import Restraint, read_time, write_time
from figwasp.core.verdict import Verdict
from tests.factories import finding, move, pod, record, workload

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
TEN_MINUTES = timedelta(minutes=10)
STALE = (finding(Verdict.STALE),)

delays = st.integers(1, 10**9).map(lambda seconds: timedelta(seconds=seconds))


def after(ago: timedelta, *, interval: timedelta = TEN_MINUTES) -> Restart | Leave:
    """Decide on a stale workload that was restarted so long ago."""
    restarted = workload(running=(pod(),), restarted_at=write_time(NOW - ago))
    return decide(restarted, STALE, Restraint(now=NOW, min_interval=interval))


@given(delays, st.integers(-(10**9), 10**9).map(lambda seconds: timedelta(seconds=seconds)))
def test_nothing_is_restarted_twice_within_the_least_interval_and_always_after_it(
    interval: timedelta, ago: timedelta
) -> None:
    is_within = -interval <= ago < interval

    assert is_within == isinstance(after(ago, interval=interval), Leave)


@given(delays)
def test_a_time_that_lies_ahead_is_waited_for_no_longer_than_twice_the_interval(ahead: timedelta) -> None:
    restarted_at = write_time(NOW + ahead)
    until = Restraint(now=NOW, min_interval=TEN_MINUTES).rests_until(restarted_at)

    assert until is None or until - NOW <= 2 * TEN_MINUTES


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-03-01", "2026-03-01T12:00:00", "9999-12-31T23:59:59-23:00", "0001-01-01T00:00:00+23:00"],
)
def test_what_is_no_time_counts_as_none(text: str) -> None:
    assert read_time(text) is None
    assert Restraint(now=NOW, min_interval=TEN_MINUTES).rests_until(text) is None


@given(st.text())
def test_no_time_raises(text: str) -> None:
    read_time(text)


@given(st.datetimes(min_value=datetime(1000, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 - hypothesis wants it so
def test_a_time_survives_its_text(time: datetime) -> None:
    assert read_time(write_time(time)) == time.replace(microsecond=0)


def test_one_that_was_restarted_a_short_while_ago_is_told_so_with_when_it_may_be_again() -> None:
    decision = after(timedelta(minutes=3, seconds=20))

    assert isinstance(decision, Leave)
    assert decision.why is Why.RESTARTED_LATELY
    assert decision.detail == "restarted 3m20s ago; waits until 2026-03-01T12:06:40Z"
    assert decision.until == NOW + timedelta(minutes=6, seconds=40)


def test_a_time_that_lies_ahead_counts_as_now() -> None:
    decision = after(timedelta(seconds=-30))

    assert isinstance(decision, Leave)
    assert decision.detail.startswith("restarted 0s ago")


def test_one_that_needs_no_restart_is_not_said_to_wait() -> None:
    restarted = workload(running=(pod(),), restarted_at=write_time(NOW))
    decision = decide(restarted, (finding(),), Restraint(now=NOW, min_interval=TEN_MINUTES))

    assert isinstance(decision, Leave)
    assert decision.why is Why.CURRENT


def test_pods_that_do_not_follow_are_told_though_another_restart_would_have_to_wait() -> None:
    behind = workload(running=(pod(),), record=record({"web": move()}), restarted_at=write_time(NOW))
    decision = decide(behind, STALE, Restraint(now=NOW, min_interval=TEN_MINUTES))

    assert isinstance(decision, Leave)
    assert decision.why is Why.NOT_CONVERGING
