"""
Whether a workload is restarted, and why not (design 1.2, rules 5 to 9, and 1.3).

Aspects: wish and state of the owner · restarts · what stands in the way · the record: blocked, seen, voided, kept ·
equalities · the reason that is told. Labels: tags name `b`, pods run `a`.
"""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from figwasp.core.credential import ANONYMOUS
from figwasp.core.decide import Leave, Restart, Why, decide, hold, pend
from figwasp.core.finding import Finding, find
from figwasp.core.record import Move, Record
from figwasp.core.resolution import Resolution
from figwasp.core.verdict import Verdict
from figwasp.core.workload import Container, PullPolicy, RolloutState, Strategy, Workload
from tests.core.shelf import Shelf
from tests.factories import (
    IMAGE,
    container,
    digest,
    finding,
    image,
    key,
    move,
    pair,
    pod,
    record,
    running,
    workload,
)

CURRENT, STALE, UNKNOWN, EXEMPT = Verdict.CURRENT, Verdict.STALE, Verdict.UNKNOWN, Verdict.EXEMPT
RUNNING = (pod(),)
PINNED = container("web", f"web@{digest()}")
UNRESOLVED = finding(UNKNOWN, container="side", named="", why="refused (401)", hint="log in")


def settled(
    *findings: Finding,
    record: Record | None = None,
    rollout: RolloutState = RolloutState.SETTLED,
    template_hash: str = "template-1",
) -> Restart | Leave:
    """Decide on a workload with one container for each finding."""
    containers = tuple(container(each.container) for each in findings)
    given_workload = workload(
        containers=containers, running=RUNNING, record=record, rollout=rollout, template_hash=template_hash
    )
    return decide(given_workload, findings)


def left(decision: Restart | Leave) -> Leave:
    assert isinstance(decision, Leave), decision
    return decision


def restarted(decision: Restart | Leave) -> Restart:
    assert isinstance(decision, Restart), decision
    return decision


def why(*findings: Finding, record: Record | None = None) -> Why:
    return left(settled(*findings, record=record)).why


# Wish and state

HELD = {
    Why.IGNORED: workload(ignored='figwasp/ignore: "yes"'),
    Why.OWNED: workload(owned_by="Grafana monitoring"),
    Why.ON_DELETE: workload(strategy=Strategy.ON_DELETE),
    Why.PARTITION: workload(strategy=Strategy.KEEPS_ALL),
    Why.PAUSED: workload(is_paused=True),
    Why.SCALED_TO_ZERO: workload(replicas=0),
    Why.IN_PROGRESS: workload(rollout=RolloutState.IN_PROGRESS),
    Why.PINNED: workload(containers=(PINNED, container("init", f"web:latest@{digest('c')}"))),
}


@pytest.mark.parametrize(("expected", "held"), HELD.items(), ids=HELD)
def test_a_workload_that_must_not_be_restarted_is_left_before_anybody_is_asked(expected: Why, held: Workload) -> None:
    found = hold(held)

    assert found is not None
    assert found.why is expected


@pytest.mark.parametrize("held", HELD.values(), ids=HELD)
def test_a_workload_that_must_not_be_restarted_is_left_however_stale_it_is(held: Workload) -> None:
    assert decide(held, (finding(STALE),)) == hold(held)


def test_whoever_wants_it_left_alone_is_told_so_before_all_else() -> None:
    held = hold(workload(ignored='figwasp/ignore: "true"', owned_by="Grafana x", is_paused=True, replicas=0))

    assert held is not None
    assert ('it is annotated figwasp/ignore: "true"', Why.IGNORED) == (held.detail, held.why)


@pytest.mark.parametrize("held", [HELD[Why.OWNED], HELD[Why.ON_DELETE], HELD[Why.PARTITION]])
def test_what_lasts_until_somebody_changes_it_says_what_to_change(held: Workload) -> None:
    found = hold(held)

    assert found is not None
    assert found.why.is_lasting
    assert found.hint


def test_a_restart_that_is_put_off_keeps_the_record_and_says_for_what_it_was() -> None:
    decision = restarted(settled(finding(STALE), record=record({"web": move("a", seen=True)})))

    pending = pend(decision)

    assert (Why.PENDING, decision.workload.record) == (pending.why, pending.record)
    assert "web: registry.example/shop/web:1" in pending.detail


VOLUME = container("volume/model", "registry.example/model:1")
UNJUDGED = finding(EXEMPT, container="volume/model")


