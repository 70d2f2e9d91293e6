"""Changing parts of an object. Aspects: merge patch · strategic merge patch · JSON patch · conflicts · refusals."""

from typing import Any

import pytest

from tests.contract.api import Api, Json, paused, secret
from tests.contract.statuses import STALE, refusal, status, version

WEB = {"name": "web", "image": "example.org/web:1", "imagePullPolicy": "Always"}
LOG = {"name": "log", "image": "example.org/log:1", "imagePullPolicy": "Always"}


def pod_patch(**spec: Any) -> Json:
    return {"spec": {"template": {"spec": spec}}}


def two_containers() -> Json:
    made = paused()
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": "2"}]
    ports = [{"containerPort": 80, "protocol": "TCP"}]
    pod = made["spec"]["template"]["spec"]
    pod["containers"] = [{**WEB, "env": env, "ports": ports, "args": ["a", "b"]}, LOG]
    pod["volumes"] = [{"name": "a", "emptyDir": {}}]
    pod["imagePullSecrets"] = [{"name": "a"}]
    return made


def pod_of(answer: Json) -> Json:
    pod: Json = answer["spec"]["template"]["spec"]
    return pod


# JSON merge patch


def test_a_merge_patch_changes_what_it_names_and_removes_what_is_null(api: Api) -> None:
    api.put(secret("a", app="web", tier="front"))

    answer = api.patch(api.at("secrets", "a"), "merge", {"metadata": {"labels": {"app": "shop", "tier": None}}})

    assert (200, "application/json") == (answer.status, answer.content_type)
    assert ({"app": "shop"}, {"a": "Yg=="}) == (answer.json["metadata"]["labels"], answer.json["data"])
    assert answer.json == api.get(api.at("secrets", "a")).json


def test_a_merge_patch_replaces_lists(api: Api) -> None:
    api.put(two_containers())

    answer = api.patch(api.at("deployments", "web"), "merge", pod_patch(containers=[WEB])).json

    assert ["web"] == [each["name"] for each in pod_of(answer)["containers"]]


# Strategic merge patch


def test_a_strategic_patch_merges_what_has_a_name(api: Api) -> None:
    api.put(two_containers())
    patch = pod_patch(
        containers=[
            {"name": "web", "image": "web:2", "env": [{"name": "B", "value": "3"}, {"name": "C", "value": "4"}]}
        ],
        volumes=[{"name": "b", "emptyDir": {}}],
        imagePullSecrets=[{"name": "b"}],
    )

    pod = pod_of(api.patch(api.at("deployments", "web"), "strategic-merge", patch).json)

    containers = {each["name"]: each for each in pod["containers"]}
    assert {"web": "web:2", "log": LOG["image"]} == {name: each["image"] for name, each in containers.items()}
    assert {"A": "1", "B": "3", "C": "4"} == {each["name"]: each["value"] for each in containers["web"]["env"]}
    assert [{"a", "b"}, {"a", "b"}] == [{each["name"] for each in pod[key]} for key in ("volumes", "imagePullSecrets")]


def test_a_strategic_patch_replaces_lists_without_names(api: Api) -> None:
    api.put(two_containers())

    patch = pod_patch(containers=[{"name": "web", "args": ["c"]}])
    pod = pod_of(api.patch(api.at("deployments", "web"), "strategic-merge", patch).json)

    assert ["c"] == next(each["args"] for each in pod["containers"] if each["name"] == "web")


def test_a_strategic_patch_deletes_what_it_says(api: Api) -> None:
    api.put(two_containers())

    web = {
        "name": "web",
        "ports": [{"containerPort": 80, "$patch": "delete"}],
        "env": [{"name": "A", "$patch": "delete"}],
    }
    patch = pod_patch(containers=[web, {"name": "log", "$patch": "delete"}], volumes=None)
    pod = pod_of(api.patch(api.at("deployments", "web"), "strategic-merge", patch).json)

    assert (["web"], False) == ([each["name"] for each in pod["containers"]], "volumes" in pod)
    assert (["B"], False) == ([each["name"] for each in pod["containers"][0]["env"]], "ports" in pod["containers"][0])


def test_a_strategic_patch_replaces_what_it_says(api: Api) -> None:
    api.put(two_containers())

    patch = pod_patch(containers=[{"$patch": "replace"}, {"name": "only", "image": "only:1"}])
    pod = pod_of(api.patch(api.at("deployments", "web"), "strategic-merge", patch).json)

    assert ["only"] == [each["name"] for each in pod["containers"]]


