"""What the API server says about itself. Aspects: health and version · groups · resources · forms of an answer."""

import pytest

from figwasp.embedded.api.discovery import describe
from figwasp.embedded.api.resources import RESOURCES
from tests.contract.api import NOBODY, Account, Api, Json
from tests.contract.statuses import refusal, status

_GROUPS = ("apps", "authorization.k8s.io", "batch", "coordination.k8s.io")
_SHOWN = ("name", "singularName", "namespaced", "kind", "shortNames", "categories", "group", "version")


def listed(api: Api, path: str) -> dict[str, Json]:
    """The resources of a version, as far as both servers have them."""
    found = api.get(path).json["resources"]
    return {each["name"]: {key: each[key] for key in _SHOWN if key in each} for each in found}


@pytest.mark.parametrize("path", ["/healthz", "/livez", "/readyz"])
def test_the_server_is_healthy_and_says_so_to_everybody(api: Api, path: str) -> None:
    api.log_in(())

    answer = api.get(path, NOBODY)

    assert (200, "text/plain; charset=utf-8", b"ok") == (answer.status, answer.content_type, answer.body)


def test_everybody_may_know_the_version(api: Api) -> None:
    api.log_in(())

    answer = api.get("/version", NOBODY).json

    assert ("1", "34", "v1.34.4") == (answer["major"], answer["minor"], answer["gitVersion"])


def test_who_is_not_logged_in_may_not_know_what_there_is(api: Api) -> None:
    api.log_in(())

    answer = api.get("/apis", NOBODY)

    message = 'forbidden: User "system:anonymous" cannot get path "/apis"'
    assert (403, {**refusal("Forbidden", message), "details": {}}) == (answer.status, status(answer))
    assert 401 == api.get("/apis", Account("", "wrong")).status


def test_the_core_has_one_version(api: Api) -> None:
    answer = api.get("/api").json

    assert ("APIVersions", ["v1"]) == (answer["kind"], answer["versions"])


@pytest.mark.parametrize("group", _GROUPS)
def test_a_group_names_its_versions(api: Api, group: str) -> None:
    version = {"groupVersion": f"{group}/v1", "version": "v1"}
    expected = {"name": group, "versions": [version], "preferredVersion": version}

    assert {"kind": "APIGroup", "apiVersion": "v1", **expected} == api.get(f"/apis/{group}").json
    assert expected in api.get("/apis").json["groups"]


def test_the_list_of_groups_is_one(api: Api) -> None:
    answer = api.get("/apis").json

    assert ("APIGroupList", "v1") == (answer["kind"], answer["apiVersion"])


@pytest.mark.parametrize("root", sorted({each.api_version for each in RESOURCES.values()}))
def test_a_version_lists_the_resources_that_we_have(api: Api, root: str) -> None:
    path = f"/apis/{root}" if "/" in root else f"/api/{root}"
    ours = describe(path)
    assert isinstance(ours, dict)

    found = listed(api, path)

    assert {each["name"]: {key: each[key] for key in _SHOWN if key in each} for each in ours["resources"]} == {
        each["name"]: found.get(each["name"]) for each in ours["resources"]
    }


def test_what_is_listed_says_what_can_be_done_with_it(api: Api) -> None:
    resources = {each["name"]: set(each["verbs"]) for each in api.get("/apis/apps/v1").json["resources"]}

    everything = {"create", "delete", "get", "list", "patch", "update", "watch"}
    assert everything <= resources["deployments"]
    assert {"get", "patch", "update"} == resources["deployments/scale"] == resources["deployments/status"]


def test_a_group_that_is_not_there_is_404_without_a_status_and_a_version_with_one(api: Api) -> None:
    root = api.log_in_as_root()
    group, version = api.get("/apis/gizmo.example", root), api.get("/apis/apps/v7", root)

    assert (404, b"404 page not found\n") == (group.status, group.body)
    assert (404, "NotFound") == (version.status, status(version)["reason"])


def test_an_answer_in_an_unknown_form_is_406(api: Api) -> None:
    answer = api.get_as("text/html", api.at("secrets"))

    assert (406, "NotAcceptable") == (answer.status, answer.json["reason"])


@pytest.mark.parametrize("accept", ["*/*", "application/json, */*", "text/html, application/json"])
def test_an_answer_is_json_where_that_will_do(api: Api, accept: str) -> None:
    answer = api.get_as(accept, api.at("secrets"))

    assert (200, "application/json") == (answer.status, answer.content_type)


def test_of_several_forms_the_first_that_there_is_is_taken(api: Api) -> None:
    unknown = "application/json;as=Nothing;g=meta.k8s.io;v=v1"
    table = "application/json;as=Table;g=meta.k8s.io;v=v1"

    kinds = [api.get_as(accept, api.at("secrets")).json["kind"] for accept in (f"{unknown}, {table}", f"{table},*/*")]

    assert ["Table", "Table"] == kinds
