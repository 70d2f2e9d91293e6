"""
Content that was proven to be equal: what is told of it, and what a record of it saves and proves.

Labels: tags name `1`; pods run it, `2` (the same content) or `3` (other content).
"""

import pytest

from figwasp.core.verdict import Rule, Verdict
from figwasp.core.workload import PlatformLimits
from tests.core.looking import AMD64, ARM64, CURRENT, OTHER, SAME, found, shelf
from tests.core.shelf import Shelf
from tests.factories import image, pair, pod, record


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


def test_an_equality_that_was_proven_for_a_node_selector_proves_nothing_for_another() -> None:
    old = {AMD64: image("a", "f0"), ARM64: image("b", "f1")}
    contents = Shelf().holds("1", old | {ARM64: image("c", "f9")}).holds("2", old)
    on = [PlatformLimits(architectures=frozenset({each})) for each in ("amd64", "arm64")]

    proven = found(pod(SAME, limits=on[0]), contents=contents).equal
    moved = found(pod(SAME, limits=on[1]), record=record(equal=proven), contents=contents)

    assert moved.verdict is Verdict.STALE


def test_no_node_is_asked_for_its_platform_where_images_have_but_one() -> None:
    contents = shelf()
    found(pod(SAME), contents=contents)

    assert contents.nodes_asked == []