@pytest.mark.parametrize(("added", "wanted"), [("d", ""), ("", "cab"), ("d", "dacb"), ("d", "cd"), ("", "ca")])
def test_a_strategic_patch_keeps_or_sets_the_order(api: Api, added: str, wanted: str) -> None:
    made = paused()
    made["spec"]["template"]["spec"]["containers"] = [{"name": name, "image": f"{name}:1"} for name in "abc"]
    api.put(made)
    patch = pod_patch(containers=[{"name": name, "image": f"{name}:1"} for name in added])
    if wanted:
        patch["spec"]["template"]["spec"]["$setElementOrder/containers"] = [{"name": name} for name in wanted]

    pod = pod_of(api.patch(api.at("deployments", "web"), "strategic-merge", patch).json)

    expected = {"d": "dabc", "cab": "cab", "ddacb": "dacb", "dcd": "abcd", "ca": "bca"}[added + wanted]
    assert expected == "".join(each["name"] for each in pod["containers"])


def test_a_strategic_patch_of_a_nameless_thing_is_500(api: Api) -> None:
    api.put(paused())

    answer = api.patch(api.at("deployments", "web"), "strategic-merge", pod_patch(containers=[{"image": "web:3"}]))

    assert (500, {"message": "map: map[image:web:3] does not contain declared merge key: name"}) == (
        answer.status,
        status(answer),
    )


def test_a_strategic_patch_may_name_the_keys_that_stay(api: Api) -> None:
    api.put(paused())

    patch = {"spec": {"strategy": {"$retainKeys": ["type"], "type": "Recreate"}}}
    answer = api.patch(api.at("deployments", "web"), "strategic-merge", patch).json

    assert {"type": "Recreate"} == answer["spec"]["strategy"]


# JSON patch


def test_a_json_patch_does_its_steps_in_order(api: Api) -> None:
    api.put(secret("a", app="web", tier="front"))
    steps = [
        {"op": "test", "path": "/metadata/labels/app", "value": "web"},
        {"op": "move", "from": "/metadata/labels/app", "path": "/metadata/labels/x~1y"},
        {"op": "copy", "from": "/metadata/labels/x~1y", "path": "/metadata/labels/copied"},
        {"op": "replace", "path": "/metadata/labels/copied", "value": "new"},
        {"op": "replace", "path": "/metadata/labels/z", "value": "added"},
        {"op": "remove", "path": "/metadata/labels/tier"},
        {"op": "add", "path": "/data/b", "value": "Yg=="},
    ]

    answer = api.patch(api.at("secrets", "a"), "json", steps).json

    assert {"x/y": "web", "copied": "new", "z": "added"} == answer["metadata"]["labels"]
    assert {"a": "Yg==", "b": "Yg=="} == answer["data"]


def test_a_json_patch_puts_into_lists(api: Api) -> None:
    api.put(two_containers())
    path = "/spec/template/spec/containers"
    steps = [
        {"op": "add", "path": f"{path}/1", "value": {"name": "b", "image": "b:1"}},
        {"op": "add", "path": f"{path}/-", "value": {"name": "d", "image": "d:1"}},
        {"op": "remove", "path": f"{path}/0"},
    ]

    pod = pod_of(api.patch(api.at("deployments", "web"), "json", steps).json)

    assert ["b", "log", "d"] == [each["name"] for each in pod["containers"]]


@pytest.mark.parametrize(
    "step",
    [
        {"op": "replace", "path": "/data/nothing/more", "value": 1},
        {"op": "remove", "path": "/data/nothing"},
        {"op": "test", "path": "/data/a", "value": "eA=="},
        {"op": "frob", "path": "/data/a"},
    ],
    ids=lambda step: f"{step['op']} {step['path']}",
)
def test_a_json_patch_that_does_not_apply_is_422_and_changes_nothing(api: Api, step: Json) -> None:
    before = api.put(secret("a"))

    answer = api.patch(api.at("secrets", "a"), "json", [{"op": "add", "path": "/data/b", "value": "Yg=="}, step])

    message = "the server rejected our request due to an error in our request"
    assert (422, {**refusal("Invalid", message), "details": {}}) == (answer.status, status(answer))
    assert version(before) == version(api.get(api.at("secrets", "a")).json)


# All of them


@pytest.mark.parametrize("kind", ["merge", "strategic-merge"])
def test_a_patch_of_another_version_is_409(api: Api, kind: str) -> None:
    api.put(secret("a"))

    answer = api.patch(api.at("secrets", "a"), kind, {"metadata": {"resourceVersion": "1", "labels": {"a": "b"}}})

    message = f'Operation cannot be fulfilled on secrets "a": {STALE}'
    assert (409, refusal("Conflict", message, name="a", kind="secrets")) == (answer.status, status(answer))


def test_a_patch_of_this_version_is_done(api: Api) -> None:
    found = str(version(api.put(secret("a"))))

    patch = {"metadata": {"resourceVersion": found, "labels": {"a": "b"}}}

    assert 200 == api.patch(api.at("secrets", "a"), "merge", patch).status


