"""Replacing an object. Aspects: update · conflicts · dry run · generation."""

from typing import Any

import msgspec
import pytest

from tests.contract.api import Api, Json, paused, secret
from tests.contract.statuses import STALE, refusal, status, version

_UNKNOWN_CONVERSION = "converting (v1.DaemonSet) to (apps.Deployment): unknown conversion"
OTHER_OBJECTS: list[tuple[Json, str]] = [
    ({"metadata": {"name": "a"}}, "the name of the object (a) does not match the name on the URL (web)"),
    ({"metadata": {}}, "the name of the object (web based on URL) was undeterminable: name must be provided"),
    (
        {"metadata": {"name": "web", "namespace": "a"}},
        "the namespace of the provided object does not match the namespace sent on the request",
    ),
    ({"kind": "DaemonSet"}, f'DaemonSet in version "v1" cannot be handled as a Deployment: {_UNKNOWN_CONVERSION}'),
]
"""What changes a Deployment into something else, and what is said then."""


# Update
def test_an_update_changes_what_was_changed_and_keeps_the_rest(api: Api) -> None:
    before = api.put(paused())
    sent = msgspec.json.decode(msgspec.json.encode(before), type=dict[str, Any])
    sent["spec"]["minReadySeconds"] = 5

    answer = api.update(api.at("deployments", "web"), sent, fieldManager="figwasp")

    assert (200, "application/json") == (answer.status, answer.content_type)
    assert {**before["spec"], "minReadySeconds": 5} == answer.json["spec"]
    assert ("Deployment", before["metadata"]["uid"]) == (answer.json["kind"], answer.json["metadata"]["uid"])
    assert answer.json["spec"] == api.get(api.at("deployments", "web")).json["spec"]


def test_an_update_of_an_older_version_is_409(api: Api) -> None:
    read = api.put(paused())
    read["metadata"]["labels"] = {"theirs": "1"}
    assert 200 == api.update(api.at("deployments", "web"), read).status
    read["metadata"]["labels"] = {"ours": "1"}

    answer = api.update(api.at("deployments", "web"), read)

    message = f'Operation cannot be fulfilled on deployments.apps "web": {STALE}'
    assert 409 == answer.status
    assert refusal("Conflict", message, name="web", group="apps", kind="deployments") == status(answer)
    assert {"theirs": "1"} == api.get(api.at("deployments", "web")).json["metadata"]["labels"]


def test_an_update_of_no_version_has_no_condition(api: Api) -> None:
    read = api.put(paused())
    metadata = {key: value for key, value in read["metadata"].items() if key != "resourceVersion"}

    for none in ({}, {"resourceVersion": "0"}):
        assert 200 == api.update(api.at("deployments", "web"), {**read, "metadata": {**metadata, **none}}).status


def test_an_update_of_an_object_that_was_made_anew_is_409(api: Api) -> None:
    read = api.put(secret("a"))
    ours, theirs = "00000000-0000-4000-8000-000000000000", read["metadata"]["uid"]
    read["metadata"]["uid"] = ours

    answer = api.update(api.at("secrets", "a"), read)

    where = f"Key: /registry/secrets/{api.namespace}/a, ResourceVersion: 0"
    why = f"Precondition failed: UID in precondition: {ours}, UID in object meta: {theirs}"
    problem = f"StorageError: invalid object, Code: 4, {where}, AdditionalErrorMsg: {why}"
    message = f'Operation cannot be fulfilled on secrets "a": {problem}'
    assert (409, refusal("Conflict", message, name="a", kind="secrets")) == (answer.status, status(answer))


def test_every_write_makes_a_later_version(api: Api) -> None:
    versions = [version(api.put(secret("a")))]
    for number in range(3):
        sent = api.get(api.at("secrets", "a")).json
        sent["metadata"]["labels"] = {"number": str(number)}
        versions.append(version(api.update(api.at("secrets", "a"), sent).json))

    assert sorted(set(versions)) == versions
    assert version(api.get(api.at("secrets", "a")).json) == versions[-1]


def test_an_update_that_changes_nothing_is_no_write(api: Api) -> None:
    deployment, secret_ = api.put(paused()), api.put(secret("a"))

    same = api.update(api.at("deployments", "web"), deployment), api.update(api.at("secrets", "a"), secret_)

    assert [200, 200] == [answer.status for answer in same]
    assert [version(deployment), version(secret_)] == [version(answer.json) for answer in same]


