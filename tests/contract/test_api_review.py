"""Asking what one may do. Aspects: one thing · a path · everything · refusals."""

import pytest

from tests.contract.api import NOBODY, Account, Api, Json
from tests.contract.statuses import refusal, status

_AUTHORIZATION = "/apis/authorization.k8s.io/v1"
_ROLE = [
    {"apiGroups": ["apps"], "resources": ["deployments", "deployments/scale"], "verbs": ["get", "update"]},
    {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["pull"], "verbs": ["get"]},
]

ASKED: dict[str, tuple[Json, bool]] = {
    "what a role allows": ({"verb": "get", "group": "apps", "resource": "deployments", "name": "web"}, True),
    "another verb": ({"verb": "delete", "group": "apps", "resource": "deployments"}, False),
    "another group": ({"verb": "get", "resource": "deployments"}, False),
    "a subresource": ({"verb": "update", "group": "apps", "resource": "deployments", "subresource": "scale"}, True),
    "another subresource": (
        {"verb": "get", "group": "apps", "resource": "deployments", "subresource": "status"},
        False,
    ),
    "a name that is allowed": ({"verb": "get", "resource": "secrets", "name": "pull"}, True),
    "another name": ({"verb": "get", "resource": "secrets", "name": "other"}, False),
    "any name": ({"verb": "get", "resource": "secrets"}, False),
    "everything": ({"verb": "*", "group": "*", "resource": "*"}, False),
    "a review": ({"verb": "create", "group": "authorization.k8s.io", "resource": "selfsubjectaccessreviews"}, True),
}


def may(api: Api, account: Account | None, spec: Json) -> bool:
    body = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec}
    answer = api.create(f"{_AUTHORIZATION}/selfsubjectaccessreviews", body, account)
    assert (201, "SelfSubjectAccessReview", spec) == (answer.status, answer.json["kind"], answer.json["spec"])
    allowed: bool = answer.json["status"]["allowed"]
    return allowed


@pytest.mark.parametrize("what", ASKED)
def test_everybody_may_ask_whether_they_may_do_something(api: Api, what: str) -> None:
    asked, expected = ASKED[what]
    account = api.log_in(_ROLE)

    assert expected is may(api, account, {"resourceAttributes": {"namespace": api.namespace, **asked}})


def test_a_role_allows_nothing_elsewhere(api: Api) -> None:
    account = api.log_in(_ROLE)
    asked = {"verb": "get", "group": "apps", "resource": "deployments"}

    assert [False, False] == [
        may(api, account, {"resourceAttributes": {**asked, **where}}) for where in ({"namespace": "elsewhere"}, {})
    ]


def test_paths_can_be_asked_for(api: Api) -> None:
    account = api.log_in(())

    paths = {"/healthz": True, "/apis/apps": True, "/metrics": False}

    assert paths == {
        path: may(api, account, {"nonResourceAttributes": {"path": path, "verb": "get"}}) for path in paths
    }


def test_the_rules_of_a_role_are_listed(api: Api) -> None:
    account = api.log_in(_ROLE)
    body = {"spec": {"namespace": api.namespace}}

    answer = api.create(f"{_AUTHORIZATION}/selfsubjectrulesreviews", body, account)

    assert (201, "SelfSubjectRulesReview") == (answer.status, answer.json["kind"])
    reviews = ["selfsubjectaccessreviews", "selfsubjectrulesreviews"]
    expected = [*_ROLE, {"apiGroups": ["authorization.k8s.io"], "resources": reviews, "verbs": ["create"]}]
    found = answer.json["status"]["resourceRules"]
    assert [] == [rule for rule in expected if rule not in found]
    assert len(expected) + 1 == len(found)


def test_the_rules_of_no_namespace_are_400(api: Api) -> None:
    answer = api.create(f"{_AUTHORIZATION}/selfsubjectrulesreviews", {"spec": {}})

    assert (400, refusal("BadRequest", "no namespace on request")) == (answer.status, status(answer))


def test_a_question_about_nothing_is_422(api: Api) -> None:
    answer = api.create(f"{_AUTHORIZATION}/selfsubjectaccessreviews", {"spec": {}})

    why = "Invalid value: null: exactly one of nonResourceAttributes or resourceAttributes must be specified"
    message = f'.authorization.k8s.io "" is invalid: spec.resourceAttributes: {why}'
    assert (422, message) == (answer.status, status(answer)["message"])


def test_who_is_not_logged_in_may_not_ask(api: Api) -> None:
    api.log_in(())

    answer = api.create(f"{_AUTHORIZATION}/selfsubjectaccessreviews", {"spec": {}}, NOBODY)

    assert (403, "Forbidden") == (answer.status, status(answer)["reason"])


def test_reviews_are_not_kept(api: Api) -> None:
    answer = api.get(f"{_AUTHORIZATION}/selfsubjectaccessreviews", api.log_in_as_root())

    message = "the server does not allow this method on the requested resource"
    assert (405, {**refusal("MethodNotAllowed", message), "details": {}}) == (answer.status, status(answer))