def with_volume(*findings: Finding, volume: Finding = UNJUDGED) -> Restart | Leave:
    return decide(workload(containers=(container(), VOLUME), running=RUNNING), (*findings, volume))


def test_the_image_of_a_volume_cannot_be_judged_which_is_said_where_all_else_is_current() -> None:
    decision = left(with_volume(finding()))

    assert (Why.VOLUMES, "volume/model (registry.example/model:1)") == (decision.why, decision.detail)


def test_the_image_of_a_volume_does_not_keep_a_stale_container_from_a_restart() -> None:
    assert ["web"] == [each.container for each in restarted(with_volume(finding(STALE))).because]


def test_the_image_of_a_volume_has_to_be_there_before_a_restart() -> None:
    missing = finding(UNKNOWN, container="volume/model", named="", why="no such tag (404)")

    assert Why.INCOMPLETE is left(with_volume(finding(STALE), volume=missing)).why


def test_a_volume_that_is_pinned_by_digest_is_not_spoken_of() -> None:
    pinned = container("volume/model", f"model@{digest()}")
    exempt = finding(EXEMPT, container="volume/model", named="", would_pull=False)

    decision = decide(workload(containers=(container(), pinned), running=RUNNING), (finding(), exempt))

    assert Why.CURRENT is left(decision).why


@pytest.mark.parametrize("held", HELD.values(), ids=HELD)
def test_the_record_of_a_workload_that_is_held_stays_as_it_is(held: Workload) -> None:
    assert left(decide(held, (finding(equal=(pair(),)),))).record == held.record


@pytest.mark.parametrize("state", [RolloutState.SETTLED, RolloutState.FAILED])
def test_a_workload_whose_rollout_is_over_is_looked_at(state: RolloutState) -> None:
    assert hold(workload(rollout=state)) is None


def test_a_workload_with_one_image_that_is_not_pinned_is_looked_at() -> None:
    assert hold(workload(containers=(PINNED, container("side")))) is None


def test_a_workload_with_an_image_that_cannot_be_read_is_not_called_pinned() -> None:
    assert hold(workload(containers=(PINNED, container("side", "Not An Image")))) is None


def test_the_owners_wish_is_told_before_the_state_of_the_cluster() -> None:
    both = workload(is_paused=True, replicas=0, rollout=RolloutState.IN_PROGRESS, containers=(PINNED,))

    assert left(decide(both, ())).why is Why.PAUSED


def test_a_paused_workload_is_told_how_to_go_on() -> None:
    assert left(decide(workload(is_paused=True), ())).hint == "kubectl rollout resume deployment/web -n shop"


def test_what_a_rollout_waits_for_is_told() -> None:
    in_progress = workload(rollout=RolloutState.IN_PROGRESS, rollout_detail="1 of 3 pods")

    assert left(decide(in_progress, ())).detail == "1 of 3 pods"


def test_a_workload_whose_current_revision_is_not_known_is_left() -> None:
    assert left(decide(workload(running=None), (finding(STALE),))).why is Why.NO_REVISION


# Restarts


def test_a_stale_container_restarts_its_workload() -> None:
    stale = finding(STALE)

    assert restarted(settled(stale)).because == (stale,)


def test_a_restart_names_every_stale_container_and_no_other() -> None:
    stale = finding(STALE, container="init"), finding(STALE, container="side")
    decision = restarted(settled(stale[0], finding(CURRENT), stale[1]))

    assert decision.because == stale


def test_a_restart_carries_all_findings() -> None:
    findings = (finding(STALE), finding(CURRENT, container="side"))

    assert restarted(settled(*findings)).findings == findings


def test_an_init_container_restarts_its_workload() -> None:
    assert isinstance(settled(finding(STALE, container="init"), finding(CURRENT)), Restart)


@pytest.mark.parametrize(
    "beside",
    [
        pytest.param(finding(CURRENT, container="side"), id="current"),
        pytest.param(finding(EXEMPT, container="side", named="", would_pull=False), id="pinned"),
        pytest.param(finding(UNKNOWN, container="side", would_pull=False), id="kept by its pull policy"),
        pytest.param(finding(UNKNOWN, container="side", named="", would_pull=False), id="not resolved, not pulled"),
        pytest.param(finding(STALE, container="side", would_pull=False), id="stale, not pulled"),
        pytest.param(finding(UNKNOWN, container="side"), id="not judged, but resolved"),
        pytest.param(finding(UNKNOWN, container="side", is_waiting=True), id="waiting"),
    ],
)
def test_a_container_that_does_not_stand_in_the_way_does_not_hold_up_a_stale_one(beside: Finding) -> None:
    assert isinstance(settled(finding(STALE), beside), Restart)


