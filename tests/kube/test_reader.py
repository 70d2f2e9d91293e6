"""
Reading workloads.

Aspects: which requests are made; which pods count; what is read of them; roll-out state; pull secrets; nodes.
"""

import base64
import json
from typing import Any

import pytest

from figwasp.core.contents import Node
from figwasp.core.credential import Keyring, Login
from figwasp.core.deadline import Deadline
from figwasp.core.manifest import Platform
from figwasp.core.workload import PlatformLimits, RolloutState, Selection, Workload
from figwasp.embedded.api.server import ApiServer
from figwasp.errors import Forbidden, ObjectNotFound
from figwasp.kube.client import ApiClient
from figwasp.kube.kinds.deployment import KIND
from figwasp.kube.reader import Reader
from tests.objects import NAMESPACE, container, deployment, pod, put_workload, replica_set

IMAGE_ID = f"registry.test/web@sha256:{'a' * 64}"
LABELLED = Selection(namespaces=(NAMESPACE,), label="figwasp/target=true")


def named(*names: str) -> Selection:
    return Selection(namespaces=(NAMESPACE,), targets=tuple(("deployment", name) for name in names))


@pytest.fixture
def reader(client: ApiClient) -> Reader:
    return Reader(client, (KIND,))


def read_one(reader: Reader, deadline: Deadline) -> Workload:
    (workload,) = reader.observe(named("web"), deadline).workloads
    return workload


def requests(server: ApiServer) -> list[tuple[str, str]]:
    return [(each.verb, each.resource) for each in server.requests]


