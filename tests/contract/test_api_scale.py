"""Parts of an object that are changed by themselves. Aspects: scale (get, update, patch) · status."""

import pytest

from tests.contract.api import Api, Json, paused, secret
from tests.contract.statuses import STALE, refusal, status

_AUTOSCALING = {"kind": "Scale", "apiVersion": "autoscaling/v1"}


def part(api: Api, name: str, of: str = "web", plural: str = "deployments") -> str:
    return f"{api.at(plural, of).path}/{name}"


def scale(replicas: int, **metadata: str) -> Json:
    return {**_AUTOSCALING, "metadata": {"name": "web", **metadata}, "spec": {"replicas": replicas}}


def unconditional(value: Json) -> Json:
    """An object without its version, as its controller may write it at any time."""
    return {**value, "metadata": {key: each for key, each in value["metadata"].items() if key != "resourceVersion"}}


# Scale


def test_the_scale_of_a_deployment_is_its_replicas_and_selector(api: Api) -> None:
    metadata = api.put(paused())["metadata"]

    found = api.get(part(api, "scale")).json

    names = ("name", "namespace", "uid", "creationTimestamp")
    assert "resourceVersion" in found["metadata"]
    assert {**_AUTOSCALING, "metadata": {name: metadata[name] for name in names}} == {
        key: found[key] if key != "metadata" else unconditional(found)[key] for key in (*_AUTOSCALING, "metadata")
    }
    assert ({}, {"replicas": 0, "selector": "app=web"}) == (found["spec"], found["status"])


def test_a_deployment_is_scaled_by_a_patch(api: Api) -> None:
    api.put(paused())

    answer = api.patch(part(api, "scale"), "merge", {"spec": {"replicas": 3}})

    assert (200, "Scale", {"replicas": 3}) == (answer.status, answer.json["kind"], answer.json["spec"])
    found = api.get(api.at("deployments", "web")).json
    assert (3, 2) == (found["spec"]["replicas"], found["metadata"]["generation"])


def test_a_deployment_is_scaled_by_an_update(api: Api) -> None:
    api.put(paused())
    sent = unconditional(api.get(part(api, "scale")).json)
    sent["spec"]["replicas"] = 2

    answer = api.update(part(api, "scale"), sent)

    assert (200, {"replicas": 2}) == (answer.status, answer.json["spec"])
    assert 2 == api.get(api.at("deployments", "web")).json["spec"]["replicas"]


def test_a_scale_of_an_older_version_is_409(api: Api) -> None:
    api.put(paused())

    answer = api.update(part(api, "scale"), scale(2, resourceVersion="1", namespace=api.namespace))

    message = f'Operation cannot be fulfilled on deployments.apps "web": {STALE}'
    assert (409, refusal("Conflict", message, name="web", group="apps", kind="deployments")) == (
        answer.status,
        status(answer),
    )


def test_fewer_replicas_than_none_are_422(api: Api) -> None:
    api.put(paused())

    answer = api.update(part(api, "scale"), scale(-1, namespace=api.namespace))

    why = "Invalid value: -1: must be greater than or equal to 0"
    said = status(answer)
    assert (422, f'Scale.autoscaling "web" is invalid: spec.replicas: {why}') == (answer.status, said["message"])
    cause = {"reason": "FieldValueInvalid", "message": why, "field": "spec.replicas"}
    assert {"name": "web", "group": "autoscaling", "kind": "Scale", "causes": [cause]} == said["details"]


def test_the_scale_of_another_is_400(api: Api) -> None:
    api.put(paused())

    answer = api.update(part(api, "scale"), scale(1, name="other"))

    message = "the name of the object (other) does not match the name on the URL (web)"
    assert (400, refusal("BadRequest", message)) == (answer.status, status(answer))


def test_a_dry_run_scales_nothing(api: Api) -> None:
    api.put(paused())

    answer = api.patch(part(api, "scale"), "merge", {"spec": {"replicas": 3}}, dryRun="All")

    assert ({"replicas": 3}, 0) == (
        answer.json["spec"],
        api.get(api.at("deployments", "web")).json["spec"]["replicas"],
    )


def test_what_is_not_there_has_no_scale(api: Api) -> None:
    answers = (
        api.get(part(api, "scale")),
        api.patch(part(api, "scale"), "merge", {"spec": {"replicas": 1}}),
        api.get(part(api, "scale", plural="daemonsets")),
    )

    named = refusal("NotFound", 'deployments.apps "web" not found', name="web", group="apps", kind="deployments")
    nothing = {**refusal("NotFound", "the server could not find the requested resource"), "details": {}}
    assert [(404, each) for each in (named, named, nothing)] == [(answer.status, status(answer)) for answer in answers]


@pytest.mark.parametrize("method", ["create", "remove"])
def test_a_scale_is_neither_made_nor_deleted(api: Api, method: str) -> None:
    api.put(paused())

    assert 405 == getattr(api, method)(part(api, "scale"), scale(1)).status


def test_scaling_is_allowed_by_itself(api: Api) -> None:
    account = api.log_in([{"apiGroups": ["apps"], "resources": ["deployments/scale"], "verbs": ["get", "update"]}])
    api.put(paused())

    answers = api.get(part(api, "scale"), account), api.get(api.at("deployments", "web"), account)

    assert [200, 403] == [answer.status for answer in answers]


def test_who_may_not_scale_is_told_so(api: Api) -> None:
    account = api.log_in([{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["*"]}])

    answer = api.get(part(api, "scale"), account)

    what = f'resource "deployments/scale" in API group "apps" in the namespace "{api.namespace}"'
    message = f'deployments.apps "web" is forbidden: User "{account.user}" cannot get {what}'
    expected = refusal("Forbidden", message, name="web", group="apps", kind="deployments")
    assert (403, expected) == (answer.status, status(answer))


# Status


def test_an_update_of_the_status_changes_nothing_else(api: Api) -> None:
    sent = unconditional(api.put(paused()))
    sent["spec"]["replicas"], sent["metadata"]["labels"] = 4, {"a": "b"}
    sent["status"] = {**sent.get("status", {}), "collisionCount": 3}

    answer = api.update(part(api, "status"), sent)

    assert (200, 3) == (answer.status, answer.json["status"]["collisionCount"])
    assert (0, {}, 1) == (
        answer.json["spec"].get("replicas"),
        answer.json["metadata"].get("labels") or {},
        answer.json["metadata"]["generation"],
    )


def test_a_patch_of_the_status_merges_its_conditions(api: Api) -> None:
    before = api.put(paused()).get("status", {}).get("conditions", [])

    patch = {"status": {"conditions": [{"type": "Ours", "status": "True"}]}, "spec": {"replicas": 3}}
    answer = api.patch(part(api, "status"), "strategic-merge", patch).json

    assert sorted(["Ours", *(each["type"] for each in before)]) == sorted(
        each["type"] for each in answer["status"]["conditions"]
    )
    assert 0 == answer["spec"]["replicas"]


def test_a_status_of_an_older_version_is_409(api: Api) -> None:
    sent = api.put(paused())
    sent["metadata"]["resourceVersion"] = "1"

    assert 409 == api.update(part(api, "status"), sent).status


def test_the_status_is_read_with_the_rest(api: Api) -> None:
    found = api.put(paused())

    assert found["metadata"]["uid"] == api.get(part(api, "status")).json["metadata"]["uid"]


def test_what_has_no_status_is_404(api: Api) -> None:
    api.put(secret("a"))

    assert 404 == api.get(part(api, "status", "a", "secrets")).status
