"""
A Harbor that is a cache, while it cannot ask the registry behind it.

It then names its own copy of an index, which lists only the platforms that somebody pulled through it (or the one
manifest alone), and answers 404 for the index that the pods run. Aspects: what restarts nothing, and what still does.
"""

import json
from datetime import UTC, datetime, timedelta

import pytest

from figwasp.core.report import Left, Restarted
from figwasp.core.verdict import Rule
from figwasp.embedded.registry.images import OCI_INDEX
from figwasp.embedded.registry.server import OCI_MANIFEST, digest_of, image
from tests.app.stage import Stage

HARBOR = "harbor-registry"
POD_MADE = datetime(2026, 11, 1, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def wants(stage: Stage, service: str) -> None:
    """Let the registry want tokens, which anybody gets, for what it calls itself."""
    realm = f'Bearer realm="{stage.registry.url}/token",service="{service}"'
    stage.registry.answer("/v2/web/manifests/latest", method="HEAD", headers={"WWW-Authenticate": realm})
    stage.registry.want_token(users={}, public={"web"})


def config(platform: str, built: datetime | None) -> bytes:
    """The config of an image for linux on that processor."""
    created = {"created": built.isoformat()} if built else {}
    return json.dumps({"os": "linux", "architecture": platform, **created}).encode()


def index(*images: bytes) -> bytes:
    """An index of the images with these configs."""
    children = [
        {"mediaType": OCI_MANIFEST, "digest": digest_of(image(each)), "size": 7, "platform": json.loads(each)}
        for each in images
    ]
    return json.dumps({"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": children}).encode()


def run_whole(stage: Stage, *images: bytes) -> str:
    """Let the tag name an index of these images, which a pod has run for an hour; its digest."""
    stage.deploy()
    for each in images:
        stage.registry.put_image("web", "", each)
    digest = stage.registry.put("web", "latest", index(*images), OCI_INDEX)
    stage.run_pod(digest, since=POD_MADE.isoformat())
    return digest


def cut_off(stage: Stage, whole: str, own: bytes) -> None:
    """Let the cache know nothing but its own copy of what the tag names."""
    stage.registry.delete("web", whole)
    stage.registry.put("web", "latest", own, json.loads(own)["mediaType"])


def judged(stage: Stage) -> Rule:
    """Make a pass; the rule that decided."""
    (only,) = stage.sweep("web").outcomes
    if isinstance(only, Restarted):
        return only.decision.because[0].rule
    assert isinstance(only, Left), only
    return only.decision.findings[0].rule


AMD64, ARM64 = config("amd64", POD_MADE - HOUR), config("arm64", POD_MADE - HOUR)
COPIES = pytest.mark.parametrize("own", [index(AMD64), image(AMD64)], ids=["a trimmed index", "one manifest"])


@COPIES
def test_the_own_copy_of_a_harbor_that_cannot_ask_further_restarts_nothing(stage: Stage, own: bytes) -> None:
    whole = run_whole(stage, AMD64, ARM64)
    wants(stage, HARBOR)
    cut_off(stage, whole, own)

    assert Rule.NOT_ANSWERED is judged(stage)
    assert "" == stage.restarted_at()


@COPIES
def test_what_is_gone_from_any_other_registry_is_gone(stage: Stage, own: bytes) -> None:
    whole = run_whole(stage, AMD64, ARM64)
    wants(stage, "registry")
    cut_off(stage, whole, own)

    assert Rule.CONTENT_GONE is judged(stage)


@pytest.mark.parametrize(("built", "rule"), [(POD_MADE + HOUR, Rule.CONTENT_GONE), (None, Rule.NOT_ANSWERED)])
def test_what_was_built_after_the_pod_was_made_is_something_else(
    stage: Stage, built: datetime | None, rule: Rule
) -> None:
    whole = run_whole(stage, AMD64, ARM64)
    wants(stage, HARBOR)
    new = config("amd64", built)
    stage.registry.put_image("web", "", new)
    cut_off(stage, whole, index(new))

    assert rule is judged(stage)


def test_a_harbor_that_can_ask_again_is_believed(stage: Stage) -> None:
    whole = run_whole(stage, AMD64, ARM64)
    wants(stage, HARBOR)
    cut_off(stage, whole, index(AMD64))
    judged(stage)
    stage.registry.put("web", "latest", index(AMD64, ARM64), OCI_INDEX)

    assert Rule.SAME_DIGEST is judged(stage)


def test_what_a_harbor_has_is_compared_as_anywhere(stage: Stage) -> None:
    stage.add_node("amd64")
    run_whole(stage, AMD64, ARM64)
    wants(stage, HARBOR)
    stage.registry.put("web", "latest", index(AMD64), OCI_INDEX)

    assert Rule.SAME_CONTENT is judged(stage)
