"""The rule that gives a permission, and how the permission is named."""

from typing import Any

import pytest

from figwasp.core.permission import Permission


def permission(group: str = "", names: tuple[str, ...] = ()) -> Permission:
    """To get secrets."""
    return Permission(verb="get", group=group, resource="secrets", names=names, why="read logins")


@pytest.mark.parametrize(
    ("needed", "rule"),
    [
        (permission(), {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}),
        (permission("apps"), {"apiGroups": ["apps"], "resources": ["secrets"], "verbs": ["get"]}),
        (
            permission(names=("pull", "push")),
            {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], "resourceNames": ["pull", "push"]},
        ),
    ],
)
def test_a_rule_gives_one_verb_and_is_bound_to_names_where_there_are_any(
    needed: Permission, rule: dict[str, Any]
) -> None:
    assert rule == needed.rule


@pytest.mark.parametrize(
    ("names", "text"), [((), "get secrets"), (("pull",), "get secrets (pull)"), (("a", "b"), "get secrets (a, b)")]
)
def test_a_permission_is_told_with_the_names_that_it_is_for(names: tuple[str, ...], text: str) -> None:
    assert text == str(permission(names=names))


def test_a_permission_is_needed_in_a_namespace_unless_it_is_said_otherwise() -> None:
    assert not permission().is_cluster_wide


def test_a_permission_is_needed_unless_it_is_said_otherwise() -> None:
    assert not permission().is_optional
