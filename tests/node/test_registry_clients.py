"""What other clients make of the small registry: skopeo, which most people's tools share their code with."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from figwasp.embedded.registry.server import Registry
from testbed import OWNER, Bed, Image, Index, Style, attestation, image, index
from testbed.command import run

LOGIN = f"{OWNER.user}:{OWNER.password}"
_ONE = image("skopeo")
CONTENTS = [
    pytest.param(_ONE, id="image"),
    pytest.param(image("skopeo", style=Style.DOCKER), id="Docker's image"),
    pytest.param(index(_ONE, image("skopeo", platform="linux/arm64")), id="index"),
    pytest.param(index(_ONE, attestation(_ONE)), id="index with an attestation"),
]


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


@pytest.mark.parametrize("content", CONTENTS)
def test_skopeo_copies_to_it_and_from_it(bed: Bed, registry: Registry, content: Image | Index) -> None:
    real, small, ca = bed.repository("skopeo/from"), f"{registry.host}/team/web:1", bed.registry_ca
    digest = real.push(content, "1")

    _copy(real.reference("1"), small, "--dest-tls-verify=false", f"--dest-creds={LOGIN}", ca=ca)
    _copy(small, real.reference("2"), "--src-tls-verify=false", f"--src-creds={LOGIN}", ca=ca)

    assert digest == real.digest("2")