def test_one_named_deployment_costs_one_get_and_two_lists(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    put_workload(server, IMAGE_ID)

    reader.observe(named("web"), deadline)

    assert [("get", "deployments"), ("list", "replicasets"), ("list", "pods")] == requests(server)


def test_many_deployments_share_one_list_of_each_kind(server: ApiServer, reader: Reader, deadline: Deadline) -> None:
    for name in ("a", "b", "c"):
        put_workload(server, IMAGE_ID, name)
        server.edit(
            "deployments", NAMESPACE, name, lambda it: it["metadata"]["labels"].update({"figwasp/target": "true"})
        )

    observed = reader.observe(LABELLED, deadline)

    assert ["a", "b", "c"] == [each.key.name for each in observed.workloads]
    assert [("list", "deployments"), ("list", "replicasets"), ("list", "pods")] == requests(server)


def test_only_labelled_deployments_are_read_in_label_mode(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    put_workload(server, IMAGE_ID)

    assert () == reader.observe(LABELLED, deadline).workloads


@pytest.mark.parametrize("spec", [{"paused": True}, {"replicas": 0}])
def test_pods_are_not_listed_for_what_will_be_left_anyway(
    server: ApiServer, reader: Reader, deadline: Deadline, spec: dict[str, Any]
) -> None:
    server.put("deployments", deployment(**spec))

    reader.observe(named("web"), deadline)

    assert [("get", "deployments")] == requests(server)


def test_a_missing_deployment_does_not_hide_the_others(server: ApiServer, reader: Reader, deadline: Deadline) -> None:
    put_workload(server, IMAGE_ID)

    observed = reader.observe(named("missing", "web"), deadline)

    assert ["web"] == [each.key.name for each in observed.workloads]
    ((key, error),) = observed.failures
    assert ("missing", ObjectNotFound) == (key.name, type(error))


def test_only_pods_of_the_current_revision_count(server: ApiServer, reader: Reader, deadline: Deadline) -> None:
    put_workload(server, IMAGE_ID)
    server.put("replicasets", replica_set(revision="0"))
    server.put("pods", pod(revision="0", image_id="old"))

    assert ["web-1-0"] == [each.pod for each in read_one(reader, deadline).running or ()]


def test_pods_that_are_going_or_have_ended_do_not_count(server: ApiServer, reader: Reader, deadline: Deadline) -> None:
    put_workload(server, IMAGE_ID)
    server.put("pods", pod(number=2, deletionTimestamp="2026-01-01T00:00:00Z"))
    server.put("pods", {**pod(number=3), "status": {"phase": "Failed"}})

    assert ["web-1-0"] == [each.pod for each in read_one(reader, deadline).running or ()]


def test_pods_that_only_share_the_labels_do_not_count(server: ApiServer, reader: Reader, deadline: Deadline) -> None:
    put_workload(server, IMAGE_ID)
    server.put("pods", pod(number=2, ownerReferences=None))

    assert ["web-1-0"] == [each.pod for each in read_one(reader, deadline).running or ()]


def test_only_the_controller_of_a_pod_is_its_owner(server: ApiServer, reader: Reader, deadline: Deadline) -> None:
    put_workload(server, IMAGE_ID)
    ours, other = {"uid": "uid-web-1"}, {"uid": "uid-other"}
    server.put("pods", pod(number=2, ownerReferences=[{**ours, "controller": False}, {**other, "controller": True}]))
    server.put("pods", pod(number=3, ownerReferences=[ours]))
    server.put("pods", pod(number=4, ownerReferences=[other, {**ours, "controller": True}]))

    assert ["web-1-0", "web-1-4"] == [each.pod for each in read_one(reader, deadline).running or ()]


def test_a_replica_set_of_another_controller_is_no_revision(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    put_workload(server, IMAGE_ID)
    owners = [{"uid": "uid-web"}, {"uid": "uid-other", "controller": True}]
    server.edit("replicasets", NAMESPACE, "web-1", lambda it: it["metadata"].update(ownerReferences=owners))

    assert read_one(reader, deadline).running is None


@pytest.mark.parametrize(("changes", "expected"), [({}, False), ({"deletionTimestamp": "2026-01-01T00:00:00Z"}, True)])
def test_a_workload_that_is_being_deleted_is_told(
    server: ApiServer, reader: Reader, deadline: Deadline, changes: dict[str, str], expected: bool
) -> None:
    one = deployment()
    one["metadata"] |= changes
    server.put("deployments", one)

    assert expected is read_one(reader, deadline).is_deleting


@pytest.mark.parametrize("revisions", [[], ["0"], ["1", "1"]], ids=["none", "another", "two"])
def test_without_exactly_one_current_revision_nothing_is_known(
    server: ApiServer, reader: Reader, deadline: Deadline, revisions: list[str]
) -> None:
    server.put("deployments", deployment())
    for number, revision in enumerate(revisions):
        one = replica_set(revision=revision, uid=f"uid-{number}")
        one["metadata"]["name"] += str(number)
        server.put("replicasets", one)

    assert read_one(reader, deadline).running is None


def test_the_tag_comes_from_the_template_and_the_digest_from_the_image_id(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    put_workload(server, IMAGE_ID)

    workload = read_one(reader, deadline)

    assert ["registry.test/web:1"] == [str(each.reference) for each in workload.containers]
    assert ["a" * 64] == [each.image_id.digest.hex for each in workload.running or () if each.image_id]


def test_init_containers_are_containers_too(server: ApiServer, reader: Reader, deadline: Deadline) -> None:
    one = deployment()
    one["spec"]["template"]["spec"]["initContainers"] = [container("setup")]
    server.put("deployments", one)
    server.put("replicasets", replica_set())
    live = pod(image_id=IMAGE_ID)
    live["spec"]["initContainers"] = [container("setup")]
    live["status"]["initContainerStatuses"] = [{"name": "setup", "imageID": IMAGE_ID}]
    server.put("pods", live)

    workload = read_one(reader, deadline)

    assert ["setup", "web"] == [each.name for each in workload.containers]
    assert [("setup", IMAGE_ID), ("web", IMAGE_ID)] == [
        (each.container, each.reported) for each in workload.running or ()
    ]


def test_a_sidecar_counts_and_what_the_template_does_not_have_is_only_seen_in_pods(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    one = deployment()
    one["spec"]["template"]["spec"]["initContainers"] = [{**container("proxy"), "restartPolicy": "Always"}]
    server.put("deployments", one)
    server.put("replicasets", replica_set())
    live = pod(image_id=IMAGE_ID)
    live["spec"] |= {"initContainers": [container("injected"), container("proxy")]}
    live["spec"]["ephemeralContainers"] = [container("debugger")]
    live["status"]["initContainerStatuses"] = [{"name": "proxy", "imageID": IMAGE_ID}]
    live["status"]["ephemeralContainerStatuses"] = [{"name": "debugger", "imageID": IMAGE_ID}]
    server.put("pods", live)

    workload = read_one(reader, deadline)

    assert ["proxy", "web"] == [each.name for each in workload.containers]
    assert {"injected": "", "proxy": IMAGE_ID, "web": IMAGE_ID} == {
        each.container: each.reported for each in workload.running or ()
    }


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        ({"phase": "Running"}, ["web-1-0", "web-1-2"]),
        ({"phase": "Pending"}, ["web-1-0", "web-1-2"]),
        ({"phase": "Failed", "reason": "Evicted"}, ["web-1-0"]),
        ({"phase": "Succeeded"}, ["web-1-0"]),
    ],
)
def test_a_pod_that_was_evicted_or_has_ended_does_not_count(
    server: ApiServer, reader: Reader, deadline: Deadline, status: dict[str, str], expected: list[str]
) -> None:
    put_workload(server, IMAGE_ID)
    server.put("pods", {**pod(number=2), "status": status})

    assert expected == [each.pod for each in read_one(reader, deadline).running or ()]


@pytest.mark.parametrize("reason", ["CrashLoopBackOff", "ImagePullBackOff"])
def test_a_container_that_does_not_run_counts_by_the_image_that_it_ran_last(
    server: ApiServer, reader: Reader, deadline: Deadline, reason: str
) -> None:
    """A restart may be how its fix gets in, and the node goes on naming that image."""
    put_workload(server, IMAGE_ID)
    one = {"name": "web", "imageID": IMAGE_ID, "state": {"waiting": {"reason": reason}}}
    server.edit("pods", NAMESPACE, "web-1-0", lambda it: it["status"].update(containerStatuses=[one]))

    (running,) = read_one(reader, deadline).running or ()

    assert IMAGE_ID == running.reported


def test_an_image_that_is_no_reference_is_told_and_not_fatal(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    server.put("deployments", deployment("web", container(image="Not A Reference")))

    (read,) = read_one(reader, deadline).containers

    assert read.reference is None
    assert "Not A Reference" in read.problem


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, RolloutState.SETTLED),
        ({"observedGeneration": 0}, RolloutState.IN_PROGRESS),
        ({"updatedReplicas": 1}, RolloutState.IN_PROGRESS),
        ({"replicas": 3}, RolloutState.IN_PROGRESS),
        ({"conditions": []}, RolloutState.SETTLED),
        ({"conditions": [{"type": "Progressing", "reason": "ReplicaSetUpdated"}]}, RolloutState.IN_PROGRESS),
        ({"conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]}, RolloutState.FAILED),
        ({"availableReplicas": 0, "unavailableReplicas": 2}, RolloutState.SETTLED),
    ],
)
def test_the_roll_out_state_follows_the_status(
    server: ApiServer, reader: Reader, deadline: Deadline, change: dict[str, Any], expected: RolloutState
) -> None:
    one = deployment(replicas=2)
    one["status"] |= change
    server.put("deployments", one)

    assert expected is read_one(reader, deadline).rollout


def test_a_failed_roll_out_of_an_unobserved_change_is_in_progress(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    one = deployment()
    failed = [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]
    one["status"] |= {"observedGeneration": 0, "conditions": failed}
    server.put("deployments", one)

    assert RolloutState.IN_PROGRESS is read_one(reader, deadline).rollout


SUCCEEDED = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
WAITING = {"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}
QUOTA = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota: cpu"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"conditions": [SUCCEEDED, QUOTA]}, (RolloutState.FAILED, "exceeded quota: cpu")),
        ({"conditions": [QUOTA]}, (RolloutState.FAILED, "exceeded quota: cpu")),
        ({"conditions": [SUCCEEDED, {**QUOTA, "message": ""}]}, (RolloutState.FAILED, "its pods cannot be created")),
        ({"conditions": [SUCCEEDED, {**QUOTA, "status": "False"}]}, (RolloutState.IN_PROGRESS, "2 of 3")),
        ({"conditions": [SUCCEEDED]}, (RolloutState.IN_PROGRESS, "2 of 3")),
        ({"conditions": [WAITING, QUOTA]}, (RolloutState.IN_PROGRESS, "2 of 3")),
        ({"conditions": [SUCCEEDED, QUOTA], "replicas": 3}, (RolloutState.IN_PROGRESS, "2 of 3")),
        ({"conditions": [SUCCEEDED, QUOTA], "updatedReplicas": 3}, (RolloutState.SETTLED, "")),
    ],
)
def test_pods_that_can_never_be_created_are_a_failure_unless_a_deadline_or_old_pods_are_left(
    server: ApiServer,
    reader: Reader,
    deadline: Deadline,
    change: dict[str, Any],
    expected: tuple[RolloutState, str],
) -> None:
    one = deployment(replicas=3)
    one["status"] |= {"replicas": 2, "updatedReplicas": 2, **change}
    server.put("deployments", one)

    read = read_one(reader, deadline)

    assert expected[0] is read.rollout
    assert read.rollout_detail.startswith(expected[1])


def affinity(*terms: dict[str, Any]) -> dict[str, Any]:
    required = {"nodeSelectorTerms": list(terms)}
    return {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": required}}}


def term(*architectures: str, key: str = "kubernetes.io/arch") -> dict[str, Any]:
    return {"matchExpressions": [{"key": key, "operator": "In", "values": list(architectures)}]}


@pytest.mark.parametrize(
    ("spec", "architectures"),
    [
        ({}, None),
        ({"nodeSelector": {"kubernetes.io/arch": "arm64"}}, {"arm64"}),
        (affinity(term("amd64", "arm64")), {"amd64", "arm64"}),
        (affinity(term("amd64"), term("arm64")), {"amd64", "arm64"}),
        (affinity(term("amd64"), term("x", key="zone")), None),
        ({**affinity(term("amd64", "arm64")), "nodeSelector": {"kubernetes.io/arch": "arm64"}}, {"arm64"}),
    ],
)
def test_the_platforms_that_a_pod_allows_are_read(
    server: ApiServer, reader: Reader, deadline: Deadline, spec: dict[str, Any], architectures: set[str] | None
) -> None:
    put_workload(server, IMAGE_ID)
    server.edit("pods", NAMESPACE, "web-1-0", lambda it: it["spec"].update(spec))

    (running,) = read_one(reader, deadline).running or ()

    assert PlatformLimits(None, None if architectures is None else frozenset(architectures)) == running.limits


def put_pods(server: ApiServer, created: dict[str, str]) -> None:
    """Store a workload with a pod for each pull secret, made at the time that is given."""
    put_workload(server, IMAGE_ID, pods=0)
    server.edit("deployments", NAMESPACE, "web", lambda it: it.update(deployment(replicas=len(created))))
    for number, (secret, time) in enumerate(created.items()):
        one = pod(image_id=IMAGE_ID, number=number, creationTimestamp=time)
        one["spec"]["imagePullSecrets"] = [{"name": secret}]
        server.put("pods", one)


@pytest.mark.parametrize(
    "created",
    [
        {"old": "2026-01-01T00:00:00Z", "new": "2026-01-02T00:00:00Z"},
        {"new": "2026-01-02T00:00:00Z", "old": "2026-01-01T00:00:00Z"},
        {"old": "2026-01-01T00:00:00Z", "new": "2026-01-01T00:00:00Z"},
    ],
    ids=["newest last", "newest first", "same time"],
)
def test_a_template_without_pull_secrets_has_those_that_its_newest_pod_was_given(
    server: ApiServer, reader: Reader, deadline: Deadline, created: dict[str, str]
) -> None:
    put_pods(server, created)

    assert ("new",) == read_one(reader, deadline).pull_secrets


def test_a_templates_own_pull_secrets_are_the_ones(server: ApiServer, reader: Reader, deadline: Deadline) -> None:
    put_pods(server, {"injected": "2026-01-01T00:00:00Z"})
    own = [{"name": "own"}, {"name": "second"}]
    server.edit("deployments", NAMESPACE, "web", lambda it: it["spec"]["template"]["spec"].update(imagePullSecrets=own))
    server.edit("deployments", NAMESPACE, "web", lambda it: it["status"].update(observedGeneration=9))

    assert ("own", "second") == read_one(reader, deadline).pull_secrets


def put_secret(server: ApiServer, name: str) -> None:
    auths = {"auths": {"registry.test": {"username": "ada", "password": "pw"}}}
    data = {".dockerconfigjson": base64.b64encode(json.dumps(auths).encode()).decode()}
    metadata = {"namespace": NAMESPACE, "name": name}
    server.put("secrets", {"metadata": metadata, "type": "kubernetes.io/dockerconfigjson", "data": data})


def login(reader: Reader, name: str, deadline: Deadline) -> Login:
    return Keyring.of(reader.pull_secret(NAMESPACE, name, deadline)).login("registry.test/web")


def test_a_secret_is_listed_by_its_name(server: ApiServer, reader: Reader, deadline: Deadline) -> None:
    put_secret(server, "pull")
    put_secret(server, "other")

    assert "secret shop/pull" == login(reader, "pull", deadline).source
    assert [("list", {"fieldSelector": "metadata.name=pull", "limit": "500"})] == [
        (each.verb, dict(each.query)) for each in server.requests
    ]


def test_a_missing_secret_has_no_login(reader: Reader, deadline: Deadline) -> None:
    assert () == reader.pull_secret(NAMESPACE, "missing", deadline)


def test_where_listing_is_forbidden_secrets_are_got_and_the_list_is_not_tried_again(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    put_secret(server, "a")
    put_secret(server, "b")
    server.allow("system:anonymous", [{"rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]}])

    found = [login(reader, name, deadline).source for name in ("a", "b")]

    assert ["secret shop/a", "secret shop/b"] == found
    assert ["list", "get", "get"] == [each.verb for each in server.requests]


def test_a_secret_that_may_be_read_in_no_way_names_the_verb_of_the_originals_role(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    server.allow("system:anonymous", [])

    with pytest.raises(Forbidden) as raised:
        reader.pull_secret(NAMESPACE, "pull", deadline)

    assert "list" == raised.value.verb
    assert "not allowed to list secrets/pull in namespace shop (as system:anonymous)" == str(raised.value)
    assert 'resourceNames: ["pull"]' in raised.value.hint


def rule(verb: str, *secret_names: str) -> dict[str, Any]:
    return {"apiGroups": [""], "resources": ["secrets"], "verbs": [verb], "resourceNames": list(secret_names)}


def test_one_secret_that_may_not_be_read_keeps_no_other_from_being_listed(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    put_secret(server, "pull")
    server.allow("system:anonymous", [{"rules": [rule("list", "pull")]}])
    with pytest.raises(Forbidden):
        reader.pull_secret(NAMESPACE, "other", deadline)

    assert "secret shop/pull" == login(reader, "pull", deadline).source
    assert ["list", "get", "list"] == [each.verb for each in server.requests]


@pytest.mark.parametrize("order", [("listed", "got"), ("got", "listed")])
def test_each_secret_is_read_by_the_verb_that_its_own_rule_has(
    server: ApiServer, reader: Reader, deadline: Deadline, order: tuple[str, str]
) -> None:
    for name in order:
        put_secret(server, name)
    server.allow("system:anonymous", [{"rules": [rule("list", "listed"), rule("get", "got")]}])

    assert [f"secret shop/{name}" for name in order] == [login(reader, name, deadline).source for name in order]


def test_where_one_secret_was_got_another_that_may_not_be_read_still_names_list(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    put_secret(server, "got")
    server.allow("system:anonymous", [{"rules": [rule("get", "got")]}])
    login(reader, "got", deadline)

    with pytest.raises(Forbidden, match="not allowed to list secrets/other in namespace shop"):
        reader.pull_secret(NAMESPACE, "other", deadline)


def test_a_node_tells_its_platform(server: ApiServer, reader: Reader, deadline: Deadline) -> None:
    info = {"nodeInfo": {"operatingSystem": "linux", "architecture": "arm64"}}
    server.put("nodes", {"metadata": {"name": "node-1"}, "status": info})

    assert Node(Platform("linux", "arm64")) == reader.node("node-1", deadline)
    assert reader.node("gone", deadline) is None


def test_forbidden_nodes_are_tried_once(server: ApiServer, reader: Reader, deadline: Deadline) -> None:
    server.allow("system:anonymous", [])

    assert [None, None] == [reader.node(node, deadline) for node in ("node-1", "node-2")]
    assert 1 == len(server.requests)
