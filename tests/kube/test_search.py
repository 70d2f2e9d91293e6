"""
Finding workloads of several kinds in several places, and completing them.

Aspects: which requests are made; what is read of owners and annotations; image volumes; pods of StatefulSets and
DaemonSets. What may not be listed is in `test_search_forbidden`.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from figwasp.core.deadline import Deadline
from figwasp.core.ports import Observed
from figwasp.core.workload import Selection, Workload
from figwasp.embedded.api.server import ApiServer
from figwasp.kube.reader import Reader
from tests.kube.kinds.objects import daemon_set, member, revision
from tests.kube.reading import EVERYTHING, asked, pods, put_all
from tests.objects import NAMESPACE, Json, deployment, pod, replica_set


def one(observed: Observed) -> Workload:
    (workload,) = observed.workloads
    return workload


# Requests


def test_all_kinds_share_one_list_of_pods(server: ApiServer, reader_of_all: Reader, deadline: Deadline) -> None:
    put_all(server)

    observed = reader_of_all.observe(EVERYTHING, deadline)

    assert {"deployment/web": ["web-1-0"], "statefulset/db": ["db-0"], "daemonset/agent": ["agent-0"]} == pods(observed)
    kinds = ["deployments", "statefulsets", "daemonsets", "replicasets", "controllerrevisions", "pods"]
    assert [f"list {each}" for each in kinds] == asked(server)


@pytest.mark.parametrize(
    ("target", "requests"),
    [
        (("statefulset", "db"), ["get statefulsets", "list pods"]),
        (("daemonset", "agent"), ["get daemonsets", "list controllerrevisions", "list pods"]),
        (("deployment", "web"), ["get deployments", "list replicasets", "list pods"]),
    ],
)
def test_a_named_one_costs_no_more_than_its_kind_needs(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline, target: tuple[str, str], requests: list[str]
) -> None:
    put_all(server)

    reader_of_all.observe(Selection(namespaces=(NAMESPACE,), targets=(target,)), deadline)

    assert requests == asked(server)


def test_only_the_kinds_that_are_asked_for_are_listed(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline
) -> None:
    put_all(server)

    observed = reader_of_all.observe(Selection(namespaces=(NAMESPACE,), kinds=("daemonset",)), deadline)

    assert ["daemonset/agent"] == list(pods(observed))
    assert ["list daemonsets", "list controllerrevisions", "list pods"] == asked(server)


def test_each_namespace_is_looked_into(server: ApiServer, reader_of_all: Reader, deadline: Deadline) -> None:
    for namespace in ("a", "b", "c"):
        given = deployment()
        server.put("deployments", {**given, "metadata": {**given["metadata"], "namespace": namespace}})

    observed = reader_of_all.observe(Selection(namespaces=("a", "c")), deadline)

    assert ["a", "c"] == [each.key.namespace for each in observed.workloads]


def test_several_workloads_everywhere_cost_one_list_of_pods(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline
) -> None:
    for namespace in ("a", "b"):
        given = deployment()
        server.put("deployments", {**given, "metadata": {**given["metadata"], "namespace": namespace}})

    reader_of_all.observe(Selection(namespaces=()), deadline)

    assert {"list pods": 1, "list replicasets": 1}.items() <= Counter(asked(server)).items()


def test_what_names_a_workload_of_another_namespace_as_its_owner_is_not_its_own(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline
) -> None:
    """Anybody may write any owner into what is theirs, and a finalizer keeps that there."""
    put_all(server)
    theirs = {"namespace": "theirs", "finalizers": ["theirs.example/stay"]}
    for plural, one in (
        ("replicasets", replica_set(uid="uid-theirs")),
        ("controllerrevisions", revision("agent", "theirs", 99)),
        ("pods", pod(image_id="theirs")),
        ("pods", member("db", "db-1", number=9)),
        ("pods", member("agent", "a", number=9)),
    ):
        server.put(plural, {**one, "metadata": {**one["metadata"], **theirs}})

    observed = reader_of_all.observe(Selection(namespaces=()), deadline)

    assert {"deployment/web": ["web-1-0"], "statefulset/db": ["db-0"], "daemonset/agent": ["agent-0"]} == pods(observed)


# What is read


@pytest.mark.parametrize(
    ("annotations", "ignored"),
    [
        ({}, False),
        ({"figwasp/ignore": "true"}, True),
        ({"figwasp/ignore": "yes"}, True),
        ({"figwasp/ignore": ""}, True),
        ({"figwasp/ignore": " False "}, False),
    ],
)
def test_whoever_says_anything_but_false_is_taken_to_want_it_ignored(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline, annotations: dict[str, str], ignored: bool
) -> None:
    given = deployment()
    given["metadata"]["annotations"] |= annotations
    server.put("deployments", given)

    assert ignored == bool(one(reader_of_all.observe(EVERYTHING, deadline)).ignored)


CONTROLLER = {"uid": "1", "kind": "Grafana", "name": "monitoring", "controller": True}


def test_of_what_is_said_there_no_more_is_shown_than_a_line(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline
) -> None:
    put_all(server)
    said = {"figwasp/ignore": "since\nMonday " + "y" * 200_000}
    server.edit("deployments", NAMESPACE, "web", lambda it: it["metadata"]["annotations"].update(said))

    (ignored,) = [each.ignored for each in reader_of_all.observe(EVERYTHING, deadline).workloads if each.ignored]

    assert len(ignored) < 120
    assert ignored.startswith('figwasp/ignore: "since Monday yyy')


@pytest.mark.parametrize(
    ("owners", "annotations", "owner"),
    [
        ([], {}, ""),
        ([CONTROLLER], {}, "Grafana monitoring"),
        ([{**CONTROLLER, "controller": False}], {}, ""),
        ([CONTROLLER], {"figwasp/restart-owned": "true"}, ""),
        ([CONTROLLER], {"figwasp/restart-owned": "yes"}, "Grafana monitoring"),
    ],
)
def test_another_controller_owns_it_unless_it_may_be_restarted_all_the_same(
    server: ApiServer,
    reader_of_all: Reader,
    deadline: Deadline,
    owners: Sequence[Json],
    annotations: dict[str, str],
    owner: str,
) -> None:
    given = deployment()
    given["metadata"] |= {"ownerReferences": owners, "annotations": annotations}
    server.put("deployments", given)

    assert owner == one(reader_of_all.observe(EVERYTHING, deadline)).owned_by


def test_the_images_of_volumes_are_read_beside_the_containers(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline
) -> None:
    given = deployment()
    volumes = [
        {"name": "model", "image": {"reference": "registry.test/model:1", "pullPolicy": "Always"}},
        {"name": "config", "configMap": {"name": "x"}},
        {"name": "empty", "image": {}},
    ]
    given["spec"]["template"]["spec"]["volumes"] = volumes
    server.put("deployments", given)

    containers = one(reader_of_all.observe(EVERYTHING, deadline)).containers

    assert [("web", False), ("volume/model", True)] == [(each.name, each.is_volume) for each in containers]
    assert ("registry.test/model:1", "Always") == (str(containers[1].reference), containers[1].pull_policy)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["agent-0", "agent-1"]),
        ({"deletionTimestamp": "2026-01-01T00:00:00Z"}, ["agent-0"]),
        ({"labels": {"app": "agent", "controller-revision-hash": "older"}}, ["agent-0"]),
        ({"labels": {"app": "agent"}}, ["agent-0"]),
        ({"ownerReferences": [{"uid": "uid-other", "controller": True}]}, ["agent-0"]),
    ],
)
def test_only_pods_of_its_newest_revision_count(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline, changes: dict[str, Any], expected: list[str]
) -> None:
    server.put("daemonsets", daemon_set())
    server.put("controllerrevisions", revision("agent", "a"))
    server.put("pods", member("agent", "a"))
    other = member("agent", "a", number=1)
    other["metadata"] |= changes
    server.put("pods", other)

    assert {"daemonset/agent": expected} == pods(reader_of_all.observe(EVERYTHING, deadline))


@pytest.mark.parametrize(("replicas", "is_outage"), [(0, False), (1, True)])
def test_where_there_is_no_pod_a_restart_is_no_outage(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline, replicas: int, is_outage: bool
) -> None:
    server.put("deployments", deployment(replicas=replicas, strategy={"type": "Recreate"}))

    assert is_outage == bool(one(reader_of_all.observe(EVERYTHING, deadline)).outage)
