"""Restarts that wait, on the real node: by what earlier passes, processes of their own, left on the workload."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.node.scene import Scene


def record(scene: Scene) -> dict[str, Any]:
    annotations = scene.settled("web")["metadata"]["annotations"]
    found: dict[str, Any] = json.loads(annotations.get("figwasp/record", "{}"))
    return found


def age(scene: Scene, **ago: float) -> None:
    """Let the move on record have been seen so long ago, as if that time had gone by; it bears the next second."""
    kept = record(scene)
    seen = datetime.fromisoformat(kept["sightings"]["web"]["since"]) - timedelta(seconds=1)
    kept["sightings"]["web"]["since"] = (seen - timedelta(**ago)).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    scene.bed.kubectl(
        "-n", scene.namespace.name, "annotate", "--overwrite", "deployment/web", f"figwasp/record={json.dumps(kept)}"
    )


def why(scene: Scene, **env: str) -> str:
    done = scene.once("web", env=env)
    assert done.code == 0, done
    told = done.of("web")
    return str(told["event"] if told["event"] != "left" else told["why"].partition(":")[0])


WAITS = "its tag has moved, and is given time to settle"


def test_a_move_is_restarted_for_once_it_has_settled_and_waiting_rolls_nothing_out(scene: Scene) -> None:
    scene.deploy(scene.image("old"))
    digest = scene.push(scene.image("new"))

    first, version = why(scene, FIGWASP_SETTLE="10m"), scene.settled("web")["metadata"]["resourceVersion"]
    second = why(scene, FIGWASP_SETTLE="10m")

    assert [WAITS, WAITS] == [first, second]
    assert (digest, version) == (
        record(scene)["sightings"]["web"]["to"],
        scene.settled("web")["metadata"]["resourceVersion"],
    )
    assert scene.roll_outs() == 1

    age(scene, minutes=10)

    assert "restarted" == why(scene, FIGWASP_SETTLE="10m")
    scene.namespace.wait_rolled_out("web")
    assert {digest} == scene.namespace.running_digests("web")
    assert "current" == why(scene, FIGWASP_SETTLE="10m")
    assert "sightings" not in record(scene)


def test_a_tag_that_moves_on_or_back_begins_anew(scene: Scene) -> None:
    scene.deploy(scene.image("old"))
    scene.push(scene.image("new"))
    found = [why(scene, FIGWASP_SETTLE="10m")]
    age(scene, minutes=10)
    scene.push(scene.image("newer"))
    found.append(why(scene, FIGWASP_SETTLE="10m"))
    age(scene, minutes=10)
    scene.push(scene.image("old"))
    found.append(why(scene, FIGWASP_SETTLE="10m"))

    assert [WAITS, WAITS, "current"] == found
    assert ({}, 1) == (record(scene).get("sightings", {}), scene.roll_outs())


def test_a_workload_is_not_restarted_again_before_the_least_interval_is_over(scene: Scene) -> None:
    scene.deploy(scene.image("old"))
    scene.push(scene.image("new"))
    found = [why(scene, FIGWASP_MIN_INTERVAL="1h")]
    scene.namespace.wait_rolled_out("web")
    scene.push(scene.image("newer"))
    found += [why(scene, FIGWASP_MIN_INTERVAL="1h"), why(scene, FIGWASP_MIN_INTERVAL="1ms")]

    assert ["restarted", "it is to be restarted again, but not yet", "restarted"] == found


def test_a_plan_says_since_when_it_waits_and_writes_nothing(scene: Scene) -> None:
    scene.deploy(scene.image("old"))
    scene.push(scene.image("new"))

    planned = scene.run("plan", "web", "-n", scene.namespace.name, "--settle", "10m", "-o", "json")

    (workload,) = json.loads(planned.out)["workloads"]
    assert (0, "left", "settling") == (planned.code, workload["decision"], workload["reason"])
    since, until = (datetime.fromisoformat(workload[each]) for each in ("waitsSince", "waitsUntil"))
    assert until - since == timedelta(minutes=10)
    assert {} == record(scene)
