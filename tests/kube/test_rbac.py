import re
from collections.abc import Iterable
from typing import Any

import pytest
from msgspec.structs import replace

from figwasp.kube.kinds.deployment import KIND
from figwasp.kube.rbac import NODES, Needs, permissions, rules
from figwasp.wiring import workload_kinds

NAMED = Needs(targets=(("deployment", "web"), ("deployment", "api")), pull_secrets=("pull",))
OTHER = replace(KIND, name="rollout", plural="rollouts", revisions="things")
ALL = workload_kinds()


def _given(needs: Needs) -> list[str]:
    return [str(each) for each in permissions(needs, (KIND,))]


def test_named_workloads_need_no_right_beyond_those_names() -> None:
    assert [
        "get deployments (api, web)",
        "update deployments (api, web)",
        "list replicasets",
        "list pods",
        "list secrets (pull)",
    ] == _given(NAMED)


def test_labelled_workloads_have_to_be_listed_and_any_may_change() -> None:
    assert [
        "list deployments",
        "get deployments",
        "update deployments",
        "list replicasets",
        "list pods",
        "list secrets",
    ] == _given(Needs())


def test_where_all_images_are_public_no_secret_is_read() -> None:
    assert "list secrets" not in _given(Needs(pull_secrets=None))


def test_nodes_are_an_optional_right_of_the_whole_cluster() -> None:
    last = permissions(Needs(nodes=True), (KIND,))[-1]

    assert (NODES, True, True) == (last, last.is_cluster_wide, last.is_optional)


def test_only_the_kinds_that_are_named_get_rights() -> None:
    found = permissions(Needs(targets=(("rollout", "db"),)), (KIND, OTHER))

    assert {"rollouts", "things", "pods", "secrets"} == {each.resource for each in found}


@pytest.mark.parametrize(
    ("needs", "resources"),
    [
        (Needs(targets=(("statefulset", "db"),)), {"statefulsets"}),
        (Needs(targets=(("daemonset", "x"),)), {"daemonsets", "controllerrevisions"}),
        (Needs(kinds=("statefulset", "deployment")), {"statefulsets", "deployments", "replicasets"}),
        (Needs(), {"statefulsets", "deployments", "replicasets", "daemonsets", "controllerrevisions"}),
    ],
)
def test_a_kind_needs_its_objects_and_what_tells_their_revisions(needs: Needs, resources: set[str]) -> None:
    assert resources == {each.resource for each in permissions(needs, ALL)} - {"pods", "secrets"}


def test_every_kind_brings_the_rules_that_it_needs() -> None:
    found = {str(each) for each in permissions(Needs(), (KIND, OTHER))}

    assert {"list rollouts", "get rollouts", "update rollouts", "list things"} <= found


def test_verbs_on_the_same_objects_are_one_rule_with_a_reason_for_each() -> None:
    first = rules(permissions(Needs(), (KIND,)))[0]

    assert ["list", "get", "update"] == first.verbs
    assert [f"{verb}: to" for verb in first.verbs] == [re.sub("( to).*", r"\1", each) for each in first.reasons]


def _grants(rules: Iterable[Any]) -> set[tuple[str, str, str]]:
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


NAMED_ROLE = [
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "update"]},
    {"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": ["list"]},
    {"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["list"]},
]
LABEL_ROLE = [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["list"]}, *NAMED_ROLE]


@pytest.mark.parametrize(("needs", "role"), [(NAMED, NAMED_ROLE), (Needs(), LABEL_ROLE)], ids=["v1", "v2"])
def test_the_roles_of_the_original_are_what_is_needed(needs: Needs, role: list[Any]) -> None:
    assert _grants(role) == _grants(each.rule for each in permissions(needs, (KIND,)))
