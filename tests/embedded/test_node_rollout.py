"""
How many pods each ReplicaSet may have, as tables.

Aspects: surge and unavailability and how they are rounded · new pods · old pods · scaling in the middle of a roll-out.
"""

from typing import Any

import pytest

from figwasp.embedded.node.rollout import (
    Fences,
    Sizes,
    fences_of,
    scale_down_old,
    scale_in_proportion,
    scale_up_new,
)

# replicas, maxSurge, maxUnavailable → surge, unavailable. Cases of kubernetes' ResolveFenceposts among them.
FENCES: list[tuple[int, int | str, int | str, int, int]] = [
    (1, "25%", "25%", 1, 0),
    (2, "25%", "25%", 1, 0),
    (3, "25%", "25%", 1, 0),
    (4, "25%", "25%", 1, 1),
    (5, "25%", "25%", 2, 1),
    (10, "25%", "25%", 3, 2),
    (0, "25%", "25%", 0, 0),
    (2, "0%", "1%", 0, 1),
    (1, "0%", "1%", 0, 1),
    (2, "1%", "25%", 1, 0),
    (2, 0, 5, 0, 2),
    (3, 2, 1, 2, 1),
    (3, "100%", 0, 3, 0),
    (100, "7%", "7%", 7, 7),
]

# fences, new, old → wanted of the new ReplicaSet
UP: list[tuple[Fences, Sizes, list[Sizes], int]] = [
    (Fences(10, 3, 2), Sizes("new", 0), [Sizes("a", 10)], 3),
    (Fences(10, 3, 2), Sizes("new", 3), [Sizes("a", 8)], 5),
    (Fences(10, 3, 2), Sizes("new", 5), [Sizes("a", 8)], 5),
    (Fences(10, 0, 2), Sizes("new", 0), [Sizes("a", 10)], 0),
    (Fences(10, 3, 2), Sizes("new", 9), [], 10),
    (Fences(2, 1, 0), Sizes("new", 5), [], 2),
    (Fences(1, 1, 0), Sizes("new", 0), [], 1),
    (Fences(4, 1, 1), Sizes("new", 0), [Sizes("a", 3), Sizes("b", 2)], 0),
]

# fences, new, old (oldest first) → what changes
DOWN: list[tuple[Fences, Sizes, list[Sizes], dict[str, int]]] = [
    (Fences(10, 3, 2), Sizes("new", 3, 0), [Sizes("a", 10, 10)], {"a": 8}),
    (Fences(10, 3, 2), Sizes("new", 5, 0), [Sizes("a", 8, 8)], {}),
    (Fences(10, 3, 2), Sizes("new", 5, 2), [Sizes("a", 8, 8)], {"a": 6}),
    (Fences(1, 1, 0), Sizes("new", 1, 0), [Sizes("a", 1, 1)], {}),
    (Fences(1, 1, 0), Sizes("new", 1, 1), [Sizes("a", 1, 1)], {"a": 0}),
    (Fences(10, 0, 2), Sizes("new", 0, 0), [Sizes("a", 10, 8)], {"a": 8}),
    (Fences(10, 3, 2), Sizes("new", 5, 0), [Sizes("a", 8, 7)], {}),
    (Fences(10, 3, 2), Sizes("new", 1, 1), [Sizes("a", 8, 8), Sizes("b", 5, 0)], {"b": 0, "a": 7}),
    (Fences(4, 1, 1), Sizes("new", 0, 0), [Sizes("a", 3, 3), Sizes("b", 2, 0)], {"b": 0}),
    (Fences(3, 1, 0), Sizes("new", 3, 3), [], {}),
]

# fences, active (newest first), most before → sizes
PROPORTION: list[tuple[Fences, list[Sizes], list[int], dict[str, int]]] = [
    (Fences(10, 3, 2), [Sizes("new", 2), Sizes("old", 3)], [5, 5], {"new": 5, "old": 8}),
    (Fences(3, 1, 0), [Sizes("new", 2), Sizes("old", 3)], [5, 5], {"new": 2, "old": 2}),
    (Fences(2, 1, 0), [Sizes("new", 2), Sizes("old", 3)], [5, 5], {"new": 1, "old": 2}),
    (Fences(0, 0, 0), [Sizes("new", 2), Sizes("old", 3)], [5, 5], {"new": 0, "old": 0}),
    (Fences(4, 1, 1), [Sizes("new", 2), Sizes("old", 3)], [5, 5], {"new": 2, "old": 3}),
    (Fences(12, 0, 1), [Sizes("new", 5), Sizes("old", 5)], [10, 10], {"new": 6, "old": 6}),
    (Fences(11, 0, 1), [Sizes("new", 5), Sizes("old", 5)], [10, 10], {"new": 6, "old": 5}),
    (Fences(9, 0, 1), [Sizes("new", 5), Sizes("old", 5)], [10, 10], {"new": 5, "old": 4}),
    (Fences(8, 0, 1), [Sizes("new", 2), Sizes("old", 2)], [0, 0], {"new": 6, "old": 2}),
]


def spec(replicas: int, surge: int | str, unavailable: int | str) -> dict[str, Any]:
    rolling = {"maxSurge": surge, "maxUnavailable": unavailable}
    return {"replicas": replicas, "strategy": {"type": "RollingUpdate", "rollingUpdate": rolling}}


@pytest.mark.parametrize(("replicas", "surge", "unavailable", "more", "fewer"), FENCES)
def test_surge_is_rounded_up_and_unavailability_down(
    replicas: int, surge: int | str, unavailable: int | str, more: int, fewer: int
) -> None:
    assert Fences(replicas, more, fewer) == fences_of(spec(replicas, surge, unavailable))


def test_a_deployment_without_a_strategy_has_the_servers_default() -> None:
    assert Fences(4, 1, 1) == fences_of({"replicas": 4})
    assert Fences(1, 1, 0) == fences_of({})


def test_recreate_has_neither_surge_nor_unavailability() -> None:
    assert Fences(4, 0, 0) == fences_of({"replicas": 4, "strategy": {"type": "Recreate"}})


@pytest.mark.parametrize(("fences", "new", "old", "wanted"), UP)
def test_new_pods_are_made_as_far_as_surge_allows(fences: Fences, new: Sizes, old: list[Sizes], wanted: int) -> None:
    assert wanted == scale_up_new(fences, new, old)


@pytest.mark.parametrize(("fences", "new", "old", "changed"), DOWN)
def test_old_pods_go_when_enough_are_available_and_the_unavailable_first(
    fences: Fences, new: Sizes, old: list[Sizes], changed: dict[str, int]
) -> None:
    assert changed == scale_down_old(fences, new, old)


@pytest.mark.parametrize(("fences", "active", "most", "sizes"), PROPORTION)
def test_a_scaling_in_the_middle_divides_the_pods_in_proportion(
    fences: Fences, active: list[Sizes], most: list[int], sizes: dict[str, int]
) -> None:
    assert sizes == scale_in_proportion(fences, active, most)
