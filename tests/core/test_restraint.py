"""
What makes a restart wait: the least time between two, the rate, and the time that a move is given to settle.

Aspects: bounds; times of wrong clocks, and what is no time; what is told; what is written down and forgotten; room.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from msgspec.structs import replace

from figwasp.core.credential import ANONYMOUS
from figwasp.core.decide import decide, doubt, pend
from figwasp.core.decision import Leave, Restart, Why
from figwasp.core.finding import Finding
from figwasp.core.moment import write_time
from figwasp.core.record import Record, Sighting
from figwasp.core.resolution import Resolution
from figwasp.core.restraint import Restraint, Wait, parse_delay, parse_rate
from figwasp.core.verdict import Verdict
from figwasp.errors import FigwaspError, RegistryUnreachable
from tests.factories import TEMPLATE, container, digest, finding, move, pair, pod, record, reference, running, workload

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
    wait = Restraint(now=NOW, min_interval=TEN_MINUTES).rests(restarted_at)

    assert wait is None or wait.until - NOW <= 2 * TEN_MINUTES


@pytest.mark.parametrize("text", ["", "yesterday"])
def test_what_is_no_time_holds_nothing_back(text: str) -> None:
    assert Restraint(now=NOW, min_interval=TEN_MINUTES).rests(text) is None


def test_one_that_was_restarted_a_short_while_ago_is_told_so_with_when_it_may_be_again() -> None:
    decision = after(timedelta(minutes=3, seconds=20))

    assert isinstance(decision, Leave)
    assert decision.why is Why.RESTARTED_LATELY
    assert decision.detail == "restarted 3m20s ago; waits until 2026-03-01T12:06:40Z"
    assert decision.wait == Wait(NOW - timedelta(minutes=3, seconds=20), NOW + timedelta(minutes=6, seconds=40))


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


# The time to settle


def sighted(to: str = "b", *, since: datetime = NOW, containers: Iterable[str] = ("web",)) -> Record:
    """A record of moves that an earlier pass has seen."""
    return Record(TEMPLATE, sightings={each: Sighting(str(digest(to)), write_time(since)) for each in containers})


def settling(*findings: Finding, record: Record | None = None, now: datetime = NOW, **given: Any) -> Restart | Leave:
    """Decide where a move has to be seen for ten minutes."""
    containers = tuple(container(each.container) for each in findings)
    one = workload(containers=containers, running=(pod(),), record=record, **given)
    return decide(one, findings, Restraint(now=now, settle=TEN_MINUTES))


def test_the_first_sight_of_a_move_is_written_down_and_told() -> None:
    decision = settling(*STALE)

    assert isinstance(decision, Leave)
    assert decision.record == sighted()
    assert decision.words == (
        f"{Why.SETTLING}: web: the tag names {digest('b').short} since 2026-03-01T12:00:00Z, "
        "which no earlier pass has written down; waits until 2026-03-01T12:10:00Z"
    )
    assert decision.wait == Wait(NOW, NOW + TEN_MINUTES)


def test_a_sighting_on_record_is_told_with_its_time() -> None:
    decision = settling(*STALE, now=NOW + timedelta(minutes=3), record=sighted())

    assert isinstance(decision, Leave)
    assert decision.words.endswith("since 2026-03-01T12:00:00Z; waits until 2026-03-01T12:10:00Z")


@pytest.mark.parametrize("held", [{"ignored": 'figwasp/ignore: "true"'}, {"is_paused": True}])
def test_what_is_held_is_not_written_to_although_its_template_is_another_one(held: dict[str, Any]) -> None:
    earlier = replace(sighted(), template="another")
    one = replace(workload(running=(pod(),), record=earlier), **held)

    assert decide(one, STALE, Restraint(now=NOW, settle=TEN_MINUTES)).record is earlier


def test_without_a_time_to_settle_nothing_is_written_down() -> None:
    decision = decide(workload(running=(pod(),)), STALE, Restraint(now=NOW))

    assert isinstance(decision, Restart)
    assert not decision.record.sightings


def test_while_it_waits_nothing_more_is_written_down() -> None:
    decision = settling(*STALE, record=sighted(), now=NOW + timedelta(minutes=9, seconds=59))

    assert isinstance(decision, Leave)
    assert decision.record == sighted()


def test_once_it_has_settled_it_is_restarted_and_forgotten() -> None:
    decision = settling(*STALE, record=sighted(), now=NOW + TEN_MINUTES)

    assert isinstance(decision, Restart)
    assert not decision.record.sightings


def test_another_digest_begins_anew() -> None:
    decision = settling(*STALE, record=sighted("c", since=NOW - 2 * TEN_MINUTES))

    assert isinstance(decision, Leave)
    assert decision.record == sighted("b", since=NOW)


@pytest.mark.parametrize("verdict", [Verdict.CURRENT, Verdict.EXEMPT])
def test_what_needs_no_restart_any_more_is_forgotten(verdict: Verdict) -> None:
    decision = settling(finding(verdict), record=sighted())

    assert not decision.record.sightings


def test_what_needs_no_restart_any_more_is_forgotten_though_nothing_is_given_time_now() -> None:
    decision = decide(workload(running=(pod(),), record=sighted()), (finding(),))

    assert not decision.record.sightings


@pytest.mark.parametrize("named", ["", "b"])
def test_what_cannot_be_judged_for_a_while_is_waited_for_still(named: str) -> None:
    assert settling(finding(Verdict.UNKNOWN, named=named), record=sighted()).record == sighted()


def test_a_held_workload_has_its_moves_written_down_still() -> None:
    assert settling(*STALE, record=sighted(), is_paused=True).record == sighted()


def test_a_restart_waits_for_all_that_it_would_pull() -> None:
    both = finding(Verdict.STALE), finding(Verdict.STALE, container="side")
    decision = settling(*both, record=sighted(since=NOW - TEN_MINUTES))

    assert isinstance(decision, Leave)
    assert {"web": write_time(NOW - TEN_MINUTES), "side": write_time(NOW)} == {
        name: each.since for name, each in decision.record.sightings.items()
    }


def test_of_several_moves_the_one_that_is_waited_for_longest_is_told_with_what_its_own_tag_names() -> None:
    both = finding(Verdict.STALE), finding(Verdict.STALE, container="side", named="c")
    decision = settling(*both, record=sighted(since=NOW - timedelta(minutes=5)))

    assert isinstance(decision, Leave)
    assert decision.detail.startswith(f"side: the tag names {digest('c').short} since {write_time(NOW)}")


def test_a_workload_rests_after_its_move_has_settled() -> None:
    one = workload(running=(pod(),), record=sighted(since=NOW - TEN_MINUTES), restarted_at=write_time(NOW))
    decision = decide(one, STALE, Restraint(now=NOW, settle=TEN_MINUTES, min_interval=TEN_MINUTES))

    assert isinstance(decision, Leave)
    assert (Why.RESTARTED_LATELY, sighted(since=NOW - TEN_MINUTES)) == (decision.why, decision.record)


def test_moves_that_were_made_for_another_template_stay_void_when_a_sighting_is_written() -> None:
    kept = replace(sighted(since=NOW - 9 * TEN_MINUTES), template="another", containers={"web": move("b")})
    decision = settling(finding(Verdict.STALE, named="c"), record=kept)

    assert not decision.record.containers


@pytest.mark.parametrize("since", ["", "soon", "2999-01-01T00:00:00Z", "2026-03-01T12:10:01Z"])
def test_a_time_that_would_hold_a_restart_up_begins_anew(since: str) -> None:
    decision = settling(*STALE, record=Record(sightings={"web": Sighting(str(digest("b")), since)}))

    assert decision.record == sighted()


def test_the_clock_of_another_machine_may_be_a_little_ahead_and_nothing_is_written_anew() -> None:
    ahead = sighted(since=NOW + timedelta(seconds=30))

    assert settling(*STALE, record=ahead).record == ahead


def test_parts_of_a_second_shorten_no_wait() -> None:
    decision = settling(*STALE, now=NOW + timedelta(microseconds=1))

    assert decision.record == sighted(since=NOW + timedelta(seconds=1))


@given(st.integers(1, 30), st.integers(1, 60), st.booleans())
def test_moves_that_wait_are_kept_whatever_else_has_to_go(waiting: int, length: int, has_moves: bool) -> None:
    names = [f"{number:02}{'x' * length}" for number in range(waiting)]
    many = {f"done-{number}": move() for number in range(40)} if has_moves else {}
    full = replace(sighted(containers=names), containers=many, equal=(pair(),) * 30).fitting()

    assert list(full.sightings) == names
    assert all(each.is_of(digest("b")) and not each.is_of(digest("c")) for each in full.sightings.values())
    assert Record.parse(full.text()) == full


# What is put off or doubted after all


def due() -> Restart:
    two = (replace(finding(Verdict.STALE), container="one"), replace(finding(Verdict.STALE), container="two"))
    one = workload(
        containers=(container("one"), container("two")), running=(pod(container="one"), pod(container="two"))
    )
    decision = decide(one, two)
    assert isinstance(decision, Restart)
    return decision


def test_a_restart_that_is_put_off_says_why_where_that_is_not_the_number() -> None:
    words = [pend(due(), reason).words for reason in ("", "no time is left")]

    assert words[0].endswith(f"two: {due().because[-1].image}")
    assert f"{words[0]}; no time is left" == words[1]


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (Resolution(reference("web"), digest("c"), ANONYMOUS), "the registry does not answer the same twice"),
        (RegistryUnreachable("down", hint="look"), "asked again before the restart: down"),
    ],
)
def test_a_tag_that_is_doubted_leaves_the_workload_and_its_other_containers_as_they_are(
    second: Resolution | FigwaspError, why: str
) -> None:
    decision = due()

    left = doubt(decision, "two", second)

    assert (Why.UNKNOWN, f"two: {why}", decision.workload.record) == (left.why, left.words, left.record)
    assert [Verdict.STALE, Verdict.UNKNOWN] == [each.verdict for each in left.findings]
    assert (decision.findings[0], why) == (left.findings[0], left.findings[1].why)
    assert left.hint == (second.hint if isinstance(second, FigwaspError) else left.findings[1].hint) != ""


def test_only_what_a_later_pass_will_restart_of_itself_is_waiting() -> None:
    assert {Why.PENDING, Why.SETTLING, Why.RESTARTED_LATELY} == {why for why in Why if why.is_waiting}


# The rate


@pytest.mark.parametrize(("text", "seconds"), [("10/1m", 6), ("10/m", 6), ("1/90s", 90), ("4/h", 900)])
def test_a_rate_is_the_time_between_two_restarts(text: str, seconds: int) -> None:
    assert parse_rate(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "10", "0/1m", "/1m", "10/", "ten/1m"])
def test_what_is_no_rate_is_refused_with_what_to_say(text: str) -> None:
    with pytest.raises(ValueError, match='is not a rate: say "10/1m" for ten restarts a minute'):
        parse_rate(text)


@pytest.mark.parametrize(("text", "seconds"), [("0", 0), ("0s", 0), ("10m", 600)])
def test_a_delay_may_be_none(text: str, seconds: int) -> None:
    assert parse_delay(text) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    ("ago", "owed"), [([], 0), ([2], 4), ([2, 5, 90], 4), ([6], 0), ([90], 0), ([-3], 6), ([-6], 6), ([-7], 0)]
)
def test_the_first_restart_of_a_pass_waits_for_the_latest_one_before(ago: list[int], owed: int) -> None:
    restarted = ["", *(write_time(NOW - timedelta(seconds=each)) for each in ago)]
    restraint = Restraint(spacing=timedelta(seconds=6)).at(NOW)

    assert restraint.owed(restarted) == timedelta(seconds=owed)


class Settling(RuleBasedStateMachine):
    """A workload of two containers, whose tags move while passes come and go, and clocks are right."""

    def __init__(self) -> None:
        super().__init__()
        self.now = NOW
        self.tags = dict.fromkeys(("web", "side"), "a")
        self.runs = dict(self.tags)
        self.record = Record()
        self.seen: dict[str, tuple[str, datetime]] = {}

    @rule(name=st.sampled_from(("web", "side")), label=st.sampled_from("abc"))
    def push(self, name: str, label: str) -> None:
        self.tags[name] = label

    @rule(seconds=st.integers(0, 700))
    def let_time_pass(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    @rule(name=st.sampled_from(("web", "side")))
    def replace_pods(self, name: str) -> None:
        self.runs[name] = self.tags[name]

    @rule(unanswered=st.sampled_from(("", "web", "side")))
    def make_a_pass(self, unanswered: str) -> None:
        found = [self.find(name, is_known=name != unanswered) for name in self.tags]
        decision = settling(*found, record=self.record, now=self.now)

        moved = {name for name in self.tags if self.tags[name] != self.runs[name]}
        for name in {*self.tags} - moved - {unanswered}:
            self.seen.pop(name, None)
        if not unanswered:
            for name in moved:
                if self.seen.get(name, ("",))[0] != self.tags[name]:
                    self.seen[name] = self.tags[name], self.now
        has_settled = all(self.now - self.seen[name][1] >= TEN_MINUTES for name in moved) if not unanswered else False
        assert isinstance(decision, Restart) == bool(moved and has_settled)
        self.record = Record.parse(decision.record.text())
        if isinstance(decision, Restart):
            self.runs, self.seen = dict(self.tags), {}

    def find(self, name: str, *, is_known: bool) -> Finding:
        runs = running(self.runs[name])
        if not is_known:
            return finding(Verdict.UNKNOWN, container=name, running=(runs,), named="")
        verdict = Verdict.CURRENT if self.tags[name] == self.runs[name] else Verdict.STALE
        return finding(verdict, container=name, running=(runs,), named=self.tags[name])


TestSettling = Settling.TestCase
