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
from figwasp.core.digest import Digest
from figwasp.core.finding import Answer, Finding, find, watched
from figwasp.core.record import Record
from figwasp.core.reference import Reference
from figwasp.core.resolution import Resolution
from figwasp.core.verdict import Rule, Verdict
from figwasp.core.workload import Container, PlatformLimits, PullPolicy, RolloutState, RunningContainer
from figwasp.errors import AccessDenied, FigwaspError, RegistryUnreachable
from tests.core.shelf import Shelf
from tests.factories import IMAGE, container, digest, image, pair, pod, record, reference, running, workload

ALWAYS, IF_NOT_PRESENT, NEVER = PullPolicy.ALWAYS, PullPolicy.IF_NOT_PRESENT, PullPolicy.NEVER
CURRENT, SAME, OTHER = running("1"), running("2"), running("3")
AMD64, ARM64 = "linux/amd64", "linux/arm64"


def shelf() -> Shelf:
    return Shelf().holds("1", image("1", "f0")).holds("2", image("2", "f0")).holds("3", image("3", "f1"))


def findings(
    *pods: RunningContainer,
    containers: tuple[Container, ...] | None = None,
    answers: Mapping[str, Answer] | None = None,
    record: Record | None = None,
    contents: Shelf | None = None,
) -> tuple[Finding, ...]:
    given_workload = workload(containers=containers, running=pods, record=record)
    given_answers = {} if answers is None else answers

    def ask(tag: Reference) -> Answer:
        return given_answers.get(str(tag), Resolution(tag, digest("1"), ANONYMOUS))

    return find(given_workload, ask, contents or shelf())


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
        answers={IMAGE: answer} if answer else None,
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


# What a pod really runs

MIRROR = "mirror.example/shop/web"
MIRRORED = f"{MIRROR}:1"
PINNED = f"{IMAGE}@{digest('3')}"


def mirror(config: str = "f0") -> Shelf:
    """A mirror whose tag names `1` too; what ran before is there as well."""
    held = shelf().holds("1", image("1", config), MIRROR).holds("2", image("2", "f0"), MIRROR)
    return held.holds("3", image("3", "f1"), MIRROR)


@pytest.mark.parametrize("text", ["docker.io/library/nginx:latest", "index.docker.io/nginx", "nginx:latest"])
def test_a_pod_whose_image_is_spelled_differently_runs_the_same_image(text: str) -> None:
    contents = shelf().holds("1", image("1", "f0"), "docker.io/library/nginx")
    reported = running("f0", "docker.io/library/nginx")
    (only,) = findings(pod(reported, image=text), containers=(container("web", "nginx"),), contents=contents)

    assert only.verdict is Verdict.STALE


REWRITTEN = [
    "registry.example/shop/web:2",
    f"registry.example/shop/web:2@{digest('3')}",
    f"{MIRROR}@{digest('3')}",
    "No Image",
]


@pytest.mark.parametrize("text", REWRITTEN)
def test_a_difference_is_unknown_where_something_changed_the_pods_image(text: str) -> None:
    """A restart may bring the same again, as the webhook pleases (facts 7.15)."""
    only = found(pod(OTHER, image=text))

    assert (only.rule, only.verdict, text in only.why) == (Rule.REWRITTEN, Verdict.UNKNOWN, True)


@pytest.mark.parametrize("text", [MIRRORED, f"{IMAGE}@{digest('1')}", f"{MIRROR}@{digest('1')}"])
def test_a_pod_that_runs_what_the_tag_names_is_current_though_something_changed_its_image(text: str) -> None:
    """Rules 1 and 2: digests only. A webhook that rewrites to a mirror must not make every pass fail."""
    assert found(pod(CURRENT, image=text)).verdict is Verdict.CURRENT


def test_a_pod_that_was_sent_to_another_repository_follows_the_tag_there() -> None:
    web = workload(containers=(container(),), running=(pod(OTHER, image=MIRRORED),))

    assert watched(web) == (("web", reference(MIRRORED)),)


@pytest.mark.parametrize(("names", "verdict"), [("1", Verdict.STALE), ("3", Verdict.CURRENT)])
def test_a_pod_that_was_sent_to_another_repository_is_compared_with_the_tag_there(names: str, verdict: Verdict) -> None:
    answers = {MIRRORED: Resolution(reference(MIRRORED), digest(names), ANONYMOUS)}
    (only,) = findings(pod(OTHER, image=MIRRORED), answers=answers, contents=mirror())

    assert (only.verdict, only.named) == (verdict, digest(names))


