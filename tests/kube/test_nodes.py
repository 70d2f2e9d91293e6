"""What nodes tell: their platform, and what they know of images beyond what one container runs."""

from typing import Any

import msgspec
import pytest

from figwasp.core.contents import Node
from figwasp.core.deadline import Deadline
from figwasp.core.manifest import Platform
from figwasp.core.reference import Reference
from figwasp.embedded.api.server import ApiServer
from figwasp.kube.nodes import images, repositories
from figwasp.kube.picks import NodeStatus, Pod
from figwasp.kube.reader import Reader
from tests.factories import digest
from tests.objects import container, pod

A, B, C = (str(digest(each)) for each in "abc")


def told(*names: list[str] | None) -> list[set[str]]:
    status = {"nodeInfo": {}, "images": [{"names": each} for each in names]}
    return [{str(each) for each in image} for image in images(msgspec.convert(status, NodeStatus))]


def pods(*objects: dict[str, Any]) -> list[Pod]:
    return [msgspec.convert(each, Pod) for each in objects]


def named(*running: dict[str, Any]) -> dict[str, set[str]]:
    return {str(key): {each.name for each in found} for key, found in repositories(pods(*running)).items()}


def running(image_id: str, image: str = "quay.io/team/web:1") -> dict[str, Any]:
    one = pod(image_id=image_id)
    one["spec"]["containers"] = [container(image=image)]
    return one


def test_a_node_tells_its_platform(server: ApiServer, reader: Reader, deadline: Deadline) -> None:
    info = {"nodeInfo": {"operatingSystem": "linux", "architecture": "arm64"}}
    server.put("nodes", {"metadata": {"name": "node-1"}, "status": info})

    assert Node(Platform("linux", "arm64")) == reader.node("node-1", deadline)
    assert reader.node("gone", deadline) is None


def test_forbidden_nodes_are_tried_once(server: ApiServer, reader: Reader, deadline: Deadline) -> None:
    server.allow("system:anonymous", [])

    assert [None, None] == [reader.node(node, deadline) for node in ("node-1", "node-2")]
    assert 1 == len(server.requests)


@pytest.mark.parametrize(
    "names",
    [
        [f"quay.io/a@{A}", f"quay.io/b@{B}", "quay.io/a:1"],
        [f"quay.io/a@{A}", f"quay.io/a@{B}", f"quay.io/b@{A}", f"quay.io/b@{B}"],
        [f"alpine@{A}", f"team/alpine@{B}", "alpine:3"],
    ],
    ids=["containerd", "CRI-O", "cri-dockerd"],
)
def test_an_image_of_several_digests_is_told_by_these(names: list[str]) -> None:
    assert [{A, B}] == told(names)


@pytest.mark.parametrize(
    "names",
    [None, [], ["<none>@<none>", "<none>:<none>"], [f"quay.io/a@{A}", f"quay.io/b@{A}", "quay.io/a:1"], [A, B], ["@"]],
)
def test_an_image_of_one_digest_or_none_tells_nothing(names: list[str] | None) -> None:
    assert [] == told(names)


def test_each_image_is_told_by_itself() -> None:
    assert [{A, B}, {B, C}] == told([f"a@{A}", f"a@{B}"], [f"b@{C}"], [f"b@{B}", f"b@{C}"])


def test_a_node_that_lists_no_images_tells_nothing() -> None:
    assert () == images(msgspec.convert({"nodeInfo": {}}, NodeStatus))


def test_a_digest_is_named_by_the_node_and_by_what_the_pod_asks_for() -> None:
    assert {A: {"quay.io/other", "quay.io/team/web"}} == named(running(f"quay.io/other@{A}"))


def test_several_pods_of_one_digest_are_put_together_each_name_once() -> None:
    found = repositories(pods(running(f"quay.io/a@{A}", "quay.io/a:1"), running(f"quay.io/b@{A}", "quay.io/a:2")))

    assert {digest("a"): tuple(Reference.parse(f"quay.io/{each}@{A}") for each in "ab")} == found


@pytest.mark.parametrize("image_id", ["", A, "a" * 64, f"docker.io/library/import-2026-01-01@{A}", "nonsense"])
def test_what_no_registry_can_be_asked_for_is_left_out(image_id: str) -> None:
    assert {} == named(running(image_id))


@pytest.mark.parametrize("image", ["evil.example/team/web:1", "Not/Valid/", ""])
def test_what_a_pod_asks_for_counts_only_in_the_registry_that_its_node_names(image: str) -> None:
    """Whoever may change a pod's image must not choose which hosts are asked."""
    assert {A: {"quay.io/other"}} == named(running(f"quay.io/other@{A}", image))


def test_a_name_of_the_nodes_that_is_none_is_left_out() -> None:
    assert {} == named(running(f"Not/Valid/@{A}"))
