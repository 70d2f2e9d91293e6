"""
What a container runs against what its tag names now (design 1.2, rules 2 to 4).

Aspects: equal digests · names in the tag's index · IDs that no registry knows · where the old content is looked up ·
what a failed look-up means · one platform, several, and which of them count · platforms that are missing · the cost.
Labels: `1` is the tag's digest now, `2` the one that runs; `a`… are manifests, `f0`… configs.
"""

import pytest

from figwasp.core.compare import MOST_READ
from figwasp.core.manifest import Child, Index
from figwasp.core.verdict import ANYWHERE as EVERYWHERE
from figwasp.core.verdict import Judgement, Rule, Verdict
from figwasp.core.workload import PlatformLimits
from figwasp.errors import AccessDenied, FigwaspError, RegistryUnreachable
from tests.core.judging import (
    AMD64,
    AMD64_ONLY,
    ARM64,
    ARM64_ONLY,
    BOTH_OLD,
    FAILURES,
    OTHER,
    S390X,
    judge,
    verdict,
)
from tests.core.shelf import OWN, Shelf
from tests.factories import ANYWHERE, Image, digest, image, index, platform, running

# Equal digests


@pytest.mark.parametrize("reported", [running("1"), running("1", OTHER), str(digest("1")), digest("1").hex])
def test_a_pod_that_reports_the_digest_of_the_tag_is_current_under_any_name(reported: str) -> None:
    assert verdict(Shelf(), reported) is Verdict.CURRENT


def test_equal_digests_cost_no_look_up() -> None:
    shelf = Shelf()
    judge(shelf, running("1"))

    assert shelf.asked == []


# Names in the tag's index


@pytest.mark.parametrize("repository", [OWN, OTHER])
def test_a_pod_that_reports_the_manifest_of_its_platform_is_current(repository: str) -> None:
    """CRI-O may report the digest of the platform's manifest, under another name too (facts 1.3)."""
    assert verdict(Shelf().holds("1", BOTH_OLD), running("b", repository)) is Verdict.CURRENT


@pytest.mark.parametrize("form", ["{}", "docker://{}", "docker.io/library/import-2026-11-23@{}"])
def test_an_id_of_the_nodes_store_that_is_the_config_of_the_tag_is_current(form: str) -> None:
    assert verdict(Shelf().holds("1", image("1", "f0")), form.format(digest("f0"))) is Verdict.CURRENT


@pytest.mark.parametrize("config", ["f0", "f1"])
def test_an_id_of_the_nodes_store_that_is_a_config_of_the_tags_index_is_current(config: str) -> None:
    assert verdict(Shelf().holds("1", BOTH_OLD), digest(config).hex) is Verdict.CURRENT


def test_an_id_of_the_nodes_store_that_is_a_manifest_of_the_tags_index_is_current() -> None:
    """Docker with containerd's image store takes a manifest's digest for the image ID (facts 1.4)."""
    assert verdict(Shelf().holds("1", BOTH_OLD), f"docker://{digest('a')}") is Verdict.CURRENT


@pytest.mark.parametrize("form", ["{}", "docker://{}", "docker.io/library/import-2026-11-23@{}"])
@pytest.mark.parametrize("content", [image("1", "f0"), BOTH_OLD])
def test_an_id_of_the_nodes_store_that_is_nothing_of_the_tag_is_stale(
    form: str, content: Image | dict[str, Image]
) -> None:
    assert verdict(Shelf().holds("1", content), form.format(digest("2"))) is Verdict.STALE


def test_an_id_of_the_nodes_store_is_compared_with_what_the_pod_may_run_on_only() -> None:
    shelf = Shelf().holds("1", BOTH_OLD).answers("a", AccessDenied("403"))

    assert verdict(shelf, digest("f1").hex, limits=ARM64_ONLY) is Verdict.CURRENT


