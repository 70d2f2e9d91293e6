"""Lists as kubectl prints them. Aspects: columns · cells · what comes along · pages."""

import pytest

from tests.contract.api import Account, Api, paused, secret

_WIDE = ["*Containers", "*Images", "*Selector"]
_COUNTS = ["Desired:integer", "Current:integer", "Ready:integer"]
COLUMNS = {
    "deployments": ["Ready", "Up-to-date", "Available", "Age", *_WIDE],
    "replicasets": [*_COUNTS, "Age", *_WIDE],
    "statefulsets": ["Ready", "Age", *_WIDE[:2]],
    "daemonsets": [*_COUNTS, "Up-to-date:integer", "Available:integer", "Node Selector", "Age", *_WIDE],
    "controllerrevisions": ["Controller", "Revision", "Age"],
    "jobs": ["Status", "Completions", "Duration", "Age", *_WIDE],
    "cronjobs": ["Schedule", "Timezone", "Suspend:boolean", "Active:integer", "Last Schedule", "Age", *_WIDE],
    "pods": ["Ready", "Status", "Restarts", "Age", "*IP", "*Node", "*Nominated Node", "*Readiness Gates"],
    "secrets": ["Type", "Data", "Age"],
    "serviceaccounts": ["Secrets", "Age"],
    "leases": ["Holder", "Age"],
}
EVENTS = ["Last Seen", "Type", "Reason", "Object", "*Subobject", "*Source", "Message", "*First Seen", "*Count", "*Name"]


def columns(api: Api, plural: str, account: Account | None = None) -> list[str]:
    """A table's columns: a star for wide ones, and their type unless it is a string."""
    return [
        ("*" if each["priority"] else "") + each["name"] + (f":{each['type']}" if each["type"] != "string" else "")
        for each in api.table(plural if "/" in plural else api.at(plural), account)["columnDefinitions"]
    ]


@pytest.mark.parametrize("plural", COLUMNS)
def test_a_table_has_the_columns_of_its_kind(api: Api, plural: str) -> None:
    assert ["Name", *COLUMNS[plural]] == columns(api, plural)


def test_the_columns_of_events_begin_with_the_time(api: Api) -> None:
    assert EVENTS == columns(api, "events")


def test_the_column_of_the_name_says_so(api: Api) -> None:
    formats = [each["format"] for each in api.table(api.at("secrets"))["columnDefinitions"]]

    assert ["name", "", "", ""] == formats


def test_a_row_tells_of_a_deployment(api: Api) -> None:
    api.put(paused())

    (row,) = api.table(api.at("deployments"))["rows"]

    name, ready, updated, available, age, *wide = row["cells"]
    assert ("web", "0/0", 0, 0) == (name, ready, updated, available)
    assert ["web", "example.org/web", "app=web"] == wide
    assert age.endswith("s")


def test_a_row_tells_of_a_secret(api: Api) -> None:
    api.put(secret("a"))

    assert ["a", "Opaque", 1] == api.table(api.at("secrets"))["rows"][0]["cells"][:3]


def test_a_row_tells_of_a_pod_that_nobody_runs_yet(api: Api) -> None:
    containers = [{"name": name, "image": "example.org/web:1"} for name in ("web", "log")]
    spec = {"schedulerName": "nobody", "automountServiceAccountToken": False, "containers": containers}
    api.create(api.at("pods"), {"metadata": {"name": "web"}, "spec": spec})

    name, ready, state, restarts, _, *wide = api.table(api.at("pods"))["rows"][0]["cells"]

    assert ("web", "0/2", "Pending", "0") == (name, ready, state, str(restarts))
    assert ["<none>"] * 4 == wide


def test_a_table_may_be_of_one_object(api: Api) -> None:
    made = api.put(secret("a"))
    api.put(secret("b"))

    table = api.table(api.at("secrets", "a"))

    assert ["a"] == [row["cells"][0] for row in table["rows"]]
    assert ("Table", "meta.k8s.io/v1") == (table["kind"], table["apiVersion"])
    assert made["metadata"]["resourceVersion"] == table["metadata"]["resourceVersion"]


@pytest.mark.parametrize(("include", "kind"), [("", "PartialObjectMetadata"), ("Object", "Secret"), ("None", None)])
def test_a_row_comes_with_as_much_of_the_object_as_is_asked_for(api: Api, include: str, kind: str | None) -> None:
    metadata = api.put(secret("a"))["metadata"]

    query = {"includeObject": include} if include else {}
    row = api.table(api.at("secrets", "a"), **query)["rows"][0]

    found = row.get("object") or {}
    assert (kind, metadata if kind else None) == (found.get("kind"), found.get("metadata"))


def test_a_table_comes_in_pages_as_a_list_does(api: Api) -> None:
    for name in "abc":
        api.put(secret(name))

    first = api.table(api.at("secrets"), limit="2")
    second = api.table(api.at("secrets"), **{"limit": "2", "continue": first["metadata"]["continue"]})

    assert [["a", "b"], ["c"]] == [[row["cells"][0] for row in page["rows"]] for page in (first, second)]
    assert 1 == first["metadata"]["remainingItemCount"]


def test_a_list_may_be_of_metadata_alone_and_comes_in_pages_too(api: Api) -> None:
    made = [api.put(paused(name))["metadata"] for name in "abc"]

    metadata_only = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
    page = api.get_as(metadata_only, api.at("deployments"), limit="2").json

    assert ("PartialObjectMetadataList", "meta.k8s.io/v1") == (page["kind"], page["apiVersion"])
    assert [{"kind", "apiVersion", "metadata"}] * 2 == [set(each) for each in page["items"]]
    assert [each["uid"] for each in made[:2]] == [each["metadata"]["uid"] for each in page["items"]]
    assert {"PartialObjectMetadata"} == {each["kind"] for each in page["items"]}
    assert 1 == page["metadata"]["remainingItemCount"]


CLUSTER_WIDE = {
    "nodes": [
        *("Status", "Roles", "Age", "Version", "*Internal-IP", "*External-IP"),
        *("*OS-Image", "*Kernel-Version", "*Container-Runtime"),
    ],
    "namespaces": ["Status", "Age"],
}


@pytest.mark.parametrize("plural", CLUSTER_WIDE)
def test_a_table_has_the_columns_of_its_kind_outside_namespaces_too(api: Api, plural: str) -> None:
    root = api.log_in_as_root()

    assert ["Name", *CLUSTER_WIDE[plural]] == columns(api, f"/api/v1/{plural}", root)


def test_a_row_tells_of_a_namespace(api: Api) -> None:
    rows = api.table("/api/v1/namespaces", api.log_in_as_root())["rows"]

    assert [api.namespace, "Active"] in [row["cells"][:2] for row in rows]
