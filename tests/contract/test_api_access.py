"""Who may do what."""

from typing import Final

from tests.contract.api import NOBODY, Account, Api, Json, paused, secret
from tests.contract.http import Answer
from tests.contract.statuses import names, refusal, status

NEIGHBOUR: Final = "system:serviceaccount:elsewhere:figwasp"


def forbidden(api: Api, account: Account, verb: str, plural: str, name: str = "", group: str = "") -> Json:
    qualified = (f"{plural}.{group}" if group else plural) + (f' "{name}"' if name else "")
    what = f'resource "{plural}" in API group "{group}" in the namespace "{api.namespace}"'
    details = {"name": name, "group": group, "kind": plural}
    message = f'{qualified} is forbidden: User "{account.user}" cannot {verb} {what}'
    return refusal("Forbidden", message, **{key: value for key, value in details.items() if value})


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


def _as(api: Api, account: Account, user: str) -> Answer:
    """List the secrets as somebody else."""
    return api._ask("GET", api.at("secrets"), account, {}, headers={"Impersonate-User": user})


def test_who_impersonates_somebody_may_what_that_one_may(api: Api) -> None:
    root = api.log_in_as_root()
    lister = api.log_in([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}], "lister")
    other = api.log_in((), "other")

    assert (200, 200) == (api.get(api.at("secrets"), root).status, _as(api, root, lister.user).status)
    refused = _as(api, root, other.user)
    assert (403, forbidden(api, other, "list", "secrets")) == (refused.status, status(refused))


def test_a_service_account_may_be_impersonated_by_who_may_impersonate_it_there(api: Api) -> None:
    lister = api.log_in([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}], "lister")
    verbs = {"apiGroups": [""], "resources": ["serviceaccounts"], "verbs": ["impersonate"], "resourceNames": ["lister"]}
    checker = api.log_in([verbs], "checker")

    assert (403, 200) == (api.get(api.at("secrets"), checker).status, _as(api, checker, lister.user).status)


def test_who_may_not_impersonate_is_refused(api: Api) -> None:
    nobody = api.log_in((), "nobody")

    of_account, of_user = _as(api, nobody, NEIGHBOUR), _as(api, nobody, "jane")

    cannot = f'is forbidden: User "{nobody.user}" cannot impersonate resource'
    message = f'serviceaccounts "figwasp" {cannot} "serviceaccounts" in API group "" in the namespace "elsewhere"'
    assert (403, refusal("Forbidden", message, name="figwasp", kind="serviceaccounts")) == (
        of_account.status,
        status(of_account),
    )
    message = f'users "jane" {cannot} "users" in API group "" at the cluster scope'
    assert refusal("Forbidden", message, name="jane", kind="users") == status(of_user)
