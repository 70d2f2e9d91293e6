"""
What Figwasp and kubectl read of a roll-out: of the simulated controllers and node, and of the real ones.

Aspects: a new Deployment · restart · undo · annotations · pause · scale · strategies · history · deletion.
"""

from typing import Any

import pytest

from testbed import container
from tests.contract.clusters import (
    NOT_PULLED,
    Cluster,
    annotations,
    break_image,
    conditions,
    container_facts,
    counts,
    names,
    revision_of,
    sizes,
)

Json = dict[str, Any]

DONE = ("True", "NewReplicaSetAvailable", 'ReplicaSet "web-HASH" has successfully progressed.')
ENOUGH = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")


# A new Deployment


def test_a_replica_set_is_named_and_labelled_by_the_hash_of_its_template(cluster: Cluster) -> None:
    cluster.start()

    one = cluster.replica_set(1)
    made = one["metadata"]["labels"]["pod-template-hash"]
    labels = {"app": "web", "pod-template-hash": made}
    assert f"web-{made}" == one["metadata"]["name"]
    assert labels == one["metadata"]["labels"]
    assert {"matchLabels": labels} == one["spec"]["selector"]
    assert labels == one["spec"]["template"]["metadata"]["labels"]


def test_a_replica_set_belongs_to_its_deployment_and_has_its_revision(cluster: Cluster) -> None:
    cluster.start()

    owner, one = cluster.deployment(), cluster.replica_set(1)
    named = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": owner["metadata"]["uid"]}
    assert [{**named, "controller": True, "blockOwnerDeletion": True}] == one["metadata"]["ownerReferences"]
    assert {"revision": "1", "desired-replicas": "1", "max-replicas": "2"} == annotations(one)
    assert {"revision": "1"} == annotations(owner)


def test_a_pod_belongs_to_its_replica_set_and_is_named_after_it(cluster: Cluster) -> None:
    cluster.start()

    owner, (pod,) = cluster.replica_set(1), cluster.pods(1)
    named = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": owner["metadata"]["name"]}
    reference = {**named, "uid": owner["metadata"]["uid"], "controller": True, "blockOwnerDeletion": True}
    prefix, _, suffix = pod["metadata"]["name"].rpartition("-")
    assert [reference] == pod["metadata"]["ownerReferences"]
    assert (owner["metadata"]["name"], 5) == (prefix, len(suffix))
    assert f"{prefix}-" == pod["metadata"]["generateName"]
    assert owner["spec"]["template"]["metadata"]["labels"] == pod["metadata"]["labels"]


def test_a_deployment_that_is_rolled_out_says_so(cluster: Cluster) -> None:
    cluster.start(replicas=2)

    one, filled = cluster.deployment(), dict.fromkeys(("replicas", "readyReplicas", "availableReplicas"), 2)
    assert 1 == one["metadata"]["generation"]
    assert {"observedGeneration": 1, "updatedReplicas": 2, **filled} == counts(one)
    assert {"Available": ENOUGH, "Progressing": DONE} == conditions(one)
    assert ["Available", "Progressing"] == [each["type"] for each in one["status"]["conditions"]]
    assert {"observedGeneration": 1, "fullyLabeledReplicas": 2, **filled} == counts(cluster.replica_set(1))


def test_a_running_pod_reports_its_conditions_and_its_container(cluster: Cluster) -> None:
    cluster.start()

    (pod,) = cluster.pods(1)
    types = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"]
    flags = {"ready": True, "started": True, "restartCount": 0, "lastState": {}, "has a container": True}
    expected = {"name": "web", "image": cluster.reference(), "state": {"running": {}}, **flags}
    assert "Running" == pod["status"]["phase"]
    assert [(each, "True") for each in types] == [(c["type"], c["status"]) for c in pod["status"]["conditions"]]
    assert [expected] == [container_facts(each) for each in pod["status"]["containerStatuses"]]


def test_a_deployment_without_pods_is_rolled_out(cluster: Cluster) -> None:
    cluster.run(container("example.org/web"), replicas=0)

    one = cluster.settle()
    assert {"observedGeneration": 1} == counts(one)
    assert {"Available": ENOUGH, "Progressing": DONE} == conditions(one)
    # Nothing in a Deployment without pods waits for the controller of its ReplicaSet.
    seen = {"observedGeneration": 1, "replicas": 0}
    cluster.wait_until(lambda: seen == counts(cluster.replica_set(1)), "the ReplicaSet to be seen")
    assert {"revision": "1", "desired-replicas": "0", "max-replicas": "0"} == annotations(cluster.replica_set(1))


