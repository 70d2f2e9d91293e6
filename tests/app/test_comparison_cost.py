"""
What comparing costs, exactly, by the requests that the registry gets: HEADs, manifests and blobs by GET.

At most two manifests, and two for each platform that may run; nothing at the next pass, since equalities are on record.
A tag is asked for a second time right before a restart, and then only.
"""

import pytest
from msgspec import Struct

from figwasp.app.lookups import MOST_MANIFESTS
from figwasp.core.decision import Why
from figwasp.core.report import Left, Outcome, Restarted
from testbed import Image, Index, index, respaced
from tests.app.stage import Stage
from tests.contract.registries import image

ARM64 = "linux/arm64"


class Cost(Struct, frozen=True):
    """Requests to the registry."""

    heads: int = 0
    manifests: int = 0
    blobs: int = 0


def passed(stage: Stage) -> tuple[Outcome, Cost]:
    """Make a pass; what came of the workload, and what was asked."""
    before = len(stage.registry.requests)
    (outcome,) = stage.sweep("web").outcomes
    stage.settle()
    asked = [(each.method, each.path) for each in stage.registry.requests[before:]]
    gets = [path for method, path in asked if method == "GET"]
    blobs = sum("/blobs/" in path for path in gets)
    return outcome, Cost(len(asked) - len(gets), len(gets) - blobs, blobs)


def moved(stage: Stage, old: Image | Index, new: Image | Index) -> None:
    """Run `old`, and push `new` under its tag."""
    stage.deploy()
    stage.run_pod(stage.push_all(old))
    stage.push_all(new)


def both(content: str) -> tuple[Image, Image]:
    return image(content), image(content, platform=ARM64)


def left(outcome: Outcome) -> Why:
    assert isinstance(outcome, Left), outcome
    return outcome.decision.why


OLD = both("1")
RESPACED = [respaced(each) for each in OLD]
ONE_MORE = image("1", platform="linux/s390x")

SAME = {
    "an annotation": (index(*OLD), index(*OLD, annotations={"build": "2"}), Cost(1, 2)),
    "white space": (OLD[0], RESPACED[0], Cost(1, 2)),
    "white space in one of two images": (index(*OLD), index(OLD[0], RESPACED[1]), Cost(1, 4)),
    "white space in both": (index(*OLD), index(*RESPACED), Cost(1, 6)),
    "a platform more": (index(*OLD), index(*OLD, ONE_MORE), Cost(1, 2)),
    "an index of what ran": (OLD[0], index(*OLD), Cost(1, 1)),
    "an index of the same content": (OLD[0], index(*RESPACED, ONE_MORE), Cost(1, 3, 1)),
    "an index around the index": (index(*OLD), index(index(*OLD)), Cost(1, 2)),
    "an index in an index": (index(index(*OLD)), index(*RESPACED, index(ONE_MORE)), Cost(1, 4 + 4)),
    "no platforms": (index(OLD[0]), index(*OLD, platforms=False), Cost(1, 3, 1)),
}


@pytest.mark.parametrize(("old", "new", "cost"), SAME.values(), ids=SAME)
def test_what_did_not_change_costs_little_once_and_no_get_at_the_next_pass(
    stage: Stage, old: Image | Index, new: Image | Index, cost: Cost
) -> None:
    moved(stage, old, new)

    (first, first_cost), (second, second_cost) = passed(stage), passed(stage)

    assert (Why.CURRENT, Why.CURRENT) == (left(first), left(second))
    assert (cost, Cost(1)) == (first_cost, second_cost)


MOVED = {
    "an image": (image("1"), image("2"), Cost(2, 2, 2)),
    "every image of an index": (index(*OLD), index(*both("2")), Cost(2, 6)),
    "an image for an index": (image("1"), index(*both("2"), ONE_MORE), Cost(2, 3, 1)),
    "an index in an index": (index(index(*OLD)), index(index(*both("2"))), Cost(2, 2 + 2 + 4)),
}


@pytest.mark.parametrize(("old", "new", "cost"), MOVED.values(), ids=MOVED)
def test_a_restart_costs_what_it_takes_to_be_sure(
    stage: Stage, old: Image | Index, new: Image | Index, cost: Cost
) -> None:
    moved(stage, old, new)

    outcome, spent = passed(stage)

    assert isinstance(outcome, Restarted)
    assert cost == spent


def test_a_restart_for_what_is_gone_costs_one_manifest_more(stage: Stage) -> None:
    old = image("1")
    moved(stage, old, index(*both("2")))
    stage.registry.delete("web", old.digest)

    outcome, spent = passed(stage)

    assert isinstance(outcome, Restarted)
    assert Cost(2, 2 + 1) == spent


def test_an_index_of_more_platforms_than_anybody_makes_is_not_read_to_its_end(stage: Stage) -> None:
    many = [[image(content, platform=f"linux/p{number}") for number in range(60)] for content in ("1", "2")]
    moved(stage, *(index(*each) for each in many))

    outcome, spent = passed(stage)

    assert (Why.UNKNOWN, MOST_MANIFESTS) == (left(outcome), spent.manifests)


def test_an_index_costs_less_to_compare_where_the_node_is_known(stage: Stage) -> None:
    stage.add_node()
    moved(stage, image("1"), index(*both("2")))

    outcome, spent = passed(stage)

    assert isinstance(outcome, Restarted)
    assert Cost(2, 3) == spent


def test_nodes_are_not_asked_for_where_what_runs_tells_the_platform(stage: Stage) -> None:
    """Most may not read nodes, and should not be refused at every restart."""
    moved(stage, image("1"), image("2"))

    outcome, _ = passed(stage)

    assert isinstance(outcome, Restarted)
    assert 0 == stage.api.asked("get", "nodes")


@pytest.mark.parametrize("is_known", [True, False])
def test_an_image_for_another_platform_restarts_nothing(stage: Stage, *, is_known: bool) -> None:
    if is_known:
        stage.add_node()
    moved(stage, image("1"), image("2", platform=ARM64))

    outcome, _ = passed(stage)

    assert (Why.UNKNOWN, "") == (left(outcome), stage.restarted_at())


@pytest.mark.parametrize("is_known", [True, False])
def test_an_image_whose_config_is_gone_restarts_nothing(stage: Stage, *, is_known: bool) -> None:
    if is_known:
        stage.add_node()
    moved(stage, image("1"), image("2"))
    stage.registry.answer(f"/v2/web/blobs/{image('2').config.digest}", status=404)

    outcome, _ = passed(stage)

    assert (Why.UNKNOWN, "") == (left(outcome), stage.restarted_at())


def test_an_index_whose_images_are_gone_restarts_nothing(stage: Stage) -> None:
    """A clean-up of all that has no tag takes them along, with what runs: a new pod could pull nothing."""
    old, new = index(*OLD), index(*both("2"))
    moved(stage, old, new)
    for each in (old, *old.children, *new.children):
        stage.registry.delete("web", each.digest)

    outcome, _ = passed(stage)

    assert (Why.UNKNOWN, "") == (left(outcome), stage.restarted_at())
