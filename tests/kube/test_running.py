"""
Which lists are read for what pods run, and how much of them.

Aspects: few workloads among many others; a list that expires while it is read.
"""

import pytest

from figwasp.core.deadline import Deadline
from figwasp.embedded.api.faults import Fault
from figwasp.embedded.api.server import ApiServer
from figwasp.kube.reader import Reader
from tests.kube.reading import named
from tests.objects import IMAGE_ID, pod, put_workload, replica_set


def crowd(server: ApiServer, resource: str, count: int) -> None:
    """Objects that nobody looks for."""
    for number in range(count):
        server.put(resource, pod("other", number=number) if resource == "pods" else replica_set(f"other-{number}"))


def selectors(server: ApiServer, resource: str) -> list[str]:
    """By what each LIST of `resource` selected."""
    return [
        dict(each.query).get("labelSelector", "")
        for each in server.requests
        if (each.verb, each.resource) == ("list", resource)
    ]


@pytest.mark.parametrize("resource", ["pods", "replicasets"])
def test_few_workloads_among_very_many_others_are_asked_for_by_their_own_selectors(
    server: ApiServer, reader: Reader, deadline: Deadline, resource: str
) -> None:
    for name in ("a", "b"):
        put_workload(server, IMAGE_ID, name)
    crowd(server, resource, 1500)

    observed = reader.observe(named("a", "b"), deadline)

    assert [["a"], ["b"]] == [[each.pod[0] for each in one.running or ()] for one in observed.workloads]
    assert ["", "app=a", "app=b"] == selectors(server, resource)


def test_where_replica_sets_are_very_many_pods_are_asked_for_selectively_at_once(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    for name in ("a", "b"):
        put_workload(server, IMAGE_ID, name)
    crowd(server, "replicasets", 1500)

    reader.observe(named("a", "b"), deadline)

    assert ["app=a", "app=b"] == selectors(server, "pods")


def test_a_list_of_no_more_pages_than_there_are_workloads_is_read_whole(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    for name in ("a", "b"):
        put_workload(server, IMAGE_ID, name)
    crowd(server, "pods", 1498)

    observed = reader.observe(named("a", "b"), deadline)

    assert [1, 1] == [len(one.running or ()) for one in observed.workloads]
    assert ["", "", ""] == selectors(server, "pods")


def test_pods_of_a_list_that_expires_half_way_are_not_counted_twice(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    for name in ("a", "z"):
        put_workload(server, IMAGE_ID, name)
    crowd(server, "pods", 500)
    server.fault("list", "pods", Fault.EXPIRED)

    observed = reader.observe(named("a", "z"), deadline)

    assert [1, 1] == [len(one.running or ()) for one in observed.workloads]
    assert 4 == server.asked("list", "pods")
