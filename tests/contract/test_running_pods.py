"""
What Figwasp and kubectl read of pods and their images: of the simulated node, and of the real one.

Aspects: images and pull policies · images that are missing or private · containers that crash · init containers ·
where pods run.
"""

from typing import Any

from testbed import container, index
from tests.contract.clusters import (
    NOT_PULLED,
    Cluster,
    break_image,
    conditions,
    container_facts,
    counts,
    names,
    reason,
    revision_of,
    sizes,
    statuses,
    wait_until_failed,
    waits_for,
)

Json = dict[str, Any]

CRASH = ("/bin/sh", "-c", "false")
ENOUGH = ("True", "MinimumReplicasAvailable", "Deployment has minimum availability.")


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
    kept = {"readyReplicas": 2, "availableReplicas": 2}
    expected = {"observedGeneration": 2, "replicas": 3, "updatedReplicas": 1, "unavailableReplicas": 1, **kept}
    cluster.wait_until(lambda: counts(cluster.deployment()) == expected, "the controller to count the pod")

    one = cluster.deployment()
    # A controller that is busy sees 2 updated pods become 1, where another sees 0 become 1, which is progress.
    created = ("True", "NewReplicaSetCreated", 'Created new replica set "web-HASH"')
    updated = ("True", "ReplicaSetUpdated", 'ReplicaSet "web-HASH" is progressing.')
    assert conditions(one)["Progressing"] in (created, updated)
    assert ENOUGH == conditions(one)["Available"]


def test_a_roll_out_without_progress_has_failed_after_its_deadline(cluster: Cluster) -> None:
    cluster.start()

    break_image(cluster, progressDeadlineSeconds=1)

    expected = ("False", "ProgressDeadlineExceeded", 'ReplicaSet "web-HASH" has timed out progressing.')
    assert expected == conditions(wait_until_failed(cluster))["Progressing"]
    assert {1: 1, 2: 1} == sizes(cluster)


def test_a_failed_roll_out_that_is_paused_stays_failed(cluster: Cluster) -> None:
    cluster.start()
    break_image(cluster, progressDeadlineSeconds=1)
    wait_until_failed(cluster)

    cluster.merge("web", {"spec": {"paused": True}})

    cluster.wait_until(lambda: cluster.deployment()["status"]["observedGeneration"] == 3, "the pause to be seen")
    assert "ProgressDeadlineExceeded" == reason(cluster.deployment(), "Progressing")


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


# Containers that crash


def test_a_container_that_crashes_is_started_again_after_a_while_and_names_its_image(cluster: Cluster) -> None:
    digest = cluster.push(cluster.image("broken", CRASH))
    cluster.run()

    pod = cluster.wait_for_waiting(1, "CrashLoopBackOff")

    facts = container_facts(statuses(pod)["web"])
    assert facts.pop("restartCount") >= 1
    assert facts.pop("state")["waiting"]["message"].partition("s restarting failed container=web")[0] != ""
    ended = facts.pop("lastState")["terminated"]
    assert (1, "Error") == (ended["exitCode"], ended["reason"])
    flags = {"ready": False, "started": False, "has a container": True}
    assert {"name": "web", "image": cluster.reference(), **flags} == facts
    assert ("Running", {cluster.reference(digest)}) == (pod["status"]["phase"], cluster.image_ids(1))


def test_a_container_that_crashes_runs_what_the_tag_names_when_it_is_started_again(cluster: Cluster) -> None:
    cluster.push(cluster.image("broken", CRASH))
    cluster.run()
    (pod,) = [cluster.wait_for_waiting(1, "CrashLoopBackOff")]

    fixed = cluster.reference(cluster.push(cluster.image("fixed")))

    # What crashes is ready for as long as it runs, be it for an instant.
    cluster.wait_until(lambda: cluster.image_ids(1) == {fixed}, "the fixed image to run")
    assert names([pod]) == names(cluster.pods(1))


def test_a_roll_out_whose_pods_crash_has_failed_after_its_deadline(cluster: Cluster) -> None:
    cluster.push(cluster.image("first"))
    # Without a probe a pod is ready for as long as its container runs, be it for an instant.
    probe = {"exec": {"command": ["true"]}, "periodSeconds": 1}
    cluster.run(container(cluster.reference(), readinessProbe=probe), spec={"progressDeadlineSeconds": 1})
    cluster.settle()
    cluster.push(cluster.image("broken", CRASH))

    cluster.restart()

    counted = {"replicas": 2, "updatedReplicas": 1, "readyReplicas": 1, "availableReplicas": 1}
    assert {"observedGeneration": 2, "unavailableReplicas": 1, **counted} == counts(wait_until_failed(cluster))


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
