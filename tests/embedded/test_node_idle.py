"""
The simulated node over time: by a clock of the test's own nothing happens behind its back.

Aspects: pace and time · what is to come · nothing more to come, and nothing written · pulls that are under way.
"""

from contextlib import ExitStack
from typing import Any

import pytest

from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.node.node import Node
from figwasp.embedded.registry.server import Registry
from tests.embedded.place import Place

Json = dict[str, Any]

BEGINNING = 1_800_000_000


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.seconds = BEGINNING

    def __call__(self) -> float:
        return self.seconds

    def forward(self, node: Node, seconds: int) -> None:
        """Let time pass at once, and wait until the node has done what was due by then."""
        node.wait_idle()
        self.seconds += seconds
        node.wait_idle()


@pytest.fixture
def clock() -> Clock:
    """The place's clock."""
    return Clock()


@pytest.fixture
def still(clock: Clock) -> object:
    """A place where no time passes by itself."""
    with ExitStack() as ends, ApiServer(seconds_now=clock) as api, Registry() as registry:
        yield Place(api, registry, ends)


def is_ending(pod: Json) -> bool:
    return "deletionTimestamp" in pod["metadata"]


def phases(place: Place) -> list[str]:
    return [pod["status"]["phase"] for pod in place.objects("pods")]


def test_an_idle_node_tells_when_there_is_more_to_do(still: Place) -> None:
    still.push()
    node = still.node(pace_seconds=7)
    still.run(replicas=1)

    assert BEGINNING + 7 == node.wait_idle()
    assert ["Pending"] == phases(still)


def test_what_is_due_is_done_when_time_has_passed(still: Place, clock: Clock) -> None:
    still.push()
    node = still.node(pace_seconds=7)
    still.run(replicas=1)
    node.wait_idle()

    clock.forward(node, 7)

    assert ["Running"] == phases(still)


def test_nothing_is_written_where_there_is_nothing_to_do(still: Place, clock: Clock) -> None:
    still.push()
    node = still.node()
    still.run(replicas=1)
    node.wait_idle()
    version = still.api.store.wait(-1, 0)

    clock.forward(node, 3600)

    assert version == still.api.store.wait(-1, 0)


def test_at_a_pace_each_step_of_a_pod_can_be_seen(still: Place, clock: Clock) -> None:
    still.push()
    node = still.node(pace_seconds=7)
    still.run()

    node.wait_idle()
    assert {"reason": "ContainerCreating"} == still.waits()
    clock.forward(node, 7)
    assert {} == still.waits()
    still.restart()
    clock.forward(node, 7)
    assert [False, True] == sorted(map(is_ending, still.objects("pods")))
    clock.forward(node, 7)
    assert [False] == [is_ending(each) for each in still.objects("pods")]


def test_pods_are_available_after_they_were_ready_long_enough(still: Place, clock: Clock) -> None:
    still.push()
    node = still.node()
    still.run(spec={"minReadySeconds": 2})

    def counts() -> tuple[int, int]:
        status = still.api.get("deployments", "shop", "web")["status"]
        return status.get("readyReplicas", 0), status.get("availableReplicas", 0)

    node.wait_idle()
    assert (1, 0) == counts()
    clock.forward(node, 2)
    assert (1, 1) == counts()


def test_recreate_waits_for_the_end_of_pods_that_are_ending(still: Place, clock: Clock) -> None:
    still.push()
    node = still.node(pace_seconds=7)
    still.run(spec={"strategy": {"type": "Recreate"}})
    node.wait_idle()
    clock.forward(node, 7)

    still.restart()
    node.wait_idle()
    assert [True] == [is_ending(each) for each in still.objects("pods")]
    clock.forward(node, 7)
    assert [False] == [is_ending(each) for each in still.objects("pods")]
    assert ["Pending"] == phases(still)


def test_what_is_ending_is_left_alone_until_it_has_ended(still: Place, clock: Clock) -> None:
    still.push()
    node = still.node(pace_seconds=7)
    still.run()
    node.wait_idle()
    clock.forward(node, 7)

    still.api.delete("deployments", "shop", "web")
    node.wait_idle()
    ending = still.objects("pods")
    clock.forward(node, 6)
    assert [True] == [is_ending(each) for each in ending]
    assert ending == still.objects("pods")
    clock.forward(node, 1)
    assert [] == still.objects("pods")


def test_a_node_that_pulls_is_not_idle(still: Place) -> None:
    still.push()
    node = still.node()
    still.run(replicas=3)
    node.wait_idle()

    assert ["Running"] * 3 == phases(still)


def test_an_idle_node_without_anything_to_come_says_so(still: Place) -> None:
    node = still.node()

    assert float("inf") == node.wait_idle()
