"""
What Figwasp and kubectl read of StatefulSets and DaemonSets: of the simulated controllers, and of the real ones.

Aspects: pods and revisions · roll-outs, and stuck ones · partition · OnDelete · undo · scale · deletion.
"""

import pytest

from testbed import container, daemon_set
from tests.contract.clusters import NOT_PULLED, Cluster, names
from tests.contract.sets import Set, facts

KINDS = pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
ON_DELETE = {"updateStrategy": {"type": "OnDelete"}}


# Pods and revisions


def test_pods_of_a_stateful_set_are_numbered_and_labelled_by_the_name_of_its_revision(cluster: Cluster) -> None:
    one = Set(cluster, "StatefulSet")
    one.start(replicas=2)

    (revision,) = one.revisions.values()
    name = revision["metadata"]["name"]
    made = {"controller-revision-hash": name, "app": "web"}
    numbered = [
        {**made, "statefulset.kubernetes.io/pod-name": f"web-{at}", "apps.kubernetes.io/pod-index": str(at)}
        for at in range(2)
    ]
    assert numbered == [pod["metadata"]["labels"] for pod in one.pods]
    assert ["web-0", "web-1"] == [pod["metadata"]["name"] for pod in one.pods]
    assert {"app": "web", "controller.kubernetes.io/hash": name.removeprefix("web-")} == revision["metadata"]["labels"]
    assert (name, name) == (one.status["updateRevision"], one.status["currentRevision"])


def test_a_stateful_set_that_is_rolled_out_says_so(cluster: Cluster) -> None:
    one = Set(cluster, "StatefulSet")
    one.start(replicas=2)

    counts = ("replicas", "readyReplicas", "availableReplicas", "currentReplicas", "updatedReplicas")
    one.wait_for_status(dict.fromkeys(counts, 2))
    assert {"observedGeneration": 1, "collisionCount": 0, **dict.fromkeys(counts, 2)} == facts(one.status)


def test_the_pod_of_a_daemon_set_is_labelled_by_the_hash_of_its_revision(cluster: Cluster) -> None:
    one = Set(cluster, "DaemonSet")
    one.start()

    (revision,), (pod,) = one.revisions.values(), one.pods
    made = revision["metadata"]["labels"]["controller-revision-hash"]
    assert f"web-{made}" == revision["metadata"]["name"]
    assert made == pod["metadata"]["labels"]["controller-revision-hash"]
    assert ("web-", "node") == (pod["metadata"]["generateName"], pod["spec"]["nodeName"])


def test_a_daemon_set_that_is_rolled_out_says_so(cluster: Cluster) -> None:
    one = Set(cluster, "DaemonSet")
    one.start()

    scheduled = {"currentNumberScheduled": 1, "desiredNumberScheduled": 1, "updatedNumberScheduled": 1}
    rest = {"numberReady": 1, "numberAvailable": 1, "numberMisscheduled": 0, "observedGeneration": 1}
    assert {**scheduled, **rest} == one.status


def test_a_daemon_set_that_no_node_fits_wants_no_pod(cluster: Cluster) -> None:
    cluster.apply(daemon_set("web", container("example.org/web"), nodeSelector={"kubernetes.io/os": "plan9"}))
    one = Set(cluster, "DaemonSet")

    one.wait_seen()

    scheduled = {"currentNumberScheduled": 0, "desiredNumberScheduled": 0}
    assert {**scheduled, "numberReady": 0, "numberMisscheduled": 0, "observedGeneration": 1} == one.status
    assert not one.pods


@KINDS
def test_a_revision_keeps_the_template(cluster: Cluster, kind: str) -> None:
    one = Set(cluster, kind)
    one.start()

    assert {"spec": {"template": {**one.now["spec"]["template"], "$patch": "replace"}}} == one.revisions[1]["data"]


# Roll-outs


@KINDS
def test_a_restart_replaces_every_pod_and_is_a_revision(cluster: Cluster, kind: str) -> None:
    one = Set(cluster, kind)
    one.start()

    one.restart()
    one.settle()

    cluster.wait_until(lambda: one.restarts == ["once"], "the restart")
    assert {1, 2} == set(one.revisions)


@KINDS
def test_a_template_that_comes_back_takes_its_old_revision_under_a_new_number(cluster: Cluster, kind: str) -> None:
    one = Set(cluster, kind)
    one.start()
    name = one.revisions[1]["metadata"]["name"]
    one.restart()
    one.settle()

    one.restart(None)
    one.settle()

    assert {2, 3} == set(one.revisions)
    assert name == one.revisions[3]["metadata"]["name"]