def test_the_same_arguments_give_the_same_decision() -> None:
    findings = (finding(STALE), finding(CURRENT, container="side", equal=(pair(),)))

    assert settled(*findings) == settled(*findings)


# What stands in the way


def test_a_container_that_a_restart_would_pull_and_was_not_resolved_holds_up_a_stale_one() -> None:
    decision = left(settled(finding(STALE), UNRESOLVED))

    assert (decision.why, decision.detail, decision.hint) == (Why.INCOMPLETE, "side: refused (401)", "log in")


def test_an_init_container_that_was_not_resolved_holds_up_a_stale_one() -> None:
    unresolved = finding(UNKNOWN, container="init", named="")

    assert why(unresolved, finding(STALE)) is Why.INCOMPLETE


def test_a_stale_container_that_would_not_pull_is_left_with_what_to_do() -> None:
    decision = left(settled(finding(STALE, would_pull=False)))

    assert (decision.why, "imagePullPolicy: Always" in decision.hint) == (Why.PULL_POLICY, True)


def test_an_unknown_container_is_left_with_what_was_wrong() -> None:
    decision = left(settled(finding(UNKNOWN, why="odd", hint="mend it")))

    assert (decision.why, decision.detail, decision.hint) == (Why.UNKNOWN, "web: odd", "mend it")


def test_an_image_that_is_no_reference_is_not_passed_over_by_its_pull_policy() -> None:
    unreadable = workload(containers=(container("web", "Not An Image", PullPolicy.IF_NOT_PRESENT),), running=RUNNING)

    assert left(decide(unreadable, (finding(UNKNOWN, named="", would_pull=False),))).why is Why.UNKNOWN


def test_pods_that_have_not_reported_yet_are_waited_for() -> None:
    assert why(finding(UNKNOWN, is_waiting=True)) is Why.NO_STATUS


@pytest.mark.parametrize("findings", [(finding(CURRENT),), (finding(CURRENT), finding(EXEMPT, container="side"))])
def test_a_workload_that_runs_what_its_tags_name_is_up_to_date(findings: tuple[Finding, ...]) -> None:
    assert why(*findings) is Why.CURRENT


def test_a_workload_that_is_up_to_date_and_whose_rollout_failed_says_so() -> None:
    failed = workload(running=RUNNING, rollout=RolloutState.FAILED, rollout_detail="deadline passed")

    assert "deadline passed" in left(decide(failed, (finding(CURRENT),))).detail


# The reason that is told, where there are several

BLOCKED = record({"web": move("b")})
REASONS = [
    (Why.NOT_CONVERGING, finding(STALE)),
    (Why.UNKNOWN, finding(UNKNOWN, container="unknown")),
    (Why.PULL_POLICY, finding(STALE, container="kept", would_pull=False)),
    (Why.NO_STATUS, finding(UNKNOWN, container="waiting", is_waiting=True)),
    (Why.CURRENT, finding(CURRENT, container="current")),
]


@pytest.mark.parametrize(("first", "second"), list(itertools.combinations(REASONS, 2)), ids=lambda each: each[0].name)
def test_what_needs_attention_is_told_before_what_does_not(
    first: tuple[Why, Finding], second: tuple[Why, Finding]
) -> None:
    assert why(second[1], first[1], record=BLOCKED) is first[0]


# What is told


def test_reasons_are_counted_by_a_word_or_two() -> None:
    assert ["scaled to zero", "current"] == [Why.SCALED_TO_ZERO.word, Why.CURRENT.word]


def test_only_what_its_owner_has_to_change_lasts() -> None:
    assert {Why.OWNED, Why.ON_DELETE, Why.PARTITION, Why.PULL_POLICY} == {each for each in Why if each.is_lasting}


@pytest.mark.parametrize("findings", [(finding(STALE),), (finding(CURRENT),)])
def test_a_decision_names_its_workload(findings: tuple[Finding, ...]) -> None:
    assert settled(*findings).key == key("web")