def test_an_id_of_the_nodes_store_is_never_looked_up() -> None:
    shelf = Shelf().holds("1", image("1", "f0"))
    judge(shelf, str(digest("2")))

    assert shelf.asked == [(OWN, digest("1"))]


def test_an_id_of_the_nodes_store_is_unknown_where_a_config_of_the_tag_cannot_be_read() -> None:
    judgement = judge(Shelf().holds("1", BOTH_OLD).answers("b", RegistryUnreachable("502")), str(digest("2")))

    assert (judgement.verdict, judgement.is_usable) == (Verdict.UNKNOWN, False)


def test_an_id_of_the_nodes_store_is_unknown_where_the_new_index_lacks_what_the_pod_needs() -> None:
    """A restart would end in a pod that cannot be pulled (rule 6: it has the platforms)."""
    shelf = Shelf().holds("1", {AMD64: image("a", "f0")})

    assert verdict(shelf, str(digest("2")), limits=ARM64_ONLY) is Verdict.UNKNOWN


def test_an_id_of_the_nodes_store_is_unknown_where_the_new_index_lacks_the_nodes_platform() -> None:
    shelf = Shelf({"node-1": ARM64}).holds("1", {AMD64: image("a", "f0"), S390X: image("b", "f1")})

    assert verdict(shelf, str(digest("2"))) is Verdict.UNKNOWN


# One manifest against one manifest


def test_another_manifest_with_the_same_config_is_current() -> None:
    shelf = Shelf().holds("1", image("1", "f0")).holds("2", image("2", "f0"))

    assert verdict(shelf) is Verdict.CURRENT


def test_another_manifest_with_another_config_is_stale() -> None:
    shelf = Shelf().holds("1", image("1", "f0")).holds("2", image("2", "f1"))

    assert verdict(shelf) is Verdict.STALE


# What the tag names cannot be read: unknown, never stale


@pytest.mark.parametrize("failure", FAILURES)
def test_a_pod_is_unknown_where_the_new_content_cannot_be_read(failure: FigwaspError) -> None:
    shelf = Shelf().answers("1", failure).holds("2", image("2", "f0"))

    assert verdict(shelf) is Verdict.UNKNOWN


def test_a_pod_is_unknown_where_the_new_content_is_gone_again() -> None:
    assert verdict(Shelf().holds("2", image("2", "f0"))) is Verdict.UNKNOWN


@pytest.mark.parametrize("reported", [running("2"), running("3"), str(digest("2"))])
def test_a_pod_is_unknown_where_the_tag_names_an_index_without_images(reported: str) -> None:
    judgement = judge(Shelf().holds("1", {"unknown/unknown": image("a", "f0")}).holds("2", image("2", "f0")), reported)

    assert (judgement.verdict, judgement.is_usable) == (Verdict.UNKNOWN, False)
    assert "an index without any image" in judgement.why


def test_a_pod_is_unknown_where_the_new_index_names_an_image_that_cannot_be_read() -> None:
    shelf = Shelf().holds("1", {AMD64: image("a", "f0")}).answers("a", AccessDenied("403"))

    assert verdict(shelf.holds("2", image("2", "f1"))) is Verdict.UNKNOWN


def test_a_pod_is_unknown_where_what_an_index_calls_a_manifest_is_an_index() -> None:
    shelf = Shelf().holds("1", {AMD64: image("a", "f0")}).answers("a", Index(()))

    assert verdict(shelf.holds("2", image("2", "f1"))) is Verdict.UNKNOWN


def test_a_pod_is_unknown_where_there_are_more_images_than_anybody_makes() -> None:
    """A hostile registry must not have us ask it ten thousand times."""
    new = Index(tuple(Child(digest(f"child {each}"), platform(AMD64)) for each in range(10_000)))
    shelf = Shelf().answers("1", new).holds("2", image("2", "f1"))

    assert (judge(shelf).rule, len(shelf.asked)) == (Rule.NOT_ANSWERED, 2 + MOST_READ)


