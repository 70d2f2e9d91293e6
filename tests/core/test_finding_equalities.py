"""
Content that was proven to be equal, or to differ: what is told of it, and what a record of it saves and proves.

Labels: tags name `1`; pods run it, `2` (the same content) or `3` (other content).
"""

import pytest

from figwasp.core.verdict import Rule, Verdict
from figwasp.core.workload import PlatformLimits
from figwasp.errors import RegistryUnreachable
from tests.core.judging import AMD64_ONLY
from tests.core.looking import AMD64, ARM64, CURRENT, OTHER, SAME, found, shelf
from tests.core.shelf import Shelf
from tests.factories import ANYWHERE, digest, image, pair, pod, record, running


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


# What runs is gone from the registry, and was proven before to be the same as something that is there


def gone(old: str = "2") -> Shelf:
    """A shelf without what runs, and with what it was proven to be the same as."""
    return Shelf().holds("1", image("1", "f0")).holds(old, image(old, "f0")).holds("other", image("other", "f1"))


def test_what_is_gone_is_known_by_what_it_was_proven_the_same_as() -> None:
    only = found(pod(running("gone")), record=record(equal=(pair("gone", "2"),)), contents=gone())

    assert (only.verdict, only.equal) == (Verdict.CURRENT, (pair("gone", "1"),))


@pytest.mark.parametrize("equal", [(), (pair("gone", "gone too"),), (pair("gone", "other"),), (("x", "y"),)])
def test_what_is_gone_is_stale_where_nothing_the_same_is_left(equal: tuple[tuple[str, str], ...]) -> None:
    assert found(pod(running("gone")), record=record(equal=equal), contents=gone()).verdict is Verdict.STALE


def test_what_is_gone_is_known_by_the_newest_that_is_left() -> None:
    kept = record(equal=(pair("gone", "gone too"), pair("gone", "2"), pair("gone", "garbage")))

    assert found(pod(running("gone")), record=kept, contents=gone()).verdict is Verdict.CURRENT


def test_what_is_gone_is_unknown_where_what_is_the_same_cannot_be_read() -> None:
    contents = gone().answers("2", RegistryUnreachable("bad gateway (502)"))

    assert (
        found(pod(running("gone")), record=record(equal=(pair("gone", "2"),)), contents=contents).verdict
        is Verdict.UNKNOWN
    )


def test_a_pair_on_record_that_is_no_digest_proves_nothing() -> None:
    kept = record(equal=((str(digest("gone")), "sha256:nonsense"),))

    assert found(pod(running("gone")), record=kept, contents=gone()).verdict is Verdict.STALE


def test_nothing_on_record_is_looked_up_while_what_runs_is_there() -> None:
    contents = gone().holds("gone", image("gone", "f0"))
    found(pod(running("gone")), record=record(equal=(pair("gone", "2"),)), contents=contents)

    assert digest("2") not in [asked for _, asked in contents.asked]


@pytest.mark.parametrize(
    ("limits", "proven", "scope"),
    [
        (ANYWHERE, (), ()),
        (ANYWHERE, (AMD64,), (AMD64,)),
        (AMD64_ONLY, (str(AMD64_ONLY),), (str(AMD64_ONLY),)),
        (AMD64_ONLY, (AMD64,), (AMD64,)),
    ],
)
def test_the_new_equality_holds_for_no_more_pods_than_the_old_one(
    limits: PlatformLimits, proven: tuple[str, ...], scope: tuple[str, ...]
) -> None:
    contents = Shelf({"node-1": AMD64}).holds("1", image("1", "f0")).holds("2", image("2", "f0"))
    only = found(
        pod(running("gone"), node="node-1", limits=limits),
        record=record(equal=((*pair("gone", "2"), *proven),)),
        contents=contents,
    )

    assert only.equal == ((*pair("gone", "1"), *scope),)


def test_what_was_the_same_on_one_platform_only_says_nothing_on_another() -> None:
    contents = Shelf({"node-1": ARM64}).holds("1", image("1", "f0")).holds("2", image("2", "f0"))
    kept = record(equal=((*pair("gone", "2"), AMD64),))

    assert found(pod(running("gone"), node="node-1"), record=kept, contents=contents).verdict is Verdict.STALE


# Differences


def test_what_differs_is_told() -> None:
    assert found(pod(OTHER, name="web-1"), pod(SAME, name="web-2")).differ == (pair("3", "1"),)


def test_a_difference_on_record_costs_no_look_up() -> None:
    contents = shelf()
    only = found(pod(OTHER), record=record(differ=(pair("3", "1"),)), contents=contents)

    assert (only.verdict, only.rule, contents.asked) == (Verdict.STALE, Rule.DIFFERS_ON_RECORD, [])


@pytest.mark.parametrize("kept", [pair("3", "2"), pair("1", "3"), pair("4", "1")])
def test_another_difference_on_record_says_nothing(kept: tuple[str, str]) -> None:
    assert found(pod(OTHER), record=record(differ=(kept,))).rule is Rule.OTHER_CONTENT


def test_an_equality_on_record_goes_before_a_difference() -> None:
    """What differs on one platform may be the same on another, and only an equality says where it holds."""
    kept = record(equal=(pair("3", "1"),), differ=(pair("3", "1"),))

    assert found(pod(OTHER), record=kept).verdict is Verdict.CURRENT


def test_a_difference_on_record_is_proven_anew_where_that_is_asked_for() -> None:
    contents = shelf()
    only = found(pod(SAME), record=record(differ=(pair("2", "1"),)), contents=contents, afresh=True)

    assert (only.verdict, digest("1") in [asked for _, asked in contents.asked]) == (Verdict.CURRENT, True)
