"""
The simulated node by itself; what a real one does too is held to it by tests/contract.

Aspects: machines and platforms · which pods go · other writers · events · what it does with bugs, and
how it ends.
"""

import time
from typing import Any

import pytest

from figwasp.core.manifest import Platform
from figwasp.embedded.node.cluster import Changed, Cluster
from figwasp.embedded.node.node import Machine, Node, NotSettled, Runtime
from testbed import container, daemon_set
from tests.embedded.place import Place, events

Json = dict[str, Any]


# Machines and platforms


def test_each_machine_runs_the_image_of_its_platform(place: Place) -> None:
    digests = place.push_index("amd64", "arm64")
    machines = [Machine(each, Platform("linux", each), Runtime.CRI_O) for each in ("amd64", "arm64")]
    node = place.node(machines=machines)
    place.run(replicas=2)
    node.wait_settled()

    expected = {each: min(digests[each], digests[""]) for each in ("amd64", "arm64")}
    running = {
        pod["spec"]["nodeName"]: pod["status"]["containerStatuses"][0]["imageID"].rpartition("@")[2]
        for pod in place.objects("pods")
    }
    assert expected == running


def test_an_image_without_the_machines_platform_is_not_run(place: Place) -> None:
    place.push_index("arm64")
    node = place.node()
    place.run()

    place.wait_for_message(node, "no match for platform in manifest")


def test_a_node_selector_chooses_the_machine(place: Place) -> None:
    place.push()
    node = place.node(machines=[Machine("amd"), Machine("arm", Platform("linux", "arm64"))])
    place.run(replicas=3, nodeSelector={"kubernetes.io/arch": "arm64"})
    node.wait_settled()

    assert {"arm"} == {pod["spec"]["nodeName"] for pod in place.objects("pods")}


def test_a_node_tells_the_names_of_its_images_with_digests_first(place: Place) -> None:
    first, second, node = place.push("one"), place.push("two", "2"), place.node()
    place.run(container(place.image()))
    node.wait_settled()
    place.run(container(place.image("2")))
    node.wait_settled()

    names = [[place.image().replace(":1", f"@{each}"), place.image(tag)] for each, tag in ((first, "1"), (second, "2"))]
    assert names == [each["names"] for each in place.api.get("nodes", "", "node")["status"]["images"]]


def test_a_node_tells_five_names_of_an_image_at_the_most(place: Place) -> None:
    for tag in "123456":
        place.push("same", tag)
    node = place.node()
    place.run(*[container(place.image(tag), f"web-{tag}") for tag in "123456"])
    node.wait_settled()

    (image,) = place.api.get("nodes", "", "node")["status"]["images"]
    assert 5 == len(image["names"])


def test_a_cordoned_machine_is_given_no_pods_but_those_of_daemon_sets(place: Place) -> None:
    place.push()
    node = place.node(machines=[Machine("a"), Machine("b")])
    place.api.edit("nodes", "", "b", lambda one: one["spec"].update(unschedulable=True))
    place.run(replicas=3)
    daemons = daemon_set("daemon", container(place.image()))
    place.api.put("daemonsets", {**daemons, "metadata": {**daemons["metadata"], "namespace": "shop"}})
    node.wait_settled()

    on_b = [pod for pod in place.objects("pods") if pod["spec"]["nodeName"] == "b"]
    assert ["daemon"] == [pod["metadata"]["labels"]["app"] for pod in on_b]


def test_a_pod_for_which_every_machine_is_cordoned_waits_until_one_is_not(place: Place) -> None:
    place.push()
    node = place.node()
    place.api.edit("nodes", "", "node", lambda one: one["spec"].update(unschedulable=True))
    place.run()

    def refused() -> bool:
        return events(place, "FailedScheduling") == ["0/1 nodes are available: 1 node(s) were unschedulable."]

    node.wait_until(refused, "the refusal")

    place.api.edit("nodes", "", "node", lambda one: one["spec"].update(unschedulable=False))
    node.wait_settled()


def test_a_node_tells_its_platform_and_runtime(place: Place) -> None:
    place.node(machines=[Machine("arm", Platform("linux", "arm64"), Runtime.CRI_DOCKERD)])

    info = place.api.get("nodes", "", "arm")["status"]["nodeInfo"]
    assert ("linux", "arm64") == (info["operatingSystem"], info["architecture"])
    assert info["containerRuntimeVersion"].startswith("docker://")


# Which pods go


def test_pods_that_are_not_ready_go_first(place: Place) -> None:
    digest, node = place.push(), place.node()
    place.run()
    node.wait_settled()
    (kept,) = place.objects("pods")
    place.registry.delete("web", digest)
    place.scale(2)
    node.wait_until(lambda: place.waits().get("reason") == "ImagePullBackOff", "a pod that is not ready")

    place.scale(1)
    node.wait_settled()

    assert [kept["metadata"]["name"]] == [each["metadata"]["name"] for each in place.objects("pods")]


# Other writers


def test_a_write_of_what_somebody_else_has_changed_does_nothing(place: Place) -> None:
    cluster = Cluster(place.api)
    read = cluster.create({"kind": "Pod", "metadata": {"namespace": "shop", "name": "web"}, "spec": {}})
    place.api.edit("pods", "shop", "web", lambda one: one["spec"].update(nodeName="other"))

    with pytest.raises(Changed):
        cluster.update({**read, "spec": {"nodeName": "ours"}})
    with pytest.raises(Changed):
        cluster.create(read)

    assert "other" == place.api.get("pods", "shop", "web")["spec"]["nodeName"]


# Events


def test_what_happens_to_a_workload_is_told_by_events(place: Place) -> None:
    place.push()
    node = place.node()
    place.run()
    node.wait_settled()

    told = ["ScalingReplicaSet", "SuccessfulCreate", "Scheduled", "Pulling", "Pulled", "Created", "Started"]
    assert set(told) == {each["reason"] for each in place.objects("events")}
    assert [f'Successfully pulled image "{place.image()}"'] == events(place, "Pulled")


# Bugs, and the end


def test_what_no_controller_can_handle_ends_the_node_and_is_raised(place: Place) -> None:
    place.api.put("deployments", {"metadata": {"namespace": "shop", "name": "web"}, "spec": {}})

    with pytest.raises(KeyError, match="template"), Node(place.api) as node:
        node.wait_settled()


def test_a_wait_in_vain_tells_what_everything_waits_for(place: Place) -> None:
    node = place.node()
    place.run()
    node.wait_until(lambda: place.waits().get("reason") == "ImagePullBackOff", "a first try")

    with pytest.raises(NotSettled, match=r"Deployment shop/web \(replicas 1, .*pod shop/web-.*ImagePullBackOff"):
        node.wait_settled(timeout_seconds=0.1)


def test_it_ends_at_once_while_a_registry_is_silent(place: Place) -> None:
    place.push()
    place.registry.answer("/v2/web/manifests/1", drip_seconds=60)
    with Node(place.api) as node:
        place.run()
        node.wait_until(lambda: place.registry.requests, "a request")
        started = time.monotonic()

    assert time.monotonic() - started < 20
