"""A second bed, whose node runs containerd 2, in place of the first one."""

from collections.abc import Iterator

import pytest

from testbed import Bed, Namespace, Runtime, Site, down, up
from tests.contract.clusters import RealCluster


@pytest.fixture(scope="package")
def bed() -> Iterator[Bed]:
    """One beside the bed of all other tests, up for the tests here only."""
    first = Site.chosen()
    site = Site(first.root.with_name(f"{first.root.name}-2"), first.base_port + 100)
    up(site, runtime=Runtime.CONTAINERD_2)
    try:
        yield Bed(site)
    finally:
        down(site)


@pytest.fixture
def cluster(bed: Bed, namespace: Namespace) -> RealCluster:
    """What the contracts of the simulated node are tried on."""
    return RealCluster(bed, namespace)
