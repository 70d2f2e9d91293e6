"""
For which platforms there are images, and for which one runs.

Aspects: images of older processors · images of other platforms in the tag's index · an image that no index holds ·
indexes in indexes. Labels: `1` is the tag's digest now, `2` the one that runs; `a`… are manifests, `f0`… configs.
"""

import pytest

from figwasp.core.compare import compare
from figwasp.core.digest import parse_image_id
from figwasp.core.judgement import Judgement, Running
from figwasp.core.manifest import Child, Index
from figwasp.core.verdict import Rule, Verdict
from figwasp.core.workload import PlatformLimits
from figwasp.errors import AccessDenied, FigwaspError, RegistryUnreachable, TagNotFound
from tests.core.judging import (
    AMD64,
    AMD64_ONLY,
    ARM64,
    ARM64_ONLY,
    BOTH_OLD,
    FAILURES,
    S390X,
    TAG,
    judge,
    verdict,
)
from tests.core.shelf import OWN, Shelf
from tests.factories import ANYWHERE, Image, digest, image, platform, running

# An image of an older processor, which a node runs where there is none of its own

I386, ARM = "linux/386", "linux/arm/v7"


@pytest.mark.parametrize(("node", "older"), [(AMD64, I386), (ARM64, ARM)])
def test_an_image_of_an_older_processor_is_found_for_the_node(node: str, older: str) -> None:
    shelf = Shelf({"node-1": node}).holds("1", {older: image("c", "f9")}).holds("2", {older: image("a", "f0")})

    assert verdict(shelf) is Verdict.STALE
    assert verdict(shelf, running("3")) is Verdict.STALE


@pytest.mark.parametrize("limits", [AMD64_ONLY, ANYWHERE])
def test_an_image_of_an_older_processor_is_found_for_what_the_pod_may_run_on(limits: PlatformLimits) -> None:
    shelf = Shelf().holds("1", {I386: image("c", "f9")}).holds("2", {I386: image("a", "f0")})

    assert verdict(shelf, limits=limits) is Verdict.STALE


def test_an_image_of_an_older_processor_does_not_count_beside_one_of_the_nodes_own() -> None:
    new = {AMD64: image("a", "f0"), I386: image("c", "f9")}
    shelf = Shelf({"node-1": AMD64}).holds("1", new).holds("2", {AMD64: image("a", "f0"), I386: image("b", "f1")})

    assert verdict(shelf) is Verdict.CURRENT


# The node's own image, which an index gained beside the older processor's


@pytest.mark.parametrize(("node", "older"), [(AMD64, I386), (ARM64, ARM)])
@pytest.mark.parametrize("reported", ["2", "a"])
def test_a_node_that_ran_an_older_processors_image_is_given_its_own(node: str, older: str, reported: str) -> None:
    old = {older: image("a", "f0")}
    shelf = Shelf({"node-1": node}).holds("1", {**old, node: image("c", "f9")}).holds("2", old)

    assert verdict(shelf, running(reported)) is Verdict.STALE


@pytest.mark.parametrize(("node", "older"), [(I386, I386), (ARM, ARM)])
def test_a_node_with_the_older_processor_goes_on_with_its_image(node: str, older: str) -> None:
    old, newer = {older: image("a", "f0")}, AMD64 if older == I386 else ARM64
    shelf = Shelf({"node-1": node}).holds("1", {**old, newer: image("c", "f9")}).holds("2", old)

    assert verdict(shelf) is Verdict.CURRENT


@pytest.mark.parametrize(
    ("limits", "node", "older", "expected"),
    [
        (AMD64_ONLY, AMD64, I386, Verdict.STALE),
        (ARM64_ONLY, ARM64, ARM, Verdict.STALE),
        (ANYWHERE, ARM64, ARM, Verdict.UNKNOWN),
    ],
)
def test_where_the_node_cannot_be_read_its_limits_tell_whether_it_is_given_its_own(
    limits: PlatformLimits, node: str, older: str, expected: Verdict
) -> None:
    old = {older: image("a", "f0")}
    shelf = Shelf().holds("1", {**old, node: image("c", "f9")}).holds("2", old)

    assert verdict(shelf, limits=limits) is expected


# What the tag's index holds may be the image of another platform, which was pushed by itself before