def test_a_stateful_set_is_rolled_out_from_its_last_pod_and_stops_at_one_that_does_not_run(cluster: Cluster) -> None:
    one = Set(cluster, "StatefulSet")
    one.start(replicas=3)

    one.name_image("gone")
    pod = one.wait_for_pod(*NOT_PULLED)

    one.wait_for_status({"replicas": 3, "readyReplicas": 2, "currentReplicas": 2, "updatedReplicas": 1})
    assert "web-2" == pod["metadata"]["name"]
    assert one.status["currentRevision"] != one.status["updateRevision"]
    assert one.status["updateRevision"] == pod["metadata"]["labels"]["controller-revision-hash"]


def test_a_stateful_set_replaces_no_pod_that_does_not_run_before_somebody_deletes_it(cluster: Cluster) -> None:
    one = Set(cluster, "StatefulSet")
    one.start(replicas=2)
    one.name_image("gone")
    before = one.wait_for_pod(*NOT_PULLED)

    one.name_image("latest")
    one.wait_for_status({"readyReplicas": 1, "replicas": 2})
    stuck = one.pods[1]["metadata"]["uid"]
    cluster.delete("Pod", "web-1")
    one.settle()

    assert before["metadata"]["uid"] == stuck
    cluster.wait_until(lambda: one.status["currentRevision"] == one.status["updateRevision"], "one revision")


def test_a_daemon_set_has_no_pod_on_a_node_while_it_is_replaced(cluster: Cluster) -> None:
    one = Set(cluster, "DaemonSet")
    one.start()

    one.name_image("gone")
    one.wait_for_pod(*NOT_PULLED)

    one.wait_for_status({"updatedNumberScheduled": 1, "numberUnavailable": 1, "numberReady": 0})
    assert 1 == len(one.pods)


def test_a_daemon_set_replaces_a_pod_that_does_not_run_by_itself(cluster: Cluster) -> None:
    one = Set(cluster, "DaemonSet")
    one.start()
    one.name_image("gone")
    one.wait_for_pod(*NOT_PULLED)

    one.name_image("latest")
    one.settle()

    assert 1 == one.status["numberReady"]


# Partition and OnDelete


def test_below_the_partition_pods_are_kept_and_come_back_as_they_were(cluster: Cluster) -> None:
    one = Set(cluster, "StatefulSet")
    one.start(replicas=2, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 1}})

    one.restart()
    cluster.wait_until(lambda: one.restarts == ["", "once"] and one.settle(), "the pod above")
    before = names(one.pods)
    cluster.delete("Pod", "web-0")
    one.settle()

    one.wait_for_status({"replicas": 2, "readyReplicas": 2, "currentReplicas": 1, "updatedReplicas": 1})
    assert (before, ["", "once"]) == (names(one.pods), one.restarts)


@KINDS
def test_on_delete_replaces_a_pod_when_somebody_deletes_it(cluster: Cluster, kind: str) -> None:
    one = Set(cluster, kind)
    one.start(**ON_DELETE)
    before = one.pods[0]["metadata"]

    one.restart()
    one.wait_seen()
    kept = one.pods[0]["metadata"]
    cluster.delete("Pod", before["name"])
    cluster.wait_until(lambda: one.restarts == ["once"], "the restart")

    assert before["uid"] == kept["uid"]


# Scale and deletion


def test_a_stateful_set_is_scaled_at_its_end(cluster: Cluster) -> None:
    one = Set(cluster, "StatefulSet")
    one.start(replicas=2)
    first = one.pods[0]["metadata"]["uid"]

    one.merge({"replicas": 1})
    one.settle()
    one.merge({"replicas": 3})
    one.settle()

    assert (first, {"web-0", "web-1", "web-2"}) == (one.pods[0]["metadata"]["uid"], names(one.pods))
    assert {1} == set(one.revisions)


def test_pods_of_a_parallel_stateful_set_do_not_wait_for_each_other(cluster: Cluster) -> None:
    one = Set(cluster, "StatefulSet")
    one.run(replicas=3, podManagementPolicy="Parallel", template=_broken(cluster))

    cluster.wait_until(lambda: len(one.pods) == 3, "all pods")
    one.wait_for_status({"replicas": 3, "updatedReplicas": 3})
    assert 0 == one.status["availableReplicas"]


@KINDS
def test_what_belongs_to_it_goes_with_it(cluster: Cluster, kind: str) -> None:
    Set(cluster, kind).start()

    cluster.delete(kind, "web")

    cluster.wait_until(lambda: not cluster.objects("ControllerRevision") + cluster.objects("Pod"), "everything to go")


@KINDS
def test_old_revisions_beyond_the_limit_are_deleted(cluster: Cluster, kind: str) -> None:
    one = Set(cluster, kind)
    one.start(revisionHistoryLimit=1)

    for value in "abc":
        one.restart(value)
        cluster.wait_until(one.is_updated, "the restart")
        one.settle()

    cluster.wait_until(lambda: {3, 4} == set(one.revisions), "the history to be cut")


def _broken(cluster: Cluster) -> object:
    pod = {"containers": [container(cluster.reference("gone"))], "terminationGracePeriodSeconds": 0}
    return {"metadata": {"labels": {"app": "web"}}, "spec": pod}
