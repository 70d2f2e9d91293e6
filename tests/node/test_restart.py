"""The main job on a real node: a new image under the same tag restarts its workload, once."""

from collections.abc import Iterator

import pytest

from testbed import OWNER, Bed
from tests.node.scene import NAMED_ROLE, Scene


@pytest.mark.parametrize("tag", ["latest", "1.2"])
def test_a_new_image_under_the_same_tag_restarts_its_deployment_once(scene: Scene, tag: str) -> None:
    scene.deploy(scene.image("old"), tag=tag, replicas=2)
    new = scene.push(scene.image("new"), tag)

    first = scene.once("web")
    scene.namespace.wait_rolled_out("web")
    second = scene.once("web")

    assert (["web"], 0) == (first.restarted, first.code)
    assert {new} == scene.namespace.running_digests("web")
    assert ([], 0) == (second.restarted, second.code)
    assert scene.roll_outs() == 2


def test_figwasp_without_arguments_in_a_pod_does_the_same_by_the_originals_environment(scene: Scene) -> None:
    scene.deploy(scene.image("old"))
    new = scene.push(scene.image("new"))

    done = scene.in_a_pod(env={"FIGWASP_TARGET_DEPLOYMENT": "web", "FIGWASP_CLIENT_TIMEOUT": "10s"})
    scene.namespace.wait_rolled_out("web")

    assert (0, "") == (done.code, done.err)
    assert f"restarted  {scene.namespace.name}/deployment/web" in done.out
    assert {new} == scene.namespace.running_digests("web")


def test_every_labelled_deployment_is_served_and_no_other(labelled_scene: Scene) -> None:
    scene = labelled_scene
    scene.deploy(scene.image("old"), "web", labels={"figwasp/target": "true"})
    scene.deploy(scene.image("old"), "bystander")
    scene.push(scene.image("new"), name="web")
    scene.push(scene.image("new"), name="bystander")

    done = scene.in_a_pod()

    assert done.code == 0
    assert "1 workload: 1 restarted" in done.out
    assert (2, 1) == (scene.roll_outs("web"), scene.roll_outs("bystander"))


@pytest.fixture(scope="module")
def stale_scene(bed: Bed) -> Iterator[Scene]:
    """A stale Deployment, for those who may not restart it."""
    namespace = bed.namespace()
    scene = Scene(bed, namespace, namespace.service_account("figwasp", NAMED_ROLE), bed.registry)
    secret = namespace.pull_secret("pull", bed.private.host, OWNER)
    scene.deploy(scene.image("old"), pull_secrets=[secret])
    scene.push(scene.image("new"))
    yield scene
    namespace.remove()


@pytest.mark.parametrize(
    ("verb", "resource"),
    [("get", "deployments"), ("update", "deployments"), ("list", "replicasets"), ("list", "pods"), ("list", "secrets")],
)
def test_a_missing_permission_is_named_with_what_to_add(stale_scene: Scene, verb: str, resource: str) -> None:
    scene = stale_scene
    rules = [
        {**rule, "resources": [each], "verbs": [v for v in rule["verbs"] if (v, each) != (verb, resource)]}
        for rule in NAMED_ROLE
        for each in rule["resources"]
    ]
    account = scene.namespace.service_account(f"without-{verb}-{resource}", [rule for rule in rules if rule["verbs"]])

    done = scene.run("once", "web", kubeconfig=account.kubeconfig)

    group = "" if resource in {"pods", "secrets"} else "apps"
    assert done.code == 1
    assert f"not allowed to {verb} {resource}" in done.out
    assert f"in namespace {scene.namespace.name}" in done.out
    assert f'- {{apiGroups: ["{group}"], resources: ["{resource}"], verbs: ["{verb}"]' in done.out
    assert scene.roll_outs() == 1
