"""The same cases for the small programs (default tier) and for the real servers (node tier)."""

from collections.abc import Iterator
from contextlib import ExitStack, closing
from typing import Final

import pytest
from _pytest.mark import ParameterSet

from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.node.node import Node
from figwasp.embedded.registry.server import Registry
from testbed import Bed, Namespace
from testbed.parts.registry import Program
from tests.contract.api import Api, ProgramApi, RealApi
from tests.contract.clusters import Cluster, RealCluster, SimulatedCluster
from tests.contract.others import Others
from tests.contract.registries import ProgramRegistry, Pushable, RealRegistry

_TIMEOUT_SECONDS: Final = 180


# The time limit leaves out the start of the bed, which may build it.
def _real(name: str) -> ParameterSet:
    return pytest.param(name, marks=[pytest.mark.node, pytest.mark.timeout(_TIMEOUT_SECONDS, func_only=True)])


_REAL: Final = _real("real")


@pytest.fixture(params=["program", _REAL])
def api(request: pytest.FixtureRequest) -> Iterator[Api]:
    """An API server, and an empty namespace in it."""
    if request.param == "program":
        with ApiServer() as server, closing(ProgramApi(server)) as made:
            yield made
    else:
        bed: Bed = request.getfixturevalue("bed")
        namespace: Namespace = request.getfixturevalue("namespace")
        with closing(RealApi(bed, namespace)) as made:
            yield made


@pytest.fixture(params=["program", _REAL])
def registry(request: pytest.FixtureRequest) -> Iterator[Pushable]:
    """A repository, still empty, that is open to all."""
    yield from _open(request)


@pytest.fixture(params=["program", _REAL, _real("distribution"), _real("ggcr")])
def any_registry(request: pytest.FixtureRequest) -> Iterator[Pushable]:
    """The same, in a registry of any making."""
    yield from _open(request)


def _open(request: pytest.FixtureRequest) -> Iterator[Pushable]:
    if request.param == "program":
        with Registry() as program, closing(ProgramRegistry(program)) as made:
            yield made
        return
    bed: Bed = request.getfixturevalue("bed")
    others: Others = request.getfixturevalue("others")
    found = bed.registry if request.param == "real" else others.open(Program(request.param))
    with closing(RealRegistry(bed, found)) as made:
        yield made


@pytest.fixture(scope="session")
def others(bed: Bed) -> Iterator[Others]:
    """The bed's further registries, each started when it is first asked for."""
    with ExitStack() as ends:
        yield Others(bed, ends)


@pytest.fixture(params=["program", _REAL, _real("docker-registry"), _real("distribution")])
def any_private(request: pytest.FixtureRequest) -> Iterator[Pushable]:
    """A repository, still empty, in a registry that wants its owner's login: by password, or by a signed token."""
    if request.param == "program":
        with Registry() as program, closing(ProgramRegistry(program, is_private=True)) as made:
            yield made
        return
    bed: Bed = request.getfixturevalue("bed")
    others: Others = request.getfixturevalue("others")
    wants_token = request.param != "real"
    found = others.wanting_tokens(Program(request.param)) if wants_token else bed.private
    with closing(RealRegistry(bed, found, others.tokens if wants_token else None)) as made:
        yield made


@pytest.fixture(params=["program", _REAL])
def private(request: pytest.FixtureRequest) -> Iterator[Pushable]:
    """A repository, still empty, in a registry that wants its owner's user name and password."""
    if request.param == "program":
        with Registry() as program, closing(ProgramRegistry(program, is_private=True)) as made:
            yield made
    else:
        bed: Bed = request.getfixturevalue("bed")
        with closing(RealRegistry(bed, bed.private)) as made:
            yield made


@pytest.fixture(params=["program", _REAL])
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    """A cluster that runs pods, and an empty namespace in it."""
    if request.param == "program":
        with ApiServer() as api, Registry() as registry, Registry() as private, Node(api, back_off_seconds=1) as node:
            yield SimulatedCluster(api, registry, private, node)
    else:
        bed: Bed = request.getfixturevalue("bed")
        namespace: Namespace = request.getfixturevalue("namespace")
        yield RealCluster(bed, namespace)
