"""
What is known of a container over all its pods (design 1.2, rules 1, 5 and 6).

Aspects: which containers are asked for · what needs no look-up · several pods · pull policies · what a pod really runs
· equalities · the order of pods. Labels: tags name `1`; pods run it, `2` (the same content) or `3` (other content).
"""

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from figwasp.core.credential import ANONYMOUS
from figwasp.core.finding import Answer, Finding, find, watched
from figwasp.core.record import Record
from figwasp.core.resolution import Resolution
from figwasp.core.verdict import Verdict
from figwasp.core.workload import Container, PlatformLimits, PullPolicy, RunningContainer
from figwasp.errors import AccessDenied, FigwaspError, RegistryUnreachable
from tests.core.shelf import Shelf
from tests.factories import IMAGE, container, digest, image, pair, pod, record, reference, running, workload

ALWAYS, IF_NOT_PRESENT, NEVER = PullPolicy.ALWAYS, PullPolicy.IF_NOT_PRESENT, PullPolicy.NEVER
CURRENT, SAME, OTHER = running("1"), running("2"), running("3")
AMD64, ARM64 = "linux/amd64", "linux/arm64"


def shelf() -> Shelf:
    return Shelf().holds("1", image("1", "f0")).holds("2", image("2", "f0")).holds("3", image("3", "f1"))


def named(label: str = "1") -> Resolution:
    return Resolution(reference(), digest(label), ANONYMOUS)


def findings(
    *pods: RunningContainer,
    containers: tuple[Container, ...] | None = None,
    answers: Mapping[str, Answer] | None = None,
    record: Record | None = None,
    contents: Shelf | None = None,
) -> tuple[Finding, ...]:
    given_workload = workload(containers=containers, running=pods, record=record)
    given_answers = {name: named() for name, _ in watched(given_workload)} | dict(answers or {})
    return find(given_workload, given_answers, contents or shelf())


def found(
    *pods: RunningContainer,
    answer: Answer | None = None,
    record: Record | None = None,
    contents: Shelf | None = None,
    policy: PullPolicy = ALWAYS,
) -> Finding:
    (only,) = findings(
        *pods,
        containers=(container(pull_policy=policy),),
        answers={"web": answer or named()},
        record=record,
        contents=contents,
    )
    return only


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
    """A sidecar that an admission webhook injects has no tag of ours (facts 7.16)."""
    injected = pod(OTHER, container="istio-proxy")

    assert [each.container for each in findings(pod(CURRENT), injected)] == ["web"]


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


def test_a_workload_without_pods_is_only_waiting() -> None:
    only = found()

    assert (only.verdict, only.is_waiting) == (Verdict.UNKNOWN, True)


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

    assert (only.verdict, only.is_waiting, only.running) == (Verdict.UNKNOWN, True, ())


def test_an_image_id_that_says_nothing_is_wrong_not_waited_for() -> None:
    only = found(pod("nonsense"))

    assert (only.verdict, only.is_waiting, "nonsense" in only.why) == (Verdict.UNKNOWN, False, True)


def test_an_image_id_that_says_nothing_is_looked_up_nowhere() -> None:
    contents = shelf()
    found(pod("nonsense"), contents=contents)

    assert contents.asked == []


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
    """AlwaysPullImages changes that of the pods, never that of the template (facts 1.6)."""
    assert found(pod(reported, pull_policy=policy), policy=template).would_pull is would_pull


@pytest.mark.parametrize(("policy", "would_pull"), [(ALWAYS, True), (IF_NOT_PRESENT, False), (NEVER, False)])
def test_without_pods_the_templates_pull_policy_counts(policy: PullPolicy, *, would_pull: bool) -> None:
    assert found(policy=policy).would_pull is would_pull


def test_a_stale_pod_that_would_pull_counts_before_one_that_would_not() -> None:
    pods = (pod(OTHER, name="web-1", pull_policy=IF_NOT_PRESENT), pod(OTHER, name="web-2", pull_policy=ALWAYS))

    assert found(*pods).would_pull


def test_a_stale_pod_that_would_not_pull_does_not_count_as_pulling_by_another_that_is_current() -> None:
    pods = (pod(OTHER, name="web-1", pull_policy=IF_NOT_PRESENT), pod(CURRENT, name="web-2", pull_policy=ALWAYS))
    only = found(*pods)

    assert (only.verdict, only.would_pull) == (Verdict.STALE, False)


# What a pod really runs


@pytest.mark.parametrize("text", ["docker.io/library/nginx:latest", "index.docker.io/nginx", "nginx:latest"])
def test_a_pod_whose_image_is_spelled_differently_runs_the_same_image(text: str) -> None:
    contents = shelf().holds("1", image("1", "f0"), "docker.io/library/nginx")
    (only,) = findings(pod(running("f0"), image=text), containers=(container("web", "nginx"),), contents=contents)

    assert only.verdict is Verdict.STALE


