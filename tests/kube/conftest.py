"""An API server and a client of it, for each test its own."""

import time
from collections.abc import Iterator

import pytest

from figwasp.core.deadline import Deadline
from figwasp.embedded.api.server import ApiServer
from figwasp.kube.access import Access
from figwasp.kube.client import ApiClient
from figwasp.kube.identity import Fixed
from figwasp.net.tls import Tls


@pytest.fixture
def server() -> Iterator[ApiServer]:
    """An empty API server that lets everybody do anything."""
    with ApiServer() as server:
        yield server


@pytest.fixture
def client(server: ApiServer) -> Iterator[ApiClient]:
    """A client of `server`, without a login."""
    client = ApiClient.to(Access(server=server.url, tls=Tls(), identity=Fixed(), described="the test"), environ={})
    yield client
    client.close()


@pytest.fixture
def deadline() -> Deadline:
    """Time enough for anything."""
    return Deadline(20, time.monotonic, "the test took too long")
