"""
What a decision keeps on record, and what a record keeps from being restarted for: never twice for one move.

Aspects: the record of a restart · blocked · repeated · seen · what is held. What was found by comparing is in
`test_decide_contents`. Labels: tags name `b`, pods run `a`.
"""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from figwasp.core.decide import decide, pend
from figwasp.core.decision import Leave, Restart, Why
from figwasp.core.finding import Finding
from figwasp.core.record import Move, Record
from figwasp.core.verdict import Verdict
from figwasp.core.workload import Workload
from tests.core.deciding import (
    BLOCKED,
    CURRENT,
    HELD,
    STALE,
    UNKNOWN,
    left,
    restarted,
    settled,
    why,
)
from tests.factories import digest, finding, move, pair, record, repeat, running

# The record of a restart


def test_a_restart_records_from_what_and_to_what_each_container_moves() -> None:
    assert restarted(settled(finding(STALE))).record == record({"web": move("b", origins=("a",))})


def test_a_restart_records_each_digest_that_ran_once() -> None:
    ran = (running("a"), running("c"), f"other.example/name@{digest('a')}")

    assert restarted(settled(finding(STALE, running=ran))).record.containers["web"] == move("b", origins=("a", "c"))


@pytest.mark.parametrize("form", ["sha256:{}", "docker://sha256:{}", "docker-pullable://web@sha256:{}", "{}"])
def test_a_restart_records_digests_whatever_the_runtime_calls_them(form: str) -> None:
    ran = (form.format(digest("a").hex),)

    assert restarted(settled(finding(STALE, running=ran))).record.containers["web"] == move("b", origins=("a",))


def test_an_image_id_that_says_nothing_does_not_keep_a_stale_container_from_a_restart() -> None:
    stale = finding(STALE, running=("nonsense", running("a")))

    assert restarted(settled(stale)).record.containers == {"web": move("b", origins=("a",))}


def test_a_restart_records_no_move_of_a_container_that_does_not_move() -> None:
    decision = restarted(settled(finding(STALE), finding(CURRENT, container="side")))

    assert set(decision.record.containers) == {"web"}


@pytest.mark.parametrize("old", [{}, {"side": move("c", seen=True)}])
def test_a_container_that_a_restart_pulls_unjudged_is_not_restarted_for_by_itself_afterwards(
    old: dict[str, Move],
) -> None:
    unjudged = finding(UNKNOWN, container="side", named="c", why="nodes may not be read", running=(running("d"),))
    decision = restarted(settled(finding(STALE), unjudged, record=record(old)))
    side = finding(STALE, container="side", named="c", running=(running("d"),))

    assert decision.record.containers["side"] == move("c", origins=("d",))
    assert why(finding(CURRENT), side, record=decision.record) is Why.NOT_CONVERGING


@pytest.mark.parametrize("verdict", [UNKNOWN, STALE])
def test_a_container_that_a_restart_does_not_pull_is_not_taken_for_restarted(verdict: Verdict) -> None:
    kept = finding(verdict, container="side", named="c", why="kept by the node", would_pull=False)

    assert set(restarted(settled(finding(STALE), kept)).record.containers) == {"web"}


def test_a_restart_keeps_the_entries_of_other_containers() -> None:
    kept = {"side": move("c", seen=True)}
    decision = restarted(settled(finding(STALE), finding(CURRENT, container="side", named="c"), record=record(kept)))

    assert decision.record.containers == {"web": move("b"), **kept}


def test_a_restart_drops_the_entries_of_containers_that_are_gone() -> None:
    old = record({"gone": move("c")})

    assert set(restarted(settled(finding(STALE), record=old)).record.containers) == {"web"}


def test_a_restart_drops_the_entries_that_were_made_for_another_template() -> None:
    old = record({"side": move("c")}, template="another")
    decision = restarted(settled(finding(STALE), finding(CURRENT, container="side"), record=old))

    assert decision.record == record({"web": move("b")})