@pytest.mark.parametrize(
    ("reason", "detail", "words"),
    [
        pytest.param(Why.CURRENT, "", "up to date", id="no detail"),
        pytest.param(Why.CURRENT, "though slow", "up to date: though slow", id="a detail"),
        pytest.param(Why.UNKNOWN, "web: odd", "web: odd", id="unknown, with a detail that says it all"),
        pytest.param(Why.UNKNOWN, "", "it could not be judged", id="unknown, without"),
    ],
)
def test_the_reason_is_told_with_its_detail(reason: Why, detail: str, words: str) -> None:
    assert Leave(workload(), reason, detail, "", (), Record()).words == words


def test_a_partition_does_not_matter_where_there_are_no_replicas() -> None:
    assert left(decide(workload(strategy=Strategy.KEEPS_ALL, replicas=0), ())).why is Why.SCALED_TO_ZERO


@pytest.mark.parametrize(
    ("state", "detail"), [(RolloutState.SETTLED, "asleep"), (RolloutState.IN_PROGRESS, ""), (RolloutState.FAILED, "")]
)
def test_why_there_are_no_replicas_is_told_where_that_is_all_there_is_to_tell(state: RolloutState, detail: str) -> None:
    asleep = workload(replicas=0, rollout=state, rollout_detail="asleep")

    assert left(decide(asleep, ())).detail == detail


def test_an_image_that_a_restart_could_not_use_holds_up_a_stale_one() -> None:
    unusable = replace(finding(UNKNOWN, container="side", why="not for arm64"), is_usable=False)
    decision = left(settled(finding(STALE), unusable))

    assert (Why.INCOMPLETE, "side: not for arm64") == (decision.why, decision.detail)


def test_what_is_left_after_a_failed_roll_out_tells_how_to_get_out() -> None:
    decision = left(settled(finding(STALE), record=BLOCKED, rollout=RolloutState.FAILED))

    assert decision.why is Why.FAILED_WITH_IT
    assert decision.hint == "push a fix under the same tag"
    assert digest("b").short in decision.detail


def test_a_stale_container_that_would_not_pull_is_left_with_its_image_and_why() -> None:
    assert left(settled(finding(STALE, would_pull=False))).detail == f"web ({IMAGE}): because"


def test_a_workload_that_is_up_to_date_has_no_more_to_tell() -> None:
    decision = left(settled(finding(CURRENT)))

    assert ("", "") == (decision.detail, decision.hint)


def test_pods_that_do_not_follow_tell_every_image_that_they_run() -> None:
    stale = finding(STALE, running=(running("a"), running("c")))

    assert f"the pods run {'a' * 12}, {'c' * 12}" in left(settled(stale, record=BLOCKED)).detail


def test_an_image_id_that_says_nothing_does_not_keep_a_stale_container_from_a_restart() -> None:
    stale = finding(STALE, running=("nonsense", running("a")))

    assert restarted(settled(stale)).record.containers == {"web": move("b", origins=("a",))}


def test_an_equality_that_is_proven_again_is_no_reason_to_write_though_another_is_outlived() -> None:
    kept = record(equal=(pair(), pair("a", "old")))

    assert left(settled(finding(CURRENT, equal=(pair(),)), record=kept)).record is kept


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


# Blocked: never twice for the same move


def test_a_digest_that_was_restarted_for_and_never_seen_is_not_restarted_for_again() -> None:
    assert why(finding(STALE), record=BLOCKED) is Why.NOT_CONVERGING


def test_pods_that_do_not_follow_are_told_with_both_digests() -> None:
    decision = left(settled(finding(STALE), record=BLOCKED))

    assert (digest("b").short in decision.detail, digest("a").short in decision.detail) == (True, True)
    assert "kubectl rollout restart deployment/web -n shop" in decision.hint


def test_what_could_not_be_checked_is_doubtful_even_where_a_restart_would_not_pull() -> None:
    assert left(settled(finding(UNKNOWN, named="", would_pull=False))).why is Why.UNKNOWN


def test_a_workload_that_is_being_deleted_is_left() -> None:
    assert left(decide(workload(is_deleting=True), (finding(STALE),))).why is Why.DELETING


def test_pods_that_do_not_follow_leave_the_record_as_it_is() -> None:
    assert left(settled(finding(STALE), record=BLOCKED)).record == BLOCKED


def test_a_blocked_container_is_told_though_another_could_not_be_resolved() -> None:
    assert why(finding(STALE), UNRESOLVED, record=BLOCKED) is Why.NOT_CONVERGING


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
    """kubectl rollout undo replaces the annotations by those of the old ReplicaSet (facts 6.5)."""
    undone = restarted(settled(finding(STALE), record=record({"web": move("z")})))

    assert why(finding(STALE), record=undone.record) is Why.NOT_CONVERGING