@pytest.mark.parametrize("text", ["mirror.example/shop/web:1", "registry.example/shop/web:2", f"{IMAGE}@{digest()}"])
def test_a_difference_is_unknown_where_something_changed_the_pods_image(text: str) -> None:
    """A restart may bring the same again, as the webhook pleases (facts 7.15)."""
    only = found(pod(OTHER, image=text))

    assert (only.verdict, text in only.why) == (Verdict.UNKNOWN, True)


@pytest.mark.parametrize("text", ["mirror.example/shop/web:1", f"{IMAGE}@{digest('1')}"])
def test_a_pod_that_runs_what_the_tag_names_is_current_though_something_changed_its_image(text: str) -> None:
    """Rules 1 and 2: digests only. A webhook that rewrites to a mirror must not make every pass fail."""
    assert found(pod(CURRENT, image=text)).verdict is Verdict.CURRENT


# Equalities


def test_content_that_was_proven_equal_is_told() -> None:
    assert found(pod(SAME)).equal == (pair("2", "1"),)


def test_equal_digests_are_no_equality_to_keep() -> None:
    assert found(pod(CURRENT)).equal == ()


def test_an_equality_is_told_beside_a_stale_pod() -> None:
    assert found(pod(SAME, name="web-1"), pod(OTHER, name="web-2")).equal == (pair("2", "1"),)


def test_an_equality_on_record_costs_no_look_up() -> None:
    contents = shelf()
    only = found(pod(SAME), record=record(equal=(pair("2", "1"),)), contents=contents)

    assert (only.verdict, contents.asked) == (Verdict.CURRENT, [])


def test_an_equality_on_record_counts_for_any_template() -> None:
    contents = shelf()
    found(pod(SAME), record=record(template="another", equal=(pair("2", "1"),)), contents=contents)

    assert contents.asked == []


def test_an_equality_with_what_the_tag_named_before_counts_no_more() -> None:
    assert found(pod(OTHER), record=record(equal=(pair("3", "2"),))).verdict is Verdict.STALE


def test_an_equality_that_was_proven_on_one_platform_proves_nothing_on_another() -> None:
    """Only arm64 was rebuilt: a pod that moves from an amd64 node to an arm64 node is stale there."""
    old = {AMD64: image("a", "f0"), ARM64: image("b", "f1")}
    new = {AMD64: image("a", "f0"), ARM64: image("c", "f9")}
    contents = Shelf({"node-1": AMD64, "node-2": ARM64}).holds("1", new).holds("2", old)

    proven = found(pod(SAME, node="node-1"), contents=contents).equal
    moved = found(pod(SAME, node="node-2"), record=record(equal=proven), contents=contents)

    assert moved.verdict is Verdict.STALE


def test_an_equality_that_was_proven_for_a_node_selector_proves_nothing_for_another() -> None:
    old = {AMD64: image("a", "f0"), ARM64: image("b", "f1")}
    contents = Shelf().holds("1", old | {ARM64: image("c", "f9")}).holds("2", old)
    on = [PlatformLimits(architectures=frozenset({each})) for each in ("amd64", "arm64")]

    proven = found(pod(SAME, limits=on[0]), contents=contents).equal
    moved = found(pod(SAME, limits=on[1]), record=record(equal=proven), contents=contents)

    assert moved.verdict is Verdict.STALE


# Properties

any_pod = st.builds(
    pod,
    st.sampled_from([CURRENT, SAME, OTHER, running("4"), digest("5").hex, "nonsense", "rubbish", ""]),
    name=st.text("abc", min_size=1, max_size=3),
    image=st.sampled_from([IMAGE, "mirror.example/shop/web:1"]),
    pull_policy=st.sampled_from(PullPolicy),
    node=st.sampled_from(["node-1", "node-2", "node-3"]),
)


@given(st.lists(any_pod, max_size=6).flatmap(lambda pods: st.tuples(st.just(pods), st.permutations(pods))))
def test_a_finding_does_not_depend_on_the_order_of_pods(
    orders: tuple[list[RunningContainer], list[RunningContainer]],
) -> None:
    one, other = orders

    assert found(*one) == found(*other)


@given(st.lists(any_pod, max_size=6).flatmap(lambda pods: st.tuples(st.just(pods), st.permutations(pods))))
def test_a_verdict_does_not_depend_on_the_order_of_pods(
    orders: tuple[list[RunningContainer], list[RunningContainer]],
) -> None:
    one, other = (found(*each) for each in orders)

    assert (one.verdict, one.would_pull, one.is_waiting) == (other.verdict, other.would_pull, other.is_waiting)


@given(st.lists(any_pod, min_size=1, max_size=6), st.sampled_from([AccessDenied("403"), RegistryUnreachable("502")]))
def test_a_tag_that_could_not_be_resolved_is_never_stale(pods: list[RunningContainer], failure: FigwaspError) -> None:
    assert found(*pods, answer=failure).verdict is Verdict.UNKNOWN


@given(st.lists(any_pod, min_size=1, max_size=6))
def test_pods_that_all_report_the_tags_digest_are_current(pods: list[RunningContainer]) -> None:
    followed = [replace(each, reported=CURRENT, image_id=pod(CURRENT).image_id, image=IMAGE) for each in pods]

    assert found(*followed).verdict is Verdict.CURRENT