# Restart


def test_a_restart_is_a_revision_with_pods_of_its_own(cluster: Cluster) -> None:
    cluster.start(replicas=2)
    before = names(cluster.pods(1))

    cluster.restart()
    one = cluster.settle()

    assert (2, 2) == (revision_of(one), one["metadata"]["generation"])
    assert {1: 0, 2: 2} == sizes(cluster)
    assert not before & names(cluster.pods(2))
    assert {"Available": ENOUGH, "Progressing": DONE} == conditions(one)
    assert 0 == cluster.replica_set(1)["status"]["replicas"]


def test_the_same_restart_twice_is_one(cluster: Cluster) -> None:
    cluster.start()
    cluster.restart()
    cluster.settle()

    cluster.restart()
    cluster.settle()

    assert {1: 0, 2: 1} == sizes(cluster)


# Undo


def test_an_undo_takes_the_old_replica_set_again_under_a_new_revision(cluster: Cluster) -> None:
    cluster.start()
    name = cluster.replica_set(1)["metadata"]["name"]
    cluster.restart()
    cluster.settle()

    cluster.merge("web", {"spec": {"template": {"metadata": {"annotations": None}}}})
    one = cluster.settle()

    assert (3, name) == (revision_of(one), cluster.replica_set(3)["metadata"]["name"])
    assert {2: 0, 3: 1} == sizes(cluster)
    assert "1" == annotations(cluster.replica_set(3))["revision-history"]


def test_revisions_that_a_replica_set_had_are_its_history(cluster: Cluster) -> None:
    cluster.start()
    for value in ("a", None, "b", None):
        cluster.merge("web", {"spec": {"template": {"metadata": {"annotations": {"example.org/a": value}}}}})
        cluster.settle()

    assert {"revision": "5", "revision-history": "1,3"}.items() <= annotations(cluster.replica_set(5)).items()


# Annotations


def test_a_deployments_annotations_are_copied_to_its_newest_replica_set(cluster: Cluster) -> None:
    cluster.start()
    cluster.merge("web", {"metadata": {"annotations": {"figwasp/record": "old"}}})
    cluster.settle()
    cluster.restart()
    cluster.settle()

    skipped = {"kubectl.kubernetes.io/last-applied-configuration": "{}"}
    cluster.merge("web", {"metadata": {"annotations": {"figwasp/record": "new", **skipped}}})
    one = cluster.settle()

    def copied() -> bool:
        return annotations(cluster.replica_set(2))["figwasp/record"] == "new"

    cluster.wait_until(copied, "the annotation to be copied")
    assert (4, 4) == (one["metadata"]["generation"], one["status"]["observedGeneration"])
    assert not skipped.keys() & annotations(cluster.replica_set(2)).keys()
    assert "old" == annotations(cluster.replica_set(1))["figwasp/record"]


# Pause


def test_a_paused_deployment_only_reports_that_it_has_seen_a_change(cluster: Cluster) -> None:
    cluster.start()
    before = names(cluster.pods(1))

    cluster.merge("web", {"spec": {"paused": True}})
    cluster.restart()

    def seen() -> bool:
        return bool(cluster.deployment()["status"]["observedGeneration"] == 3)

    cluster.wait_until(seen, "the change to be seen")
    one = cluster.deployment()
    assert ("Unknown", "DeploymentPaused", "Deployment is paused") == conditions(one)["Progressing"]
    assert (1, {1: 1}, before) == (revision_of(one), sizes(cluster), names(cluster.pods(1)))
    assert "updatedReplicas" not in one["status"]


def test_a_resumed_deployment_rolls_out_what_was_changed_meanwhile(cluster: Cluster) -> None:
    cluster.start(spec={"paused": False})
    cluster.merge("web", {"spec": {"paused": True}})
    cluster.restart()

    cluster.merge("web", {"spec": {"paused": False}})
    one = cluster.settle()

    assert {1: 0, 2: 1} == sizes(cluster)
    assert DONE == conditions(one)["Progressing"]


def test_a_deployment_that_starts_paused_has_no_replica_set(cluster: Cluster) -> None:
    cluster.run(container("example.org/web"), spec={"paused": True})

    def seen() -> bool:
        return bool(cluster.deployment().get("status", {}).get("observedGeneration") == 1)

    cluster.wait_until(seen, "the Deployment to be seen")
    one = cluster.deployment()
    assert not cluster.objects("ReplicaSet")
    assert {"observedGeneration": 1} == counts(one)
    assert ("False", "MinimumReplicasUnavailable") == conditions(one)["Available"][:2]
    assert ("Unknown", "DeploymentPaused") == conditions(one)["Progressing"][:2]


