"""Removing an object. Aspects: what is answered · what goes with it · preconditions · refusals · dry run."""

import pytest

from tests.contract.api import Api, Json, paused, secret
from tests.contract.statuses import refusal, status

_POLICIES = '"Foreground", "Background", "Orphan", "nil"'


def owned_by(owner: Json, name: str) -> Json:
    metadata = owner["metadata"]
    reference = {"apiVersion": "v1", "kind": "Secret", "name": metadata["name"], "uid": metadata["uid"]}
    return {**secret(name), "metadata": {"name": name, "ownerReferences": [reference]}}


def test_an_object_is_deleted_and_its_uid_told(api: Api) -> None:
    uid = api.put(paused())["metadata"]["uid"]

    answer = api.remove(api.at("deployments", "web"))

    details = {"name": "web", "group": "apps", "kind": "deployments", "uid": uid}
    success = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
    assert (200, success) == (answer.status, answer.json)
    assert 404 == api.get(api.at("deployments", "web")).status


def test_a_pod_that_nobody_runs_yet_is_deleted_and_shown_for_the_last_time(api: Api) -> None:
    containers = [{"name": "web", "image": "example.org/web:1"}]
    spec = {"schedulerName": "nobody", "automountServiceAccountToken": False, "containers": containers}
    api.create(api.at("pods"), {"metadata": {"name": "web"}, "spec": spec})

    answer = api.remove(api.at("pods", "web"), {"gracePeriodSeconds": 0})

    assert (200, "Pod", "web") == (answer.status, answer.json["kind"], answer.json["metadata"]["name"])
    assert 404 == api.get(api.at("pods", "web")).status


def test_what_is_not_there_is_404(api: Api) -> None:
    answer = api.remove(api.at("secrets", "a"))

    assert (404, refusal("NotFound", 'secrets "a" not found', name="a", kind="secrets")) == (
        answer.status,
        status(answer),
    )


def test_what_an_object_owns_goes_with_it(api: Api) -> None:
    api.put(owned_by(api.put(owned_by(api.put(secret("a")), "b")), "c"))
    api.put(secret("d"))

    api.remove(api.at("secrets", "a"), {"propagationPolicy": "Background"})

    assert ["d"] == api.wait_for_names("secrets", ["d"])


def test_what_an_object_owned_may_be_left_without_an_owner(api: Api) -> None:
    api.put(owned_by(api.put(secret("a")), "b"))

    api.remove(api.at("secrets", "a"), {"propagationPolicy": "Orphan"})

    assert ["b"] == api.wait_for_names("secrets", ["b"])
    assert "ownerReferences" not in api.get(api.at("secrets", "b")).json["metadata"]


def test_what_has_another_owner_stays(api: Api) -> None:
    first, second = api.put(secret("a")), api.put(secret("b"))
    both = owned_by(first, "c")
    both["metadata"]["ownerReferences"] += owned_by(second, "c")["metadata"]["ownerReferences"]
    api.put(both)

    api.remove(api.at("secrets", "a"), {"propagationPolicy": "Background"})

    assert ["b", "c"] == api.wait_for_names("secrets", ["b", "c"])


@pytest.mark.parametrize(
    ("field", "called", "what"), [("uid", "UID", "deleted and then recreated"), ("resourceVersion", "", "modified")]
)
def test_another_object_than_the_one_that_was_meant_is_409(api: Api, field: str, called: str, what: str) -> None:
    found = api.put(secret("a"))["metadata"][field]

    answer = api.remove(api.at("secrets", "a"), {"preconditions": {field: "1"}})

    called = called or "ResourceVersion"
    why = f"the {called} in the precondition (1) does not match the {called} in record ({found})"
    message = f'Operation cannot be fulfilled on Secret "a": {why}. The object might have been {what}'
    assert (409, refusal("Conflict", message, name="a", kind="Secret")) == (answer.status, status(answer))


def test_the_object_that_was_meant_is_deleted(api: Api) -> None:
    metadata = api.put(secret("a"))["metadata"]

    required = {"uid": metadata["uid"], "resourceVersion": metadata["resourceVersion"]}

    assert 200 == api.remove(api.at("secrets", "a"), {"preconditions": required}).status


def test_options_that_are_none_are_refused(api: Api) -> None:
    api.put(secret("a"))

    broken, policy = api.remove(api.at("secrets", "a"), b"nope"), api.remove(api.at("secrets", "a"), _policy("Nope"))

    assert (500, True) == (broken.status, status(broken)["message"].startswith("couldn't get version/kind; json parse"))
    why = f'Unsupported value: "Nope": supported values: {_POLICIES}'
    expected = f'DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: {why}'
    assert (422, expected) == (policy.status, status(policy)["message"])


def _policy(name: str) -> Json:
    return {"propagationPolicy": name}


def test_a_dry_run_deletes_nothing(api: Api) -> None:
    api.put(secret("a"))

    answers = api.remove(api.at("secrets", "a"), dryRun="All"), api.remove(api.at("secrets", "a"), {"dryRun": ["All"]})

    assert [(200, "Success")] * 2 == [(answer.status, answer.json["status"]) for answer in answers]
    assert 200 == api.get(api.at("secrets", "a")).status
