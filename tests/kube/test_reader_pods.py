"""Which pods count: those of the current revision that are neither going nor ended."""

import pytest

from figwasp.core.deadline import Deadline
from figwasp.embedded.api.server import ApiServer
from figwasp.kube.reader import Reader
from tests.kube.reading import read_one
from tests.objects import IMAGE_ID, NAMESPACE, deployment, pod, put_workload, replica_set


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


def test_a_container_is_ready_as_its_node_says(server: ApiServer, reader: Reader, deadline: Deadline) -> None:
    put_workload(server, IMAGE_ID)
    for number, told in enumerate([{}, {"ready": False}, {"ready": True}], 2):
        statuses = [{"name": "web", "imageID": IMAGE_ID, **told}]
        server.put("pods", {**pod(number=number), "status": {"phase": "Running", "containerStatuses": statuses}})

    running = read_one(reader, deadline).running or ()

    assert [False, False, False, True] == [each.is_ready for each in sorted(running, key=lambda each: each.pod)]


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