# Scale


@pytest.mark.parametrize(("wanted", "most"), [(5, "7"), (1, "2"), (0, "0")])
def test_scaling_changes_no_revision_and_keeps_pods(cluster: Cluster, wanted: int, most: str) -> None:
    cluster.start(replicas=3)
    before = names(cluster.pods(1))

    cluster.merge("web", {"spec": {"replicas": wanted}})
    one = cluster.settle()

    after = names(cluster.pods(1))
    assert ({1: wanted}, 2) == (sizes(cluster), one["metadata"]["generation"])
    assert before <= after or after <= before
    assert {"revision": "1", "desired-replicas": str(wanted), "max-replicas": most} == annotations(
        cluster.replica_set(1)
    )
    assert DONE == conditions(one)["Progressing"]


@pytest.mark.parametrize("wanted", [10, 3, 5, 2])
def test_scaling_a_roll_out_that_is_stuck_divides_the_pods(cluster: Cluster, wanted: int) -> None:
    cluster.start(replicas=4)
    break_image(cluster)
    cluster.wait_until(lambda: sizes(cluster) == {1: 3, 2: 2}, "the roll-out to be stuck")
    cluster.wait_until(lambda: len(cluster.pods(1)) == 3 and len(cluster.pods(2)) == 2, "the pods")

    cluster.merge("web", {"spec": {"replicas": wanted}})

    expected = {10: {1: 8, 2: 5}, 3: {1: 2, 2: 2}, 5: {1: 4, 2: 3}, 2: {1: 2, 2: 1}}[wanted]
    cluster.wait_until(lambda: sizes(cluster) == expected, f"{expected}, now {sizes(cluster)}")


# Strategies


def test_a_rolling_update_never_has_more_or_fewer_pods_than_allowed(cluster: Cluster) -> None:
    strategy = {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": "50%"}}
    cluster.start(replicas=4, spec={"strategy": strategy})

    break_image(cluster)

    cluster.wait_until(lambda: sizes(cluster) == {1: 2, 2: 2}, "half of the pods to be replaced")
    cluster.wait_for_waiting(2, *NOT_PULLED)
    assert {1: 2, 2: 2} == sizes(cluster)


def test_recreate_ends_all_old_pods_before_it_makes_new_ones(cluster: Cluster) -> None:
    cluster.start(replicas=2, spec={"strategy": {"type": "Recreate"}})

    break_image(cluster)

    cluster.wait_until(lambda: sizes(cluster) == {1: 0, 2: 2}, "all pods to be replaced")
    cluster.wait_for_waiting(2, *NOT_PULLED)
    assert not cluster.pods(1)
    missing = ("False", "MinimumReplicasUnavailable")
    cluster.wait_until(lambda: missing == conditions(cluster.deployment())["Available"][:2], "the outage to be told")
    assert {"revision": "2", "desired-replicas": "2", "max-replicas": "2"} == annotations(cluster.replica_set(2))


def test_recreate_settles(cluster: Cluster) -> None:
    cluster.start(spec={"strategy": {"type": "Recreate"}})

    cluster.restart()
    one = cluster.settle()

    assert {1: 0, 2: 1} == sizes(cluster)
    assert {"Available": ENOUGH, "Progressing": DONE} == conditions(one)


# History


def test_old_replica_sets_beyond_the_limit_are_deleted(cluster: Cluster) -> None:
    cluster.start(spec={"revisionHistoryLimit": 1})
    for value in "abc":
        cluster.restart(value)
        cluster.settle()

    cluster.wait_until(lambda: sizes(cluster) == {3: 0, 4: 1}, "the history to be cut")


# Deletion


def test_a_pod_that_is_deleted_is_replaced(cluster: Cluster) -> None:
    cluster.start()
    (before,) = names(cluster.pods(1))

    cluster.delete("Pod", before)

    cluster.wait_until(lambda: names(cluster.pods(1)) - {before}, "another pod")
    cluster.settle()
    assert {before} != names(cluster.pods(1))


def test_what_belongs_to_a_deployment_goes_with_it(cluster: Cluster) -> None:
    cluster.start()

    cluster.delete("Deployment", "web")

    cluster.wait_until(lambda: not cluster.objects("ReplicaSet") + cluster.objects("Pod"), "everything to be gone")