@pytest.mark.parametrize("reported", [running("b"), digest("f1").hex, running("3")])
@pytest.mark.parametrize(
    ("node", "expected"), [(AMD64, Verdict.STALE), (ARM64, Verdict.CURRENT), (None, Verdict.CURRENT)]
)
def test_an_image_of_the_tags_index_that_is_not_for_the_node_is_stale(
    reported: str, node: str | None, expected: Verdict
) -> None:
    shelf = Shelf({"node-1": node} if node else None).holds("1", BOTH_OLD).holds("3", image("3", "f1"))

    assert verdict(shelf, reported) is expected


def test_the_node_is_not_asked_for_where_the_tags_index_holds_images_of_one_platform() -> None:
    shelf = Shelf({"node-1": AMD64}).holds("1", {AMD64: image("a", "f0")})

    assert (verdict(shelf, running("a")), shelf.nodes_asked) == (Verdict.CURRENT, [])


def test_what_runs_counts_though_the_pod_could_not_run_it_by_its_limits() -> None:
    """Labels of nodes are what people make them."""
    shelf = Shelf().holds("1", {AMD64: image("c", "f0")}).holds("2", {AMD64: image("a", "f0")})

    assert verdict(shelf, limits=ARM64_ONLY) is Verdict.CURRENT


# An image that no index holds


def single(node: str | None = None, *, old: str = "", new: str = "") -> Shelf:
    """One manifest, `2`, and then another; their configs say for which platforms they were built."""
    shelf = Shelf({"node-1": node} if node else None).holds("1", image("1", "f1")).holds("2", image("2", "f0"))
    for config, built in {"f0": old, "f1": new}.items():
        if built:
            shelf.built(config, built)
    return shelf


SINGLES = {
    "for the node": (AMD64, AMD64, AMD64, Verdict.STALE),
    "for an older processor": (AMD64, AMD64, I386, Verdict.STALE),
    "for another node": (AMD64, AMD64, ARM64, Verdict.UNKNOWN),
    "for another node than what runs was": (ARM64, AMD64, ARM64, Verdict.STALE),
    "for the node, after one that was not": (AMD64, ARM64, AMD64, Verdict.STALE),
    "not said for which": (AMD64, AMD64, "", Verdict.STALE),
    "for what runs": (None, AMD64, AMD64, Verdict.STALE),
    "for another than what runs": (None, AMD64, ARM64, Verdict.UNKNOWN),
    "not said for which, nor is the node known": (None, AMD64, "", Verdict.STALE),
    "nothing to compare it with": (None, "", ARM64, Verdict.STALE),
}


@pytest.mark.parametrize(("node", "old", "new", "expected"), SINGLES.values(), ids=SINGLES)
def test_a_single_image_is_stale_only_if_it_was_built_for_the_platform_that_runs(
    node: str | None, old: str, new: str, expected: Verdict
) -> None:
    judgement = judge(single(node, old=old, new=new))

    assert (judgement.verdict, judgement.is_usable) == (expected, expected is Verdict.STALE)


@pytest.mark.parametrize(("limits", "expected"), [(AMD64_ONLY, Verdict.UNKNOWN), (ARM64_ONLY, Verdict.STALE)])
def test_a_single_image_is_held_against_what_the_pod_may_run_on(limits: PlatformLimits, expected: Verdict) -> None:
    assert verdict(single(new=ARM64), limits=limits) is expected


def test_a_single_image_is_held_against_what_the_pod_may_run_on_though_what_runs_was_built_alike() -> None:
    assert verdict(single(old=AMD64, new=AMD64), limits=ARM64_ONLY) is Verdict.UNKNOWN


@pytest.mark.parametrize("reported", [str(digest("4")), running("4")])
@pytest.mark.parametrize(
    ("node", "expected"), [(AMD64, Verdict.UNKNOWN), (ARM64, Verdict.STALE), (None, Verdict.STALE)]
)
def test_a_single_image_is_held_against_the_node_where_what_runs_is_not_known(
    reported: str, node: str | None, expected: Verdict
) -> None:
    assert verdict(single(node, new=ARM64), reported) is expected


@pytest.mark.parametrize(("built", "expected"), [(AMD64, Verdict.STALE), (S390X, Verdict.UNKNOWN), ("", Verdict.STALE)])
def test_a_single_image_is_held_against_the_platforms_of_an_old_index(built: str, expected: Verdict) -> None:
    shelf = single(new=built).holds("2", {AMD64: image("a", "f0")})

    assert verdict(shelf) is expected