def test_a_restart_records_that_another_container_followed_its_last_move() -> None:
    old = record({"side": move("c")})
    decision = restarted(settled(finding(STALE), finding(CURRENT, container="side", named="c"), record=old))

    assert decision.record.containers["side"] == move("c", seen=True)


def test_a_restart_for_one_container_keeps_the_block_of_another() -> None:
    findings = (finding(STALE), finding(STALE, container="side", named="c"))
    decision = restarted(settled(*findings, record=record({"side": move("c")})))

    assert (decision.because, decision.record.containers["side"].seen) == (findings[:1], False)


def test_a_restart_that_is_put_off_keeps_the_record_and_says_for_what_it_was() -> None:
    decision = restarted(settled(finding(STALE), record=record({"web": move("a", seen=True)})))

    pending = pend(decision)

    assert (Why.PENDING, decision.workload.record) == (pending.why, pending.record)
    assert "web: registry.example/shop/web:1" in pending.detail


# Blocked: never twice for the same move


def test_a_digest_that_was_restarted_for_and_never_seen_is_not_restarted_for_again() -> None:
    assert why(finding(STALE), record=BLOCKED) is Why.NOT_CONVERGING


def test_pods_that_do_not_follow_leave_the_record_as_it_is() -> None:
    assert left(settled(finding(STALE), record=BLOCKED)).record == BLOCKED


@pytest.mark.parametrize(
    "old",
    [
        pytest.param(Record(), id="no record"),
        pytest.param(record({"web": move("c")}), id="another digest"),
        pytest.param(record({"side": move("b")}), id="another container"),
        pytest.param(record({"web": move("b", seen=True)}), id="pods were seen with it"),
        pytest.param(record({"web": move("b")}, template="another"), id="the template changed"),
    ],
)
def test_only_the_same_move_of_the_same_container_and_template_is_blocked(old: Record) -> None:
    assert isinstance(settled(finding(STALE), record=old), Restart)


def test_an_undo_that_brings_an_older_record_back_costs_one_restart_at_most() -> None:
    """kubectl rollout undo replaces the annotations by those of the old ReplicaSet."""
    undone = restarted(settled(finding(STALE), record=record({"web": move("z")})))

    assert why(finding(STALE), record=undone.record) is Why.NOT_CONVERGING


def test_a_restart_is_not_repeated_with_its_own_record() -> None:
    first = restarted(settled(finding(STALE)))

    assert why(finding(STALE), record=Record.parse(first.record.text())) is Why.NOT_CONVERGING


# Repeated: never a loop, whatever makes a move void


def repeated(*decisions: Restart | Leave) -> list[int]:
    return [each.record.restarts("web", digest("b")) for each in decisions]


@pytest.mark.parametrize(
    "void",
    [
        pytest.param(lambda kept: replace(kept, template="another"), id="the template changes each time"),
        pytest.param(
            lambda kept: replace(kept, containers={"web": move("b", seen=True)}), id="pods are seen with it each time"
        ),
    ],
)
def test_a_workload_is_restarted_three_times_at_most_for_one_digest(void: Callable[[Record], Record]) -> None:
    first = restarted(settled(finding(STALE)))
    second = restarted(settled(finding(STALE), record=void(first.record)))
    third = restarted(settled(finding(STALE), record=void(second.record)))
    last = left(settled(finding(STALE), record=void(third.record)))

    assert [1, 2, 3, 3] == repeated(first, second, third, last)
    assert (Why.NOT_CONVERGING, True) == (last.why, last.detail.endswith("after 3 restarts for it"))
    assert left(settled(finding(STALE), record=second.record)).detail.endswith("after 2 restarts for it")
    assert "for it" not in left(settled(finding(STALE), record=first.record)).detail


def test_a_void_move_is_counted_though_something_else_was_learned_since() -> None:
    first = restarted(settled(finding(STALE), finding(CURRENT, container="side")))
    changed = replace(first.record, template="another")
    proven = finding(CURRENT, container="side", equal=(pair("c", "b"),))
    between = left(settled(finding(STALE, would_pull=False), proven, record=changed))
    second = restarted(settled(finding(STALE), finding(CURRENT, container="side"), record=between.record))

    assert ({}, 1, 2) == (between.record.containers, *repeated(between, second))


