"""
What Figwasp and kubectl read of a roll-out: of the simulated controllers and node, and of the real ones.

Aspects: a new Deployment · restart · undo · annotations · pause · scale · strategies · history · deletion ·
images and pull policies · images that are missing or private · init containers · where pods run.
"""

from typing import Any

import pytest

from testbed import container, index
from tests.contract.clusters import (
    Cluster,
    annotations,
    conditions,
    container_facts,
    counts,
    reason,
    revision_of,
    statuses,
    waits_for,
)

Json = dict[str, Any]

DONE = ("True", "NewReplicaSetAvailable", 'ReplicaSet "web-HASH" has successfully progressed.')
ENOUGH = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")
NOT_PULLED = ("ErrImagePull", "ImagePullBackOff")


def sizes(cluster: Cluster) -> dict[int, int]:
    """How many pods each revision should have."""
    found = cluster.owned("ReplicaSet", cluster.deployment())
    return {revision_of(each): each["spec"]["replicas"] for each in found}


def names(pods: list[Json]) -> set[str]:
    return {pod["metadata"]["name"] for pod in pods}


def break_image(cluster: Cluster, **spec: Any) -> None:
    """Let the template name an image that is not there."""
    named = {"name": "web", "image": cluster.reference("gone"), "imagePullPolicy": "Always"}
    cluster.merge("web", {"spec": {**spec, "template": {"spec": {"containers": [named]}}}})


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
    assert {"observedGeneration": 1, "replicas": 0} == counts(cluster.replica_set(1))
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
    assert ("False", "MinimumReplicasUnavailable") == conditions(cluster.deployment())["Available"][:2]
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


# Images and pull policies


def test_a_pod_names_the_digest_that_the_tag_named(cluster: Cluster) -> None:
    digest = cluster.start()

    assert {cluster.reference(digest)} == cluster.image_ids(1)


def test_a_pod_of_an_index_names_the_index(cluster: Cluster) -> None:
    digest = cluster.push(index(cluster.image("indexed")))
    cluster.run()
    cluster.settle()

    assert {cluster.reference(digest)} == cluster.image_ids(1)


def test_always_takes_what_the_tag_names_now(cluster: Cluster) -> None:
    old = cluster.start(pull_policy="Always")
    new = cluster.push(cluster.image("second"))

    cluster.restart()
    cluster.settle()

    assert old != new
    assert {cluster.reference(new)} == cluster.image_ids(2)


def test_if_not_present_takes_what_the_node_has(cluster: Cluster) -> None:
    old = cluster.start(pull_policy="IfNotPresent")
    cluster.push(cluster.image("second"))

    cluster.restart()
    cluster.settle()

    assert {cluster.reference(old)} == cluster.image_ids(2)


def test_never_runs_only_what_the_node_has(cluster: Cluster) -> None:
    cluster.push(cluster.image("first"))
    cluster.run(container(cluster.reference(), pull_policy="Never"))

    pod = cluster.wait_for_waiting(1, "ErrImageNeverPull")

    why = f'Container image "{cluster.reference()}" is not present with pull policy of Never'
    assert why == statuses(pod)["web"]["state"]["waiting"]["message"]


def test_an_image_that_is_pinned_is_named_by_its_digest(cluster: Cluster) -> None:
    digest = cluster.push(cluster.image("pinned"), "1")
    cluster.run(container(f"{cluster.reference('1')}@{digest}"))
    cluster.settle()

    assert {cluster.reference(digest)} == cluster.image_ids(1)


def test_a_second_digest_of_the_same_content_may_never_be_named(cluster: Cluster) -> None:
    """containerd keeps the smallest name that it ever knew for a config, whatever the tag names now."""
    content = cluster.image("same")
    first = cluster.push(index(content))
    cluster.run()
    cluster.settle()
    second = cluster.push(index(content, annotations={"built": "again"}))

    cluster.restart()
    cluster.settle()

    assert first != second
    assert {cluster.reference(min(first, second))} == cluster.image_ids(2)