def test_what_the_server_maintains_cannot_be_updated(api: Api) -> None:
    read = api.put(paused())
    sent = {**read, "status": {"replicas": 7}, "metadata": {**read["metadata"], "generation": 99}}
    sent["metadata"]["creationTimestamp"] = "2001-01-01T00:00:00Z"

    answer = api.update(api.at("deployments", "web"), sent).json

    for key in ("generation", "creationTimestamp", "resourceVersion", "uid"):
        assert read["metadata"][key] == answer["metadata"][key]
    assert read.get("status") == answer.get("status")


def test_a_dry_run_answers_what_would_be_and_does_nothing(api: Api) -> None:
    read = api.put(paused())
    read["spec"]["minReadySeconds"] = 5

    answer = api.update(api.at("deployments", "web"), read, dryRun="All").json

    kept = api.get(api.at("deployments", "web")).json
    assert (5, 2) == (answer["spec"]["minReadySeconds"], answer["metadata"]["generation"])
    assert (None, 1) == (kept["spec"].get("minReadySeconds"), kept["metadata"]["generation"])
    assert version(read) == version(answer) == version(kept)


def test_another_dry_run_than_all_is_422(api: Api) -> None:
    answer = api.update(api.at("secrets", "a"), api.put(secret("a")), dryRun="None")

    said, why = status(answer), 'Unsupported value: ["None"]: supported values: "All"'
    assert (422, "Invalid") == (answer.status, said["reason"])
    assert f'UpdateOptions.meta.k8s.io "" is invalid: dryRun: {why}' == said["message"]
    assert [{"reason": "FieldValueNotSupported", "message": why, "field": "dryRun"}] == said["details"]["causes"]


def test_an_update_creates_nothing(api: Api) -> None:
    answer = api.update(api.at("deployments", "web"), paused())

    named = {"name": "web", "group": "apps", "kind": "deployments"}
    assert 404 == answer.status
    assert refusal("NotFound", 'deployments.apps "web" not found', **named) == status(answer)


def test_an_update_by_another_object_is_400(api: Api) -> None:
    read = api.put(paused())

    answers = [api.update(api.at("deployments", "web"), {**read, **change}) for change, _ in OTHER_OBJECTS]

    assert {400} == {answer.status for answer in answers}
    assert [refusal("BadRequest", why) for _, why in OTHER_OBJECTS] == [status(answer) for answer in answers]


def test_an_update_by_no_object_is_400(api: Api) -> None:
    answers = [api.update(api.at("deployments", "web"), body) for body in (b"not JSON", b"[]")]

    problem = "the object provided is unrecognized (must be of type Deployment): couldn't get version/kind"
    for answer in answers:
        said = status(answer)
        assert (400, "BadRequest") == (answer.status, said["reason"])
        assert said["message"].startswith(problem)


def test_a_collection_cannot_be_updated(api: Api) -> None:
    answer = api.update(api.at("deployments"), paused())

    message = "the server does not allow this method on the requested resource"
    assert 405 == answer.status
    assert {**refusal("MethodNotAllowed", message), "details": {}} == status(answer)


# Generation
def _annotate_it(sent: Json) -> None:
    sent["metadata"].setdefault("annotations", {})["figwasp/record"] = "1"


def _label_it(sent: Json) -> None:
    sent["metadata"]["labels"] = {"team": "shop"}


def _annotate_its_pods(sent: Json) -> None:
    sent["spec"]["template"]["metadata"].setdefault("annotations", {})["figwasp/restartedAt"] = "now"


def _unpause_it(sent: Json) -> None:
    sent["spec"]["paused"] = False


@pytest.mark.parametrize(
    ("change", "more"), [(_annotate_it, 1), (_label_it, 0), (_annotate_its_pods, 1), (_unpause_it, 1)]
)
def test_the_generation_of_a_deployment_counts_its_spec_and_its_annotations(api: Api, change: Any, more: int) -> None:
    sent = api.put(paused())
    change(sent)

    answer = api.update(api.at("deployments", "web"), sent).json

    assert 1 + more == answer["metadata"]["generation"]
    assert version(sent) < version(answer)
