"""Making an object. Aspects: what is made · names · refusals · dry run · what is filled in."""

from typing import Any

import pytest

from tests.contract.api import Api, Json, paused, secret
from tests.contract.statuses import refusal, status

_NOT_CREATED = "the object provided is unrecognized (must be of type Secret): couldn't get version/kind"
_NO_NAME = "Required value: name or generateName is required"
_POD = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web:1"}]}}
PULL_POLICIES = {
    "web": "Always",
    "web:latest": "Always",
    "example.org:5000/web": "Always",
    "web:1": "IfNotPresent",
    f"web@sha256:{'0' * 64}": "IfNotPresent",
}
"""What pull policy an image gets that names none."""


def unnamed(**metadata: str) -> Json:
    return {**secret("a"), "metadata": metadata}


def test_a_new_object_is_201_and_there(api: Api) -> None:
    answer = api.create(api.at("secrets"), secret("a", app="web"))

    assert (201, "application/json") == (answer.status, answer.content_type)
    assert answer.json == api.get(api.at("secrets", "a")).json
    assert ("Secret", "v1", {"app": "web"}) == (
        *(answer.json[key] for key in ("kind", "apiVersion")),
        answer.json["metadata"]["labels"],
    )
    assert {"uid", "creationTimestamp", "resourceVersion", "namespace"} <= answer.json["metadata"].keys()


def test_a_new_object_does_not_say_which_it_is(api: Api) -> None:
    mine = {"uid": "mine", "creationTimestamp": "2001-01-01T00:00:00Z"}
    answer = api.create(api.at("secrets"), {**secret("a"), "metadata": {"name": "a", **mine}}).json

    assert [False, False] == [answer["metadata"][key] == value for key, value in mine.items()]


def test_a_new_deployment_begins_at_its_first_generation_without_a_status(api: Api) -> None:
    answer = api.create(api.at("deployments"), {**paused(), "status": {"replicas": 7}}).json

    assert (1, {}) == (answer["metadata"]["generation"], answer["status"])


def test_an_object_that_is_there_is_409(api: Api) -> None:
    api.put(secret("a"))

    answer = api.create(api.at("secrets"), secret("a"))

    assert 409 == answer.status
    assert refusal("AlreadyExists", 'secrets "a" already exists', name="a", kind="secrets") == status(answer)


def test_a_name_is_made_up_where_only_its_beginning_is_given(api: Api) -> None:
    names = [api.create(api.at("secrets"), unnamed(generateName="a-")).json["metadata"]["name"] for _ in range(3)]

    assert [("a-", 7)] * 3 == [(name[:2], len(name)) for name in names]
    assert sorted(names) == sorted(set(api.names("secrets")) & set(names))


@pytest.mark.parametrize("sent", [unnamed(), {}])
def test_an_object_without_a_name_is_422(api: Api, sent: Json) -> None:
    answer = api.create(api.at("secrets"), sent)

    causes = [{"reason": "FieldValueRequired", "message": _NO_NAME, "field": "metadata.name"}]
    said = status(answer)
    assert (422, {"kind": "Secret", "causes": causes}) == (answer.status, said.pop("details"))
    assert refusal("Invalid", f'Secret "" is invalid: metadata.name: {_NO_NAME}') == said


def test_a_name_that_none_can_have_is_422(api: Api) -> None:
    answer = api.create(api.at("deployments"), paused("Bad_Name"))

    said = status(answer)
    assert (422, "Invalid", "metadata.name") == (answer.status, said["reason"], said["details"]["causes"][0]["field"])
    begins = 'Deployment.apps "Bad_Name" is invalid: metadata.name: Invalid value: "Bad_Name": a lowercase RFC 1123'
    assert said["message"].startswith(begins)


def test_an_object_of_another_namespace_or_kind_is_400(api: Api) -> None:
    elsewhere = api.create(api.at("secrets"), unnamed(name="a", namespace="elsewhere"))
    pod = api.create(api.at("secrets"), {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}})

    where = "the namespace of the provided object does not match the namespace sent on the request"
    what = 'Pod in version "v1" cannot be handled as a Secret: converting (v1.Pod) to (core.Secret): unknown conversion'
    assert [(400, refusal("BadRequest", why)) for why in (where, what)] == [
        (each.status, status(each)) for each in (elsewhere, pod)
    ]


@pytest.mark.parametrize("sent", [b"not JSON", b"[]"])
def test_what_is_no_object_is_400(api: Api, sent: bytes) -> None:
    answer = api.create(api.at("secrets"), sent)

    said = status(answer)
    assert (400, "BadRequest", True) == (answer.status, said["reason"], said["message"].startswith(_NOT_CREATED))


