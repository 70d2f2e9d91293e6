"""The image of Figwasp in the bed's registry, built once for all tests that run it."""

import os
import time
from typing import Final

import pytest

from testbed import Bed
from testbed.figwasp_image import push_figwasp

NOBODYS_BUSINESS: Final = "canary.invalid"
"""A host that pip is told to trust while the image is built: how packages are reached must not get into it."""


def build(bed: Bed, request: pytest.FixtureRequest) -> str:
    """Build and push it; what a pod template calls it."""
    repository = bed.repository("figwasp/figwasp")
    trusted = f"{os.environ.get('PIP_TRUSTED_HOST', '')} {NOBODYS_BUSINESS}".strip()
    start = time.monotonic()
    line = push_figwasp(repository, "3", env={"PIP_TRUSTED_HOST": trusted})
    tell(request, f"{line} (built and pushed in {time.monotonic() - start:.0f} s)")
    # By its digest, because the node may have an older one under the tag.
    return repository.reference(repository.digest("3"))


def tell(request: pytest.FixtureRequest, line: str) -> None:
    """Show a figure that nothing is asserted of."""
    plugins = request.config.pluginmanager
    with plugins.getplugin("capturemanager").global_and_fixture_disabled():
        plugins.getplugin("terminalreporter").write_line(line)
