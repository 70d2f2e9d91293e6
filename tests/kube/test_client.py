"""
The API client against a small real server.

Aspects: get · pages · update · errors and their hints · connections that break · time.
"""

import threading
import time
from typing import Any

import msgspec
import pytest
from msgspec import Struct

from figwasp import __version__
from figwasp.app.tally import Tally
from figwasp.embedded.api.server import ApiServer, Fault
from figwasp.errors import (
    AnswerLost,
    ApiUnreachable,
    Conflict,
    DeadlineExceeded,
    Forbidden,
    KubernetesError,
    ObjectNotFound,
    UnknownResource,
)
from figwasp.kube.access import Access
from figwasp.kube.client import LARGEST_ANSWER, ApiClient, Resource
from figwasp.kube.identity import Fixed
from figwasp.net.retry import Retries
from figwasp.net.tls import Tls
from tests.kube.access import soon
from tests.nobody import nobody

WEB = Resource("apps", "v1", "deployments", "shop", "web")
PODS = Resource("", "v1", "pods", "shop")


@pytest.fixture
def server(server: ApiServer) -> ApiServer:
    """The API server with one Deployment."""
    server.put("deployments", {"metadata": {"namespace": "shop", "name": "web"}, "spec": {"replicas": 1}})
    return server


class Name(Struct):
    name: str


class Named(Struct):
    metadata: Name


def add_pods(server: ApiServer, count: int) -> list[str]:
    """Add pods, and answer their names in the server's order."""
    names = [f"web-{number:04d}" for number in range(count)]
    for name in names:
        server.put("pods", {"metadata": {"namespace": "shop", "name": name, "labels": {"app": "web"}}})
    return names


def names(items: list[Named]) -> list[str]:
    return [item.metadata.name for item in items]


def read(client: ApiClient) -> dict[str, Any]:
    return client.get(WEB, dict[str, Any], soon())


def update(client: ApiClient, seconds: float = 20, **query: str) -> dict[str, Any]:
    """Set the replicas to 5, by a PUT of what was read."""
    body = read(client)
    body["spec"]["replicas"] = 5
    answer = client.put(WEB, msgspec.json.encode(body), query, soon(seconds))
    decoded: dict[str, Any] = msgspec.json.decode(answer)
    return decoded


def replicas(server: ApiServer) -> int:
    found: int = server.get("deployments", "shop", "web")["spec"]["replicas"]
    return found


def test_an_object_is_read_as_the_type_that_is_wanted(client: ApiClient) -> None:
    assert Named(Name("web")) == client.get(WEB, Named, soon())


def test_a_request_says_who_asks_and_what_it_takes(server: ApiServer, client: ApiClient) -> None:
    read(client)

    headers = server.requests[0].headers
    assert (f"figwasp/{__version__}", "application/json") == (headers["user-agent"], headers["accept"])


class Whole(Struct):
    metadata: Name
    spec: dict[str, Any] = {}


@pytest.mark.parametrize(("item", "is_metadata"), [(Named, True), (Whole, False)])
def test_where_only_metadata_is_wanted_no_more_is_asked_for(
    server: ApiServer, client: ApiClient, item: type[Named | Whole], is_metadata: bool
) -> None:
    add_pods(server, 1)

    (found,) = client.list_items(PODS, item, {}, soon())

    assert "web-0000" == found.metadata.name
    assert is_metadata is ("as=PartialObjectMetadataList" in server.requests[-1].headers["accept"])


def test_what_is_asked_again_is_counted_by_its_host_as_connections_are(server: ApiServer) -> None:
    tally = Tally(time.monotonic)
    access = Access(server=server.url, tls=Tls(), identity=Fixed(), described="the server")
    server.fault("get", "deployments", Fault.TOO_MANY_REQUESTS)
    client = ApiClient.to(
        access, environ={}, retries=Retries(wait=lambda _seconds, _deadline: None, meter=tally), meter=tally
    )

    read(client)
    client.close()

    count = tally.count()
    assert ({server.url.removeprefix("http://")}, 1) == (set(count.repeats), sum(count.repeats.values()))
    assert set(count.repeats) == set(count.connections)


