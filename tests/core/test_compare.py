"""
What a container runs against what its tag names now (design 1.2, rules 2 to 4).

Aspects: equal digests · names in the tag's index · IDs that no registry knows · where the old content is looked up ·
what a failed look-up means · a manifest against an index.
Labels: `1` is the tag's digest now, `2` the one that runs; `a`… are manifests, `f0`… configs.
"""

import pytest

from figwasp.core.configs import MOST_READ
from figwasp.core.judgement import Judgement
from figwasp.core.manifest import Child, Index, Manifest
from figwasp.core.verdict import Rule, Verdict
from figwasp.errors import AccessDenied, FigwaspError, RegistryUnreachable
from tests.core.judging import (
    AMD64,
    ARM64,
    ARM64_ONLY,
    BOTH_OLD,
    FAILURES,
    OTHER,
    S390X,
    WINDOWS,
    judge,
    verdict,
)
from tests.core.shelf import OWN, Shelf
from tests.factories import Image, digest, image, index, platform, running

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


def test_what_lies_beside_one_config_counts_too() -> None:
    old, new = Manifest(digest("f0"), digest("w0")), Manifest(digest("f0"), digest("w1"))

    assert verdict(Shelf().answers("1", new).answers("2", old)) is Verdict.STALE
    assert verdict(Shelf().answers("1", old).answers("2", old)) is Verdict.CURRENT
    assert verdict(Shelf().answers("1", new), str(digest("f0"))) is Verdict.CURRENT


def test_what_lies_beside_one_config_counts_in_an_index_too() -> None:
    old, new = Manifest(digest("f0"), digest("w0")), Manifest(digest("f0"), digest("w1"))
    shelf = Shelf().answers("1", index({AMD64: image("a", "f0")})).answers("2", index({AMD64: image("b", "f0")}))

    assert verdict(shelf.answers("a", new).answers("b", old)) is Verdict.STALE
    assert verdict(shelf.answers("a", old)) is Verdict.CURRENT


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
    new = Index(tuple(Child(digest(f"child {each}"), platform(WINDOWS)) for each in range(10_000)))
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
