"""
Ordinary passes of Figwasp over the simulated node, in each runtime's form of image IDs.

Aspects: a push is followed by one restart · the same content in another index · a shared config · two platforms.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from figwasp.core.manifest import Platform
from figwasp.core.report import End, end_of
from figwasp.embedded.node.node import Machine, Node, Runtime
from testbed import Index, deployment, index
from tests.app.stage import Stage
from tests.app.stage import stage as new_stage
from tests.contract.registries import image
from tests.objects import NAMESPACE, container


@pytest.fixture
def stage() -> Iterator[Stage]:
    with new_stage() as one:
        yield one


@pytest.fixture(params=Runtime, ids=lambda runtime: runtime.value)
def node(request: pytest.FixtureRequest, stage: Stage) -> Iterator[Node]:
    with Node(stage.api, runtime=request.param) as one:
        yield one


def run(stage: Stage, node: Node, name: str = "web", **more: Any) -> None:
    made = deployment(name, container(image=stage.image(name)), **more)
    stage.api.put("deployments", {**made, "metadata": {"namespace": NAMESPACE, "name": name}})
    node.wait_settled()


def swept(stage: Stage, node: Node, name: str = "web") -> End:
    """What one pass came to; waits until its restart, if any, is rolled out."""
    (outcome,) = stage.sweep(name).outcomes
    node.wait_settled()
    return end_of(outcome)


def test_a_push_is_followed_by_one_restart(stage: Stage, node: Node) -> None:
    stage.push_all(image("old"))
    run(stage, node, replicas=3)

    ends = [swept(stage, node)]
    new = stage.push_all(image("new"))
    ends += [swept(stage, node) for _ in range(3)]

    pods = stage.api.list("pods", NAMESPACE)
    running = {pod["status"]["containerStatuses"][0]["imageID"] for pod in pods}
    assert [End.CURRENT, End.RESTARTED, End.CURRENT, End.CURRENT] == ends
    assert {new} == {each.rpartition("@")[2] for each in running}


def test_a_push_of_an_index_is_followed_by_one_restart(stage: Stage, node: Node) -> None:
    stage.push_all(index(image("old")))
    run(stage, node)

    stage.push_all(index(image("new")))

    assert [End.RESTARTED, End.CURRENT, End.CURRENT] == [swept(stage, node) for _ in range(3)]


def test_a_new_index_of_the_same_content_restarts_nothing(stage: Stage, node: Node) -> None:
    stage.push_all(index(image("same")))
    run(stage, node)

    stage.push_all(index(image("same"), annotations={"built": "again"}))

    assert End.CURRENT is swept(stage, node)


def test_an_index_in_an_index_is_followed_as_any_other(stage: Stage, node: Node) -> None:
    stage.push_all(index(index(image("old"))))
    run(stage, node)

    stage.push_all(index(index(image("old"), annotations={"built": "again"})))
    rebuilt = swept(stage, node)
    stage.push_all(index(index(image("new"))))

    assert [End.CURRENT, End.RESTARTED, End.CURRENT] == [rebuilt, swept(stage, node), swept(stage, node)]


def test_content_that_another_repository_has_too_restarts_nothing(stage: Stage, node: Node) -> None:
    stage.push_all(image("shared"), "app")
    run(stage, node, "app")
    stage.push_all(index(image("shared")))
    run(stage, node)

    assert [End.CURRENT] * 2 == [swept(stage, node), swept(stage, node, "app")]


def test_a_tag_that_moves_back_is_followed_again(stage: Stage, node: Node) -> None:
    stage.push_all(image("A"))
    run(stage, node)

    ends = []
    for content in "BABA":
        stage.push_all(image(content))
        ends += [swept(stage, node), swept(stage, node)]

    assert [End.RESTARTED, End.CURRENT] * 4 == ends


def test_pods_on_two_platforms_and_runtimes_follow_one_push(stage: Stage) -> None:
    def both(content: str) -> Index:
        return index(image(content), replace(image(f"{content} for arm"), platform="linux/arm64"))

    machines = (Machine("amd"), Machine("arm", Platform("linux", "arm64"), Runtime.CRI_O))
    with Node(stage.api, machines=machines) as node:
        stage.push_all(both("old"))
        run(stage, node, replicas=2)
        stage.push_all(both("new"))

        assert [End.RESTARTED, End.CURRENT] == [swept(stage, node), swept(stage, node)]
