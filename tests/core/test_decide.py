"""
Whether a workload is restarted, and what keeps it from it.

Aspects: what holds it · restarts · what stands in the way · images of volumes · after a failed roll-out · with the
comparison. Records are in `test_decide_record`, words in `test_decide_reasons`. Labels: tags name `b`, pods run `a`.
"""

import pytest
from msgspec.structs import replace

from figwasp.core.credential import ANONYMOUS
from figwasp.core.decide import decide, hold
from figwasp.core.decision import Leave, Restart, Why
from figwasp.core.finding import Finding, find
from figwasp.core.resolution import Resolution
from figwasp.core.workload import Container, PullPolicy, RolloutState, Workload
from tests.core.deciding import (
    CURRENT,
    EXEMPT,
    HELD,
    PINNED,
    RUNNING,
    STALE,
    UNKNOWN,
    UNRESOLVED,
    left,
    restarted,
    settled,
    why,
)
from tests.core.shelf import Shelf
from tests.factories import container, digest, finding, image, move, pair, pod, record, running, workload

# What holds it: the owner's wish, and its state


@pytest.mark.parametrize(("expected", "held"), HELD.items(), ids=HELD)
def test_a_workload_that_must_not_be_restarted_is_left_before_anybody_is_asked(expected: Why, held: Workload) -> None:
    found = hold(held)

    assert found is not None
    assert found.why is expected


@pytest.mark.parametrize("held", HELD.values(), ids=HELD)
def test_a_workload_that_must_not_be_restarted_is_left_however_stale_it_is(held: Workload) -> None:
    assert decide(held, (finding(STALE),)) == hold(held)


@pytest.mark.parametrize("state", [RolloutState.SETTLED, RolloutState.FAILED])
def test_a_workload_whose_rollout_is_over_is_looked_at(state: RolloutState) -> None:
    assert hold(workload(rollout=state)) is None


def test_a_workload_with_one_image_that_is_not_pinned_is_looked_at() -> None:
    assert hold(workload(containers=(PINNED, container("side")))) is None


def test_a_workload_with_an_image_that_cannot_be_read_is_not_called_pinned() -> None:
    assert hold(workload(containers=(PINNED, container("side", "Not An Image")))) is None


def test_a_workload_that_is_being_deleted_is_left() -> None:
    assert left(decide(workload(is_deleting=True), (finding(STALE),))).why is Why.DELETING


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


def test_an_image_that_a_restart_could_not_use_holds_up_a_stale_one() -> None:
    unusable = replace(finding(UNKNOWN, container="side", why="not for arm64"), is_usable=False)
    decision = left(settled(finding(STALE), unusable))

    assert (Why.INCOMPLETE, "side: not for arm64") == (decision.why, decision.detail)


def test_a_stale_container_that_would_not_pull_is_left_with_what_to_do() -> None:
    decision = left(settled(finding(STALE, would_pull=False)))

    assert (decision.why, "imagePullPolicy: Always" in decision.hint) == (Why.PULL_POLICY, True)


def test_an_unknown_container_is_left_with_what_was_wrong() -> None:
    decision = left(settled(finding(UNKNOWN, why="odd", hint="mend it")))

    assert (decision.why, decision.detail, decision.hint) == (Why.UNKNOWN, "web: odd", "mend it")


def test_what_could_not_be_checked_is_doubtful_even_where_a_restart_would_not_pull() -> None:
    assert left(settled(finding(UNKNOWN, named="", would_pull=False))).why is Why.UNKNOWN


def test_an_image_that_is_no_reference_is_not_passed_over_by_its_pull_policy() -> None:
    unreadable = workload(containers=(container("web", "Not An Image", PullPolicy.IF_NOT_PRESENT),), running=RUNNING)

    assert left(decide(unreadable, (finding(UNKNOWN, named="", would_pull=False),))).why is Why.UNKNOWN


def test_pods_that_have_not_reported_yet_are_waited_for() -> None:
    assert why(finding(UNKNOWN, is_waiting=True)) is Why.NO_STATUS


@pytest.mark.parametrize("findings", [(finding(CURRENT),), (finding(CURRENT), finding(EXEMPT, container="side"))])
def test_a_workload_that_runs_what_its_tags_name_is_up_to_date(findings: tuple[Finding, ...]) -> None:
    assert why(*findings) is Why.CURRENT


# Images of volumes


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


# A roll-out that failed


def test_a_fix_under_the_same_tag_gets_in_after_a_failed_rollout() -> None:
    decision = settled(finding(STALE), record=record({"web": move("c")}), rollout=RolloutState.FAILED)

    assert isinstance(decision, Restart)


@pytest.mark.parametrize("seen", [False, True])
def test_a_digest_that_was_restarted_for_is_not_tried_again_after_a_failed_rollout(*, seen: bool) -> None:
    """Only one that neither runs nor was restarted for may be tried, once."""
    old = record({"web": move("b", seen=seen)})

    assert isinstance(settled(finding(STALE), record=old, rollout=RolloutState.FAILED), Leave)


def test_a_digest_that_some_pod_runs_is_not_tried_again_after_a_failed_rollout() -> None:
    """Half of the pods run it already, and it was that which failed."""
    stale = finding(STALE, running=(running("a"), running("b")))

    assert isinstance(settled(stale, rollout=RolloutState.FAILED), Leave)


# Together with the comparison: a restart must not break what runs


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