def test_a_single_image_that_fits_one_platform_of_an_old_index_is_unknown() -> None:
    """As an index without the other platform would be."""
    assert judge(single(new=AMD64).holds("2", BOTH_OLD)).rule is Rule.PLATFORMS_DIFFER


@pytest.mark.parametrize("failure", [*FAILURES, TagNotFound("404")])
def test_a_single_image_whose_config_cannot_be_read_is_unknown_where_the_node_is_known(failure: FigwaspError) -> None:
    """Nobody could pull it."""
    judgement = judge(single(AMD64, old=AMD64).built("f1", failure))

    assert (judgement.verdict, judgement.is_usable, str(failure) in judgement.why) == (Verdict.UNKNOWN, False, True)


def test_a_single_image_whose_config_is_gone_is_unknown_on_whatever_node() -> None:
    judgement = judge(single(old=AMD64).built("f1", TagNotFound("404")))

    assert (judgement.verdict, judgement.is_usable) == (Verdict.UNKNOWN, False)


def test_that_the_config_of_what_runs_is_gone_does_not_matter() -> None:
    assert verdict(single(new=AMD64).built("f0", TagNotFound("404"))) is Verdict.STALE


@pytest.mark.parametrize("config", ["f0", "f1"])
def test_a_config_that_cannot_be_read_does_not_matter_where_the_node_is_not_known(config: str) -> None:
    shelf = single(old=AMD64, new=ARM64).built(config, AccessDenied("403"))

    assert verdict(shelf) is Verdict.STALE


def test_images_that_have_changed_places_are_other_content_for_each_variant() -> None:
    v6, v7 = "linux/arm/v6", "linux/arm/v7"
    old, new = {v6: image("a", "f0"), v7: image("b", "f1")}, {v6: image("c", "f1"), v7: image("d", "f0")}
    shelf = Shelf({"node-1": "linux/arm"}).holds("2", old).holds("1", new)

    assert verdict(shelf) is Verdict.STALE


INDEXES = {
    "with an image for what runs": (AMD64, [AMD64, ARM64], ANYWHERE, Verdict.STALE),
    "for other platforms only": (AMD64, [ARM64, S390X], ANYWHERE, Verdict.UNKNOWN),
    "for the processor after that of what runs": (I386, [AMD64], ANYWHERE, Verdict.STALE),
    "not known for what that runs": ("", [ARM64], ANYWHERE, Verdict.STALE),
    "for what the pod asks for": (AMD64, [ARM64], ARM64_ONLY, Verdict.STALE),
}


@pytest.mark.parametrize(("old", "new", "limits", "expected"), INDEXES.values(), ids=INDEXES)
def test_an_index_is_held_against_the_platform_of_the_one_image_that_runs_where_nothing_else_tells_it(
    old: str, new: list[str], limits: PlatformLimits, expected: Verdict
) -> None:
    shelf = single(old=old).holds("1", {each: image(f"new {each}", f"new config {each}") for each in new})

    judgement = judge(shelf, limits=limits)

    assert (judgement.verdict, judgement.is_usable) == (expected, expected is Verdict.STALE)
    assert expected is Verdict.STALE or "no image for linux/amd64" in judgement.why


def test_an_index_is_held_against_the_nodes_though_what_runs_was_built_for_another_platform() -> None:
    shelf = single(ARM64, old=AMD64).holds("1", {ARM64: image("a", "f9")})

    assert verdict(shelf) is Verdict.STALE


def test_only_those_images_of_an_index_are_read_that_may_take_the_place_of_the_one_that_runs() -> None:
    images = {each: image(each, f"config {each}") for each in (ARM64, S390X, I386)}
    shelf = single(old=AMD64).holds("1", {AMD64: image("a", "f0"), **images})

    assert (verdict(shelf), shelf.asked[2:]) == (Verdict.CURRENT, [(OWN, digest("a"))])


def test_what_a_failed_roll_out_runs_does_not_tell_the_platform() -> None:
    """It may have failed because it is for another one."""
    image_id = parse_image_id(running("2"))
    assert image_id is not None
    failed = Running(image_id, ANYWHERE, ("node-1",), is_failed=True)

    assert compare(TAG, digest("1"), failed, single(old=ARM64, new=AMD64)).verdict is Verdict.STALE


