"""
Reading workloads.

Aspects: which requests are made; what is read of templates and pods; which platforms a pod allows. Which pods count is
in `test_reader_pods`, pull secrets in `test_reader_secrets`, nodes in `test_nodes`, roll-out states beside their kinds.
"""

from typing import Any

import pytest

from figwasp.core.deadline import Deadline
from figwasp.core.workload import PlatformLimits, Selection
from figwasp.embedded.api.server import ApiServer
from figwasp.errors import ObjectNotFound
from figwasp.kube.reader import Reader
from tests.kube.reading import asked, named, read_one
from tests.objects import IMAGE_ID, NAMESPACE, container, deployment, pod, put_workload, replica_set

LABELLED = Selection(namespaces=(NAMESPACE,), label="figwasp/target=true")


# Which requests are made


def test_one_named_deployment_costs_one_get_and_two_lists(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    put_workload(server, IMAGE_ID)

    reader.observe(named("web"), deadline)

    assert ["get deployments", "list replicasets", "list pods"] == asked(server)


def test_many_deployments_share_one_list_of_each_kind(server: ApiServer, reader: Reader, deadline: Deadline) -> None:
    for name in ("a", "b", "c"):
        put_workload(server, IMAGE_ID, name)
        server.edit(
            "deployments", NAMESPACE, name, lambda it: it["metadata"]["labels"].update({"figwasp/target": "true"})
        )

    observed = reader.observe(LABELLED, deadline)

    assert ["a", "b", "c"] == [each.key.name for each in observed.workloads]
    assert ["list deployments", "list replicasets", "list pods"] == asked(server)


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

    assert ["get deployments"] == asked(server)


def test_a_missing_deployment_does_not_hide_the_others(server: ApiServer, reader: Reader, deadline: Deadline) -> None:
    put_workload(server, IMAGE_ID)

    observed = reader.observe(named("missing", "web"), deadline)

    assert ["web"] == [each.key.name for each in observed.workloads]
    ((key, error),) = observed.failures
    assert ("missing", ObjectNotFound) == (key.name, type(error))


# What is read


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


@pytest.mark.parametrize(("changes", "expected"), [({}, False), ({"deletionTimestamp": "2026-01-01T00:00:00Z"}, True)])
def test_a_workload_that_is_being_deleted_is_told(
    server: ApiServer, reader: Reader, deadline: Deadline, changes: dict[str, str], expected: bool
) -> None:
    one = deployment()
    one["metadata"] |= changes
    server.put("deployments", one)

    assert expected is read_one(reader, deadline).is_deleting


# Platforms


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
