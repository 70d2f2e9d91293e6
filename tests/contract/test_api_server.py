"""
What Figwasp relies on of the API server, of the tests' own and of the real one.

Aspects: get · lists and selectors · pages · update · generation · who may do what · as Figwasp reads it.
"""

from typing import Any

import msgspec
import pytest

from figwasp.errors import Conflict, Forbidden, ObjectNotFound, Unauthenticated
from tests.contract.api import NOBODY, Account, Api, Json, paused, secret
from tests.contract.http import Answer, soon

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

_STALE = "the object has been modified; please apply your changes to the latest version and try again"
_EXPIRED = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without"
    " the continue parameter, or use the continue token in this response to retrieve the remainder of the results."
    " Continuing with the provided token results in an inconsistent list - objects that were created, modified, or"
    " deleted between the time the first chunk was returned and now may show up in the list."
)


def status(answer: Answer) -> Json:
    """The facts of a refusal, which must be a whole Status with the answer's own code."""
    body: Json = answer.json
    assert answer.content_type == "application/json"
    assert ("Status", "v1", "Failure", answer.status) == tuple(
        body.pop(key) for key in ("kind", "apiVersion", "status", "code")
    )
    return {key: value for key, value in body.items() if value != {} or key == "details"}


def refusal(reason: str, message: str, **details: str) -> Json:
    return {"reason": reason, "message": message, **({"details": details} if details else {})}


def forbidden(api: Api, account: Account, verb: str, plural: str, name: str = "", group: str = "") -> Json:
    qualified = (f"{plural}.{group}" if group else plural) + (f' "{name}"' if name else "")
    what = f'resource "{plural}" in API group "{group}" in the namespace "{api.namespace}"'
    details = {"name": name, "group": group, "kind": plural}
    message = f'{qualified} is forbidden: User "{account.user}" cannot {verb} {what}'
    return refusal("Forbidden", message, **{key: value for key, value in details.items() if value})


def names(page: Json) -> list[str]:
    return [item["metadata"]["name"] for item in page["items"]]


def version(value: Json) -> int:
    return int(value["metadata"]["resourceVersion"])


def event(api: Api, name: str) -> Json:
    about = {"kind": "Pod", "namespace": api.namespace, "name": "web"}
    return {"apiVersion": "v1", "kind": "Event", "metadata": {"name": name}, "involvedObject": about, "reason": "Test"}


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
        api.put(event(api, name))
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

    message = f'Operation cannot be fulfilled on deployments.apps "web": {_STALE}'
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


# Who may do what


def test_a_token_that_is_wrong_is_401(api: Api) -> None:
    api.log_in(())

    answer = api.get(api.at("deployments", "web"), Account("", "wrong"))

    assert (401, refusal("Unauthorized", "Unauthorized")) == (answer.status, status(answer))


def test_who_shows_no_token_is_anonymous(api: Api) -> None:
    api.log_in(())

    answer = api.get(api.at("deployments", "web"), NOBODY)

    assert (403, forbidden(api, NOBODY, "get", "deployments", "web", "apps")) == (answer.status, status(answer))


def test_what_no_role_allows_is_403_whether_it_is_there_or_not(api: Api) -> None:
    account = api.log_in([{"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": ["list"]}])
    web = api.at("deployments", "web")

    answers = api.get(web, account), api.get(api.at("deployments"), account), api.update(web, paused(), account)

    assert [403, 403, 403] == [answer.status for answer in answers]
    asked = (("get", "web"), ("list", ""), ("update", "web"))
    expected = [forbidden(api, account, verb, "deployments", name, "apps") for verb, name in asked]
    assert expected == [status(answer) for answer in answers]


def test_what_lies_in_no_namespace_is_forbidden_at_the_cluster_scope(api: Api) -> None:
    account = api.log_in([{"apiGroups": [""], "resources": ["nodes", "pods"], "verbs": ["get", "list"]}])

    node, pods = api.get("/api/v1/nodes/node-1", account), api.get("/api/v1/pods", account)

    cannot = f'is forbidden: User "{account.user}" cannot'
    message = f'nodes "node-1" {cannot} get resource "nodes" in API group "" at the cluster scope'
    assert refusal("Forbidden", message, name="node-1", kind="nodes") == status(node)
    message = f'pods {cannot} list resource "pods" in API group "" at the cluster scope'
    assert refusal("Forbidden", message, kind="pods") == status(pods)