@pytest.mark.parametrize("reported", [CURRENT, SAME, OTHER])
@pytest.mark.parametrize(("text", "is_told"), [(MIRRORED, True), (f"{IMAGE}@{digest('1')}", True), (IMAGE, False)])
def test_it_is_told_what_pods_were_changed_to_run(reported: str, text: str, *, is_told: bool) -> None:
    assert ("were changed" in found(pod(reported, image=text), contents=mirror()).why) is is_told


def test_it_is_told_what_pods_were_changed_to_run_where_an_equality_is_on_record() -> None:
    only = found(pod(SAME, image=MIRRORED), record=record(equal=(pair("2", "1"),)))

    assert (only.rule, MIRRORED in only.why) == (Rule.ON_RECORD, True)


def test_a_mirror_that_may_not_be_asked_does_no_harm_where_the_templates_tag_names_what_runs() -> None:
    (only,) = findings(pod(CURRENT, image=MIRRORED), answers={MIRRORED: AccessDenied("401")})

    assert (only.verdict, only.named) == (Verdict.CURRENT, digest("1"))


@pytest.mark.parametrize("template", [digest("1"), RegistryUnreachable("502")])
def test_a_mirror_that_may_not_be_asked_makes_a_difference_unknown(template: Digest | FigwaspError) -> None:
    upstream = Resolution(reference(), template, ANONYMOUS) if isinstance(template, Digest) else template
    (only,) = findings(pod(OTHER, image=MIRRORED), answers={MIRRORED: AccessDenied("401"), IMAGE: upstream})

    assert (only.rule, only.verdict, only.named) == (Rule.NOT_ANSWERED, Verdict.UNKNOWN, None)


def test_a_mirror_that_may_not_be_asked_holds_up_a_pod_that_is_stale() -> None:
    pods = (pod(OTHER, name="web-1"), pod(OTHER, name="web-2", image=MIRRORED))
    (only,) = findings(*pods, answers={MIRRORED: AccessDenied("401")})

    assert (only.rule, only.verdict) == (Rule.NOT_ANSWERED, Verdict.UNKNOWN)


def test_a_template_whose_registry_is_out_of_reach_does_no_harm_where_pods_are_sent_to_a_mirror() -> None:
    (only,) = findings(pod(OTHER, image=MIRRORED), answers={IMAGE: RegistryUnreachable("502")}, contents=mirror())

    assert only.verdict is Verdict.STALE


def test_a_tag_beside_a_digest_is_followed_in_another_repository_too() -> None:
    only = found(pod(OTHER, image=f"{MIRRORED}@{digest('3')}"), contents=mirror())

    assert (only.verdict, only.would_pull) == (Verdict.STALE, True)


@pytest.mark.parametrize("text", [PINNED, f"registry.example/shop/web@{digest('3')}"])
@pytest.mark.parametrize(("policy", "would_pull"), [(ALWAYS, True), (IF_NOT_PRESENT, True), (NEVER, False)])
def test_a_pod_that_was_pinned_as_it_was_made_is_compared_with_the_templates_tag(
    text: str, policy: PullPolicy, *, would_pull: bool
) -> None:
    """A restart pins it anew, to a digest that the node does not have (facts 7.15)."""
    only = found(pod(OTHER, image=text, pull_policy=policy))

    assert (only.verdict, only.would_pull, text in only.why) == (Verdict.STALE, would_pull, True)


def test_pods_of_which_some_were_sent_elsewhere_are_compared_each_with_its_own_tag() -> None:
    answers = {MIRRORED: Resolution(reference(MIRRORED), digest("3"), ANONYMOUS)}
    pods = (pod(CURRENT, name="web-1"), pod(OTHER, name="web-2", image=MIRRORED))
    (only,) = findings(*pods, answers=answers, contents=mirror())

    assert only.verdict is Verdict.CURRENT


# Long texts, which anybody may have written


def test_a_long_image_id_that_says_nothing_is_told_by_its_beginning() -> None:
    assert f'"{"x" * 100}"' in found(pod("x" * 999)).why


def test_a_long_image_that_pods_were_changed_to_run_is_told_by_its_beginning() -> None:
    long = f"mirror.example/{'x' * 200}/web:1"

    assert f'"{long[:200]}"' in found(pod(CURRENT, image=long)).why


def test_a_long_image_that_cannot_be_read_is_told_by_its_beginning() -> None:
    long = "No Image" * 99

    assert f'"{long[:200]}"' in found(pod(OTHER, image=long)).why


def test_a_long_short_name_that_was_looked_up_elsewhere_is_told_by_its_beginning() -> None:
    name, elsewhere = "x" * 210, f"quay.example/{'y' * 210}"
    only = short(name, Shelf().holds("1", image("1", "f0"), f"docker.io/library/{name}"), running("3", elsewhere))

    assert only.rule is Rule.SHORT_NAME
    assert f'"{name[:200]}"' in only.why
    assert only.why.endswith(f" {elsewhere[:200]}")


