"""
What is not to be had from a registry, though nodes know it under several names.

Aspects: which names prove that it is the same; for which nodes that holds; what it costs; that nothing is ever proven
to differ.
"""

import pytest

from figwasp.core.verdict import Rule, Verdict
from figwasp.errors import FigwaspError
from tests.core.judging import AMD64, ARM64, FAILURES, judge, verdict
from tests.core.shelf import Shelf
from tests.factories import image

BOTH = {AMD64: image("c", "f9"), ARM64: image("d", "f8")}


def new(nodes: dict[str, str], images: dict[str, str] | None = None) -> Shelf:
    """The tag's new index, and nothing of what runs; `images` are what nodes know by two names, by node."""
    shelf = Shelf(nodes).holds("1", BOTH)
    for node, name in (images or {}).items():
        shelf.has_as_one(node, "2", name)
    return shelf


@pytest.mark.parametrize("name", ["1", "c"], ids=["the index", "the platform's manifest"])
def test_what_its_node_has_as_the_same_image_as_the_tags_is_current(name: str) -> None:
    judgement = judge(new({"node-1": AMD64}, {"node-1": name}))

    assert (Verdict.CURRENT, Rule.SAME_CONTENT, (AMD64,)) == (judgement.verdict, judgement.rule, judgement.scopes)


@pytest.mark.parametrize("name", ["d", "e"], ids=["another platform's manifest", "something else"])
def test_what_its_node_has_as_the_same_image_as_something_else_is_gone(name: str) -> None:
    assert Rule.CONTENT_GONE is judge(new({"node-1": AMD64}, {"node-1": name})).rule


def test_a_single_image_that_its_node_has_as_the_same_is_current() -> None:
    shelf = Shelf({"node-1": AMD64}).holds("1", image("1", "f9")).has_as_one("node-1", "2", "1")

    assert Verdict.CURRENT is verdict(shelf)


def test_names_of_two_images_prove_nothing() -> None:
    shelf = new({"node-1": AMD64}).has_as_one("node-1", "2", "e").has_as_one("node-1", "1", "c")

    assert Rule.CONTENT_GONE is judge(shelf).rule


@pytest.mark.parametrize("failure", FAILURES)
def test_what_the_registry_does_not_tell_the_node_may(failure: FigwaspError) -> None:
    assert Verdict.CURRENT is verdict(new({"node-1": AMD64}, {"node-1": "1"}).answers("2", failure))
    assert Verdict.UNKNOWN is verdict(new({"node-1": AMD64}, {"node-1": "e"}).answers("2", failure))


def test_what_one_node_proves_holds_for_the_others_of_its_platform() -> None:
    """A node tells of its 50 largest images only."""
    shelf = new({"node-1": AMD64, "node-2": AMD64}, {"node-1": "1"})

    assert Verdict.CURRENT is verdict(shelf, nodes=("node-1", "node-2"))
    assert Verdict.CURRENT is verdict(shelf, nodes=("node-2", "node-1"))


@pytest.mark.parametrize("other", [ARM64, None], ids=["another platform", "not known"])
def test_what_one_node_proves_does_not_hold_for_other_nodes(other: str | None) -> None:
    shelf = new({"node-1": AMD64, **({"node-2": other} if other else {})}, {"node-1": "1"})

    assert Rule.CONTENT_GONE is judge(shelf, nodes=("node-1", "node-2")).rule


def test_what_nodes_of_two_platforms_prove_is_kept_for_both() -> None:
    shelf = new({"node-1": ARM64, "node-2": AMD64}, {"node-1": "d", "node-2": "c"})

    assert (AMD64, ARM64) == judge(shelf, nodes=("node-1", "node-2")).scopes


def test_where_nodes_may_differ_in_what_they_do_not_tell_each_proves_for_itself() -> None:
    """A Node does not tell whether its processor is an ARM of version 6 or 7."""
    arm = {"node-1": "linux/arm", "node-2": "linux/arm"}
    one, both = new(arm, {"node-1": "1"}), new(arm, {"node-1": "1", "node-2": "1"})

    assert Verdict.CURRENT is not verdict(one, nodes=("node-1", "node-2"))
    judgement = judge(both, nodes=("node-1", "node-2"))
    assert (Verdict.CURRENT, ()) == (judgement.verdict, judgement.scopes)


def test_a_node_is_not_asked_where_the_registry_has_what_runs() -> None:
    shelf = new({"node-1": AMD64}, {"node-1": "1"}).holds("2", {AMD64: image("a", "f0"), ARM64: image("b", "f1")})

    assert Verdict.STALE is verdict(shelf)
    assert [] == shelf.nodes_asked


def test_where_the_node_has_the_same_no_other_repository_is_looked_into() -> None:
    shelf = new({"node-1": AMD64}, {"node-1": "1"}).holds("2", image("2", "f0"), "registry.example/elsewhere")

    assert Verdict.CURRENT is verdict(shelf)


def test_what_the_nodes_do_not_have_as_the_same_may_still_be_elsewhere() -> None:
    shelf = new({"node-1": AMD64}, {"node-1": "e"}).holds("2", image("2", "f9"), "registry.example/elsewhere")

    assert Verdict.CURRENT is verdict(shelf)
