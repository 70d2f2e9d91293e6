"""Pull secrets, real TLS and a real password: the workload's own login, and no other secret."""

import base64
import json

import pytest

from testbed import OWNER, Login
from tests.node.scene import Scene


def _secret(name: str, host: str, entry: dict[str, str]) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name},
        "type": "kubernetes.io/dockerconfigjson",
        "stringData": {".dockerconfigjson": json.dumps({"auths": {host: entry}})},
    }


@pytest.mark.parametrize(
    "entry",
    [
        {"username": OWNER.user, "password": OWNER.password},
        {"auth": base64.b64encode(f"{OWNER.user}:{OWNER.password}".encode()).decode()},
    ],
    ids=["username and password", "auth"],
)
@pytest.mark.parametrize("ca", ["FIGWASP_REGISTRY_CA", "SSL_CERT_FILE", "--registry-ca"])
def test_a_private_image_is_asked_for_with_the_pull_secret(
    private_scene: Scene, entry: dict[str, str], ca: str
) -> None:
    scene, path = private_scene, str(private_scene.bed.registry_ca)
    scene.namespace.apply(_secret("pull", scene.registry.host, entry))
    scene.deploy(scene.image("old"), pull_secrets=["pull"])
    scene.push(scene.image("new"))

    flags = (ca, path) if ca.startswith("--") else ()
    env = {"FIGWASP_REGISTRY_CA": ""} | ({} if flags else {ca: path})
    done = scene.once("web", *flags, env=env)

    assert (["web"], 0) == (done.restarted, done.code), done


def test_no_secret_is_read_but_those_that_the_workload_names(private_scene: Scene) -> None:
    scene = private_scene
    scene.namespace.pull_secret("pull", scene.registry.host, OWNER)
    scene.namespace.pull_secret("other", scene.registry.host, OWNER)
    scene.deploy(scene.image("old"), pull_secrets=["pull"])
    mark = scene.bed.audit.mark()

    scene.once("web")

    read = [each for each in scene.bed.audit.requests(since=mark, user=scene.account.user) if "secrets" in each.uri]
    assert [("list", 200)] == [(each.asked.verb, each.status) for each in read]
    assert "fieldSelector=metadata.name%3Dpull" in read[0].uri


def test_where_list_is_forbidden_a_secret_is_read_by_get(private_scene: Scene) -> None:
    scene = private_scene
    scene.namespace.pull_secret("pull", scene.registry.host, OWNER)
    scene.deploy(scene.image("old"), pull_secrets=["pull"])
    scene.push(scene.image("new"))
    rules = [
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "update"]},
        {"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"], "resourceNames": ["pull"]},
    ]
    account = scene.namespace.service_account("getter", rules)

    done = scene.once("web", kubeconfig=account.kubeconfig)

    assert (["web"], 0) == (done.restarted, done.code), done


def test_a_wrong_password_restarts_nothing_and_names_the_secret(private_scene: Scene) -> None:
    scene = private_scene
    scene.namespace.pull_secret("pull", scene.registry.host, OWNER)
    scene.deploy(scene.image("old"), pull_secrets=["pull"])
    scene.push(scene.image("new"))
    scene.namespace.pull_secret("pull", scene.registry.host, Login(OWNER.user, "not-the-password"))

    done = scene.once("web")

    assert ([], 1) == (done.restarted, done.code)
    assert f"secret {scene.namespace.name}/pull" in done.of("web")["why"]
    assert "not-the-password" not in done.out + done.err
    assert scene.roll_outs() == 1


def test_without_a_login_a_private_image_is_refused_with_advice(private_scene: Scene) -> None:
    scene = private_scene
    scene.namespace.pull_secret("pull", scene.registry.host, OWNER)
    scene.deploy(scene.image("old"), pull_secrets=["pull"])
    scene.push(scene.image("new"))
    scene.namespace.delete("Secret", "pull")

    done = scene.once("web")

    assert ([], 1) == (done.restarted, done.code)
    assert "401" in done.of("web")["why"]
    assert f"secret {scene.namespace.name}/pull does not exist" in done.of("web")["hint"]