def test_a_list_is_read_in_pages_of_500(server: ApiServer, client: ApiClient) -> None:
    expected = add_pods(server, 1001)

    found = client.list_items(PODS, Named, {"labelSelector": "app=web"}, soon())

    assert expected == names(found)
    queries = [dict(request.query) for request in server.requests]
    assert ["", "eyJ", "eyJ"] == [query.pop("continue", "")[:3] for query in queries]
    assert [{"labelSelector": "app=web", "limit": "500"}] * 3 == queries


def test_a_selector_reaches_the_server_as_it_is_written(server: ApiServer, client: ApiClient) -> None:
    add_pods(server, 3)
    query = {"labelSelector": "app in (web, other)", "fieldSelector": "metadata.name=web-0001"}

    assert ["web-0001"] == names(client.list_items(PODS, Named, query, soon()))


def test_a_page_of_large_objects_is_asked_for_in_smaller_ones(server: ApiServer, client: ApiClient) -> None:
    names = add_pods(server, 70)
    for name in names:
        server.edit("pods", "shop", name, lambda one: one["metadata"].update(annotations={"x": "y" * 250_000}))

    listed = client.list_items(PODS, Named, {}, soon())

    assert names == [each.metadata.name for each in listed]
    assert ["500", "62", "7"] == list(dict.fromkeys(each.query["limit"] for each in server.requests))


def test_an_object_that_is_larger_than_any_is_an_error(server: ApiServer, client: ApiClient) -> None:
    server.put("pods", {"metadata": {"namespace": "shop", "name": "web", "annotations": {"x": "y" * LARGEST_ANSWER}}})

    with pytest.raises(KubernetesError, match="larger than 12288 KiB"):
        client.list_items(PODS, Named, {}, soon())
    assert ["500", "62", "7", "1"] == [each.query["limit"] for each in server.requests]


def test_objects_as_large_as_they_can_be_are_read_one_by_one(server: ApiServer, client: ApiClient) -> None:
    names = add_pods(server, 3)
    for name in names:
        server.edit("pods", "shop", name, lambda one: one["metadata"].update(annotations={"x": "y" * 9 * 1024 * 1024}))

    assert names == [each.metadata.name for each in client.list_items(PODS, Named, {}, soon())]


def test_a_list_shows_one_moment_although_objects_come_and_go(server: ApiServer, client: ApiClient) -> None:
    expected = add_pods(server, 600)

    def delete_the_last_after_the_first_page() -> None:
        server.before("list", "pods", lambda: server.delete("pods", "shop", expected[-1]))

    server.before("list", "pods", delete_the_last_after_the_first_page)

    assert expected == names(client.list_items(PODS, Named, {}, soon()))


def test_a_list_that_expires_is_read_anew_without_duplicates(server: ApiServer, client: ApiClient) -> None:
    expected = add_pods(server, 501)
    server.fault("list", "pods", Fault.EXPIRED)

    assert expected == names(client.list_items(PODS, Named, {}, soon()))
    assert 4 == server.asked("list", "pods")


def test_a_list_that_expires_again_is_an_error(server: ApiServer, client: ApiClient) -> None:
    add_pods(server, 501)
    server.fault("list", "pods", Fault.EXPIRED, times=9)

    with pytest.raises(KubernetesError, match="the list of pods in namespace shop expired twice"):
        client.list_items(PODS, Named, {}, soon())

    assert 4 == server.asked("list", "pods")


def test_an_empty_list_has_no_items(client: ApiClient) -> None:
    assert [] == client.list_items(PODS, Named, {}, soon())


def test_an_update_changes_the_object(server: ApiServer, client: ApiClient) -> None:
    answer = update(client, fieldManager="figwasp")

    assert (5, 2, 5) == (answer["spec"]["replicas"], answer["metadata"]["generation"], replicas(server))
    assert {"fieldManager": "figwasp"} == server.requests[-1].query


