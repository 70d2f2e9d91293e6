"""
Answers within every limit of size that are made to cost memory.

Aspects: one answer; many at a time; many one after the other, of which too much could be kept.
"""

import contextlib
import json
from collections.abc import Iterator

import pytest

from figwasp.core.contents import MOST_OPENED
from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.registry.server import Registry, digest_of, image
from tests.app.stage import Stage
from tests.hostile.registry import INDEX
from tests.hostile.scene import MOST_MEGABYTES, run_on
from tests.objects import NAMESPACE, Json


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


def test_an_index_of_zeros_costs_no_more_memory_than_another(stage: Stage) -> None:
    for number in range(10):
        name = f"tenant-{number}"
        stage.deploy("old", name)
        zeros = b",".join([b"0"] * (2_000_000 + number))
        stage.registry.put(name, "latest", b'{"schemaVersion":2,"manifests":[' + zeros + b"]}", INDEX)

    assert run_on(stage).megabytes < MOST_MEGABYTES


@pytest.mark.parametrize("is_told", [True, False], ids=["the digest is told", "it has to be computed"])
def test_large_manifests_are_not_read_all_at_a_time(stage: Stage, is_told: bool) -> None:
    for number in range(32):
        name = f"tenant-{number}"
        stage.deploy("old", name)
        manifest = json.loads(image(name.encode()))
        stage.registry.put_blob(name, name.encode())
        stage.registry.put(name, "latest", json.dumps({**manifest, "x": "y" * 4_000_000}).encode())
        if not is_told:
            path = f"/v2/{name}/manifests/latest"
            stage.registry.answer(path, method="HEAD", leave_out=("docker-content-digest",))
    ran = run_on(stage)

    assert {"restarted"} == {ran.became(f"tenant-{number}") for number in range(32)}
    assert ran.megabytes < MOST_MEGABYTES


def test_what_registries_do_not_have_leaves_nothing_of_what_was_read_for_it(stage: Stage) -> None:
    """Of each of these images a hundred are asked for, and none is there."""
    for number in range(100):
        name = f"tenant-{number}"
        stage.deploy("old", name)
        stage.registry.put(name, "latest", _variants(f"{name}-"), INDEX)

    assert run_on(stage).megabytes < MOST_MEGABYTES


def test_the_indexes_in_an_index_do_not_add_up_without_bounds(stage: Stage) -> None:
    for number in range(10):
        name = f"tenant-{number}"
        stage.deploy("old", name)
        nested = [_variants(f"{name}-{inner}-") for inner in range(MOST_OPENED - 1)]
        for each in nested:
            stage.registry.put(name, "", each, INDEX)
        children = [{"mediaType": INDEX, "digest": digest_of(each), "size": len(each)} for each in nested]
        stage.registry.put(name, "latest", json.dumps({"schemaVersion": 2, "manifests": children}).encode(), INDEX)

    assert run_on(stage).megabytes < MOST_MEGABYTES


def test_pull_secrets_do_not_add_up_without_bounds(stage: Stage) -> None:
    for number in range(250):
        name = f"tenant-{number}"
        stage.deploy("same", name, pull_secrets=[name])
        stage.pull_secret(name, "ann", "p" * 150_000, host="elsewhere.example.com")
    ran = run_on(stage)

    assert {"current"} == {ran.became(f"tenant-{number}") for number in range(250)}
    assert ran.megabytes < MOST_MEGABYTES


def test_objects_that_are_full_of_annotations_are_listed_in_smaller_pages(stage: Stage) -> None:
    for number in range(200):
        name = f"tenant-{number}"
        stage.deploy("same", name)
        for plural, named in (("deployments", name), ("pods", f"{name}-1-1")):
            stage.api.edit(plural, NAMESPACE, named, _fill)
        stage.settle(name)
    ran = run_on(stage)

    assert (0, {"current"}) == (ran.code, {ran.became(f"tenant-{number}") for number in range(200)})
    assert ran.megabytes < MOST_MEGABYTES


@pytest.mark.parametrize("count", [1, 20])
def test_a_pull_secret_of_too_many_logins_is_told_and_not_read(stage: Stage, count: int) -> None:
    for number in range(count):
        name = f"tenant-{number}"
        stage.deploy("old", name, pull_secrets=[name])
        stage.pull_secret_of(name, {f"{login}.io": {} for login in range(10_000)})
    ran = run_on(stage)

    assert ("not_judged", True) == (ran.became("tenant-0"), "more than 1024 logins" in ran.events["tenant-0"][1])
    assert ran.megabytes < MOST_MEGABYTES


def test_the_indexes_of_many_workloads_do_not_add_up_without_bounds(stage: Stage) -> None:
    for number in range(10):
        name = f"tenant-{number}"
        stage.deploy("old", name)
        stage.registry.put(name, "latest", _index(20_000 + number), INDEX)

    assert run_on(stage).megabytes < MOST_MEGABYTES


def _fill(one: Json) -> None:
    one["metadata"]["annotations"] = {**one["metadata"].get("annotations", {}), "x": "y" * 250_000}


def _variants(label: str) -> bytes:
    platforms = [{"os": "linux", "architecture": "amd64", "variant": f"x{number}"} for number in range(1000)]
    children = [{"digest": digest_of(f"{label}{each['variant']}".encode()), "platform": each} for each in platforms]
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": children}).encode()


def _index(count: int) -> bytes:
    children = [
        {"digest": digest_of(str(number).encode()), "platform": {"os": "linux", "architecture": "amd64"}}
        for number in range(count)
    ]
    return json.dumps({"schemaVersion": 2, "manifests": children}).encode()