def test_a_restart_for_a_single_image_costs_two_configs_and_no_node() -> None:
    shelf = single(AMD64, old=AMD64, new=AMD64)
    judge(shelf)

    assert (len(shelf.configs_asked), shelf.nodes_asked) == (2, [])


def test_content_that_did_not_change_costs_no_config() -> None:
    shelf = Shelf({"node-1": AMD64}).holds("1", image("1", "f0")).holds("2", image("2", "f0"))
    judge(shelf)

    assert shelf.configs_asked == []


# Indexes in indexes


def nested(shelf: Shelf, label: str, images: dict[str, Image], *above: str) -> Shelf:
    """Let `label` be an index of the index `above[0]`, and so on, the last of which holds `images`."""
    *outer, inner = (label, *above)
    shelf.holds(inner, images)
    for holder, held in zip(outer, above, strict=True):
        shelf.answers(holder, Index((Child(digest(held), None, is_index=True),)))
    return shelf


@pytest.mark.parametrize("above", [("n1",), ("n1", "n2"), ("n1", "n2", "n3")])
@pytest.mark.parametrize(("config", "expected"), [("f0", Verdict.CURRENT), ("f9", Verdict.STALE)])
def test_an_index_in_an_index_counts_as_what_it_holds(above: tuple[str, ...], config: str, expected: Verdict) -> None:
    shelf = nested(Shelf(), "1", {AMD64: image("c", config)}, *above).holds("2", {AMD64: image("a", "f0")})

    assert verdict(shelf) is expected


def test_an_old_index_in_an_index_counts_as_what_it_holds() -> None:
    shelf = nested(Shelf().holds("1", {AMD64: image("c", "f0")}), "2", {AMD64: image("a", "f0")}, "n1")

    assert verdict(shelf) is Verdict.CURRENT


@pytest.mark.parametrize("reported", ["n1", "n2", "c"])
def test_a_pod_that_reports_anything_in_a_nested_index_is_current(reported: str) -> None:
    shelf = nested(Shelf(), "1", {AMD64: image("c", "f0")}, "n1", "n2")

    assert judge(shelf, running(reported)).rule is Rule.IN_INDEX


@pytest.mark.parametrize(("config", "expected"), [("f0", Verdict.CURRENT), ("f9", Verdict.STALE)])
def test_an_index_in_an_index_counts_for_less_than_an_image_beside_it(config: str, expected: Verdict) -> None:
    """What a node is given states its platform, as the index beside it does not."""
    shelf = Shelf().holds("n1", {AMD64: image("a", "f0")}).holds("n2", {AMD64: image("d", "f8")})
    for label, inner, beside in (("2", "n1", image("b", "f0")), ("1", "n2", image("c", config))):
        shelf.answers(beside.manifest, beside.content)
        own = Child(digest(beside.manifest), platform(AMD64))
        shelf.answers(label, Index((Child(digest(inner), None, is_index=True), own)))

    assert verdict(shelf) is expected


@pytest.mark.parametrize("side", ["1", "2"])
@pytest.mark.parametrize("above", [("n1", "n2", "n3", "n4"), ("n1", "n2", "n1")])
def test_indexes_too_deep_in_one_another_or_in_a_circle_are_unknown(side: str, above: tuple[str, ...]) -> None:
    other = {"1": "2", "2": "1"}[side]
    shelf = nested(Shelf().holds(other, image(other, "f0")), side, {AMD64: image("c", "f9")}, *above)
    if above.count("n1") > 1:
        shelf.answers("n2", Index((Child(digest("n1"), None, is_index=True),)))

    assert judge(shelf).rule is Rule.NOT_ANSWERED


def test_a_nested_index_that_cannot_be_read_is_unknown() -> None:
    shelf = nested(Shelf(), "1", {}, "n1").answers("n1", RegistryUnreachable("502")).holds("2", image("2", "f0"))

    assert judge(shelf) == Judgement(Verdict.UNKNOWN, Rule.NOT_ANSWERED, "502", is_usable=False)


def test_a_nested_index_costs_one_look_up_more() -> None:
    shelf = nested(Shelf(), "1", {AMD64: image("a", "f0")}, "n1").holds("2", {AMD64: image("a", "f0")})
    judge(shelf)

    assert [each for _, each in shelf.asked] == [digest("1"), digest("n1"), digest("2")]
