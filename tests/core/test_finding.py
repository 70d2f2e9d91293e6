"""
What is known of a container over all its pods.

Aspects: which containers are asked for · what needs no look-up · one pod · several pods · pull policies · platforms.
Labels: tags name `1`; pods run it, `2` (the same content) or `3` (other content).
"""

import pytest

from figwasp.core.credential import ANONYMOUS
from figwasp.core.finding import find, watched
from figwasp.core.resolution import Resolution
from figwasp.core.verdict import Rule, Verdict
from figwasp.core.workload import PlatformLimits, PullPolicy, RolloutState
from figwasp.errors import AccessDenied, RegistryUnreachable
from tests.core.looking import ALWAYS, AMD64, ARM64, CURRENT, IF_NOT_PRESENT, NEVER, OTHER, SAME, findings, found, shelf
from tests.core.shelf import Shelf
from tests.factories import IMAGE, container, digest, image, pod, reference, running, workload

# Which containers are asked for


def test_every_tag_of_the_template_is_asked_for_in_its_order() -> None:
    given_workload = workload(containers=(container("init", "b:1"), container("web", "a:1")))

    assert watched(given_workload) == (("init", reference("b:1")), ("web", reference("a:1")))


@pytest.mark.parametrize("text", [f"web@{digest()}", f"web:latest@{digest()}", "Not An Image"])
def test_a_pinned_or_unreadable_image_is_not_asked_for(text: str) -> None:
    assert watched(workload(containers=(container("web", text),))) == ()


def test_every_container_of_the_template_has_a_finding_in_its_order() -> None:
    containers = (container("init"), container("web"), container("pinned", f"web@{digest()}"))

    assert [each.container for each in findings(containers=containers)] == ["init", "web", "pinned"]


def test_a_container_that_only_the_pods_have_is_passed_over() -> None:
    """A sidecar that an admission webhook injects has no tag of ours."""
    injected = pod(OTHER, container="istio-proxy")

    assert [(each.container, each.verdict) for each in findings(pod(CURRENT), injected)] == [("web", Verdict.CURRENT)]


def test_each_container_is_judged_by_its_own_status() -> None:
    both = (container(), container("side"))
    found_both = findings(pod(CURRENT), pod(OTHER, container="side"), containers=both)

    assert [each.verdict for each in found_both] == [Verdict.CURRENT, Verdict.STALE]


# What needs no comparison


@pytest.mark.parametrize("text", [f"web@{digest()}", f"web:latest@{digest()}"])
def test_an_image_that_is_pinned_is_exempt(text: str) -> None:
    (only,) = findings(pod(OTHER, image=text), containers=(container("web", text),))

    assert (only.verdict, only.would_pull) == (Verdict.EXEMPT, False)


def test_an_image_that_is_no_reference_is_unknown_and_says_why() -> None:
    unreadable = container("web", "Not An Image")
    (only,) = findings(pod(OTHER), containers=(unreadable,))

    assert (only.verdict, only.why) == (Verdict.UNKNOWN, unreadable.problem)


def test_a_tag_that_could_not_be_resolved_is_unknown_and_names_no_digest() -> None:
    only = found(pod(OTHER), answer=AccessDenied("refused (401)", hint="log in"))

    assert (only.verdict, only.named, only.why, only.hint) == (Verdict.UNKNOWN, None, "refused (401)", "log in")


def test_the_image_of_a_volume_is_resolved_and_not_judged() -> None:
    (one,) = findings(pod(), containers=(container("volume/model"),))

    assert (Verdict.EXEMPT, "volume", True) == (one.verdict, one.rule, one.would_pull)
    assert one.named == digest("1")


def test_a_workload_without_pods_is_only_waiting() -> None:
    only = found()

    assert (only.verdict, only.is_waiting) == (Verdict.UNKNOWN, True)


def test_a_container_without_pods_does_not_count_as_one_whose_image_cannot_be_had() -> None:
    assert found().is_usable


def test_a_tag_that_could_not_be_resolved_is_not_only_waiting() -> None:
    assert not found(answer=RegistryUnreachable("502")).is_waiting


# One pod


@pytest.mark.parametrize(
    ("reported", "verdict"),
    [(CURRENT, Verdict.CURRENT), (SAME, Verdict.CURRENT), (OTHER, Verdict.STALE), ("nonsense", Verdict.UNKNOWN)],
)
def test_a_container_of_one_pod_is_judged_by_what_it_runs(reported: str, verdict: Verdict) -> None:
    assert found(pod(reported)).verdict is verdict


def test_a_finding_tells_what_runs_and_what_the_tag_names() -> None:
    only = found(pod(OTHER))

    assert (only.container, only.image, only.running, only.named) == ("web", IMAGE, (OTHER,), digest("1"))


def test_a_pod_that_has_reported_nothing_yet_is_waited_for() -> None:
    only = found(pod(""))

    assert (only.rule, only.verdict, only.is_waiting, only.running) == (Rule.NO_STATUS, Verdict.UNKNOWN, True, ())


def test_an_image_id_that_says_nothing_is_wrong_not_waited_for() -> None:
    only = found(pod("nonsense"))

    assert (only.verdict, only.is_waiting, "nonsense" in only.why) == (Verdict.UNKNOWN, False, True)


def test_an_image_id_that_says_nothing_is_looked_up_nowhere() -> None:
    contents = shelf()
    found(pod("nonsense"), contents=contents)

    assert contents.asked == []


def test_a_long_image_id_that_says_nothing_is_told_by_its_beginning() -> None:
    assert f'"{"x" * 100}"' in found(pod("x" * 999)).why


# Several pods


