"""What is written past the API server is to it as if it had been written through it."""

import contextlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from testbed import ApiError, Bed, Namespace, TestbedError, down, processes, up
from testbed.binaries import etcd_binary
from testbed.ghost_objects import Image
from testbed.ghosts import Ghosts, Herd
from testbed.store import Store
from tests.node.second_site import second_site


@pytest.fixture(scope="module")
def ghosts() -> Iterator[Ghosts]:
    """A namespace where no controller is at work."""
    with tempfile.TemporaryDirectory(prefix="testbed-") as folder:
        site = second_site(Path(folder))
        up(site, node=False, store=str(etcd_binary()))
        try:
            bed = Bed(site)
            bed.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ghosts"}})
            namespace = Namespace("ghosts", bed.api, site)
            namespace.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}})
            with contextlib.closing(Store.of(site)) as store:
                yield Ghosts(namespace, store)
        finally:
            down(site)


def herd(name: str, workloads: int = 250) -> Herd:
    """Deployments with three pods each."""
    images = [Image(f"registry/app{each}:1", f"registry/app{each}@sha256:{str(each) * 64}") for each in range(7)]
    return Herd(name=name, workloads=workloads, images=images, pods=3, old_revisions=2, labels={"herd": name})


def test_a_bed_without_a_node_has_no_part_that_would_change_what_is_written(ghosts: Ghosts) -> None:
    parts = processes.names(ghosts.namespace.site)

    assert ("etcd", "kube-apiserver", "private", "registry") == parts


def test_a_herd_is_listed_in_full_and_copies_differ_from_their_mould_by_name_alone(ghosts: Ghosts) -> None:
    ghosts.settle_in(herd("all"))

    deployments = ghosts.namespace.objects("Deployment", labelSelector="herd=all")
    pods = ghosts.namespace.objects("Pod")
    owners = {owner["uid"] for pod in pods for owner in pod["metadata"]["ownerReferences"]}
    replica_sets = ghosts.namespace.objects("ReplicaSet")
    current = {each["metadata"]["uid"] for each in replica_sets if each["spec"]["replicas"]}
    assert (250, 750, 750) == (len(deployments), len(replica_sets), len(pods))
    assert owners == current
    assert {each["metadata"]["uid"] for each in deployments} == {
        each["metadata"]["ownerReferences"][0]["uid"] for each in replica_sets
    }
    ghosts.remove()


def test_a_copy_can_be_changed_through_the_api_server_and_restored(ghosts: Ghosts) -> None:
    ghosts.namespace.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "ghosts"}})
    ghosts.namespace.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "default"}})
    one = herd("few", 3)
    moulds = ghosts.settle_in(one)
    name = one.names(2).deployment
    ghosts.namespace.merge("Deployment", name, {"spec": {"paused": True}})
    assert 2 == ghosts.namespace.get("Deployment", name)["metadata"]["generation"]

    ghosts.restore(one, moulds)

    found = ghosts.namespace.get("Deployment", name)
    assert (1, False) == (found["metadata"]["generation"], found["spec"].get("paused", False))


def test_what_is_removed_is_gone_for_the_api_server(ghosts: Ghosts) -> None:
    ghosts.remove()

    assert [] == ghosts.namespace.objects("Pod")
    with pytest.raises(ApiError) as error:
        ghosts.namespace.api.get("Namespace", "ghosts")
    assert 404 == error.value.status


def test_a_key_that_is_not_there_is_said_to_be_missing(ghosts: Ghosts) -> None:
    with pytest.raises(TestbedError, match="nothing under /registry/none"):
        ghosts.store.get("/registry/none")
