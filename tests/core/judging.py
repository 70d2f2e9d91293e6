"""Judging one running image by what is on a shelf: `1` is the tag's digest now, `2` the one that runs."""

import pytest

from figwasp.core.compare import compare
from figwasp.core.digest import parse_image_id
from figwasp.core.judgement import Judgement, Running
from figwasp.core.verdict import Verdict
from figwasp.core.workload import PlatformLimits
from figwasp.errors import AccessDenied, DeadlineExceeded, RateLimited, RegistryUnreachable
from tests.core.shelf import Shelf
from tests.factories import ANYWHERE, digest, image, reference, running

TAG = reference()
OTHER = "registry.example/base/image"
AMD64, ARM64, S390X, WINDOWS = "linux/amd64", "linux/arm64", "linux/s390x", "windows/amd64"
ARM64_ONLY = PlatformLimits(architectures=frozenset({"arm64"}))
AMD64_ONLY = PlatformLimits(architectures=frozenset({"amd64"}))
BOTH_OLD = {AMD64: image("a", "f0"), ARM64: image("b", "f1")}
FAILURES = [
    pytest.param(AccessDenied("refused (401)", hint="a token needs pull"), id="401 or 403"),
    pytest.param(RateLimited("slow down (429)"), id="429"),
    pytest.param(RegistryUnreachable("bad gateway (502)"), id="5xx"),
    pytest.param(DeadlineExceeded("no answer for 30s"), id="timeout"),
]


def judge(
    shelf: Shelf,
    reported: str | None = None,
    *,
    nodes: tuple[str, ...] = ("node-1",),
    limits: PlatformLimits = ANYWHERE,
) -> Judgement:
    """Judge `reported`, without it the content `2`."""
    image_id = parse_image_id(running("2") if reported is None else reported)
    assert image_id is not None
    return compare(TAG, digest("1"), Running(image_id, limits, nodes), shelf)


def verdict(
    shelf: Shelf,
    reported: str | None = None,
    *,
    nodes: tuple[str, ...] = ("node-1",),
    limits: PlatformLimits = ANYWHERE,
) -> Verdict:
    """Give the verdict alone."""
    return judge(shelf, reported, nodes=nodes, limits=limits).verdict
