"""What other clients make of the small registry: skopeo, which most people's tools share their code with."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from figwasp.embedded.registry.server import Registry
from testbed import OWNER, Bed, Image, Index, Style, attestation, image, index
from testbed.command import run

LOGIN = f"{OWNER.user}:{OWNER.password}"
CONTENTS: dict[str, Callable[[Image], Image | Index]] = {
    "image": lambda one: one,
    "Docker's image": lambda _: image("skopeo", style=Style.DOCKER),
    "index": lambda one: index(one, image("skopeo", platform="linux/arm64")),
    "index with an attestation": lambda one: index(one, attestation(one)),
}
"""Made from one image when they are needed: that takes busybox, which only the bed installs."""


@pytest.fixture(params=["open", "basic", "token"])
def registry(request: pytest.FixtureRequest) -> Iterator[Registry]:
    """The small registry, with each way to log in."""
    users = {OWNER.user: OWNER.password}
    with Registry() as made:
        if request.param != "open":
            {"basic": made.want_basic, "token": made.want_token}[request.param](users)
        yield made


def _copy(source: str, destination: str, *options: str, ca: Path | None = None) -> None:
    everything = ("--insecure-policy", "copy", "--all", "--preserve-digests", "--quiet")
    trusted = {"SSL_CERT_FILE": str(ca)} if ca else {}
    run("skopeo", *everything, *options, f"docker://{source}", f"docker://{destination}", env=trusted)


@pytest.fixture(params=list(CONTENTS))
def content(request: pytest.FixtureRequest, bed: Bed) -> Image | Index:  # noqa: ARG001 - which installs busybox
    """What is copied."""
    return CONTENTS[request.param](image("skopeo"))


def test_skopeo_copies_to_it_and_from_it(bed: Bed, registry: Registry, content: Image | Index) -> None:
    real, small, ca = bed.repository("skopeo/from"), f"{registry.host}/team/web:1", bed.registry_ca
    digest = real.push(content, "1")

    _copy(real.reference("1"), small, "--dest-tls-verify=false", f"--dest-creds={LOGIN}", ca=ca)
    _copy(small, real.reference("2"), "--src-tls-verify=false", f"--src-creds={LOGIN}", ca=ca)

    assert digest == real.digest("2")
