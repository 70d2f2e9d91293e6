"""What a pass leaves as it is, with the reason: the owner's wish, the cluster's own state (exit code 0), trouble."""

from typing import Any

from testbed import wait_for
from tests.node.scene import Scene


def _patch(scene: Scene, **spec: Any) -> None:
    scene.namespace.merge("Deployment", "web", {"spec": spec})


def test_a_paused_deployment_is_left(scene: Scene) -> None:
    scene.deploy(scene.image("old"))
    scene.push(scene.image("new"))
    _patch(scene, paused=True)

    done = scene.once("web")

    assert ("left", 0) == (done.of("web")["event"], done.code)
    assert "paused" in done.of("web")["why"]


def test_a_deployment_whose_roll_out_is_in_progress_is_left(scene: Scene) -> None:
    scene.deploy(scene.image("old"))
    scene.push(scene.image("new"))
    _patch(
        scene, template={"spec": {"containers": [{"name": "web", "image": scene.repository().reference("missing")}]}}
    )

    done = scene.once("web")

    assert ("left", 0) == (done.of("web")["event"], done.code)
    assert "roll-out is in progress" in done.of("web")["why"]


def test_a_deployment_with_0_replicas_is_left(scene: Scene) -> None:
    scene.deploy(scene.image("old"))
    scene.push(scene.image("new"))
    _patch(scene, replicas=0)

    done = scene.once("web")

    assert ("left", 0) == (done.of("web")["event"], done.code)
    assert "0 replicas" in done.of("web")["why"]


def test_an_image_that_is_pinned_by_digest_is_left_and_not_asked_for(scene: Scene) -> None:
    digest = scene.push(scene.image("old"))
    manifest = scene.manifest()
    manifest["spec"]["template"]["spec"]["containers"][0]["image"] = (
        f"{scene.repository().reference('latest')}@{digest}"
    )
    scene.namespace.apply(manifest)
    scene.namespace.wait_rolled_out("web")
    scene.push(scene.image("new"))
    log = scene.bed.access(scene.registry)
    mark = log.mark()

    done = scene.once("web")

    assert ("left", 0) == (done.of("web")["event"], done.code)
    assert "pinned" in done.of("web")["why"]
    assert 0 == log.count(since=mark, user_agent="figwasp").total()


def test_where_the_pull_policy_keeps_the_image_the_update_is_reported_only(scene: Scene) -> None:
    scene.deploy(scene.image("old"), pull_policy="IfNotPresent")
    scene.push(scene.image("new"))

    done = scene.once("web")

    assert ("left", 0) == (done.of("web")["event"], done.code)
    assert "pull policy" in done.of("web")["why"]
    assert "imagePullPolicy: Always" in done.of("web")["hint"]


def test_the_fix_of_a_broken_image_gets_in_once_its_roll_out_has_failed(scene: Scene) -> None:
    scene.push(scene.image("broken"))
    manifest = scene.manifest()
    manifest["spec"]["progressDeadlineSeconds"] = 2
    # The broken image runs but never becomes ready, so the kubelet never pulls again by itself.
    probe = {"exec": {"command": ["busybox", "grep", "fixed", "/content"]}, "periodSeconds": 1}
    manifest["spec"]["template"]["spec"]["containers"][0]["readinessProbe"] = probe
    scene.namespace.apply(manifest)
    wait_for(lambda: scene.namespace.image_ids("web"), "the broken image to run", 60)
    wait_for(lambda: _progress(scene) == "ProgressDeadlineExceeded", "the roll-out to fail")
    scene.push(scene.image("fixed"))

    done = scene.once("web")
    scene.namespace.wait_rolled_out("web")
    again = scene.once("web")

    assert (["web"], 0) == (done.restarted, done.code)
    assert ([], 0) == (again.restarted, again.code)


def test_a_restart_whose_new_pod_cannot_be_created_is_told_once_its_roll_out_has_failed(scene: Scene) -> None:
    scene.deploy(scene.image("old"))
    _patch(scene, progressDeadlineSeconds=2)
    quota = {"apiVersion": "v1", "kind": "ResourceQuota", "metadata": {"name": "few"}}
    scene.namespace.apply({**quota, "spec": {"hard": {"pods": "1"}}})
    wait_for(lambda: scene.namespace.get("ResourceQuota", "few")["status"].get("used"), "the quota to be counted")
    scene.push(scene.image("new"))
    assert ["web"] == scene.once("web").restarted

    wait_for(lambda: _progress(scene) == "ProgressDeadlineExceeded", "the roll-out to fail")
    done = scene.once("web")

    assert (1, []) == (done.code, done.restarted)
    assert done.of("web")["why"].startswith("its roll-out does not get on"), done


def _progress(scene: Scene) -> str:
    conditions = scene.namespace.get("Deployment", "web")["status"].get("conditions", [])
    return next((each["reason"] for each in conditions if each["type"] == "Progressing"), "")
