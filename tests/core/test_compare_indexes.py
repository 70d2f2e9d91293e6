"""
An index that runs against the index that its tag names now (design 1.2, rules 2 to 4).

Aspects: one content in other words · which of two images a node is given · which platforms count · platforms that are
missing · for which pods an equality holds. Labels: `1` is the tag's digest now, `2` the one that runs; `a`… are
manifests, `f0`… configs.
"""

import pytest

from figwasp.core.judgement import ANYWHERE as EVERYWHERE
from figwasp.core.manifest import Child, Index
from figwasp.core.verdict import Rule, Verdict
from figwasp.core.workload import PlatformLimits
from figwasp.errors import AccessDenied, RegistryUnreachable, TagNotFound
from tests.core.judging import (
    AMD64,
    AMD64_ONLY,
    ARM64,
    ARM64_ONLY,
    BOTH_OLD,
    S390X,
    WINDOWS,
    judge,
    verdict,
)
from tests.core.shelf import OWN, Shelf
from tests.factories import ANYWHERE, Image, digest, image, index, platform, running

# An index against an index


def test_an_old_index_without_images_is_unknown() -> None:
    shelf = Shelf().holds("1", BOTH_OLD).holds("2", {"unknown/unknown": image("d", "f7")})

    assert judge(shelf).rule is Rule.NO_IMAGE


def test_an_index_that_differs_in_an_annotation_only_is_current() -> None:
    assert verdict(Shelf().holds("1", BOTH_OLD).holds("2", BOTH_OLD)) is Verdict.CURRENT


def test_an_index_that_differs_in_an_annotation_only_costs_two_look_ups() -> None:
    shelf = Shelf().holds("1", BOTH_OLD).holds("2", BOTH_OLD)
    judge(shelf)

    assert shelf.asked == [(OWN, digest("1")), (OWN, digest("2"))]


def test_an_index_that_differs_in_an_attestation_only_is_current() -> None:
    old = BOTH_OLD | {"unknown/unknown": image("d", "f7")}
    new = BOTH_OLD | {"unknown/unknown": image("e", "f8")}

    assert verdict(Shelf().holds("1", new).holds("2", old)) is Verdict.CURRENT


REPACKED = {AMD64: image("c", "f0"), ARM64: image("d", "f1")}


def test_an_index_whose_manifests_differ_and_whose_configs_do_not_is_current() -> None:
    assert verdict(Shelf().holds("1", REPACKED).holds("2", BOTH_OLD)) is Verdict.CURRENT


def test_an_index_that_names_the_same_images_in_another_order_is_current() -> None:
    new = dict(reversed(BOTH_OLD.items()))

    assert verdict(Shelf().holds("1", new).holds("2", BOTH_OLD)) is Verdict.CURRENT


def test_an_index_that_gained_a_platform_is_current() -> None:
    assert verdict(Shelf().holds("1", BOTH_OLD | {S390X: image("c", "f2")}).holds("2", BOTH_OLD)) is Verdict.CURRENT


def test_an_index_with_other_content_on_every_platform_is_stale() -> None:
    new = {AMD64: image("c", "f2"), ARM64: image("d", "f3")}

    assert verdict(Shelf().holds("1", new).holds("2", BOTH_OLD)) is Verdict.STALE


@pytest.mark.parametrize("new", [BOTH_OLD, REPACKED, {AMD64: image("c", "f8"), ARM64: image("d", "f9")}])
def test_the_node_is_not_asked_for_where_all_platforms_agree(new: dict[str, Image]) -> None:
    shelf = Shelf({"node-1": AMD64}).holds("1", new).holds("2", BOTH_OLD)
    judge(shelf)

    assert shelf.nodes_asked == []


def _beside(kept: str, other: str, *, is_first: bool) -> Shelf:
    """Run an image that the tag's new index still holds, before or behind another of its platform."""
    old, new = image("a", "f0"), image("c", "f9")
    held, added = index({kept: old}).children, index({other: new}).children
    shelf = Shelf({"node-1": other}).holds("2", {kept: old}).holds("c", new)
    return shelf.answers("1", Index((*held, *added) if is_first else (*added, *held)))


@pytest.mark.parametrize(
    ("is_first", "reported", "expected"),
    [
        (True, "2", Verdict.CURRENT),
        (False, "2", Verdict.STALE),
        (True, "a", Verdict.CURRENT),
        (False, "a", Verdict.STALE),
        (False, "c", Verdict.CURRENT),
        (True, "c", Verdict.STALE),
    ],
)
def test_a_node_is_given_the_first_of_two_images_for_its_platform(
    is_first: bool, reported: str, expected: Verdict
) -> None:
    assert verdict(_beside(AMD64, AMD64, is_first=is_first), running(reported)) is expected