@pytest.mark.parametrize(
    ("old", "kept"),
    [
        (record({"web": move("b")}, repeats={"web": repeat("b", 3)}), 3),
        (record({"web": move("b")}, template="another"), 1),
    ],
)
def test_restarts_stay_counted_where_a_tag_could_not_be_resolved_and_something_else_is_learned(
    old: Record, kept: int
) -> None:
    proven = finding(CURRENT, container="side", named="d", equal=(pair("c", "d"),))

    assert [kept] == repeated(left(settled(finding(UNKNOWN, named=""), proven, record=old)))


def test_a_move_that_is_kept_is_not_counted_a_second_time() -> None:
    old = record({"side": move("c", seen=True)})
    decision = restarted(settled(finding(STALE), finding(CURRENT, container="side", named="c"), record=old))

    assert ({"web", "side"}, {}) == ({*decision.record.containers}, decision.record.repeats)


def test_another_digest_begins_to_count_anew() -> None:
    old = record({"web": move("b")}, repeats={"web": repeat("b", 3)})
    moved = restarted(settled(finding(STALE, named="c"), record=old))

    assert ({}, [0]) == (moved.record.repeats, repeated(moved))
    assert isinstance(settled(finding(STALE), record=moved.record), Restart)


def test_a_restart_that_brings_another_container_along_counts_for_what_it_pulls() -> None:
    old = record({"side": move("c")}, template="another")
    unjudged = finding(UNKNOWN, container="side", named="c")

    assert restarted(settled(finding(STALE), unjudged, record=old)).record.repeats == {"side": repeat("c", 2)}


@pytest.mark.parametrize("found", [finding(UNKNOWN, named=""), finding(CURRENT, equal=(pair(),))])
def test_repeats_are_kept_until_another_digest_is_restarted_for(found: Finding) -> None:
    old = record({"web": move("b")}, repeats={"web": repeat("b", 2)})

    assert left(settled(found, record=old)).record.repeats == old.repeats


# Seen


def test_pods_that_followed_are_recorded() -> None:
    assert left(settled(finding(CURRENT), record=BLOCKED)).record == record({"web": move("b", seen=True)})


@pytest.mark.parametrize(
    ("found", "old"),
    [
        pytest.param(finding(UNKNOWN), BLOCKED, id="not known to follow"),
        pytest.param(finding(CURRENT), record({"web": move("b", seen=True)}), id="known to have followed"),
        pytest.param(finding(CURRENT), record({"web": move("b")}, template="another"), id="made for another template"),
        pytest.param(finding(CURRENT), Record(), id="no move at all"),
    ],
)
def test_nothing_new_leaves_the_record_as_it_is(found: Finding, old: Record) -> None:
    assert left(settled(found, record=old)).record == old


def test_a_full_record_is_not_written_again_at_every_pass() -> None:
    full = record(equal=tuple(pair(f"{number}", "b") for number in range(60))).fitting()

    assert left(settled(finding(CURRENT, named="b", equal=(pair("new", "b"),)), record=full)).record is full


def test_a_tag_that_moved_on_before_the_pods_followed_may_come_back_as_another_move() -> None:
    moved_on = left(settled(finding(CURRENT, named="c"), record=BLOCKED)).record

    assert isinstance(settled(finding(STALE), record=BLOCKED), Leave)
    assert isinstance(settled(finding(STALE), record=moved_on), Restart)


def test_a_tag_that_moves_to_and_fro_restarts_each_time() -> None:
    kept, restarts = Record(), 0
    for label in "babab":
        decision = settled(finding(STALE, named=label), record=kept)
        restarts += isinstance(decision, Restart)
        kept = left(settled(finding(CURRENT, named=label), record=decision.record)).record

    assert restarts == 5


# What is held


@pytest.mark.parametrize("held", HELD.values(), ids=HELD)
def test_the_record_of_a_workload_that_is_held_stays_as_it_is(held: Workload) -> None:
    assert left(decide(held, (finding(equal=(pair(),)),))).record == held.record
