"""
Which pods are judged together, and which tag they follow (hazards 3, 15 and 17).

The template's image is `web:1` in registry.example/shop unless a test says otherwise.
"""

import pytest
from msgspec.structs import replace

from figwasp.core.group import Group, grouped
from figwasp.core.reference import Reference
from figwasp.core.workload import PlatformLimits, PullPolicy, RunningContainer
from tests.factories import IMAGE, digest, pod, reference, running

ALWAYS, IF_NOT_PRESENT, NEVER = PullPolicy.ALWAYS, PullPolicy.IF_NOT_PRESENT, PullPolicy.NEVER
MIRRORED = "mirror.example/shop/web:1"
PINNED = f"@{digest('3')}"


def group(*pods: RunningContainer, template: str = IMAGE) -> Group:
    (only,) = grouped(pods, reference(template))
    return only


def short(image: str, reported: str) -> Group:
    """A pod whose image may name no registry, as its template."""
    return group(pod(reported, image=image), template=image)


def test_pods_that_report_the_same_are_one_group_with_the_nodes_that_they_run_on() -> None:
    one = group(*(pod(name=name, node=node) for name, node in [("c", "node-2"), ("a", "node-1"), ("b", "node-2")]))

    assert one.nodes == ("node-1", "node-2")


@pytest.mark.parametrize(
    ("made", "since"),
    [
        (("2026-11-02T00:00:00Z", "2026-11-01T00:00:00Z", "2026-11-03T00:00:00Z"), "2026-11-01T00:00:00Z"),
        (("2026-11-02T00:00:00Z", ""), ""),
        (("",), ""),
    ],
)
def test_a_group_is_as_old_as_its_oldest_pod_if_the_age_of_all_is_known(made: tuple[str, ...], since: str) -> None:
    assert since == group(*(replace(pod(name=f"web-{at}"), since=at) for at in made)).since


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(pod(running("b")), id="what it reports"),
        pytest.param(pod(running("a"), image=MIRRORED), id="its image"),
        pytest.param(pod(pull_policy=NEVER), id="its pull policy"),
        pytest.param(pod(limits=PlatformLimits(os=frozenset({"linux"}))), id="its limits"),
    ],
)
def test_pods_that_differ_in_what_counts_are_not_judged_together(other: RunningContainer) -> None:
    assert len(grouped([pod(), other], reference())) == 2


def test_groups_do_not_depend_on_the_order_of_pods() -> None:
    pods = [pod(running(label), name=f"web-{label}", node=f"node-{label}") for label in "cab"]

    assert grouped(pods, reference()) == grouped(pods[::-1], reference())


@pytest.mark.parametrize(
    ("image", "follows", "is_certain"),
    [
        pytest.param(IMAGE, IMAGE, True, id="the template's"),
        pytest.param(IMAGE + PINNED, IMAGE, True, id="pinned, with its tag"),
        pytest.param(f"registry.example/shop/web{PINNED}", IMAGE, True, id="pinned, without a tag"),
        pytest.param(MIRRORED, MIRRORED, True, id="a mirror's"),
        pytest.param(MIRRORED + PINNED, MIRRORED, True, id="a mirror's, pinned"),
        pytest.param(f"mirror.example/shop/web{PINNED}", IMAGE, False, id="a mirror's, pinned, without a tag"),
        pytest.param("registry.example/shop/web:2", IMAGE, False, id="another tag"),
        pytest.param(f"registry.example/shop/web:2{PINNED}", IMAGE, False, id="another tag, pinned"),
        pytest.param("No Image", IMAGE, False, id="unreadable"),
    ],
)
def test_pods_follow_the_tag_that_a_restart_would_pull(image: str, follows: str, *, is_certain: bool) -> None:
    one = group(pod(running("a"), image=image))

    assert (one.follows, one.is_certain) == (Reference.parse(follows), is_certain)


@pytest.mark.parametrize(
    ("image", "policy", "would_pull"),
    [
        (IMAGE, ALWAYS, True),
        (IMAGE, IF_NOT_PRESENT, False),
        (IMAGE, NEVER, False),
        (IMAGE + PINNED, ALWAYS, True),
        (IMAGE + PINNED, IF_NOT_PRESENT, True),
        (IMAGE + PINNED, NEVER, False),
    ],
)
def test_new_pods_pull_by_their_policy_and_any_digest_that_is_new(
    image: str, policy: PullPolicy, *, would_pull: bool
) -> None:
    assert group(pod(running("a"), image=image, pull_policy=policy)).would_pull is would_pull


QUAY = f"quay.example/nginx/nginx@{digest()}"


@pytest.mark.parametrize(
    ("image", "reported", "is_elsewhere"),
    [
        pytest.param("nginx", QUAY, True, id="another registry"),
        pytest.param("nginx", f"docker.io/library/nginx@{digest()}", False, id="Docker Hub"),
        pytest.param("nginx", str(digest()), False, id="none"),
        pytest.param("nginx", "", False, id="nothing yet"),
        pytest.param("nginx", f"No Name@{digest()}", False, id="unreadable"),
        pytest.param("docker.io/library/nginx", QUAY, False, id="written with Docker Hub"),
        pytest.param("index.docker.io/library/nginx", QUAY, False, id="written with Docker Hub's other name"),
        pytest.param("quay.example/nginx/nginx", QUAY, False, id="written with another registry"),
    ],
)
def test_only_a_short_name_that_the_node_found_in_another_registry_is_elsewhere(
    image: str, reported: str, *, is_elsewhere: bool
) -> None:
    assert short(image, reported).is_elsewhere is is_elsewhere
