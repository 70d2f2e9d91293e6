"""Reading one object and lists of them. Aspects: get · lists and selectors · pages."""

from tests.contract.api import Api, event, paused, secret
from tests.contract.statuses import names, refusal, status, version

LABEL_SELECTORS = {
    "app=web": "a",
    "app==web": "a",
    "app!=web": "bc",
    "app in (web,shop)": "ab",
    "app in (web, shop),tier": "b",
    "app notin (web)": "bc",
    "app": "ab",
    "!app": "c",
    " app = web ": "a",
    "app=web,tier=front": "",
    "": "abc",
}
"""And the names of what they select, of the three in the test."""

FIELD_SELECTORS = {
    "metadata.name=a": "a",
    "metadata.name==a": "a",
    "metadata.name!=a": "b",
    "metadata.name=nobody": "",
    "metadata.name=a,metadata.namespace=elsewhere": "",
}
UNKNOWN_FIELD = {
    "pods": "field label not supported: spec.colour",
    "secrets": "field label not supported: spec.colour",
    "deployments": '"spec.colour" is not a known field selector: only "metadata.name", "metadata.namespace"',
}
NO_START = "eyJ2IjoibWV0YS5rOHMuaW8vdjEiLCJydiI6MX0"
"""A continue token without the key to go on from."""

_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without"
    " the continue parameter, or use the continue token in this response to retrieve the remainder of the results."
    " Continuing with the provided token results in an inconsistent list - objects that were created, modified, or"
    " deleted between the time the first chunk was returned and now may show up in the list."
)


def put_secrets(api: Api, listed: str) -> None:
    for name in listed:
        api.put(secret(name))


# Get
def test_an_object_is_read_by_its_name(api: Api) -> None:
    api.put(paused())

    answer = api.get(api.at("deployments", "web"))

    assert (200, "application/json") == (answer.status, answer.content_type)
    assert ("Deployment", "apps/v1") == (answer.json["kind"], answer.json["apiVersion"])
    assert ("web", api.namespace) == (answer.json["metadata"]["name"], answer.json["metadata"]["namespace"])


def test_an_object_that_is_not_there_is_404_and_named(api: Api) -> None:
    deployment, secret = api.get(api.at("deployments", "web")), api.get(api.at("secrets", "pull"))

    assert (404, 404) == (deployment.status, secret.status)
    named = {"name": "web", "group": "apps", "kind": "deployments"}
    assert refusal("NotFound", 'deployments.apps "web" not found', **named) == status(deployment)
    assert refusal("NotFound", 'secrets "pull" not found', name="pull", kind="secrets") == status(secret)


def test_a_resource_or_version_that_is_not_there_is_404_and_not_named(api: Api) -> None:
    paths = (f"apps/{path.format(api.namespace)}" for path in ("v1/namespaces/{}/gizmos/a", "v7/namespaces/{}/pods/a"))

    answers = [api.get(f"/apis/{path}") for path in paths]

    message = "the server could not find the requested resource"
    assert [404, 404] == [answer.status for answer in answers]
    assert [{**refusal("NotFound", message), "details": {}}] * 2 == [status(answer) for answer in answers]


def test_an_api_group_that_is_not_there_is_404_without_a_status(api: Api) -> None:
    answer = api.get(f"/apis/gizmo.example/v1/namespaces/{api.namespace}/gizmos/web")

    assert (404, "text/plain; charset=utf-8") == (answer.status, answer.content_type)
    assert b"404 page not found\n" == answer.body


# Lists and selectors
def test_a_list_names_its_kind_once(api: Api) -> None:
    api.put(paused())

    answer = api.get(api.at("deployments"))

    assert (200, "application/json") == (answer.status, answer.content_type)
    assert ("DeploymentList", "apps/v1") == (answer.json["kind"], answer.json["apiVersion"])
    assert [("web", False, False)] == [
        (item["metadata"]["name"], "kind" in item, "apiVersion" in item) for item in answer.json["items"]
    ]


def test_an_empty_list_is_one(api: Api) -> None:
    answer = api.get(api.at("deployments"))

    assert [] == answer.json["items"]
    assert ["resourceVersion"] == list(answer.json["metadata"])


def test_a_label_selector_selects(api: Api) -> None:
    for each in (secret("a", app="web"), secret("b", app="shop", tier="front"), secret("c", tier="back")):
        api.put(each)

    selected = {selector: "".join(api.names("secrets", labelSelector=selector)) for selector in LABEL_SELECTORS}

    assert selected == LABEL_SELECTORS