def test_a_resource_that_is_not_there_is_forbidden_all_the_same(api: Api) -> None:
    account = api.log_in([{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}])

    answer = api.get(f"/apis/gizmo.example/v1/namespaces/{api.namespace}/gizmos/web", account)

    expected = forbidden(api, account, "get", "gizmos", "web", "gizmo.example")
    assert (403, expected) == (answer.status, status(answer))


def test_a_role_allows_what_it_says_and_no_more(api: Api) -> None:
    account = api.log_in([{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}])
    sent = api.put(paused())
    web = api.at("deployments", "web")

    assert (200, 403) == (api.get(web, account).status, api.update(web, sent, account).status)


def test_a_role_for_a_name_allows_a_list_of_just_that(api: Api) -> None:
    account = api.log_in([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"], "resourceNames": ["pull"]}])
    api.put(secret("pull"))
    secrets = api.at("secrets")

    by_name = api.get(secrets, account, fieldSelector="metadata.name=pull")
    in_place = api.get(secrets, account, fieldSelector=f"metadata.namespace={api.namespace},metadata.name=pull")

    assert [["pull"], ["pull"]] == [names(by_name.json), names(in_place.json)]
    refused = api.get(secrets, account), api.get(secrets, account, fieldSelector="metadata.name=other")
    expected = [forbidden(api, account, "list", "secrets"), forbidden(api, account, "list", "secrets", "other")]
    assert expected == [status(answer) for answer in refused]


def test_who_may_list_secrets_may_not_get_one_and_the_other_way_round(api: Api) -> None:
    lister = api.log_in([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}], "lister")
    getter = api.log_in([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}], "getter")
    api.put(secret("pull"))
    one, listed = api.at("secrets", "pull"), {"fieldSelector": "metadata.name=pull"}

    assert (200, 200) == (api.get(one, getter).status, api.get(api.at("secrets"), lister, **listed).status)
    assert forbidden(api, lister, "get", "secrets", "pull") == status(api.get(one, lister))
    refused = api.get(api.at("secrets"), getter, **listed)
    assert forbidden(api, getter, "list", "secrets", "pull") == status(refused)


# As Figwasp reads it


def test_figwasp_reads_a_list_and_an_object(api: Api) -> None:
    api.put(paused())
    client = api.as_figwasp(api.admin)

    one = client.get(api.at("deployments", "web"), dict[str, Any], soon())
    listed = client.list_items(api.at("deployments"), dict[str, Any], {"labelSelector": "!app"}, soon())

    assert ["web", "web"] == [each["metadata"]["name"] for each in (one, *listed)]


def test_figwasp_tells_a_missing_object_from_a_missing_resource(api: Api) -> None:
    client = api.as_figwasp(api.admin)
    web = api.at("deployments", "web")

    with pytest.raises(ObjectNotFound, match=f"there is no deployment web in namespace {api.namespace}"):
        client.get(web, dict[str, Any], soon())
    with pytest.raises(ObjectNotFound, match=r"the API server knows no gizmos of apps/v1$"):
        client.get(msgspec.structs.replace(web, plural="gizmos"), dict[str, Any], soon())


def test_figwasp_knows_a_conflict(api: Api) -> None:
    read = api.put(secret("a"))
    client = api.as_figwasp(api.admin)
    api.put(secret("a", theirs="1"))

    with pytest.raises(Conflict):
        client.put(api.at("secrets", "a"), msgspec.json.encode(read), {"fieldManager": "figwasp"}, soon())


def test_figwasp_says_who_may_not_do_what_and_where(api: Api) -> None:
    account = api.log_in(())
    client = api.as_figwasp(account)

    with pytest.raises(Forbidden) as error:
        client.list_items(api.at("pods"), dict[str, Any], {}, soon())

    assert f"not allowed to list pods in namespace {api.namespace} (as {account.user})" == str(error.value)


def test_figwasp_knows_that_its_login_is_not_accepted(api: Api) -> None:
    api.log_in(())
    client = api.as_figwasp(Account("", "wrong"))

    with pytest.raises(Unauthenticated):
        client.get(api.at("deployments", "web"), dict[str, Any], soon())