@pytest.mark.parametrize("failure", FAILURES)
def test_what_stood_in_the_way_is_told_with_its_hint(failure: FigwaspError) -> None:
    judgement = judge(Shelf().answers("1", failure))

    assert (judgement.why, judgement.hint) == (str(failure), failure.hint)


# Where the old content is looked up


def test_what_runs_is_looked_up_in_the_tags_repository_first() -> None:
    shelf = Shelf().holds("1", image("1", "f0")).holds("2", image("2", "f0"))
    judge(shelf, running("2", OTHER))

    assert shelf.asked == [(OWN, digest("1")), (OWN, digest("2"))]


@pytest.mark.parametrize(("config", "expected"), [("f0", Verdict.CURRENT), ("f1", Verdict.STALE)])
@pytest.mark.parametrize("failure", [None, *FAILURES])
def test_what_runs_is_looked_up_in_the_repository_that_the_node_names_too(
    failure: FigwaspError | None, config: str, expected: Verdict
) -> None:
    shelf = Shelf().holds("1", image("1", "f0")).holds("2", image("2", config), OTHER)
    if failure is not None:
        shelf.answers("2", failure)

    assert verdict(shelf, running("2", OTHER)) is expected


@pytest.mark.parametrize(("config", "expected"), [("f0", Verdict.CURRENT), ("f1", Verdict.STALE)])
def test_what_neither_repository_has_is_looked_up_in_the_others_of_the_pass(config: str, expected: Verdict) -> None:
    shelf = Shelf().holds("1", image("1", "f0")).holds("2", image("2", config), "registry.example/elsewhere")

    assert verdict(shelf, running("2")) is expected


@pytest.mark.parametrize("failure", FAILURES)
def test_a_repository_that_could_not_tell_is_not_replaced_by_others(failure: FigwaspError) -> None:
    shelf = Shelf().holds("1", image("1", "f0")).holds("2", image("2", "f1"), "registry.example/elsewhere")
    shelf.answers("2", failure)

    assert verdict(shelf, running("2")) is Verdict.UNKNOWN


def test_what_is_gone_is_looked_up_once_where_the_node_names_the_tags_repository() -> None:
    shelf = Shelf().holds("1", image("1", "f0"))
    judge(shelf, running("2"))

    assert shelf.asked == [(OWN, digest("1")), (OWN, digest("2"))]


def test_a_name_as_docker_writes_it_is_looked_up_on_docker_hub() -> None:
    shelf = Shelf().holds("1", image("1", "f0")).holds("2", image("2", "f0"), "docker.io/library/alpine")

    assert verdict(shelf, f"docker-pullable://alpine@{digest('2')}") is Verdict.CURRENT


def test_the_images_of_an_old_index_are_looked_up_where_the_index_was_found() -> None:
    shelf = Shelf().holds("1", {AMD64: image("c", "f0")}).holds("2", {AMD64: image("a", "f0")}, OTHER)

    assert verdict(shelf, running("2", OTHER)) is Verdict.CURRENT


@pytest.mark.parametrize("reported", [running("2"), running("2", OTHER)])
def test_a_pod_whose_content_is_gone_is_stale(reported: str) -> None:
    assert verdict(Shelf().holds("1", image("1", "f0")), reported) is Verdict.STALE


@pytest.mark.parametrize("failure", FAILURES)
def test_a_pod_whose_content_is_gone_here_and_not_shown_elsewhere_is_stale(failure: FigwaspError) -> None:
    shelf = Shelf().holds("1", image("1", "f0")).answers("2", failure, OTHER)

    assert verdict(shelf, running("2", OTHER)) is Verdict.STALE


@pytest.mark.parametrize("failure", FAILURES)
def test_a_pod_whose_content_is_not_shown_here_is_unknown(failure: FigwaspError) -> None:
    shelf = Shelf().holds("1", image("1", "f0")).answers("2", failure)

    assert verdict(shelf) is Verdict.UNKNOWN


