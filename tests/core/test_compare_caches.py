"""
What runs is gone, as a registry says that may be a cache (hazard 6).

Aspects: when the pods were made and the new image built; which of the new images; others than caches.
Labels: `1` is the tag's digest now, `2` the one that runs; `a`… are manifests, `f0`… configs.
"""

import pytest

from figwasp.core.compare import compare
from figwasp.core.digest import parse_image_id
from figwasp.core.judgement import Running
from figwasp.core.verdict import Rule, Verdict
from figwasp.core.workload import PlatformLimits
from figwasp.errors import FigwaspError, NotCached, TagNotFound
from tests.core.judging import AMD64, AMD64_ONLY, ARM64, TAG
from tests.core.shelf import Shelf
from tests.factories import ANYWHERE, Image, digest, image, running

BEFORE, MADE, AFTER = "2026-11-01T10:00:00Z", "2026-11-01T11:00:00Z", "2026-11-01T12:00:00Z"
NOT_HERE = NotCached("cache.example does not have it (404)", hint="ask again")
BOTH = {AMD64: image("a", "f0"), ARM64: image("b", "f1")}


def verdict(
    shelf: Shelf, since: str = MADE, failure: FigwaspError = NOT_HERE, limits: PlatformLimits = ANYWHERE
) -> Verdict:
    image_id = parse_image_id(running("2"))
    assert image_id is not None
    judged = compare(TAG, digest("1"), Running(image_id, limits, ("node-1",), since=since), shelf.answers("2", failure))
    assert judged.is_usable
    return judged.verdict


@pytest.mark.parametrize("new", [image("1", "f0"), {AMD64: image("a", "f0")}], ids=["an image", "an index"])
@pytest.mark.parametrize(
    ("built", "expected"),
    [(BEFORE, Verdict.UNKNOWN), (MADE, Verdict.UNKNOWN), (AFTER, Verdict.STALE), ("", Verdict.UNKNOWN)],
)
def test_it_is_gone_for_sure_only_if_the_new_image_was_built_after_the_first_pod_was_made(
    new: Image | dict[str, Image], built: str, expected: Verdict
) -> None:
    shelf = Shelf().holds("1", new)

    assert expected is verdict(shelf.created("f0", built) if built else shelf)


def test_it_is_said_what_to_do_where_the_registry_is_no_cache_and_its_images_do_not_say_when_they_were_built() -> None:
    """Such as those that are to be the same each time they are built: no later pass would tell more."""
    image_id = parse_image_id(running("2"))
    assert image_id is not None
    shelf = Shelf().holds("1", image("1", "f0")).answers("2", NOT_HERE)
    judged = compare(TAG, digest("1"), Running(image_id, ANYWHERE, ("node-1",), since=MADE), shelf)

    assert "ask again; if it is none, restart the pods yourself" == judged.hint


@pytest.mark.parametrize("since", ["", "some day"])
def test_where_nobody_knows_when_the_pods_were_made_it_is_gone(since: str) -> None:
    assert Verdict.STALE is verdict(Shelf().holds("1", image("1", "f0")).created("f0", BEFORE), since)


def test_what_is_gone_from_a_registry_that_is_no_cache_is_gone() -> None:
    shelf = Shelf().holds("1", image("1", "f0")).created("f0", BEFORE)

    assert Verdict.STALE is verdict(shelf, failure=TagNotFound("it does not exist (404)"))


def test_every_image_that_a_pod_may_get_has_to_be_newer() -> None:
    shelf = Shelf().holds("1", BOTH).created("f0", AFTER).created("f1", BEFORE)

    assert Verdict.UNKNOWN is verdict(shelf)
    assert Verdict.STALE is verdict(shelf, limits=AMD64_ONLY)


def test_only_the_image_for_the_node_has_to_be_newer() -> None:
    on_amd64, on_arm64 = (
        Shelf({"node-1": each}).holds("1", BOTH).created("f0", AFTER).created("f1", BEFORE) for each in (AMD64, ARM64)
    )

    assert [Verdict.STALE, Verdict.UNKNOWN] == [verdict(on_amd64), verdict(on_arm64)]


def test_the_images_of_platforms_that_do_not_matter_are_not_read() -> None:
    shelf = Shelf({"node-1": AMD64}).holds("1", BOTH).created("f0", AFTER)
    verdict(shelf)

    assert digest("b") not in {pinned for _, pinned in shelf.asked}


def test_that_the_new_index_lacks_the_platform_of_a_node_is_told_first() -> None:
    """Of another node the index has an image, which is older than the pods."""
    shelf = Shelf({"node-1": AMD64, "node-2": ARM64}).holds("1", {AMD64: image("a", "f0")}).created("f0", BEFORE)
    shelf.answers("2", NOT_HERE)
    image_id = parse_image_id(running("2"))
    assert image_id is not None

    judged = compare(TAG, digest("1"), Running(image_id, ANYWHERE, ("node-1", "node-2"), since=MADE), shelf)
    assert (Verdict.UNKNOWN, Rule.NO_IMAGE, False) == (judged.verdict, judged.rule, judged.is_usable)