MISSHAPEN: list[tuple[str, Json]] = [
    ("secrets", {"metadata": 5}),
    ("secrets", {"metadata": {"name": 5}}),
    ("secrets", {"metadata": {"name": "x", "labels": 5}}),
    ("secrets", {"metadata": {"name": "x", "labels": {"a": 5}}}),
    ("deployments", {"metadata": {"name": "x"}, "spec": 5}),
    ("deployments", {"metadata": {"name": "x"}, "spec": {"replicas": "x"}}),
    ("deployments", {"metadata": {"name": "x"}, "spec": {"template": 5}}),
    ("deployments", {"metadata": {"name": "x"}, "spec": {"template": {"spec": {"containers": 5}}}}),
]


@pytest.mark.parametrize(("plural", "sent"), MISSHAPEN, ids=str)
def test_what_does_not_look_like_an_object_of_its_kind_is_400(api: Api, plural: str, sent: Json) -> None:
    answer = api.create(api.at(plural), sent)

    kind = {"secrets": "Secret", "deployments": "Deployment"}[plural]
    begins = f'{kind} in version "v1" cannot be handled as a {kind}: json: cannot unmarshal'
    said = status(answer)
    assert (400, "BadRequest", begins) == (answer.status, said["reason"], said["message"][: len(begins)])


def test_an_object_that_says_its_version_is_500(api: Api) -> None:
    answer = api.create(api.at("secrets"), unnamed(name="a", resourceVersion="5"))

    assert 500 == answer.status
    assert {"message": "resourceVersion should not be set on objects to be created"} == status(answer)


def test_an_object_cannot_be_made_by_its_name_or_in_no_namespace(api: Api) -> None:
    root = api.log_in_as_root()
    answers = api.create(api.at("secrets", "a"), secret("a")), api.create("/api/v1/secrets", secret("a"), root)

    message = "the server does not allow this method on the requested resource"
    assert [(405, {**refusal("MethodNotAllowed", message), "details": {}})] * 2 == [
        (answer.status, status(answer)) for answer in answers
    ]


def test_a_namespace_that_is_not_there_is_404(api: Api) -> None:
    answer = api.create("/api/v1/namespaces/nowhere/secrets", secret("a"), api.log_in_as_root())

    expected = refusal("NotFound", 'namespaces "nowhere" not found', name="nowhere", kind="namespaces")
    assert (404, expected) == (answer.status, status(answer))


def test_a_dry_run_makes_nothing(api: Api) -> None:
    answer = api.create(api.at("secrets"), secret("a"), dryRun="All")

    assert (201, "a", False) == (
        answer.status,
        answer.json["metadata"]["name"],
        "resourceVersion" in answer.json["metadata"],
    )
    assert 404 == api.get(api.at("secrets", "a")).status


def test_another_dry_run_is_422(api: Api) -> None:
    answer = api.create(api.at("secrets"), secret("a"), dryRun="None")

    why = 'Unsupported value: ["None"]: supported values: "All"'
    assert 422 == answer.status
    assert f'CreateOptions.meta.k8s.io "" is invalid: dryRun: {why}' == status(answer)["message"]


def _without_empty(spec: Any) -> Any:
    return {key: value for key, value in spec.items() if value not in (None, {}, [])}


def test_what_a_deployment_does_not_say_is_filled_in(api: Api) -> None:
    spec = {"paused": True, "selector": {"matchLabels": {"app": "web"}}, "template": _POD}
    sent = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}

    made = api.create(api.at("deployments"), sent).json["spec"]

    assert (1, 10, 600) == tuple(made[key] for key in ("replicas", "revisionHistoryLimit", "progressDeadlineSeconds"))
    rolling = {"maxUnavailable": "25%", "maxSurge": "25%"}
    assert {"type": "RollingUpdate", "rollingUpdate": rolling} == made["strategy"]
    pod = {"restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "dnsPolicy": "ClusterFirst"}
    assert {**pod, "schedulerName": "default-scheduler", "securityContext": {}} == {
        key: value for key, value in made["template"]["spec"].items() if key != "containers"
    }


def test_the_pull_policy_is_filled_in_by_the_tag(api: Api) -> None:
    images = list(PULL_POLICIES)
    containers = [{"name": f"c{number}", "image": image} for number, image in enumerate(images)]
    sent = paused()
    sent["spec"]["template"]["spec"]["containers"] = containers

    made = api.create(api.at("deployments"), sent).json["spec"]["template"]["spec"]["containers"]

    assert PULL_POLICIES == {each["image"]: each["imagePullPolicy"] for each in made}
    assert {"/dev/termination-log"} == {each["terminationMessagePath"] for each in made}
