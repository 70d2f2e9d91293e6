"""
Roll-outs that never end, and which no deadline ends either.

Aspects: pods on a node that is dead, which no kubelet ever ends, of a DaemonSet and of a Deployment that has to end its
old pods first; a ReplicaSet that cannot be created.
"""

import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from figwasp.core.deadline import Deadline
from figwasp.core.workload import RolloutState, Selection, Workload
from figwasp.kube.client import ApiClient
from figwasp.kube.config import find_access
from figwasp.kube.reader import Reader
from figwasp.wiring import SystemClock, workload_kinds
from testbed import Bed, Namespace, container, daemon_set, wait_for
from testbed.api import path_of
from tests.node.ghosts import GHOST, ghost_node, report_ready
from tests.node.scene import Scene
from tests.node.test_kinds import ALL_KINDS


@pytest.fixture
def scene(bed: Bed, namespace: Namespace) -> Iterator[Scene]:
    """A team's namespace while there is a dead node."""
    with ghost_node(namespace):
        yield Scene(bed, namespace, namespace.service_account("figwasp", ALL_KINDS), bed.registry)


def deploy(scene: Scene) -> None:
    """Run a pod on each node; what reports the one on the dead node is the test."""
    digest = scene.push(scene.image("old"))
    reference = scene.repository().reference("latest")
    # With time to end, a pod waits for its kubelet to have ended it.
    anywhere = [{"operator": "Exists"}]
    made = daemon_set("web", container(reference), tolerations=anywhere, terminationGracePeriodSeconds=1)
    made["spec"]["updateStrategy"] = {"rollingUpdate": {"maxUnavailable": 2}}
    scene.namespace.apply(made)
    report_ready(scene.namespace, wait_for(lambda: ghost(scene), "the dead node's pod"), f"{reference}@{digest}")
    scene.namespace.wait_rolled_out("web", "DaemonSet")


def ghost(scene: Scene) -> str:
    """The name of the pod on the dead node."""
    found = [pod for pod in scene.namespace.objects("Pod") if pod["spec"].get("nodeName") == GHOST]
    return str(found[0]["metadata"]["name"]) if found else ""


def wait_for_pods(scene: Scene, updated: int, available: int) -> None:
    """Wait until its controller, having seen its latest change, has counted so many of its two pods."""
    expected = {"desiredNumberScheduled": 2, "updatedNumberScheduled": updated, "numberAvailable": available}

    def counted() -> bool:
        found = scene.namespace.get("DaemonSet", "web")
        counts = expected | {"observedGeneration": found["metadata"]["generation"]}
        return {each: found["status"].get(each) for each in counts} == counts

    wait_for(counted, f"of 2 pods {updated} to be updated and {available} to be available")


def read(scene: Scene, minutes: int, kind: str = "daemonset") -> Workload:
    """Read it as a pass would some time from now."""
    access = find_access(scene.environment())
    with closing(ApiClient.to(access, environ={})) as client:
        reader = Reader(client, workload_kinds(), lambda: SystemClock().now() + timedelta(minutes=minutes))
        selection = Selection(namespaces=(scene.namespace.name,), targets=((kind, "web"),))
        observed = reader.observe(selection, Deadline(20, time.monotonic, "the test took too long"))
    (one,) = observed.workloads
    return one


def test_a_roll_out_that_a_dead_node_keeps_from_its_end_is_over_ten_minutes_after_the_last_change(scene: Scene) -> None:
    deploy(scene)
    scene.push(scene.image("new"))
    done = scene.once("daemonset/web")
    assert ["web"] == done.restarted, done

    wait_for_pods(scene, updated=1, available=2)
    told = [read(scene, minutes) for minutes in (0, 11)]

    assert [RolloutState.IN_PROGRESS, RolloutState.FAILED] == [each.rollout for each in told]
    assert told[1].rollout_detail.startswith("1 of 2 pods are of the new revision; nothing has changed since 20")

    # As the node controller does with the pods of a node that is dead, and for as many as may be unavailable.
    path = path_of("Pod", scene.namespace.name, ghost(scene))
    unready = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
    scene.namespace.api.request("PATCH", f"{path}/status", unready, "application/strategic-merge-patch+json")
    scene.namespace.merge("DaemonSet", "web", {"spec": {"updateStrategy": {"rollingUpdate": {"maxUnavailable": 1}}}})
    wait_for_pods(scene, updated=1, available=1)
    assert [RolloutState.IN_PROGRESS, RolloutState.STUCK] == [read(scene, minutes).rollout for minutes in (0, 11)]


def test_one_that_waits_for_its_old_pod_on_a_dead_node_is_told_ten_minutes_after_the_last_change(scene: Scene) -> None:
    made = scene.manifest()
    made["spec"]["strategy"] = {"type": "Recreate"}
    made["spec"]["template"]["spec"] |= {"nodeName": GHOST, "terminationGracePeriodSeconds": 1}
    digest = scene.push(scene.image("old"))
    scene.namespace.apply(made)
    pod = wait_for(lambda: ghost(scene), "the dead node's pod")
    report_ready(scene.namespace, pod, f"{scene.repository().reference('latest')}@{digest}")
    scene.namespace.wait_rolled_out("web")
    scene.push(scene.image("new"))
    assert ["web"] == scene.once("web").restarted

    wait_for(lambda: not scene.settled()["status"].get("replicas"), "its old pod to be ended")
    told = [read(scene, minutes, "deployment") for minutes in (0, 11)]

    assert [RolloutState.IN_PROGRESS, RolloutState.STALLED] == [each.rollout for each in told]
    assert told[1].rollout_detail.startswith("0 of 1 pods are of the new revision; nothing has changed since 20")


def test_one_whose_replica_set_cannot_be_created_is_told_ten_minutes_after_the_last_change(scene: Scene) -> None:
    scene.deploy(scene.image("old"))
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}}
    scene.namespace.apply({**quota, "spec": {"hard": {"count/replicasets.apps": "1"}}})
    wait_for(lambda: scene.namespace.get("ResourceQuota", "few")["status"].get("used"), "the quota to be counted")
    scene.push(scene.image("new"))
    assert ["web"] == scene.once("web").restarted

    wait_for(lambda: "exceeded quota" in read(scene, 0, "deployment").rollout_detail, "its controller to be refused")
    told = [read(scene, minutes, "deployment") for minutes in (0, 11)]

    assert [RolloutState.IN_PROGRESS, RolloutState.STALLED] == [each.rollout for each in told]
