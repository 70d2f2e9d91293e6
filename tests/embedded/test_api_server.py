"""
What only the embedded API server has, beside its contract.

Aspects: the methods of the program that holds it · size · its end · faults of writes · users.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.client import HTTPConnection, HTTPResponse
from typing import Any

import msgspec
import pytest

from figwasp.embedded.api.faults import Fault
from figwasp.embedded.api.resources import BY_PLURAL
from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.api.status import Refusal
from figwasp.embedded.api.store import Store
from tests.objects import deployment, pod, replica_set

Json = dict[str, Any]
Ask = Callable[..., HTTPResponse]


@pytest.fixture
def server() -> Iterator[ApiServer]:
    """A server whose time stands still at the beginning of 2027."""
    with ApiServer(seconds_now=lambda: 1_798_761_600.0) as made:
        yield made


@pytest.fixture
def ask(server: ApiServer) -> Iterator[Ask]:
    """Sends a request to the server, whose answer is still to be read."""
    with ExitStack() as opened:

        def send(method: str, path: str, body: Json | None = None, **headers: str) -> HTTPResponse:
            connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
            opened.callback(connection.close)
            data = None if body is None else msgspec.json.encode(body)
            connection.request(method, path, data, {"Accept": "application/json", **headers})
            return opened.enter_context(connection.getresponse())

        yield send


def names(server: ApiServer, plural: str, namespace: str = "") -> list[str]:
    return [each["metadata"]["name"] for each in server.list(plural, namespace)]


# The program that holds it


def test_a_list_holds_what_lies_in_a_namespace_or_everywhere(server: ApiServer) -> None:
    for namespace, name in (("shop", "web"), ("shop-2", "api"), ("shop0", "api"), ("shop", "api")):
        server.put("deployments", {**deployment(name), "metadata": {"namespace": namespace, "name": name}})

    found = [names(server, "deployments", where) for where in ("shop", "shop-2", "sho", "")]

    assert [["api", "web"], ["api"], [], ["api", "api", "web", "api"]] == found


def test_a_list_is_a_copy(server: ApiServer) -> None:
    server.put("deployments", deployment("web"))
    server.list("deployments")[0]["spec"]["replicas"] = 9

    assert 1 == server.get("deployments", "shop", "web")["spec"]["replicas"]


def test_a_namespace_comes_with_the_first_object_in_it(server: ApiServer) -> None:
    server.put("deployments", deployment())

    assert ["default", "shop"] == names(server, "namespaces")
    assert "Active" == server.get("namespaces", "", "shop")["status"]["phase"]


def test_objects_are_made_at_the_time_of_the_server(server: ApiServer) -> None:
    made = server.put("pods", pod())

    assert "2027-01-01T00:00:00Z" == made["metadata"]["creationTimestamp"]


def test_what_is_put_has_the_defaults_of_the_server_unless_it_says_otherwise(server: ApiServer) -> None:
    strategy = server.put("deployments", deployment("a"))["spec"]["strategy"]
    other = server.put("deployments", deployment("b", strategy={"type": "Recreate"}))["spec"]["strategy"]

    assert ("RollingUpdate", {"type": "Recreate"}) == (strategy["type"], other)


def test_an_object_is_created_once(server: ApiServer) -> None:
    server.put("namespaces", {"metadata": {"name": "shop"}})
    server.create("deployments", deployment())

    with pytest.raises(Refusal, match='"web" already exists'):
        server.create("deployments", deployment())


def test_what_is_deleted_takes_along_what_it_owned(server: ApiServer) -> None:
    server.put("deployments", deployment())
    server.put("replicasets", replica_set())
    server.put("pods", pod())
    server.put("pods", pod("other"))

    server.delete("deployments", "shop", "web")

    assert ([], ["other-1-1"]) == (names(server, "replicasets"), names(server, "pods"))


def test_what_a_deletion_leaves_behind_may_be_left_to_a_node(server: ApiServer, ask: Ask) -> None:
    server.leave_to_node()
    server.put("replicasets", replica_set())
    server.put("pods", pod())

    server.delete("replicasets", "shop", "web-1")
    answer = msgspec.json.decode(ask("DELETE", "/api/v1/namespaces/shop/pods/web-1-1").read())

    (ending,) = server.list("pods")
    asked = ending["metadata"]["deletionTimestamp"], ending["metadata"]["deletionGracePeriodSeconds"]
    assert (("2027-01-01T00:00:00Z", 30), ending) == (asked, answer)


def test_a_pod_may_be_deleted_without_waiting_for_its_node(server: ApiServer, ask: Ask) -> None:
    server.leave_to_node()
    server.put("pods", pod())

    ask("DELETE", "/api/v1/namespaces/shop/pods/web-1-1", {"gracePeriodSeconds": 0}).read()

    assert [] == names(server, "pods")


def test_a_wait_ends_with_the_next_write(server: ApiServer) -> None:
    version = server.store.wait(0, 1)
    later = threading.Timer(0.05, lambda: server.put("pods", pod()))
    later.start()

    assert version < server.store.wait(version, 10)
    later.join()


# Size


def test_small_pages_of_ten_thousand_objects_do_not_cost_the_whole_list_each() -> None:
    store, token, seen = Store(), "", 0
    for number in range(10_000):
        store.put("pods", {**pod(), "metadata": {"namespace": "shop", "name": f"web-{number:05}"}})

    began = time.thread_time()
    while seen < 10_000:
        page = store.list(BY_PLURAL["pods"], "shop", {"limit": "5", "continue": token})
        token, seen = page["metadata"].get("continue"), seen + len(page["items"])

    # If each of the 2,000 pages went through all objects, it would be some 15 seconds, of this thread alone.
    assert (10_000, True) == (seen, time.thread_time() - began < 4)


def test_who_watches_from_before_what_is_kept_is_told_so(server: ApiServer, ask: Ask) -> None:
    began = server.put("pods", pod())["metadata"]["resourceVersion"]
    for number in range(20_000):
        server.put("pods", pod(labels={"a": str(number)}))

    answer = ask("GET", f"/api/v1/pods?watch=true&resourceVersion={began}&timeoutSeconds=5")

    event = msgspec.json.decode(answer.readline())
    assert ("ERROR", 410) == (event["type"], event["object"]["code"])


# Its end, and that of those who watch


def test_a_watch_ends_with_the_server(server: ApiServer, ask: Ask) -> None:
    answer = ask("GET", "/api/v1/namespaces?watch=true")
    first = answer.readline()

    server.closing.set()

    assert ("default", b"") == (msgspec.json.decode(first)["object"]["metadata"]["name"], answer.read())


def test_a_watch_ends_when_nobody_listens(server: ApiServer) -> None:
    before = set(threading.enumerate())
    connection = HTTPConnection("127.0.0.1", server.port, timeout=10)
    connection.request("GET", "/api/v1/namespaces?watch=true")
    connection.getresponse().close()
    connection.close()

    until = time.monotonic() + 10
    while set(threading.enumerate()) - before and time.monotonic() < until:
        server.store.wait(10_000, 0.01)

    assert set() == set(threading.enumerate()) - before


def test_a_watch_with_bookmarks_ends_with_one(server: ApiServer, ask: Ask) -> None:
    latest = server.put("deployments", deployment())["metadata"]["resourceVersion"]
    query = f"watch=true&resourceVersion={latest}&timeoutSeconds=1&allowWatchBookmarks=true"

    event = msgspec.json.decode(ask("GET", f"/api/v1/pods?{query}").read())

    assert ("BOOKMARK", "Pod", latest) == (
        event["type"],
        event["object"]["kind"],
        event["object"]["metadata"]["resourceVersion"],
    )


def test_a_client_that_wants_a_list_within_a_watch_is_told_to_list_first(ask: Ask) -> None:
    answer = ask("GET", "/api/v1/pods?watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan")

    assert (422, "Invalid") == (answer.status, msgspec.json.decode(answer.read())["reason"])


# Faults and users


def test_writes_of_all_kinds_can_fail(server: ApiServer, ask: Ask) -> None:
    server.put("pods", pod())
    for verb in ("create", "patch", "delete", "watch"):
        server.fault(verb, "pods", Fault.INTERNAL_ERROR)
    path, merge = "/api/v1/namespaces/shop/pods", {"Content-Type": "application/merge-patch+json"}

    answers = (
        ask("POST", path, {}),
        ask("PATCH", f"{path}/web-1-1", {}, **merge),
        ask("DELETE", f"{path}/web-1-1"),
        ask("GET", f"{path}?watch=true"),
    )

    assert [500] * 4 == [answer.status for answer in answers]


def test_a_deletion_may_take_effect_though_its_answer_is_lost(server: ApiServer, ask: Ask) -> None:
    server.put("pods", pod())
    server.fault("delete", "pods", Fault.BAD_GATEWAY)

    answer = ask("DELETE", "/api/v1/namespaces/shop/pods/web-1-1")

    assert (502, []) == (answer.status, names(server, "pods"))


def test_what_is_no_resource_is_remembered_by_its_path(server: ApiServer, ask: Ask) -> None:
    ask("GET", "/version").read()

    assert ["get /version"] == [str(each) for each in server.requests]


def test_a_binary_object_is_refused_in_words(ask: Ask) -> None:
    binary = {"Content-Type": "application/vnd.kubernetes.protobuf"}

    answer = ask("POST", "/api/v1/namespaces/default/secrets", {}, **binary)

    assert (415, "UnsupportedMediaType") == (answer.status, msgspec.json.decode(answer.read())["reason"])