@pytest.mark.parametrize("beside", [CURRENT, SAME, "nonsense", ""])
def test_one_stale_pod_makes_its_container_stale(beside: str) -> None:
    assert found(pod(beside, name="web-1"), pod(OTHER, name="web-2")).verdict is Verdict.STALE


@pytest.mark.parametrize("doubtful", ["nonsense", ""])
def test_one_unknown_pod_makes_a_container_unknown_that_is_current_otherwise(doubtful: str) -> None:
    assert found(pod(CURRENT, name="web-1"), pod(doubtful, name="web-2")).verdict is Verdict.UNKNOWN


def test_what_is_wrong_is_told_before_what_is_waited_for() -> None:
    only = found(pod("", name="web-1"), pod("nonsense", name="web-2"))

    assert (only.is_waiting, "nonsense" in only.why) == (False, True)


def test_pods_of_several_runtimes_may_report_the_same_image_differently() -> None:
    contents = shelf().holds("1", {AMD64: image("c", "f0"), ARM64: image("d", "f1")})
    pods = [pod(each, name=each) for each in (CURRENT, running("c"), digest("f1").hex, f"docker://{digest('f0')}")]

    assert found(*pods, contents=contents).verdict is Verdict.CURRENT


def test_pods_that_report_the_same_are_compared_once() -> None:
    contents = shelf()
    found(*(pod(OTHER, name=f"web-{number}") for number in range(9)), contents=contents)

    assert len(contents.asked) == 2


def test_pods_with_different_limits_are_judged_each_by_their_own() -> None:
    new, old = {AMD64: image("a", "f0"), ARM64: image("c", "f9")}, {AMD64: image("a", "f0"), ARM64: image("b", "f1")}
    contents = Shelf().holds("1", new).holds("2", old)
    on = {each: PlatformLimits(architectures=frozenset({each})) for each in ("amd64", "arm64")}

    only = found(*(pod(SAME, name=each, limits=limits) for each, limits in on.items()), contents=contents)

    assert only.verdict is Verdict.STALE


# Pull policies


@pytest.mark.parametrize(("policy", "would_pull"), [(ALWAYS, True), (IF_NOT_PRESENT, False), (NEVER, False)])
@pytest.mark.parametrize("template", [ALWAYS, IF_NOT_PRESENT])
@pytest.mark.parametrize("reported", [CURRENT, OTHER, "nonsense"])
def test_the_pods_own_pull_policy_counts(
    policy: PullPolicy, *, would_pull: bool, template: PullPolicy, reported: str
) -> None:
    """AlwaysPullImages changes that of the pods, never that of the template."""
    assert found(pod(reported, pull_policy=policy), policy=template).would_pull is would_pull


@pytest.mark.parametrize(("policy", "would_pull"), [(ALWAYS, True), (IF_NOT_PRESENT, False), (NEVER, False)])
@pytest.mark.parametrize("template", [ALWAYS, IF_NOT_PRESENT])
def test_it_counts_too_where_the_registry_does_not_answer(
    policy: PullPolicy, *, would_pull: bool, template: PullPolicy
) -> None:
    """A restart for another container would pull this image as well, so it may not start."""
    unanswered = found(pod(CURRENT, pull_policy=policy), answer=RegistryUnreachable("502"), policy=template)

    assert (Rule.NOT_ANSWERED, would_pull) == (unanswered.rule, unanswered.would_pull)


@pytest.mark.parametrize(("policy", "would_pull"), [(ALWAYS, True), (IF_NOT_PRESENT, False), (NEVER, False)])
def test_without_pods_the_templates_pull_policy_counts(policy: PullPolicy, *, would_pull: bool) -> None:
    assert found(policy=policy).would_pull is would_pull


def test_a_stale_pod_that_would_pull_counts_before_one_that_would_not() -> None:
    pods = (pod(OTHER, name="web-1", pull_policy=IF_NOT_PRESENT), pod(OTHER, name="web-2", pull_policy=ALWAYS))

    assert found(*pods).would_pull


def test_a_stale_pod_that_would_pull_counts_before_one_that_runs_something_else_and_would_not() -> None:
    contents = shelf().holds("4", image("4", "f2"))
    pods = (pod(OTHER, name="web-1", pull_policy=IF_NOT_PRESENT), pod(running("4"), name="web-2", pull_policy=ALWAYS))

    assert found(*pods, contents=contents).would_pull


def test_a_stale_pod_that_would_not_pull_does_not_count_as_pulling_by_another_that_is_current() -> None:
    pods = (pod(OTHER, name="web-1", pull_policy=IF_NOT_PRESENT), pod(CURRENT, name="web-2", pull_policy=ALWAYS))
    only = found(*pods)

    assert (only.verdict, only.would_pull) == (Verdict.STALE, False)


# Platforms


@pytest.mark.parametrize(
    ("rollout", "are_ready", "expected"),
    [
        (RolloutState.SETTLED, [False], Verdict.UNKNOWN),
        (RolloutState.FAILED, [False, False], Verdict.STALE),
        (RolloutState.STUCK, [False], Verdict.STALE),
        (RolloutState.FAILED, [False, True], Verdict.UNKNOWN),
    ],
)
def test_after_a_failed_roll_out_what_runs_does_not_tell_the_platform_if_none_of_it_is_ready(
    rollout: RolloutState, are_ready: list[bool], expected: Verdict
) -> None:
    """That is how the fix of an image that was pushed for the wrong platform gets in."""
    contents = shelf().built("f0", AMD64).built("f1", ARM64)
    pods = tuple(pod(OTHER, name=f"web-{number}", is_ready=each) for number, each in enumerate(are_ready))
    web = workload(running=pods, rollout=rollout)

    found = find(web, lambda tag: Resolution(tag, digest("1"), ANONYMOUS), contents)

    assert [expected] == [each.verdict for each in found]
