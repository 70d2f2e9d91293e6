"""
Waiting until the simulated node has nothing to do: by a clock of the test's own nothing happens behind its back.

Aspects: what is to come · nothing more to come · pulls that are under way.
"""

from contextlib import ExitStack

import pytest

from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.registry.server import Registry
from tests.embedded.place import Place

BEGINNING = 1_800_000_000


class Clock:
    """A clock that stands still until it is told to go on."""

    def __init__(self) -> None:
        self.seconds = BEGINNING

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    """The place's clock."""
    return Clock()


@pytest.fixture
def still(clock: Clock) -> object:
    """A place where no time passes by itself."""
    with ExitStack() as ends, ApiServer(seconds_now=clock) as api, Registry() as registry:
        yield Place(api, registry, ends)


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

    clock.seconds += 7
    node.wait_idle()

    assert ["Running"] == phases(still)


def test_a_node_that_pulls_is_not_idle(still: Place) -> None:
    still.push()
    node = still.node()
    still.run(replicas=3)
    node.wait_idle()

    assert ["Running"] * 3 == phases(still)


def test_an_idle_node_without_anything_to_come_says_so(still: Place) -> None:
    node = still.node()

    assert float("inf") == node.wait_idle()