def test_a_restart_is_not_repeated_with_its_own_record() -> None:
    first = restarted(settled(finding(STALE)))

    assert why(finding(STALE), record=Record.parse(first.record.text())) is Why.NOT_CONVERGING


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


# A roll-out that failed


def test_a_fix_under_the_same_tag_gets_in_after_a_failed_rollout() -> None:
    decision = settled(finding(STALE), record=record({"web": move("c")}), rollout=RolloutState.FAILED)

    assert isinstance(decision, Restart)


@pytest.mark.parametrize("seen", [False, True])
def test_a_digest_that_was_restarted_for_is_not_tried_again_after_a_failed_rollout(*, seen: bool) -> None:
    """Rule 7: a digest that neither runs nor was restarted for may be tried, once."""
    old = record({"web": move("b", seen=seen)})

    assert isinstance(settled(finding(STALE), record=old, rollout=RolloutState.FAILED), Leave)


def test_a_digest_that_some_pod_runs_is_not_tried_again_after_a_failed_rollout() -> None:
    """Rule 7: "neither runs": half of the pods run it already, and it was that which failed."""
    stale = finding(STALE, running=(running("a"), running("b")))

    assert isinstance(settled(stale, rollout=RolloutState.FAILED), Leave)


# Equalities


def test_content_that_was_proven_equal_is_kept() -> None:
    assert left(settled(finding(CURRENT, equal=(pair(),)))).record == record(equal=(pair(),))


def test_content_that_was_proven_equal_is_kept_beside_a_restart() -> None:
    side = finding(CURRENT, container="side", named="c", equal=(pair("a", "c"),))

    assert restarted(settled(finding(STALE), side)).record.equal == (pair("a", "c"),)


def test_an_equality_on_record_is_not_written_again() -> None:
    kept = record(equal=(pair(),))

    assert left(settled(finding(CURRENT, equal=(pair(),)), record=kept)).record is kept


def test_an_equality_with_what_a_tag_named_before_is_forgotten_with_the_next_change() -> None:
    kept = record(equal=(pair("a", "old"),))

    assert left(settled(finding(CURRENT, equal=(pair(),)), record=kept)).record.equal == (pair(),)


def test_an_equality_with_what_another_container_names_is_kept() -> None:
    kept = record(equal=(pair("a", "c"),))
    decision = left(settled(finding(equal=(pair(),)), finding(container="side", named="c"), record=kept))

    assert decision.record.equal == (pair("a", "c"), pair())


def test_no_equality_is_forgotten_while_a_tag_could_not_be_resolved() -> None:
    kept = record(equal=(pair("a", "c"),))
    decision = left(settled(finding(equal=(pair(),)), UNRESOLVED, record=kept))

    assert decision.record.equal == (pair("a", "c"), pair())


def test_a_pinned_image_keeps_no_equality() -> None:
    kept = record(equal=(pair("a", "old"),))
    pinned = finding(EXEMPT, container="side", named="", would_pull=False)

    assert left(settled(finding(equal=(pair(),)), pinned, record=kept)).record.equal == (pair(),)


def test_an_equality_survives_a_change_of_the_template() -> None:
    kept = record({"web": move("z")}, template="another", equal=(pair(),))
    decision = left(settled(finding(equal=(pair("c"), pair())), record=kept))

    assert decision.record == record(equal=(pair(), pair("c")))


# Together with the comparison: a restart must not break what runs (rule 6)


def decided(containers: tuple[Container, ...], contents: Shelf, *reported: tuple[str, str]) -> Restart | Leave:
    """Find and decide where every tag names `1`; `reported` are (container, image ID)."""
    given_workload = workload(
        containers=containers,
        running=tuple(pod(text, name=text, container=name) for name, text in reported),
    )
    return decide(given_workload, find(given_workload, lambda tag: Resolution(tag, digest("1"), ANONYMOUS), contents))


def test_nothing_is_restarted_where_another_of_its_pods_would_find_no_image_for_its_platform() -> None:
    contents = Shelf().holds("1", {"linux/amd64": image("c", "f9")})
    contents.holds("2", {"linux/arm64": image("b", "f1")}).holds("3", {"linux/amd64": image("a", "f0")})

    decision = decided((container(),), contents, ("web", running("2")), ("web", running("3")))

    assert isinstance(decision, Leave)


