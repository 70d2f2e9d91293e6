"""`status.image` is what a node likes to call the image. It may be another repository's tag, and is never read."""

from typing import Any

import pytest

from figwasp.core.deadline import Deadline
from figwasp.embedded.api.server import ApiServer
from figwasp.kube.reader import Reader
from tests.kube.reading import read_one
from tests.objects import IMAGE_ID, NAMESPACE, put_workload


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
    server: ApiServer, reader: Reader, deadline: Deadline, image: Any
) -> None:
    put_workload(server, IMAGE_ID)
    before = read_one(reader, deadline)
    server.edit("pods", NAMESPACE, "web-1-0", lambda it: it["status"]["containerStatuses"][0].update(image=image))
    after = read_one(reader, deadline)

    assert before.running is not None
    assert [each.reported for each in before.running] == [IMAGE_ID]
    assert (after.running, after.containers) == (before.running, before.containers)
