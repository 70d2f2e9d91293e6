"""Images that volumes mount, on a real node: what it tells of them, and that a pass says of them what it can."""

from typing import Any

import pytest

from testbed import container, deployment
from tests.node.scene import Scene


@pytest.fixture
def mounted(scene: Scene) -> Scene:
    """`web` runs, and has the image `model` in a volume."""
    scene.push(scene.image("model 1"), name="model")
    scene.push(scene.image("1"))
    image = {"reference": scene.repository("model").reference("latest"), "pullPolicy": "Always"}
    mount = {"name": "model", "mountPath": "/model"}
    web = container(scene.repository().reference("latest"), volumeMounts=[mount])
    scene.namespace.apply(deployment("web", web, volumes=[{"name": "model", "image": image}]))
    scene.namespace.wait_rolled_out("web")
    return scene


def seen(scene: Scene) -> tuple[str, str]:
    """The text in the image of the container of the only pod, and in that of its volume."""
    (pod,) = pods(scene)
    read = scene.bed.kubectl("exec", "-n", scene.namespace.name, pod["metadata"]["name"], "--", "sh", "-c", _READ)
    container, volume = read.splitlines()
    return container.partition(" ")[2], volume.partition(" ")[2]


_READ = "cat /content; echo; cat /model/content"


def pods(scene: Scene) -> list[dict[str, Any]]:
    found = scene.namespace.objects("Pod", labelSelector="app=web")
    return [pod for pod in found if "deletionTimestamp" not in pod["metadata"]]


def test_a_status_names_the_volume_and_not_its_image(mounted: Scene) -> None:
    model = mounted.repository("model").digest("latest")
    (pod,) = pods(mounted)
    (status,) = pod["status"]["containerStatuses"]

    assert ("1", "model 1") == seen(mounted)
    assert ["model"] == [mount["name"] for mount in status["volumeMounts"]]
    assert model not in str(pod["status"])


def test_a_volumes_image_that_moved_is_reported_and_restarts_nothing(mounted: Scene) -> None:
    first = mounted.once("web")
    moved = mounted.push(mounted.image("model 2"), name="model")
    second = mounted.once("web")

    assert [("left", 0)] * 2 == [(each.of("web")["event"], each.code) for each in (first, second)]
    web, volume = second.of("web")["containers"]
    assert ("current", "exempt") == (web["verdict"], volume["verdict"])
    assert ("volume/model", [], moved) == (volume["container"], volume["running"], volume["registry"])
    assert ("1", "model 1") == seen(mounted)


def test_a_container_beside_it_that_moved_is_restarted_for_and_takes_the_new_volume_along(mounted: Scene) -> None:
    mounted.push(mounted.image("model 2"), name="model")
    mounted.push(mounted.image("2"))

    first = mounted.once("web")
    mounted.namespace.wait_rolled_out("web")
    second = mounted.once("web")

    assert (["web"], []) == (first.restarted, second.restarted)
    assert ("2", "model 2") == seen(mounted)


def test_a_volumes_image_that_is_gone_holds_up_the_restart_that_would_pull_it(mounted: Scene) -> None:
    model = mounted.repository("model")
    model.delete(model.digest("latest"))
    mounted.push(mounted.image("2"))

    held = mounted.once("web")
    mounted.settled("web")
    mounted.push(mounted.image("model 2"), name="model")

    assert ([], 1) == (held.restarted, held.code)
    assert "volume/model" in held.of("web")["why"]
    assert ["web"] == mounted.once("web").restarted