def test_a_dry_run_changes_nothing(server: ApiServer, client: ApiClient) -> None:
    answer = update(client, dryRun="All")

    assert (5, 1) == (answer["spec"]["replicas"], replicas(server))


def test_an_update_of_an_object_that_changed_is_a_conflict(server: ApiServer, client: ApiClient) -> None:
    server.before("update", "deployments", lambda: server.edit("deployments", "shop", "web", lambda _: None))

    with pytest.raises(Conflict, match="deployment/web in namespace shop changed since it was read"):
        update(client)

    assert 1 == replicas(server)


@pytest.mark.parametrize(
    "fault", [Fault.APPLY_THEN_DROP, Fault.CUT, Fault.BAD_GATEWAY, Fault.DROP, Fault.INTERNAL_ERROR]
)
def test_an_update_whose_answer_is_lost_is_told_and_not_sent_again(
    server: ApiServer, client: ApiClient, fault: Fault
) -> None:
    server.fault("update", "deployments", fault)

    with pytest.raises(AnswerLost, match="the update of deployment/web in namespace shop"):
        update(client)

    assert (5 if fault.takes_effect else 1) == replicas(server)
    assert 1 == server.asked("update", "deployments")


def test_an_update_whose_answer_does_not_come_in_time_is_lost(server: ApiServer, client: ApiClient) -> None:
    server.fault("update", "deployments", Fault.APPLY_THEN_HANG)

    with pytest.raises(AnswerLost, match=r"the test ran out of 0\.4s"):
        update(client, seconds=0.4)

    assert 5 == replicas(server)


def test_an_update_that_was_not_begun_in_time_is_not_lost(server: ApiServer, client: ApiClient) -> None:
    with pytest.raises(DeadlineExceeded):
        client.put(WEB, b"{}", {}, soon(0))

    assert [] == server.requests


def test_a_read_that_gets_no_answer_in_time_ends_with_its_deadline(server: ApiServer, client: ApiClient) -> None:
    server.fault("get", "deployments", Fault.HANG)

    with pytest.raises(DeadlineExceeded):
        client.get(WEB, Named, soon(0.3))


def test_a_missing_object_is_named(client: ApiClient) -> None:
    with pytest.raises(ObjectNotFound, match="there is no deployment none in namespace shop"):
        client.get(Resource("apps", "v1", "deployments", "shop", "none"), Named, soon())


@pytest.mark.parametrize("group", ["apps", "argoproj.io"])
def test_a_kind_that_the_server_does_not_have_is_named(client: ApiClient, group: str) -> None:
    with pytest.raises(UnknownResource, match=f"the API server knows no rollouts of {group}/v1"):
        client.list_items(Resource(group, "v1", "rollouts", "shop"), Named, {}, soon())


@pytest.mark.parametrize("name", ["../../secrets/x", "web?dryRun=All", "w b", "ü"])
def test_a_name_from_outside_cannot_change_the_path(server: ApiServer, client: ApiClient, name: str) -> None:
    with pytest.raises(ObjectNotFound):
        client.get(Resource("apps", "v1", "deployments", "shop", name), Named, soon())

    assert (name, {}) == (server.requests[0].name, server.requests[0].query)


def test_what_the_role_forbids_is_named_with_the_rule_that_would_allow_it(server: ApiServer, client: ApiClient) -> None:
    server.allow("system:anonymous", roles=[])

    with pytest.raises(Forbidden) as caught:
        read(client)

    assert "not allowed to get deployments/web in namespace shop (as system:anonymous)" == str(caught.value)
    assert 'apiGroups: ["apps"], resources: ["deployments"], verbs: ["get"]' in caught.value.hint


def test_a_forbidden_list_and_update_name_their_own_verbs(server: ApiServer, client: ApiClient) -> None:
    rule = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}
    server.allow("system:anonymous", roles=[{"metadata": {"namespace": "shop"}, "rules": [rule]}])

    with pytest.raises(Forbidden) as of_list:
        client.list_items(WEB, Named, {}, soon())
    with pytest.raises(Forbidden) as of_update:
        update(client)

    assert ("list", "update") == (of_list.value.verb, of_update.value.verb)


