"""Scenes on the node, which all tests here need."""

from pathlib import Path

import pytest

from testbed import Bed, Namespace
from tests.node import figwasp_image as image_of_figwasp
from tests.node.scene import LABEL_ROLE, NAMED_ROLE, Scene

_TIMEOUT_SECONDS = 180


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test here as one for the node; the time limit leaves out the start of the bed, which may build it."""
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.node)
            item.add_marker(pytest.mark.timeout(_TIMEOUT_SECONDS, func_only=True))


@pytest.fixture(scope="session")
def figwasp_image(bed: Bed, request: pytest.FixtureRequest) -> str:
    """What a pod template calls the image of this tree's Figwasp."""
    return image_of_figwasp.build(bed, request)


@pytest.fixture
def scene(bed: Bed, namespace: Namespace) -> Scene:
    """A team in its own namespace, whose images are open to all; figwasp has the original's Role for named targets."""
    return Scene(bed, namespace, namespace.service_account("figwasp", NAMED_ROLE), bed.registry)


@pytest.fixture
def labelled_scene(bed: Bed, namespace: Namespace) -> Scene:
    """The same with the original's Role for labelled targets."""
    return Scene(bed, namespace, namespace.service_account("figwasp", LABEL_ROLE), bed.registry)


@pytest.fixture
def private_scene(bed: Bed, namespace: Namespace) -> Scene:
    """The same as `scene`, with images that need a login."""
    return Scene(bed, namespace, namespace.service_account("figwasp", NAMED_ROLE), bed.private)