def test_an_image_whose_platform_an_index_does_not_state_comes_after_those_that_do() -> None:
    stated, unstated = Child(digest("a"), platform(AMD64)), Child(digest("c"), None, is_unstated=True)
    shelf = Shelf().holds("2", {AMD64: image("a", "f0")}).holds("c", image("c", "f9")).built("f9", AMD64)

    assert verdict(shelf.answers("1", Index((unstated, stated)))) is Verdict.CURRENT


def test_of_an_index_without_platforms_a_node_is_given_the_first_image_or_none() -> None:
    one, other = (Child(digest(each), None, is_unstated=True) for each in "ac")
    shelf = Shelf({"node-1": AMD64}).holds("2", image("2", "f0")).holds("a", image("a", "f1")).built("f1", AMD64)
    shelf.holds("c", image("c", "f2")).built("f2", ARM64)

    assert judge(shelf.answers("1", Index((one, other)))).verdict is Verdict.STALE
    lacking = judge(shelf.answers("1", Index((other, one))))
    assert (lacking.verdict, lacking.is_usable) == (Verdict.UNKNOWN, False)
    assert verdict(shelf, running("a")) is Verdict.CURRENT  # which another runtime may have chosen


@pytest.mark.parametrize("is_first", [True, False])
@pytest.mark.parametrize("reported", ["2", "a", "c"])
def test_of_images_for_two_versions_of_windows_each_may_be_what_a_node_is_given(is_first: bool, reported: str) -> None:
    assert verdict(_beside(WINDOWS, WINDOWS, is_first=is_first), running(reported)) is Verdict.CURRENT


def test_one_image_for_one_platform_that_was_packed_twice_is_current() -> None:
    """Gzip beside zstd, say: two manifests of one config."""
    new = Index((*index({AMD64: image("c", "f0")}).children, *index({AMD64: image("a", "f0")}).children))
    shelf = Shelf().holds("2", {AMD64: image("a", "f0")}).holds("c", image("c", "f0")).answers("1", new)

    assert {verdict(shelf), verdict(shelf, running("a"))} == {Verdict.CURRENT}


@pytest.mark.parametrize("nodes", [{}, {"node-1": WINDOWS}])
def test_nobody_is_told_to_allow_nodes_where_that_would_not_help(nodes: dict[str, str]) -> None:
    kept = Child(digest("a"), platform(WINDOWS))
    shelf = Shelf(nodes).answers("1", Index((kept, Child(digest("c"), platform(WINDOWS)))))
    shelf.answers("2", Index((kept, Child(digest("b"), platform(WINDOWS)))))
    for each, config in (("a", "f0"), ("b", "f1"), ("c", "f2")):
        shelf.answers(each, image(each, config).content)
    judged = judge(shelf)

    assert (Verdict.UNKNOWN, Rule.PLATFORMS_DIFFER) == (judged.verdict, judged.rule)
    assert "nodes" not in judged.hint
    assert "the platform of the node is not known" not in judged.why


# Which platforms count

ARM64_REBUILT = {AMD64: image("c", "f0"), ARM64: image("d", "f9")}


def test_a_pod_is_unknown_where_only_another_platform_may_have_changed() -> None:
    judgement = judge(Shelf().holds("1", ARM64_REBUILT).holds("2", BOTH_OLD))

    assert (judgement.verdict, "get" in judgement.hint, "nodeSelector" in judgement.hint) == (
        Verdict.UNKNOWN,
        True,
        True,
    )


@pytest.mark.parametrize(("node", "expected"), [(AMD64, Verdict.CURRENT), (ARM64, Verdict.STALE)])
def test_the_platform_of_the_node_decides(node: str, expected: Verdict) -> None:
    assert verdict(Shelf({"node-1": node}).holds("1", ARM64_REBUILT).holds("2", BOTH_OLD)) is expected


@pytest.mark.parametrize(("limits", "expected"), [(AMD64_ONLY, Verdict.CURRENT), (ARM64_ONLY, Verdict.STALE)])
def test_the_platform_that_the_pod_asks_for_decides(limits: PlatformLimits, expected: Verdict) -> None:
    assert verdict(Shelf().holds("1", ARM64_REBUILT).holds("2", BOTH_OLD), limits=limits) is expected