def test_a_selector_that_is_none_is_400(api: Api) -> None:
    broken = api.get(api.at("secrets"), labelSelector="app in (web")
    wrong = api.get(api.at("secrets"), labelSelector="app=wäb")

    assert (400, 400) == (broken.status, wrong.status)
    message = "unable to parse requirement: found '', expected: ',' or ')'"
    assert refusal("BadRequest", message) == status(broken)
    assert "BadRequest" == status(wrong)["reason"]


def test_a_field_selector_selects(api: Api) -> None:
    put_secrets(api, "ab")

    selected = {selector: "".join(api.names("secrets", fieldSelector=selector)) for selector in FIELD_SELECTORS}

    assert selected == FIELD_SELECTORS


def test_label_and_field_selectors_both_count(api: Api) -> None:
    api.put(secret("a", app="web"))
    api.put(secret("b"))

    selected = {
        name: api.names("secrets", labelSelector="app=web", fieldSelector=f"metadata.name={name}") for name in "ab"
    }

    assert {"a": ["a"], "b": []} == selected


def test_a_field_that_selects_nothing_is_400(api: Api) -> None:
    answers = {plural: api.get(api.at(plural), fieldSelector="spec.colour=red") for plural in UNKNOWN_FIELD}

    assert {400} == {answer.status for answer in answers.values()}
    expected = {plural: refusal("BadRequest", message) for plural, message in UNKNOWN_FIELD.items()}
    assert expected == {plural: status(answer) for plural, answer in answers.items()}


# Pages
def test_pages_hold_every_object_once_and_say_how_many_are_left(api: Api) -> None:
    put_secrets(api, "edcba")

    pages = [api.get(api.at("secrets"), limit="2").json]
    while token := pages[-1]["metadata"].get("continue"):
        pages.append(api.get(api.at("secrets"), **{"limit": "2", "continue": token}).json)

    assert [["a", "b"], ["c", "d"], ["e"]] == [names(page) for page in pages]
    assert [3, 1, None] == [page["metadata"].get("remainingItemCount") for page in pages]
    assert 1 == len({version(page) for page in pages})


def test_pages_of_what_is_selected_do_not_say_how_many_are_left(api: Api) -> None:
    for name in "abc":
        api.put(secret(name, app="web"))

    page = api.get(api.at("secrets"), limit="2", labelSelector="app=web").json
    rest = api.names("secrets", **{"limit": "2", "labelSelector": "app=web", "continue": page["metadata"]["continue"]})

    assert (["a", "b"], ["c"]) == (names(page), rest)
    assert "remainingItemCount" not in page["metadata"]


def test_a_page_that_holds_everything_is_the_last(api: Api) -> None:
    put_secrets(api, "abc")
    queries = {"limit": "3"}, {"limit": "0"}, {"limit": "-1"}, {"limit": "9", "continue": ""}

    pages = [api.get(api.at("secrets"), **query).json for query in queries]

    assert [[*"abc"]] * 4 == [names(page) for page in pages]
    assert [["resourceVersion"]] * 4 == [list(page["metadata"]) for page in pages]


def test_later_pages_show_the_moment_of_the_first(api: Api) -> None:
    put_secrets(api, "abc")
    first = api.get(api.at("secrets"), limit="1").json
    api.delete("secrets", "c")
    api.put(secret("d"))

    rest = api.get(api.at("secrets"), **{"limit": "9", "continue": first["metadata"]["continue"]}).json

    assert ["b", "c"] == names(rest)
    assert version(first) == version(rest)


def test_a_continue_token_that_is_too_old_is_410_with_another_that_is_not(api: Api) -> None:
    for name in "abc":
        api.put(event(api.namespace, name))
    first = api.get(api.at("events"), limit="1").json
    api.compact()
    expired = api.get(api.at("events"), **{"limit": "1", "continue": first["metadata"]["continue"]})

    said = status(expired)
    another = said.pop("metadata")["continue"]
    assert (410, refusal("Expired", _EXPIRED)) == (expired.status, said)
    assert ["b", "c"] == api.names("events", **{"continue": another})


def test_a_page_that_is_none_is_400(api: Api) -> None:
    asked = ("limit", "many"), ("continue", "nonsense"), ("continue", NO_START)
    answers = [api.get(api.at("secrets"), **{key: value}) for key, value in asked]

    limit, broken, empty = (status(answer) for answer in answers)
    assert [400] * 3 == [answer.status for answer in answers]
    assert refusal("BadRequest", 'strconv.ParseInt: parsing "many": invalid syntax') == limit
    problem = "invalid continue token: continue key is not valid"
    assert broken["message"].startswith(problem)
    assert refusal("BadRequest", f"{problem}: encoded start key empty (version meta.k8s.io/v1)") == empty
