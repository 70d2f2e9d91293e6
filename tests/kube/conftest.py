"""An API server, a client of it and readers, for each test its own."""

import time
from collections.abc import Iterator

import pytest

from figwasp.core.deadline import Deadline
from figwasp.embedded.api.server import ApiServer
from figwasp.kube.access import Access
from figwasp.kube.client import ApiClient
from figwasp.kube.identity import Fixed
from figwasp.kube.kinds.deployment import KIND
from figwasp.kube.reader import Reader
from figwasp.net.tls import Tls
from figwasp.wiring import workload_kinds


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
def reader(client: ApiClient) -> Reader:
    """A reader of Deployments."""
    return Reader(client, (KIND,))


@pytest.fixture
def reader_of_all(client: ApiClient) -> Reader:
    """A reader of workloads of every kind."""
    return Reader(client, workload_kinds())


@pytest.fixture
def deadline() -> Deadline:
    """Time enough for anything."""
    return Deadline(20, time.monotonic, "the test took too long")
