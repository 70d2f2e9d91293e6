"""A place for simulated nodes, made anew for each test."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.registry.server import Registry
from tests.embedded.place import Place


@pytest.fixture
def place() -> Iterator[Place]:
    """An API server, a registry, and no node yet."""
    with ApiServer() as api, Registry() as registry, ExitStack() as ends:
        yield Place(api, registry, ends)