def test_a_secret_is_listed_by_a_role_that_names_it(server: ApiServer, client: ApiClient) -> None:
    rule = {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["pull"], "verbs": ["list"]}
    server.allow("system:anonymous", roles=[{"metadata": {"namespace": "shop"}, "rules": [rule]}])
    server.put("secrets", {"metadata": {"namespace": "shop", "name": "pull"}})
    secret = Resource("", "v1", "secrets", "shop", "pull")

    found = client.list_items(secret, Named, {"fieldSelector": "metadata.name=pull"}, soon())

    assert ["pull"] == names(found)


def test_too_many_requests_are_told_and_an_update_is_known_not_to_be_done(server: ApiServer, client: ApiClient) -> None:
    server.fault("update", "deployments", Fault.TOO_MANY_REQUESTS)

    with pytest.raises(ApiUnreachable, match="asks for fewer requests: update deployment/web") as caught:
        update(client)

    assert not isinstance(caught.value, AnswerLost)


def test_an_error_of_the_server_carries_its_own_words(server: ApiServer, client: ApiClient) -> None:
    server.fault("get", "deployments", Fault.INTERNAL_ERROR, times=9)

    with pytest.raises(ApiUnreachable, match=r"\(500\): Internal error occurred: etcdserver: request timed out"):
        read(client)


def test_what_is_not_json_is_told(server: ApiServer, client: ApiClient) -> None:
    server.fault("get", "deployments", Fault.NOT_JSON)

    with pytest.raises(KubernetesError, match="answer for deployment/web in namespace shop is not JSON") as caught:
        read(client)

    assert f"is {server.url} a Kubernetes API server?" in caught.value.hint


def test_what_is_not_of_the_expected_type_is_told(client: ApiClient) -> None:
    with pytest.raises(KubernetesError, match=r"is not as expected: Expected `str`, got `object` - at `\$\[...\]`"):
        client.get(WEB, dict[str, str], soon())


def test_a_server_that_is_not_there_is_told_with_the_way_to_it() -> None:
    with nobody() as port:
        access = Access(server=f"http://127.0.0.1:{port}", tls=Tls(), identity=Fixed(), described="the test")
        client = ApiClient.to(access, environ={})
        with pytest.raises(ApiUnreachable, match=f"no answer from the API server 127.0.0.1:{port}") as caught:
            read(client)

    assert "is the cluster of the test up" in caught.value.hint


def test_threads_may_share_a_client(server: ApiServer, client: ApiClient) -> None:
    expected = add_pods(server, 501)
    found: list[list[str]] = []
    threads = [
        threading.Thread(target=lambda: found.append(names(client.list_items(PODS, Named, {}, soon()))))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [expected] * 8 == found


# What is repeated


@pytest.mark.parametrize("fault", [Fault.INTERNAL_ERROR, Fault.TOO_MANY_REQUESTS, Fault.DROP, Fault.CUT])
def test_a_read_that_fails_in_passing_is_repeated(server: ApiServer, client: ApiClient, fault: Fault) -> None:
    server.fault("get", "deployments", fault)

    assert Named(Name("web")) == client.get(WEB, Named, soon())
    assert 2 == server.asked("get", "deployments")


def test_a_list_is_asked_for_again_where_fewer_requests_are_wanted(server: ApiServer, client: ApiClient) -> None:
    expected = add_pods(server, 3)
    server.fault("list", "pods", Fault.TOO_MANY_REQUESTS)

    assert expected == names(client.list_items(PODS, Named, {}, soon()))
    assert 2 == server.asked("list", "pods")


@pytest.mark.parametrize("fault", [each for each in Fault if each is not Fault.EXPIRED])
def test_an_update_is_never_repeated(server: ApiServer, client: ApiClient, fault: Fault) -> None:
    server.fault("update", "deployments", fault)
    with pytest.raises(KubernetesError):
        update(client, 0.5)

    assert 1 == server.asked("update", "deployments")