# Short names (facts 7.17)

NGINX = "docker.io/library/nginx"
QUAY = "quay.example/nginx/nginx"


def short(image_text: str, contents: Shelf, reported: str | None = None) -> Finding:
    reported = reported or running("3", QUAY)
    (only,) = findings(pod(reported, image=image_text), containers=(container("web", image_text),), contents=contents)
    return only


def hub() -> Shelf:
    return Shelf().holds("1", image("1", "f0"), NGINX).holds("3", image("3", "f1"), QUAY)


def test_a_short_name_that_the_node_looked_up_elsewhere_is_unknown() -> None:
    only = short("nginx", hub())

    assert (only.rule, only.verdict, QUAY in only.why) == (Rule.SHORT_NAME, Verdict.UNKNOWN, True)


@pytest.mark.parametrize("text", [NGINX, "index.docker.io/library/nginx"])
def test_a_name_with_its_registry_is_not_doubted(text: str) -> None:
    assert short(text, hub()).verdict is Verdict.STALE


def test_a_short_name_is_not_doubted_where_docker_hub_has_what_runs() -> None:
    """The node may name a copy of it, that it pulled before (facts 1.2)."""
    assert short("nginx", hub().holds("3", image("3", "f1"), NGINX)).verdict is Verdict.STALE


@pytest.mark.parametrize("reported", [running("3", NGINX), f"docker-pullable://nginx@{digest('3')}", str(digest("3"))])
def test_a_short_name_is_not_doubted_where_the_node_names_no_other_registry(reported: str) -> None:
    assert short("nginx", hub(), reported).verdict is Verdict.STALE


def test_a_short_name_is_current_where_digests_agree() -> None:
    assert short("nginx", hub(), running("1", QUAY)).verdict is Verdict.CURRENT


# Platforms


def test_after_a_failed_roll_out_what_runs_does_not_tell_the_platform() -> None:
    """That is how the fix of an image that was pushed for the wrong platform gets in."""
    contents = shelf().built("f0", AMD64).built("f1", ARM64)
    verdicts = [
        find(web, lambda tag: Resolution(tag, digest("1"), ANONYMOUS), contents)[0].verdict
        for web in (workload(running=(pod(OTHER),), rollout=state) for state in RolloutState)
        if web.rollout is not RolloutState.IN_PROGRESS
    ]

    assert verdicts == [Verdict.UNKNOWN, Verdict.STALE]


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


ON_AMD64 = (*pair("2", "1"), AMD64)


def test_an_equality_that_was_proven_on_a_platform_costs_no_look_up_there() -> None:
    contents = Shelf({"node-1": AMD64})
    only = found(pod(SAME), record=record(equal=(pair("3", "1"), ON_AMD64)), contents=contents)

    assert (only.rule, contents.asked) == (Rule.ON_RECORD, [])


@pytest.mark.parametrize("other", [{}, {"node-2": ARM64}])
def test_an_equality_that_was_proven_on_a_platform_must_hold_for_every_node(other: dict[str, str]) -> None:
    contents = Shelf({"node-1": AMD64, **other}).holds("1", image("1", "f0")).holds("2", image("2", "f0"))
    pods = (pod(SAME, name=f"web-{node}", node=node) for node in ("node-1", "node-2"))

    assert found(*pods, record=record(equal=(ON_AMD64,)), contents=contents).rule is not Rule.ON_RECORD


def test_an_equality_of_other_digests_on_the_platform_proves_nothing() -> None:
    contents = Shelf({"node-1": AMD64}).holds("1", image("1", "f0")).holds("3", image("3", "f1"))

    assert found(pod(OTHER), record=record(equal=(ON_AMD64,)), contents=contents).verdict is Verdict.STALE


def test_no_node_is_asked_for_its_platform_where_images_have_but_one() -> None:
    contents = shelf()
    found(pod(SAME), contents=contents)

    assert contents.nodes_asked == []


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
    image=st.sampled_from([IMAGE, MIRRORED, PINNED, "registry.example/shop/web:2"]),
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
    # A pod that was sent to another repository follows the tag there, which is not to be had either.
    unanswered: dict[str, Answer] = dict.fromkeys([IMAGE, MIRRORED], failure)
    (finding,) = findings(*pods, containers=(container(),), answers=unanswered)

    assert finding.verdict is Verdict.UNKNOWN


@given(st.lists(any_pod, min_size=1, max_size=6))
def test_pods_that_all_report_the_tags_digest_are_current(pods: list[RunningContainer]) -> None:
    followed = [replace(each, reported=CURRENT, image_id=pod(CURRENT).image_id, image=IMAGE) for each in pods]

    assert found(*followed).verdict is Verdict.CURRENT
