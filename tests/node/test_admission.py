"""Admission webhooks of the real API server, which take away from what is written."""

from pathlib import Path

from testbed import Json
from tests.node.scene import Scene
from tests.node.webhook import webhook

RECORD = "metadata", "figwasp/record"
RESTARTED_AT = "spec/template/metadata", "figwasp/restartedAt"


def drop(one: Json, *annotations: tuple[str, str]) -> list[Json]:
    """Take annotations away, each at its place."""
    found = []
    for place, name in annotations:
        metadata = one["metadata"] if place == "metadata" else one["spec"]["template"]["metadata"]
        if name in (metadata.get("annotations") or {}):
            found.append({"op": "remove", "path": f"/{place}/annotations/{name.replace('/', '~1')}"})
    return found


def test_a_restart_that_is_dropped_as_it_is_written_is_none(scene: Scene, tmp_path: Path) -> None:
    scene.deploy(scene.image("old"))
    scene.push(scene.image("new"))

    with webhook(scene.namespace, tmp_path, lambda one: drop(one, RECORD, RESTARTED_AT)):
        planned, done = scene.run("plan", "web"), scene.once("web")

    assert (1, [], 1) == (done.code, done.restarted, scene.roll_outs()), done
    assert "without the annotation figwasp/restartedAt" in done.out
    assert "without the annotation figwasp/restartedAt" in planned.out


def test_what_was_restarted_and_cannot_be_recorded_is_told_and_not_restarted_again(
    scene: Scene, tmp_path: Path
) -> None:
    scene.deploy(scene.image("old"))
    scene.push(scene.image("new"))

    with webhook(scene.namespace, tmp_path, lambda one: drop(one, RECORD)):
        done = [scene.once("web")]
        scene.namespace.wait_rolled_out("web")
        scene.push(scene.image("newer"))
        done += [scene.once("web"), scene.once("web")]

    assert ([1, 1, 1], 2) == ([each.code for each in done], scene.roll_outs()), done
