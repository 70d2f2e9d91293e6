"""Being told of changes. Aspects: events · selection · versions · refusals · the end."""

import threading

import pytest

from tests.contract.api import TABLE, Api, Json, event, secret
from tests.contract.statuses import refusal, status, version


def told(events: list[Json]) -> list[tuple[str, str]]:
    """The kinds of events and the names of what they are about."""
    return [(event["type"], event["object"]["metadata"]["name"]) for event in events]


def now(api: Api) -> int:
    return version(api.get(api.at("secrets")).json)


def test_a_watch_tells_what_happened_since(api: Api) -> None:
    api.put(secret("before"))
    since = now(api)
    made = api.put(secret("a"))
    changed = api.put(secret("a", app="web"))
    api.delete("secrets", "a")

    events = api.watch(api.at("secrets"), since, least=3)

    assert [("ADDED", "a"), ("MODIFIED", "a"), ("DELETED", "a")] == told(events)
    assert [made, changed] == [event["object"] for event in events[:2]]
    assert changed["metadata"]["labels"] == events[2]["object"]["metadata"]["labels"]
    assert version(changed) < version(events[2]["object"])


def test_a_watch_from_a_version_tells_nothing_older(api: Api) -> None:
    api.put(secret("a"))
    since = version(api.put(secret("b")))
    api.put(secret("c"))

    assert [("ADDED", "c")] == told(api.watch(api.at("secrets"), since))


def test_a_watch_from_version_0_begins_with_what_is_there(api: Api) -> None:
    api.put(secret("a"))
    api.put(secret("b"))

    assert [("ADDED", "a"), ("ADDED", "b")] == sorted(told(api.watch(api.at("secrets"), 0, least=2)))


def test_a_watch_tells_what_happens_while_it_lasts(api: Api) -> None:
    since = now(api)
    later = threading.Timer(0.3, lambda: api.put(secret("a")))
    later.start()

    events = api.watch(api.at("secrets"), since)

    later.join()
    assert [("ADDED", "a")] == told(events)


def test_what_stops_being_selected_is_told_as_deleted_and_the_other_way_round(api: Api) -> None:
    since = now(api)
    for labels in ({"app": "web"}, {"app": "shop"}, {"app": "shop", "x": "y"}, {"app": "web"}):
        api.put(secret("a", **labels))

    events = api.watch(api.at("secrets"), since, least=3, labelSelector="app=web")

    assert ["ADDED", "DELETED", "ADDED"] == [event["type"] for event in events]
    gone = events[1]["object"]["metadata"]
    assert {"app": "web"} == gone["labels"]
    assert version(events[0]["object"]) < int(gone["resourceVersion"]) < version(events[2]["object"])


def test_a_watch_may_be_of_one_name(api: Api) -> None:
    since = now(api)
    for name in "abc":
        api.put(secret(name))

    assert [("ADDED", "b")] == told(api.watch(api.at("secrets"), since, fieldSelector="metadata.name=b"))


def test_a_watch_of_the_future_tells_nothing_of_the_past(api: Api) -> None:
    since = now(api)
    api.put(secret("a"))

    assert [] == told(api.watch(api.at("secrets"), since + 1_000_000, least=0))


def test_a_watch_as_a_table_has_a_row_for_each_event_and_one_header(api: Api) -> None:
    since = now(api)
    api.put(secret("a"))
    api.put(secret("b"))

    tables = [event["object"] for event in api.watch(api.at("secrets"), since, least=2, accept=TABLE)]

    assert [["Table", "a"], ["Table", "b"]] == [[table["kind"], table["rows"][0]["cells"][0]] for table in tables]
    assert [True, False] == [bool(table["columnDefinitions"]) for table in tables]


def test_a_version_that_is_no_longer_kept_is_told_as_410(api: Api) -> None:
    since = version(api.get(api.at("events")).json)
    api.put(event(api.namespace, "a"))
    api.compact()

    (told_of,) = api.watch(api.at("events"), since)

    said = told_of["object"]
    assert ("ERROR", "Status", 410, "Expired") == (told_of["type"], said["kind"], said["code"], said["reason"])
    assert "The resourceVersion for the provided watch is too old." == said["message"]


def test_a_watch_of_a_version_that_is_none_is_500(api: Api) -> None:
    answer = api.get(api.at("secrets"), watch="true", resourceVersion="x", timeoutSeconds="1")

    why = 'resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax'
    assert (500, {"message": why}) == (answer.status, status(answer))


def test_a_watch_of_a_time_that_is_none_is_400(api: Api) -> None:
    answer = api.get(api.at("secrets"), watch="true", resourceVersion="1", timeoutSeconds="x")

    expected = refusal("BadRequest", 'strconv.ParseInt: parsing "x": invalid syntax')
    assert (400, expected) == (answer.status, status(answer))


@pytest.mark.parametrize("selector", [{"labelSelector": "app in (web"}, {"fieldSelector": "spec.colour=red"}])
def test_a_watch_by_a_selector_that_is_none_is_400(api: Api, selector: dict[str, str]) -> None:
    assert 400 == api.get(api.at("secrets"), watch="true", timeoutSeconds="1", **selector).status


def test_a_watch_is_a_verb_of_its_own(api: Api) -> None:
    lister = api.log_in([{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}])

    answer = api.get(api.at("secrets"), lister, watch="true", timeoutSeconds="1")

    what = f'resource "secrets" in API group "" in the namespace "{api.namespace}"'
    message = f'secrets is forbidden: User "{lister.user}" cannot watch {what}'
    assert (403, refusal("Forbidden", message, kind="secrets")) == (answer.status, status(answer))