@pytest.mark.parametrize(
    ("os", "expected"), [("linux", Verdict.CURRENT), ("windows", Verdict.STALE), (None, Verdict.UNKNOWN)]
)
def test_the_operating_system_that_the_pod_asks_for_decides(os: str | None, expected: Verdict) -> None:
    old = {"linux/amd64": image("a", "f0"), "windows/amd64": image("b", "f1")}
    new = {"linux/amd64": image("a", "f0"), "windows/amd64": image("c", "f2")}
    limits = PlatformLimits(os=frozenset({os}) if os else None)

    assert verdict(Shelf().holds("1", new).holds("2", old), limits=limits) is expected


def test_variants_of_the_nodes_architecture_all_count() -> None:
    old = {"linux/arm/v6": image("a", "f0"), "linux/arm/v7": image("b", "f1"), AMD64: image("c", "f2")}
    new = old | {"linux/arm/v6": image("d", "f9")}

    assert verdict(Shelf({"node-1": "linux/arm"}).holds("1", new).holds("2", old)) is Verdict.UNKNOWN


def test_a_pod_is_stale_if_it_is_on_one_of_its_nodes() -> None:
    """Rule 5: the digest of an index is reported on nodes of all platforms alike."""
    shelf = Shelf({"node-1": AMD64, "node-2": ARM64}).holds("1", ARM64_REBUILT).holds("2", BOTH_OLD)

    assert verdict(shelf, nodes=("node-1", "node-2")) is Verdict.STALE


def test_a_pod_is_stale_if_it_is_on_one_of_its_nodes_though_another_is_not_known() -> None:
    shelf = Shelf({"node-2": ARM64}).holds("1", ARM64_REBUILT).holds("2", BOTH_OLD)

    assert verdict(shelf, nodes=("node-1", "node-2")) is Verdict.STALE


def test_a_pod_is_unknown_if_it_is_current_on_one_node_and_the_other_is_not_known() -> None:
    shelf = Shelf({"node-1": AMD64}).holds("1", ARM64_REBUILT).holds("2", BOTH_OLD)

    assert verdict(shelf, nodes=("node-1", "node-2")) is Verdict.UNKNOWN


def test_an_image_of_a_platform_that_no_node_has_need_not_be_readable() -> None:
    """Rule 4 takes the node's platform first. A mirror that copies one platform keeps the whole index."""
    new = {AMD64: image("c", "f2"), ARM64: image("d", "f3")}
    shelf = Shelf({"node-1": AMD64}).holds("1", new).holds("2", BOTH_OLD).answers("d", AccessDenied("403"))

    assert verdict(shelf) is Verdict.STALE


def test_an_image_that_the_new_index_still_holds_need_not_be_readable() -> None:
    shelf = Shelf({"node-1": AMD64}).holds("1", BOTH_OLD | {ARM64: image("d", "f9")}).holds("2", BOTH_OLD)

    assert verdict(shelf.answers("a", AccessDenied("403"))) is Verdict.CURRENT


def test_an_index_whose_image_for_the_node_cannot_be_read_could_not_be_started() -> None:
    shelf = Shelf({"node-1": AMD64}).holds("1", REPACKED).holds("2", BOTH_OLD).answers("c", AccessDenied("403"))

    assert not judge(shelf).is_usable


def test_a_node_whose_platform_cannot_be_read_makes_a_mixed_index_unknown() -> None:
    class Broken(Shelf):
        def node(self, name: str) -> None:
            raise RegistryUnreachable(f"no answer about {name}")

    assert verdict(Broken().holds("1", ARM64_REBUILT).holds("2", BOTH_OLD)) is Verdict.UNKNOWN


# Platforms that the new index lacks: a restart would break what runs

AMD64_LEFT = {AMD64: image("c", "f9")}


@pytest.mark.parametrize("limits", [ARM64_ONLY, ANYWHERE])
def test_an_old_index_is_unknown_where_the_new_one_lacks_its_platform(limits: PlatformLimits) -> None:
    shelf = Shelf().holds("1", AMD64_LEFT).holds("2", {ARM64: image("b", "f1")})

    assert verdict(shelf, limits=limits) is Verdict.UNKNOWN


def test_the_platform_that_is_missing_is_named() -> None:
    judgement = judge(Shelf().holds("1", AMD64_LEFT).holds("2", {ARM64: image("b", "f1")}))

    assert ARM64 in judgement.why


