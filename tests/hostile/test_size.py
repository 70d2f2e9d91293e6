"""Answers within every limit of size that are made to cost memory."""

import contextlib
import json
from collections.abc import Iterator

import pytest

from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.registry.server import Registry, digest_of
from tests.app.stage import Stage
from tests.hostile.registry import INDEX
from tests.hostile.scene import MOST_MEGABYTES, run_on


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A stage with one workload."""
    with ApiServer() as api, Registry() as registry, contextlib.closing(Stage(api, registry)) as one:
        one.deploy("old")
        yield one


def test_a_manifest_of_empty_layers_costs_no_more_memory_than_another(stage: Stage) -> None:
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest_of(b"x"), "size": 1}
    layers: list[list[int]] = [[] for _ in range(1_000_000)]
    manifest = json.dumps({"schemaVersion": 2, "config": config, "layers": layers}, separators=(",", ":")).encode()
    stage.registry.put("web", "latest", manifest)

    assert run_on(stage).megabytes < MOST_MEGABYTES


def test_the_indexes_of_many_workloads_do_not_add_up_without_bounds(stage: Stage) -> None:
    for number in range(10):
        name = f"tenant-{number}"
        stage.deploy("old", name)
        stage.registry.put(name, "latest", _index(20_000 + number), INDEX)

    assert run_on(stage).megabytes < MOST_MEGABYTES


def _index(count: int) -> bytes:
    children = [
        {"digest": digest_of(str(number).encode()), "platform": {"os": "linux", "architecture": "amd64"}}
        for number in range(count)
    ]
    return json.dumps({"schemaVersion": 2, "manifests": children}).encode()
