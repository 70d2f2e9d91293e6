"""
What a pod really runs, where that is not what its template names (hazards 15 and 17).

Aspects: spelled differently · changed as it was made · sent to another repository · pinned · short names. Labels: tags
name `1`; pods run it, `2` (the same content) or `3` (other content).
"""

import pytest

from figwasp.core.credential import ANONYMOUS
from figwasp.core.digest import Digest
from figwasp.core.finding import Finding, watched
from figwasp.core.resolution import Resolution
from figwasp.core.verdict import Rule, Verdict
from figwasp.core.workload import PullPolicy
from figwasp.errors import AccessDenied, FigwaspError, RegistryUnreachable
from tests.core.looking import (
    ALWAYS,
    CURRENT,
    IF_NOT_PRESENT,
    MIRROR,
    MIRRORED,
    NEVER,
    OTHER,
    PINNED,
    SAME,
    findings,
    found,
    shelf,
)
from tests.core.shelf import Shelf
from tests.factories import IMAGE, container, digest, image, pair, pod, record, reference, running, workload

# Spelled differently


@pytest.mark.parametrize("text", ["docker.io/library/nginx:latest", "index.docker.io/nginx", "nginx:latest"])
def test_a_pod_whose_image_is_spelled_differently_runs_the_same_image(text: str) -> None:
    contents = shelf().holds("1", image("1", "f0"), "docker.io/library/nginx")
    reported = running("f0", "docker.io/library/nginx")
    (only,) = findings(pod(reported, image=text), containers=(container("web", "nginx"),), contents=contents)

    assert only.verdict is Verdict.STALE


# Changed as it was made


REWRITTEN = [
    "registry.example/shop/web:2",
    f"registry.example/shop/web:2@{digest('3')}",
    f"{MIRROR}@{digest('3')}",
    "No Image",
]


@pytest.mark.parametrize("text", REWRITTEN)
def test_a_difference_is_unknown_where_something_changed_the_pods_image(text: str) -> None:
    """A restart may bring the same again, as the webhook pleases."""
    only = found(pod(OTHER, image=text))

    assert (only.rule, only.verdict, text in only.why) == (Rule.REWRITTEN, Verdict.UNKNOWN, True)
    assert only.differ == (pair("3", "1"),)


@pytest.mark.parametrize("text", [MIRRORED, f"{IMAGE}@{digest('1')}", f"{MIRROR}@{digest('1')}"])
def test_a_pod_that_runs_what_the_tag_names_is_current_though_something_changed_its_image(text: str) -> None:
    """Digests only, never names. A webhook that rewrites to a mirror must not make every pass fail."""
    assert found(pod(CURRENT, image=text)).verdict is Verdict.CURRENT


@pytest.mark.parametrize("reported", [CURRENT, SAME, OTHER])
@pytest.mark.parametrize(("text", "is_told"), [(MIRRORED, True), (f"{IMAGE}@{digest('1')}", True), (IMAGE, False)])
def test_it_is_told_what_pods_were_changed_to_run(reported: str, text: str, *, is_told: bool) -> None:
    assert ("were changed" in found(pod(reported, image=text), contents=mirror()).why) is is_told


def test_it_is_told_what_pods_were_changed_to_run_where_an_equality_is_on_record() -> None:
    only = found(pod(SAME, image=MIRRORED), record=record(equal=(pair("2", "1"),)))

    assert (only.rule, MIRRORED in only.why) == (Rule.ON_RECORD, True)


def test_a_long_image_that_pods_were_changed_to_run_is_told_by_its_beginning() -> None:
    long = f"mirror.example/{'x' * 200}/web:1"

    assert f'"{long[:200]}"' in found(pod(CURRENT, image=long)).why


def test_a_long_image_that_cannot_be_read_is_told_by_its_beginning() -> None:
    long = "No Image" * 99

    assert f'"{long[:200]}"' in found(pod(OTHER, image=long)).why


# Sent to another repository


def mirror(config: str = "f0") -> Shelf:
    """A mirror whose tag names `1` too; what ran before is there as well."""
    held = shelf().holds("1", image("1", config), MIRROR).holds("2", image("2", "f0"), MIRROR)
    return held.holds("3", image("3", "f1"), MIRROR)


def test_a_pod_that_was_sent_to_another_repository_follows_the_tag_there() -> None:
    web = workload(containers=(container(),), running=(pod(OTHER, image=MIRRORED),))

    assert watched(web) == (("web", reference(MIRRORED)),)


@pytest.mark.parametrize(("names", "verdict"), [("1", Verdict.STALE), ("3", Verdict.CURRENT)])
def test_a_pod_that_was_sent_to_another_repository_is_compared_with_the_tag_there(names: str, verdict: Verdict) -> None:
    answers = {MIRRORED: Resolution(reference(MIRRORED), digest(names), ANONYMOUS)}
    (only,) = findings(pod(OTHER, image=MIRRORED), answers=answers, contents=mirror())

    assert (only.verdict, only.named) == (verdict, digest(names))


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


def test_pods_of_which_some_were_sent_elsewhere_are_compared_each_with_its_own_tag() -> None:
    answers = {MIRRORED: Resolution(reference(MIRRORED), digest("3"), ANONYMOUS)}
    pods = (pod(CURRENT, name="web-1"), pod(OTHER, name="web-2", image=MIRRORED))
    (only,) = findings(*pods, answers=answers, contents=mirror())

    assert only.verdict is Verdict.CURRENT


# Pinned


@pytest.mark.parametrize("text", [PINNED, f"registry.example/shop/web@{digest('3')}"])
@pytest.mark.parametrize(("policy", "would_pull"), [(ALWAYS, True), (IF_NOT_PRESENT, True), (NEVER, False)])
def test_a_pod_that_was_pinned_as_it_was_made_is_compared_with_the_templates_tag(
    text: str, policy: PullPolicy, *, would_pull: bool
) -> None:
    """A restart pins it anew, to a digest that the node does not have."""
    only = found(pod(OTHER, image=text, pull_policy=policy))

    assert (only.verdict, only.would_pull, text in only.why) == (Verdict.STALE, would_pull, True)


# Short names


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
    assert only.differ == (pair("3", "1"),)


def test_a_short_name_is_not_doubted_where_docker_hub_has_what_runs() -> None:
    """The node may name a copy of it, that it pulled before."""
    assert short("nginx", hub().holds("3", image("3", "f1"), NGINX)).verdict is Verdict.STALE


@pytest.mark.parametrize("reported", [running("3", NGINX), f"docker-pullable://nginx@{digest('3')}", str(digest("3"))])
def test_a_short_name_is_not_doubted_where_the_node_names_no_other_registry(reported: str) -> None:
    assert short("nginx", hub(), reported).verdict is Verdict.STALE


def test_a_short_name_is_current_where_digests_agree() -> None:
    assert short("nginx", hub(), running("1", QUAY)).verdict is Verdict.CURRENT


@pytest.mark.parametrize("text", [NGINX, "index.docker.io/library/nginx"])
def test_a_name_with_its_registry_is_not_doubted(text: str) -> None:
    assert short(text, hub()).verdict is Verdict.STALE


def test_a_long_short_name_that_was_looked_up_elsewhere_is_told_by_its_beginning() -> None:
    name, elsewhere = "x" * 210, f"quay.example/{'y' * 210}"
    only = short(name, Shelf().holds("1", image("1", "f0"), f"docker.io/library/{name}"), running("3", elsewhere))

    assert only.rule is Rule.SHORT_NAME
    assert f'"{name[:200]}"' in only.why
    assert only.why.endswith(f" {elsewhere[:200]}")
