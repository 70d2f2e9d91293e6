"""The record: never twice for the same move of a tag, and always again for another one."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.node.scene import Scene


@contextmanager
def _behind_a_stale_mirror(scene: Scene) -> Iterator[None]:
    """Run `web`, then push a new image that the node's mirror does not get to know of."""
    with scene.bed.another_registry("stale-mirror") as stale, scene.bed.mirror(scene.registry, by=stale):
        scene.bed.repository(scene.repository().name, stale).push(scene.image("old"), "latest")
        scene.deploy(scene.image("old"))
        scene.push(scene.image("new"))
        yield


def test_behind_a_mirror_that_stays_behind_it_restarts_once_and_then_says_so_every_time(scene: Scene) -> None:
    with _behind_a_stale_mirror(scene):
        first = scene.once("web")
        scene.namespace.wait_rolled_out("web")
        later = [scene.once("web") for _ in range(2)]

    assert (["web"], 0) == (first.restarted, first.code)
    assert [([], 1)] * 2 == [(each.restarted, each.code) for each in later]
    assert all("do not follow" in each.of("web")["why"] for each in later)
    assert all("mirror" in each.of("web")["hint"] for each in later)
    assert scene.roll_outs() == 2


def test_a_tag_that_goes_to_and_fro_is_followed_each_time(scene: Scene) -> None:
    scene.deploy(scene.image("A"))
    followed = []
    for content in ("B", "A", "B"):
        digest = scene.push(scene.image(content))
        done = scene.once("web")
        scene.namespace.wait_rolled_out("web")
        scene.once("web")
        followed.append((done.restarted, scene.namespace.running_digests("web") == {digest}))

    assert [(["web"], True)] * 3 == followed
    assert scene.roll_outs() == 4


def test_an_undo_costs_at_most_one_restart_more(scene: Scene) -> None:
    scene.deploy(scene.image("old"))
    scene.push(scene.image("new"))
    scene.once("web")
    scene.namespace.wait_rolled_out("web")
    scene.bed.kubectl("-n", scene.namespace.name, "rollout", "undo", "deployment/web")
    scene.namespace.wait_rolled_out("web")
    undone = scene.roll_outs()

    passes = []
    for _ in range(3):
        passes.append(scene.once("web"))
        scene.namespace.wait_rolled_out("web")

    assert scene.roll_outs() - undone <= 1
    assert [] == passes[-1].restarted


def test_an_undo_behind_a_stale_mirror_costs_at_most_one_restart_more(scene: Scene) -> None:
    with _behind_a_stale_mirror(scene):
        scene.once("web")
        scene.namespace.wait_rolled_out("web")
        scene.bed.kubectl("-n", scene.namespace.name, "rollout", "undo", "deployment/web")
        scene.namespace.wait_rolled_out("web")
        undone = scene.roll_outs()
        for _ in range(3):
            scene.once("web")
            scene.namespace.wait_rolled_out("web")

    assert scene.roll_outs() - undone <= 1
