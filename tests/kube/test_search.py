"""
Finding workloads of several kinds in several places, and completing them.

Aspects: which requests are made; what may not be listed; what is read of owners and annotations; image volumes; pods of
StatefulSets and DaemonSets; pull secrets of service accounts.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import pytest

from figwasp.core.deadline import Deadline
from figwasp.core.ports import Observed
from figwasp.core.workload import Selection, Workload
from figwasp.embedded.api.faults import Fault
from figwasp.embedded.api.server import ApiServer
from figwasp.errors import ApiUnreachable, Forbidden
from figwasp.kube.client import ApiClient
from figwasp.kube.reader import Reader
from figwasp.wiring import workload_kinds
from tests.kube.kinds.objects import daemon_set, member, revision, stateful_set
from tests.objects import NAMESPACE, Json, deployment, put_workload, replica_set

IMAGE_ID = f"registry.test/web@sha256:{'a' * 64}"
EVERYTHING = Selection(namespaces=(NAMESPACE,))
DEPLOYMENTS = {"apiGroups": ["apps"], "resources": ["deployments", "replicasets"], "verbs": ["get", "list", "update"]}
PODS = {"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["list"]}


@pytest.fixture
def reader(client: ApiClient) -> Reader:
    return Reader(client, workload_kinds())


def role(*rules: Json, namespace: str = NAMESPACE) -> Json:
    return {"kind": "Role", "metadata": {"namespace": namespace}, "rules": list(rules)}


def asked(server: ApiServer) -> list[str]:
    return [f"{each.verb} {each.resource}" for each in server.requests]


def put_all(server: ApiServer) -> None:
    """One workload of each kind, which runs `IMAGE_ID`."""
    put_workload(server, IMAGE_ID)
    server.put("statefulsets", stateful_set(replicas=1))
    server.put("pods", member("db", "db-1", image_id=IMAGE_ID))
    server.put("daemonsets", daemon_set())
    server.put("controllerrevisions", revision("agent", "a"))
    server.put("pods", member("agent", "a", image_id=IMAGE_ID))


def pods(observed: Observed) -> dict[str, list[str]]:
    return {str(each.key.target): [one.pod for one in each.running or ()] for each in observed.workloads}


def one(observed: Observed) -> Workload:
    (workload,) = observed.workloads
    return workload


# Requests


def test_all_kinds_share_one_list_of_pods(server: ApiServer, reader: Reader, deadline: Deadline) -> None:
    put_all(server)

    observed = reader.observe(EVERYTHING, deadline)

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
    server: ApiServer, reader: Reader, deadline: Deadline, target: tuple[str, str], requests: list[str]
) -> None:
    put_all(server)

    reader.observe(Selection(namespaces=(NAMESPACE,), targets=(target,)), deadline)

    assert requests == asked(server)


def test_only_the_kinds_that_are_asked_for_are_listed(server: ApiServer, reader: Reader, deadline: Deadline) -> None:
    put_all(server)

    observed = reader.observe(Selection(namespaces=(NAMESPACE,), kinds=("daemonset",)), deadline)

    assert ["daemonset/agent"] == list(pods(observed))
    assert ["list daemonsets", "list controllerrevisions", "list pods"] == asked(server)


def test_each_namespace_is_looked_into(server: ApiServer, reader: Reader, deadline: Deadline) -> None:
    for namespace in ("a", "b", "c"):
        given = deployment()
        server.put("deployments", {**given, "metadata": {**given["metadata"], "namespace": namespace}})

    observed = reader.observe(Selection(namespaces=("a", "c")), deadline)

    assert ["a", "c"] == [each.key.namespace for each in observed.workloads]


def test_several_workloads_everywhere_cost_one_list_of_pods(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    for namespace in ("a", "b"):
        given = deployment()
        server.put("deployments", {**given, "metadata": {**given["metadata"], "namespace": namespace}})

    reader.observe(Selection(namespaces=()), deadline)

    assert {"list pods": 1, "list replicasets": 1}.items() <= Counter(asked(server)).items()


# What may not be listed


def test_kinds_that_may_not_be_listed_are_named_once_and_no_failure(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    put_all(server)
    server.allow("system:anonymous", [role(DEPLOYMENTS, PODS)])

    observed = reader.observe(EVERYTHING, deadline)

    (note,) = observed.notes
    assert ["deployment/web"] == list(pods(observed))
    assert "statefulsets and daemonsets were not looked at: not allowed to list them in namespace shop" == note.words
    assert (False, ("statefulset", "daemonset")) == (note.is_failure, note.kinds)
    assert 1 == asked(server).count("list statefulsets")


def test_namespaces_with_the_same_role_are_named_in_one_line(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    server.allow("system:anonymous", [role(DEPLOYMENTS, PODS, namespace=each) for each in ("a", "b")])

    (note,) = reader.observe(Selection(namespaces=("a", "b")), deadline).notes

    assert note.words.endswith("not allowed to list them in namespaces a, b")


def test_a_kind_that_is_asked_for_and_may_not_be_listed_is_a_failure(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    put_all(server)
    server.allow("system:anonymous", [role(DEPLOYMENTS, PODS)])

    observed = reader.observe(Selection(namespaces=(NAMESPACE,), kinds=("deployment", "statefulset")), deadline)

    assert [True] == [each.is_failure for each in observed.notes]
    assert "not allowed to list statefulsets" in observed.notes[0].words


def test_a_namespace_that_may_not_be_read_is_a_failure_and_the_others_are_served(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    put_all(server)
    server.allow("system:anonymous", [role(DEPLOYMENTS, PODS)])

    observed = reader.observe(Selection(namespaces=("other", NAMESPACE)), deadline)

    assert ["deployment/web"] == list(pods(observed))
    assert ["not allowed to list deployments in namespace other (as system:anonymous)"] == [
        each.words for each in observed.notes if each.is_failure
    ]


def test_where_nothing_may_be_listed_the_commonest_kind_is_named(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    server.allow("system:anonymous", [])

    with pytest.raises(Forbidden, match="not allowed to list deployments"):
        reader.observe(EVERYTHING, deadline)


def test_a_kind_whose_list_fails_leaves_the_others_served(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    put_all(server)
    server.fault("list", "daemonsets", Fault.INTERNAL_ERROR, times=9)

    observed = reader.observe(EVERYTHING, deadline)

    assert {"deployment/web", "statefulset/db"} == set(pods(observed))
    assert [True] == [each.is_failure for each in observed.notes]


def test_a_server_in_trouble_is_not_asked_for_each_kind(server: ApiServer, reader: Reader, deadline: Deadline) -> None:
    server.fault("list", "deployments", Fault.INTERNAL_ERROR, times=9)

    with pytest.raises(ApiUnreachable):
        reader.observe(EVERYTHING, deadline)

    assert "list statefulsets" not in asked(server)


def test_revisions_that_may_not_be_listed_fail_their_own_kind_only(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    put_all(server)
    all_kinds = {"apiGroups": ["apps"], "resources": ["daemonsets", "statefulsets"], "verbs": ["list"]}
    server.allow("system:anonymous", [role(DEPLOYMENTS, PODS, all_kinds)])

    observed = reader.observe(EVERYTHING, deadline)

    assert {"deployment/web": ["web-1-0"], "statefulset/db": ["db-0"]} == pods(observed)
    assert ["daemonset/agent"] == [key.target for key, _ in observed.failures]


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
    server: ApiServer, reader: Reader, deadline: Deadline, annotations: dict[str, str], ignored: bool
) -> None:
    given = deployment()
    given["metadata"]["annotations"] |= annotations
    server.put("deployments", given)

    assert ignored == bool(one(reader.observe(EVERYTHING, deadline)).ignored)


CONTROLLER = {"uid": "1", "kind": "Grafana", "name": "monitoring", "controller": True}


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
    reader: Reader,
    deadline: Deadline,
    owners: Sequence[Json],
    annotations: dict[str, str],
    owner: str,
) -> None:
    given = deployment()
    given["metadata"] |= {"ownerReferences": owners, "annotations": annotations}
    server.put("deployments", given)

    assert owner == one(reader.observe(EVERYTHING, deadline)).owned_by


def test_the_images_of_volumes_are_read_beside_the_containers(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    given = deployment()
    volumes = [
        {"name": "model", "image": {"reference": "registry.test/model:1", "pullPolicy": "Always"}},
        {"name": "config", "configMap": {"name": "x"}},
        {"name": "empty", "image": {}},
    ]
    given["spec"]["template"]["spec"]["volumes"] = volumes
    server.put("deployments", given)

    containers = one(reader.observe(EVERYTHING, deadline)).containers

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
    server: ApiServer, reader: Reader, deadline: Deadline, changes: dict[str, Any], expected: list[str]
) -> None:
    server.put("daemonsets", daemon_set())
    server.put("controllerrevisions", revision("agent", "a"))
    server.put("pods", member("agent", "a"))
    other = member("agent", "a", number=1)
    other["metadata"] |= changes
    server.put("pods", other)

    assert {"daemonset/agent": expected} == pods(reader.observe(EVERYTHING, deadline))


@pytest.mark.parametrize(("replicas", "is_outage"), [(0, False), (1, True)])
def test_where_there_is_no_pod_a_restart_is_no_outage(
    server: ApiServer, reader: Reader, deadline: Deadline, replicas: int, is_outage: bool
) -> None:
    server.put("deployments", deployment(replicas=replicas, strategy={"type": "Recreate"}))

    assert is_outage == bool(one(reader.observe(EVERYTHING, deadline)).outage)


# Service accounts


def put_account(server: ApiServer, name: str, *secrets: str) -> None:
    names = [{"name": each} for each in secrets]
    server.put("serviceaccounts", {"metadata": {"namespace": NAMESPACE, "name": name}, "imagePullSecrets": names})


def put_podless(server: ApiServer, name: str = "web", **pod: Any) -> None:
    given = deployment(name)
    given["spec"]["template"]["spec"] |= pod
    server.put("deployments", given)
    server.put("replicasets", replica_set(name))


@pytest.mark.parametrize(("pod", "secrets"), [({}, ("d",)), ({"serviceAccountName": "own"}, ("o", "p"))])
def test_where_no_pod_lives_its_service_account_gives_the_pull_secrets(
    server: ApiServer, reader: Reader, deadline: Deadline, pod: dict[str, str], secrets: tuple[str, ...]
) -> None:
    put_account(server, "default", "d")
    put_account(server, "own", "o", "p")
    put_podless(server, **pod)

    assert secrets == one(reader.observe(EVERYTHING, deadline)).pull_secrets


@pytest.mark.parametrize("pods", [1, 0])
def test_a_service_account_is_asked_for_only_where_neither_pod_nor_template_tells(
    server: ApiServer, reader: Reader, deadline: Deadline, pods: int
) -> None:
    if pods:
        put_workload(server, IMAGE_ID)
    else:
        put_podless(server, imagePullSecrets=[{"name": "own"}])

    reader.observe(EVERYTHING, deadline)

    assert "get serviceaccounts" not in asked(server)


def test_service_accounts_that_may_not_be_read_are_tried_once_in_a_namespace(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    put_podless(server, "a", serviceAccountName="a")
    put_podless(server, "b", serviceAccountName="b")
    server.allow("system:anonymous", [role(DEPLOYMENTS, PODS)])

    observed = reader.observe(EVERYTHING, deadline)

    assert [(), ()] == [each.pull_secrets for each in observed.workloads]
    assert 1 == asked(server).count("get serviceaccounts")


# All namespaces, of which some may be read


def put_in(server: ApiServer, *namespaces: str) -> None:
    for namespace in namespaces:
        server.put("namespaces", {"metadata": {"name": namespace}})
        given = deployment()
        server.put("deployments", {**given, "metadata": {**given["metadata"], "namespace": namespace}})


NAMESPACES = {"rules": [{"apiGroups": [""], "resources": ["namespaces"], "verbs": ["list"]}]}


def test_whoever_may_not_look_everywhere_is_served_where_that_is_allowed(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    put_in(server, "a", "b", "c")
    roles = [role(DEPLOYMENTS, PODS, namespace=each) for each in ("a", "c")]
    server.allow("system:anonymous", [NAMESPACES, *roles])

    observed = reader.observe(Selection(namespaces=(), kinds=("deployment",)), deadline)

    assert ["a", "c"] == [each.key.namespace for each in observed.workloads]
    (note,) = observed.notes
    assert (False, True) == (note.is_failure, "may not be listed: b" in note.words)


@pytest.mark.parametrize("roles", [[], [NAMESPACES]])
def test_whoever_may_look_nowhere_is_told_what_everywhere_takes(
    server: ApiServer, reader: Reader, deadline: Deadline, roles: list[Json]
) -> None:
    put_in(server, "a")
    server.allow("system:anonymous", roles)

    with pytest.raises(Forbidden, match="not allowed to list deployments") as raised:
        reader.observe(Selection(namespaces=()), deadline)

    assert "ClusterRole" in raised.value.hint