def test_a_patch_cannot_make_it_another_object(api: Api) -> None:
    api.put(secret("a"))

    name, namespace, uid = (
        api.patch(api.at("secrets", "a"), "merge", {"metadata": {field: "other"}})
        for field in ("name", "namespace", "uid")
    )

    assert (400, "the name of the object (other) does not match the name on the URL (a)") == (
        name.status,
        status(name)["message"],
    )
    where = "the namespace of the provided object does not match the namespace sent on the request"
    assert (400, where) == (namespace.status, status(namespace)["message"])
    message = 'Secret "a" is invalid: metadata.uid: Invalid value: "other": field is immutable'
    assert (422, message) == (uid.status, status(uid)["message"])


def test_a_patch_does_not_change_what_the_server_maintains(api: Api) -> None:
    before = api.put(paused())

    patch = {"metadata": {"generation": 77}, "status": {"replicas": 9}}
    answer = api.patch(api.at("deployments", "web"), "merge", patch).json

    assert before["metadata"]["generation"] == answer["metadata"]["generation"]
    assert before.get("status", {}).get("replicas") == answer.get("status", {}).get("replicas")


def test_a_patch_of_the_template_makes_a_new_generation(api: Api) -> None:
    api.put(paused())

    annotations = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
    patch = {"spec": {"template": {"metadata": {"annotations": annotations}}}}

    answer = api.patch(api.at("deployments", "web"), "strategic-merge", patch).json
    assert (2, annotations) == (answer["metadata"]["generation"], answer["spec"]["template"]["metadata"]["annotations"])


def test_what_a_patch_takes_away_is_filled_in_again(api: Api) -> None:
    api.put(paused())

    answer = api.patch(api.at("deployments", "web"), "merge", {"spec": {"revisionHistoryLimit": None}}).json

    assert 10 == answer["spec"]["revisionHistoryLimit"]


def test_a_dry_run_patches_nothing(api: Api) -> None:
    before = api.put(secret("a"))

    answer = api.patch(api.at("secrets", "a"), "merge", {"metadata": {"labels": {"a": "b"}}}, dryRun="All").json

    assert {"a": "b"} == answer["metadata"]["labels"]
    assert version(before) == version(api.get(api.at("secrets", "a")).json)


def test_a_patch_of_what_is_not_there_is_404(api: Api) -> None:
    answer = api.patch(api.at("secrets", "a"), "merge", {})

    assert (404, refusal("NotFound", 'secrets "a" not found', name="a", kind="secrets")) == (
        answer.status,
        status(answer),
    )


def test_a_collection_cannot_be_patched(api: Api) -> None:
    assert 405 == api.patch(api.at("secrets"), "merge", {}).status


@pytest.mark.parametrize("kind", ["text/weird", "application/json"])
def test_a_patch_of_an_unknown_kind_is_415(api: Api, kind: str) -> None:
    api.put(secret("a"))

    answer = api.patch(api.at("secrets", "a"), kind, {})

    assert 415 == answer.status
    assert {**refusal("UnsupportedMediaType", "415: Unsupported Media Type"), "details": {}} == status(answer)


MISSHAPEN: list[tuple[str, Any]] = [
    ("merge", {"metadata": {"labels": 5}}),
    ("merge", {"metadata": 5}),
    ("merge", {"kind": "ReplicaSet"}),
    ("merge", {"spec": {"template": {"spec": {"containers": [{"name": 5}]}}}}),
    ("strategic-merge", {"metadata": {"labels": 5}}),
    ("strategic-merge", {"spec": {"template": {"spec": {"containers": 5}}}}),
    ("json", [{"op": "replace", "path": "/metadata/labels", "value": 5}]),
]


@pytest.mark.parametrize(("kind", "patch"), MISSHAPEN, ids=str)
def test_a_patch_that_makes_it_misshapen_is_422(api: Api, kind: str, patch: Any) -> None:
    api.put(paused())

    answer = api.patch(api.at("deployments", "web"), kind, patch)

    said, begins = status(answer), ' "" is invalid: patch: Invalid value: '
    assert (422, "Invalid", begins) == (answer.status, said["reason"], said["message"][: len(begins)])
    assert ["patch"] == [cause["field"] for cause in said["details"]["causes"]]


@pytest.mark.parametrize(
    "spec", [{"containers": [1]}, {"containers": [WEB], "$setElementOrder/containers": 5}], ids=str
)
def test_a_strategic_patch_of_the_wrong_types_is_500(api: Api, spec: Json) -> None:
    api.put(paused())

    assert 500 == api.patch(api.at("deployments", "web"), "strategic-merge", pod_patch(**spec)).status


BROKEN = {"merge": "error decoding patch: ", "strategic-merge": "", "json": "error decoding patch: "}


@pytest.mark.parametrize(("kind", "begins"), BROKEN.items())
def test_a_patch_that_is_none_is_400(api: Api, kind: str, begins: str) -> None:
    api.put(secret("a"))

    broken, other = (api.patch(api.at("secrets", "a"), kind, body) for body in (b"nope", b"7"))

    assert [(400, "BadRequest")] * 2 == [(answer.status, status(answer)["reason"]) for answer in (broken, other)]
    assert status(broken)["message"].startswith(begins)