SIDE = container("side", "registry.example/shop/side:1")
SIDE_REPOSITORY = "registry.example/shop/side"


def side_is_stale() -> Shelf:
    contents = Shelf().holds("1", image("1", "f0")).holds("3", image("3", "f1"))
    return contents.holds("2", {"linux/arm64": image("b", "f1")}, SIDE_REPOSITORY)


def with_side(contents: Shelf) -> Restart | Leave:
    pods = (
        pod(running("3"), container="web"),
        pod(running("2", SIDE.image), container="side", image=SIDE.image),
    )
    both = workload(containers=(container(), SIDE), running=pods)
    return decide(both, find(both, lambda tag: Resolution(tag, digest("1"), ANONYMOUS), contents))


def test_a_workload_is_restarted_where_both_its_images_can_be_pulled() -> None:
    contents = side_is_stale().holds("1", {"linux/arm64": image("c", "f2")}, SIDE_REPOSITORY)

    assert isinstance(with_side(contents), Restart)


def test_nothing_is_restarted_where_another_image_has_none_for_the_platform() -> None:
    contents = side_is_stale().holds("1", {"linux/amd64": image("c", "f2")}, SIDE_REPOSITORY)

    assert isinstance(with_side(contents), Leave)


def test_nothing_is_restarted_where_another_images_new_content_cannot_be_fetched() -> None:
    assert isinstance(with_side(side_is_stale()), Leave)


# Properties

any_finding = st.builds(
    finding,
    st.sampled_from(Verdict),
    container=st.sampled_from(["web", "side", "init"]),
    named=st.sampled_from(["b", "c"]),
    would_pull=st.booleans(),
    is_waiting=st.booleans(),
    equal=st.sampled_from([(), (pair(),), (pair("a", "c"),)]),
)
any_findings = st.lists(any_finding, min_size=1, max_size=3, unique_by=lambda each: each.container).map(tuple)
any_move = st.builds(move, st.sampled_from(["b", "c"]), seen=st.booleans())
any_record = st.builds(
    record,
    st.dictionaries(st.sampled_from(["web", "side", "gone"]), any_move),
    template=st.sampled_from(["template-1", "t"]),
)
any_rollout = st.sampled_from(RolloutState)


def is_blocked(found: Finding, old: Record) -> bool:
    entry: Move | None = old.valid_moves("template-1").get(found.container)
    return entry is not None and entry.to == str(found.named) and not entry.seen


@given(any_findings, any_record, any_rollout)
def test_only_a_stale_container_that_would_pull_and_is_not_blocked_restarts(
    findings: tuple[Finding, ...], old: Record, rollout: RolloutState
) -> None:
    decision = settled(*findings, record=old, rollout=rollout)
    because = decision.because if isinstance(decision, Restart) else ()

    assert all(each.verdict is STALE and each.would_pull and not is_blocked(each, old) for each in because)


@given(any_findings.filter(lambda each: all(one.verdict is not STALE for one in each)), any_record, any_rollout)
def test_what_is_only_unknown_or_current_is_never_restarted(
    findings: tuple[Finding, ...], old: Record, rollout: RolloutState
) -> None:
    assert isinstance(settled(*findings, record=old, rollout=rollout), Leave)


@given(any_findings, any_record)
def test_no_decision_is_restarted_for_twice(findings: tuple[Finding, ...], old: Record) -> None:
    first = settled(*findings, record=old)

    assert isinstance(first, Leave) or isinstance(settled(*findings, record=first.record), Leave)


@given(any_findings, any_record)
def test_a_second_look_learns_nothing_new(findings: tuple[Finding, ...], old: Record) -> None:
    first = settled(*findings, record=old)

    assert settled(*findings, record=first.record).record == first.record


@given(any_findings, any_record)
def test_what_is_unknown_or_not_converging_is_never_silent(findings: tuple[Finding, ...], old: Record) -> None:
    decision = settled(*findings, record=old)
    is_told = isinstance(decision, Restart) or decision.why.needs_attention

    assert is_told or not any(each.verdict is UNKNOWN and each.would_pull and not each.is_waiting for each in findings)


@given(any_findings, any_record)
def test_a_decision_keeps_no_entry_of_a_container_that_is_gone(findings: tuple[Finding, ...], old: Record) -> None:
    decision = settled(*findings, record=old)
    names = {each.container for each in findings}

    assert decision.record is old or set(decision.record.containers) <= names