@pytest.mark.parametrize("failure", FAILURES)
def test_a_pod_whose_content_is_not_shown_here_and_gone_elsewhere_is_unknown(failure: FigwaspError) -> None:
    shelf = Shelf().holds("1", image("1", "f0")).answers("2", failure)

    assert judge(shelf, running("2", OTHER)) == Judgement(
        Verdict.UNKNOWN, Rule.NOT_ANSWERED, str(failure), failure.hint
    )


def test_a_repository_that_is_no_name_is_not_looked_up() -> None:
    shelf = Shelf().holds("1", image("1", "f0"))
    judge(shelf, f"No Name!@{digest('2')}")

    assert shelf.asked == [(OWN, digest("1")), (OWN, digest("2"))]


# A manifest against an index, either way


@pytest.mark.parametrize(("config", "expected"), [("f1", Verdict.CURRENT), ("f2", Verdict.STALE)])
def test_an_old_manifest_is_current_if_the_new_index_has_its_config(config: str, expected: Verdict) -> None:
    assert verdict(Shelf().holds("1", BOTH_OLD).holds("2", image("2", config))) is expected


def test_an_old_manifest_is_compared_with_what_the_pod_may_run_on_only() -> None:
    shelf = Shelf().holds("1", BOTH_OLD).answers("a", AccessDenied("403")).holds("2", image("2", "f1"))

    assert verdict(shelf, limits=ARM64_ONLY) is Verdict.CURRENT


@pytest.mark.parametrize("node", [None, AMD64])
def test_an_old_manifest_is_unknown_where_the_new_index_lacks_what_the_pod_needs(node: str | None) -> None:
    """Wherever it runs now: its next pod may run on arm64 only."""
    shelf = Shelf({"node-1": node} if node else None).holds("1", {AMD64: image("a", "f0")})
    judgement = judge(shelf.holds("2", image("2", "f1")), limits=ARM64_ONLY)

    assert (judgement.verdict, "arm64" in judgement.why) == (Verdict.UNKNOWN, True)


def test_an_old_manifest_is_unknown_where_the_new_index_lacks_the_nodes_platform() -> None:
    shelf = Shelf({"node-1": ARM64}).holds("1", {AMD64: image("a", "f0")}).holds("2", image("2", "f1"))

    assert verdict(shelf) is Verdict.UNKNOWN


@pytest.mark.parametrize(("config", "expected"), [("f0", Verdict.CURRENT), ("f2", Verdict.STALE)])
def test_an_old_index_of_one_image_is_compared_with_a_new_manifest(config: str, expected: Verdict) -> None:
    shelf = Shelf().holds("1", image("1", config)).holds("2", {AMD64: image("a", "f0")})

    assert verdict(shelf) is expected


def test_a_new_manifest_that_is_the_old_image_of_another_platform_is_unknown() -> None:
    """Its config is that of amd64, so arm64 has no image any more: a restart would break it (rule 6)."""
    shelf = Shelf({"node-1": ARM64}).holds("1", image("1", "f0")).holds("2", BOTH_OLD)

    assert verdict(shelf) is Verdict.UNKNOWN


def test_an_image_of_the_new_index_is_looked_up_once() -> None:
    shelf = Shelf().holds("1", {AMD64: image("a", "f0")}).holds("2", image("2", "f1"))
    judge(shelf)

    assert shelf.asked == [(OWN, digest("1")), (OWN, digest("2")), (OWN, digest("a"))]


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


def test_an_image_that_the_new_index_still_holds_is_the_same_beside_another_of_its_platform() -> None:
    """Two Windows versions, or gzip beside zstd, are two images of one platform."""
    kept = {AMD64: BOTH_OLD[AMD64]}
    new = Index((*index({AMD64: image("c", "f9")}).children, *index(kept).children))
    shelf = Shelf().holds("2", kept).holds("c", image("c", "f9")).answers("1", new)

    assert verdict(shelf) is Verdict.CURRENT


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