def test_an_old_index_is_unknown_where_the_node_may_be_of_the_platform_that_is_missing() -> None:
    assert verdict(Shelf().holds("1", AMD64_LEFT).holds("2", BOTH_OLD)) is Verdict.UNKNOWN


@pytest.mark.parametrize(("node", "expected"), [(AMD64, Verdict.STALE), (ARM64, Verdict.UNKNOWN)])
def test_a_missing_platform_matters_on_its_own_nodes_only(node: str, expected: Verdict) -> None:
    assert verdict(Shelf({"node-1": node}).holds("1", AMD64_LEFT).holds("2", BOTH_OLD)) is expected


def test_a_platform_that_is_missing_on_one_node_holds_up_what_is_stale_on_another() -> None:
    shelf = Shelf({"node-1": AMD64, "node-2": ARM64}).holds("1", AMD64_LEFT).holds("2", BOTH_OLD)

    assert verdict(shelf, nodes=("node-1", "node-2")) is Verdict.UNKNOWN


GONE_CASES = {
    "the only platform fits": (AMD64, {AMD64: image("a", "f0")}, Verdict.STALE),
    "one of the platforms fits": (AMD64, BOTH_OLD, Verdict.STALE),
    "the node is not known": (None, BOTH_OLD, Verdict.STALE),
    "none of the platforms fits": (S390X, BOTH_OLD, Verdict.UNKNOWN),
    "the only platform does not fit": (ARM64, {AMD64: image("a", "f0")}, Verdict.UNKNOWN),
}


@pytest.mark.parametrize(("node", "new", "expected"), GONE_CASES.values(), ids=GONE_CASES)
def test_what_is_gone_is_stale_only_if_the_new_index_fits_the_node(
    node: str | None, new: dict[str, Image], expected: Verdict
) -> None:
    assert verdict(Shelf({"node-1": node} if node else None).holds("1", new)) is expected


def test_what_is_gone_is_unknown_where_the_new_index_lacks_what_the_pod_needs() -> None:
    shelf = Shelf().holds("1", {AMD64: image("a", "f0"), S390X: image("b", "f1")})

    assert verdict(shelf, limits=ARM64_ONLY) is Verdict.UNKNOWN


LOST_CASES = {
    "the node's own image": (AMD64, ["a"], Verdict.UNKNOWN),
    "that of another platform": (ARM64, ["a"], Verdict.STALE),
    "one of those that it may be": (None, ["a"], Verdict.STALE),
    "all of those that it may be": (None, ["a", "b"], Verdict.UNKNOWN),
}


@pytest.mark.parametrize(("node", "lost", "expected"), LOST_CASES.values(), ids=LOST_CASES)
def test_what_is_gone_is_stale_only_if_the_new_indexs_image_is_there(
    node: str | None, lost: list[str], expected: Verdict
) -> None:
    shelf = Shelf({"node-1": node} if node else None).holds("1", BOTH_OLD)
    for each in lost:
        shelf.answers(each, TagNotFound("404"))

    assert verdict(shelf) is expected


def test_an_image_of_another_platform_is_not_stale_where_the_nodes_own_is_not_there() -> None:
    shelf = Shelf({"node-1": AMD64}).holds("1", BOTH_OLD).answers("a", TagNotFound("404"))

    assert verdict(shelf, running("b")) is Verdict.UNKNOWN


# For which pods an equality was proven


BOTH = PlatformLimits(architectures=frozenset({"amd64", "arm64"}))
SCOPES = {
    "the new index holds all that the old one does": (BOTH_OLD, None, ARM64_ONLY, EVERYWHERE),
    "all have the same content": (REPACKED, None, ANYWHERE, EVERYWHERE),
    "all have the same content, and the pod may run on all": (REPACKED, None, BOTH, EVERYWHERE),
    "those have the same content on which the pod may run": (ARM64_REBUILT, None, AMD64_ONLY, str(AMD64_ONLY)),
    "the one has the same content that the node runs": (ARM64_REBUILT, AMD64, ANYWHERE, AMD64),
}


@pytest.mark.parametrize(("new", "node", "limits", "scope"), SCOPES.values(), ids=SCOPES)
def test_an_equality_is_proven_for_no_more_than_was_compared(
    new: dict[str, Image], node: str | None, limits: PlatformLimits, scope: str
) -> None:
    shelf = Shelf({"node-1": node} if node else None).holds("1", new).holds("2", BOTH_OLD)

    assert judge(shelf, limits=limits).scopes == (scope,)