def test_a_pod_may_name_another_repository_with_the_same_content(cluster: Cluster) -> None:
    content = cluster.image("shared")
    digest = cluster.push(content, name="app")
    cluster.run(container(cluster.reference(name="app")), name="app")
    cluster.settle("app")
    cluster.push(index(content), name="multi")

    cluster.run(container(cluster.reference(name="multi")), name="multi")
    cluster.settle("multi")

    assert {cluster.reference(digest, name="app")} == cluster.image_ids(1, "multi")


def test_a_running_pod_goes_on_naming_a_tag_that_names_something_else_now(cluster: Cluster) -> None:
    """The kubelet asks the runtime for a pod's containers only when one of them has started or ended."""
    old = cluster.start()
    cluster.push(cluster.image("second"))

    cluster.run(name="other")
    cluster.settle("other")

    (pod,) = cluster.pods(1)
    assert (cluster.reference(), {cluster.reference(old)}) == (statuses(pod)["web"]["image"], cluster.image_ids(1))


# Images that are missing or private


def test_a_missing_image_leaves_the_old_pods_and_reports_no_image_id(cluster: Cluster) -> None:
    cluster.start(replicas=2)
    before = names(cluster.pods(1))

    break_image(cluster)
    pod = cluster.wait_for_waiting(2, "ImagePullBackOff")

    flags = {"ready": False, "started": False, "restartCount": 0, "lastState": {}, "has a container": False}
    facts = container_facts(statuses(pod)["web"])
    message = facts.pop("state")["waiting"]["message"]
    assert {"name": "web", "image": cluster.reference("gone"), **flags} == facts
    assert message.startswith(f'Back-off pulling image "{cluster.reference("gone")}": ErrImagePull: ')
    assert ("Pending", {""}) == (pod["status"]["phase"], cluster.image_ids(2))
    assert before == names(cluster.pods(1))


def test_a_roll_out_without_an_image_is_progressing_until_its_deadline(cluster: Cluster) -> None:
    cluster.start(replicas=2)

    break_image(cluster)
    cluster.wait_for_waiting(2, *NOT_PULLED)

    one, kept = cluster.deployment(), {"readyReplicas": 2, "availableReplicas": 2}
    expected = {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 1, "unavailableReplicas": 1, **kept}
    assert expected == counts(one)
    assert ("True", "ReplicaSetUpdated", 'ReplicaSet "web-HASH" is progressing.') == conditions(one)["Progressing"]
    assert ENOUGH == conditions(one)["Available"]


def test_a_roll_out_without_progress_has_failed_after_its_deadline(cluster: Cluster) -> None:
    cluster.start()

    break_image(cluster, progressDeadlineSeconds=1)

    def failed() -> bool:
        return reason(cluster.deployment(), "Progressing") == "ProgressDeadlineExceeded"

    cluster.wait_until(failed, "the deadline to pass")
    expected = ("False", "ProgressDeadlineExceeded", 'ReplicaSet "web-HASH" has timed out progressing.')
    assert expected == conditions(cluster.deployment())["Progressing"]
    assert {1: 1, 2: 1} == sizes(cluster)


def test_a_failed_roll_out_that_is_paused_stays_failed(cluster: Cluster) -> None:
    cluster.start()
    break_image(cluster, progressDeadlineSeconds=1)

    def failed() -> bool:
        return reason(cluster.deployment(), "Progressing") == "ProgressDeadlineExceeded"

    cluster.wait_until(failed, "the deadline to pass")
    cluster.merge("web", {"spec": {"paused": True}})

    cluster.wait_until(lambda: cluster.deployment()["status"]["observedGeneration"] == 3, "the pause to be seen")
    assert failed()


def test_a_fix_after_a_failed_roll_out_settles(cluster: Cluster) -> None:
    cluster.start()
    break_image(cluster)
    cluster.wait_for_waiting(2, *NOT_PULLED)

    named = {"name": "web", "image": cluster.reference(), "imagePullPolicy": "Always"}
    cluster.merge("web", {"spec": {"template": {"spec": {"containers": [named]}}}})
    one = cluster.settle()

    assert ({2: 0, 3: 1}, 3) == (sizes(cluster), revision_of(one))


