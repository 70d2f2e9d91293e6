"""Which image of an index runs where the index states no platforms: of the simulated node, and of the real one."""

from testbed import index
from tests.contract.clusters import NOT_PULLED, Cluster


def test_of_an_index_without_platforms_the_first_image_runs(cluster: Cluster) -> None:
    ours = cluster.image("ours")
    cluster.push(ours, "ours")
    digest = cluster.push(index(ours, cluster.image("other", platform="linux/arm64"), platforms=False))

    cluster.run()
    cluster.settle()

    assert {cluster.reference(digest)} == cluster.image_ids(1)


def test_an_index_without_platforms_is_not_pulled_where_its_first_image_is_for_another(cluster: Cluster) -> None:
    ours, other = cluster.image("ours"), cluster.image("other", platform="linux/arm64")
    cluster.push(ours, "ours")
    cluster.push(other, "other")
    cluster.push(index(other, ours, platforms=False))

    cluster.run()

    cluster.wait_for_waiting(1, *NOT_PULLED)
