"""Seeing before doing, on a real cluster: plan, explain and resolve change nothing and tell the truth."""

import json

from testbed import OWNER
from tests.node.scene import NAMED_ROLE, Scene


def test_a_plan_shows_a_restart_that_the_api_server_tried_and_forgot(scene: Scene) -> None:
    scene.deploy(scene.image("old"))
    scene.push(scene.image("new"))
    before = scene.settled()
    mark = scene.bed.audit.mark()

    done = scene.run("plan", "web", "-n", scene.namespace.name, "-o", "json")

    asked = scene.bed.audit.requests(since=mark, user=scene.account.user)
    (workload,) = json.loads(done.out)["workloads"]
    assert (3, "would_restart", None) == (done.code, workload["decision"], workload["obstacle"])
    assert 1 == [each.asked.verb for each in asked].count("update")
    assert before == scene.namespace.get("Deployment", "web")


def test_who_may_not_update_sees_the_decision_all_the_same(scene: Scene) -> None:
    scene.deploy(scene.image("old"))
    scene.push(scene.image("new"))
    rules = [{**rule, "verbs": [verb for verb in rule["verbs"] if verb != "update"]} for rule in NAMED_ROLE]
    reader = scene.namespace.service_account("reader", rules)

    done = scene.run("plan", "web", kubeconfig=reader.kubeconfig)

    assert 3 == done.code
    assert "restart" in done.out
    assert f"not allowed to update deployments/web in namespace {scene.namespace.name}" in done.out


def test_an_explanation_names_the_login_and_never_what_it_holds(private_scene: Scene) -> None:
    scene = private_scene
    scene.namespace.pull_secret("pull", scene.registry.host, OWNER)
    digest = scene.deploy(scene.image("1"), pull_secrets=["pull"])

    done = scene.run("explain", "deploy/web")

    assert 0 == done.code
    assert f"login        secret {scene.namespace.name}/pull" in done.out
    assert f"the tag names {digest}" in done.out
    assert "rule         same-digest" in done.out
    assert OWNER.password not in done.out + done.err


def test_an_image_is_resolved_as_its_workload_would_be_pulled(private_scene: Scene) -> None:
    scene = private_scene
    scene.namespace.pull_secret("pull", scene.registry.host, OWNER)
    digest = scene.deploy(scene.image("1"), pull_secrets=["pull"])
    reference = scene.repository().reference("latest")

    refused = scene.run("resolve", reference)
    done = scene.run("resolve", reference, "--as", "web", "-o", "json")

    assert (1, 0) == (refused.code, done.code)
    assert "--as KIND/NAME" in refused.err
    resolved = json.loads(done.out)
    assert (digest, f"secret {scene.namespace.name}/pull") == (resolved["digest"], resolved["login"])
