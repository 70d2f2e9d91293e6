"""`status.image` is what a node likes to call the image. It may be another repository's tag, and is never read."""

from typing import Any

import pytest

from figwasp.core.deadline import Deadline
from figwasp.core.workload import Selection, Workload
from figwasp.embedded.api.server import ApiServer
from figwasp.kube.client import ApiClient
from figwasp.kube.kinds.deployment import KIND
from figwasp.kube.reader import Reader
from tests.objects import NAMESPACE, put_workload

IMAGE_ID = f"registry.test/web@sha256:{'a' * 64}"


def read(client: ApiClient, deadline: Deadline) -> Workload:
    selection = Selection(namespaces=(NAMESPACE,), targets=(("deployment", "web"),))
    (workload,) = Reader(client, (KIND,)).observe(selection, deadline).workloads
    return workload


@pytest.mark.parametrize(
    "image",
    [
        pytest.param("registry.test/other:2", id="another image's tag, which has the same config"),
        pytest.param(f"registry.test/web@sha256:{'b' * 64}", id="another digest"),
        pytest.param(f"sha256:{'b' * 64}", id="the ID of a config"),
        pytest.param("", id="nothing"),
        pytest.param(5, id="no text"),
    ],
)
def test_the_image_in_a_pods_status_changes_nothing(
    server: ApiServer, client: ApiClient, deadline: Deadline, image: Any
) -> None:
    put_workload(server, IMAGE_ID)
    before = read(client, deadline)
    server.edit("pods", NAMESPACE, "web-1-0", lambda it: it["status"]["containerStatuses"][0].update(image=image))
    after = read(client, deadline)

    assert before.running is not None
    assert [each.reported for each in before.running] == [IMAGE_ID]
    assert (after.running, after.containers) == (before.running, before.containers)