def test_an_unreadable_image_name_is_never_pulled(cluster: Cluster) -> None:
    cluster.run(container("Not/An:Image:"))

    pod = cluster.wait_for_waiting(1, "InvalidImageName")
    assert "" == statuses(pod)["web"]["imageID"]


def test_a_private_image_needs_its_pull_secret(cluster: Cluster) -> None:
    private = container(cluster.reference(private=True))
    cluster.pull_secret("login")
    cluster.run(private, name="with", pull_secrets=["login"])
    cluster.settle("with")

    cluster.run(private, name="without")

    assert "" == statuses(cluster.wait_for_waiting(1, *NOT_PULLED, name="without"))["web"]["imageID"]


# Init containers


def test_init_containers_end_and_sidecars_run_before_the_pod_does(cluster: Cluster) -> None:
    digest = cluster.push(cluster.image("first"))
    init = container(cluster.reference(), "init", command=["true"])
    sidecar = container(cluster.reference(), "side", restartPolicy="Always")
    cluster.run(initContainers=[init, sidecar])
    cluster.settle()

    (pod,) = cluster.pods(1)
    facts = {name: container_facts(status) for name, status in statuses(pod).items()}
    common = {"image": cluster.reference(), "ready": True, "restartCount": 0, "lastState": {}, "has a container": True}
    ended = {"terminated": {"exitCode": 0, "reason": "Completed"}}
    running = {"started": True, "state": {"running": {}}}
    assert {"name": "init", "started": False, "state": ended, **common} == facts["init"]
    assert {"name": "side", **running, **common} == facts["side"]
    assert {cluster.reference(digest)} == cluster.image_ids(1)


def test_a_pod_waits_for_an_init_container_without_an_image(cluster: Cluster) -> None:
    cluster.push(cluster.image("first"))
    cluster.run(initContainers=[container(cluster.reference("gone"), "init")])

    pod = cluster.wait_for_waiting(1, "PodInitializing")

    def pulled() -> bool:
        (now,) = cluster.pods(1)
        return statuses(now)["init"]["state"]["waiting"]["reason"] in NOT_PULLED

    cluster.wait_until(pulled, "the init container to be tried")
    expected = ("False", "ContainersNotInitialized", "containers with incomplete status: [init]")
    assert expected == conditions(pod)["Initialized"]
    assert ("Pending", "PodInitializing") == (pod["status"]["phase"], waits_for(pod))


def test_a_pod_is_not_ready_before_its_sidecars_run(cluster: Cluster) -> None:
    cluster.push(cluster.image("first"))
    cluster.run(initContainers=[container(cluster.reference("gone"), "side", restartPolicy="Always")])

    pod = cluster.wait_for_waiting(1, "PodInitializing")

    expected = ("False", "ContainersNotReady", "containers with unready status: [side web]")
    assert [expected] * 2 == [conditions(pod)[each] for each in ("Ready", "ContainersReady")]


# Where pods run


def test_a_pod_that_no_node_fits_stays_without_one(cluster: Cluster) -> None:
    cluster.run(container("example.org/web"), nodeSelector={"kubernetes.io/os": "plan9"})

    def refused() -> Json:
        found = cluster.objects("Pod")
        return found[0] if found and reason(found[0], "PodScheduled") else {}

    pod = cluster.wait_until(refused, "the pod to be refused")
    assert ("False", "Unschedulable") == conditions(pod)["PodScheduled"][:2]
    assert conditions(pod)["PodScheduled"][2].startswith("0/1 nodes are available: 1 node(s) didn't match Pod's node")
    assert not statuses(pod)
    assert "nodeName" not in pod["spec"]


def test_a_pod_runs_on_a_node_of_the_platform_it_selects(cluster: Cluster) -> None:
    cluster.push(cluster.image("first"))
    cluster.run(nodeSelector={"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"})
    cluster.settle()

    assert {"node"} == {pod["spec"]["nodeName"] for pod in cluster.pods(1)}
