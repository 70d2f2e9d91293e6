"""`figwasp doctor` with real RBAC, secrets and registries: it names just what is missing, and how to mend it."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from figwasp.kube.kinds.deployment import KIND
from figwasp.kube.rbac import Needs, permissions
from testbed import OWNER, Bed, Login, ServiceAccount
from testbed.binaries import node_binaries
from tests.node.scene import NAMED_ROLE, Scene

NEEDED = permissions(Needs(targets=(("deployment", "web"),)), (KIND,))


def _doctor(scene: Scene, account: ServiceAccount, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    done = scene.run("doctor", "-o", "json", *(arguments or ("web",)), kubeconfig=account.kubeconfig)
    assert "" == done.err, done
    return done.code, json.loads(done.out)["checks"]


def _problems(checks: list[dict[str, Any]], state: str = "problem") -> list[dict[str, Any]]:
    return [each for each in checks if each["state"] == state]


@pytest.fixture
def kubectl(bed: Bed, tmp_path: Path) -> Iterator[Any]:
    """Runs printed commands, as the administrator would paste them."""
    environment = {
        "PATH": f"{node_binaries(print)}:{os.environ['PATH']}",
        "KUBECONFIG": str(bed.kubeconfig),
        "HOME": str(tmp_path),
    }

    def run(commands: list[str]) -> None:
        for command in commands:
            subprocess.run(["sh", "-ec", command], env=environment, check=True, timeout=60)

    yield run


@pytest.fixture(scope="module")
def patients_scene(bed: Bed) -> Iterator[Scene]:
    """A private Deployment that is only looked at, by accounts of which each lacks something else."""
    namespace = bed.namespace()
    scene = Scene(bed, namespace, namespace.service_account("figwasp", NAMED_ROLE), bed.private)
    namespace.pull_secret("pull", scene.registry.host, OWNER)
    scene.deploy(scene.image("1"), pull_secrets=["pull"])
    yield scene
    namespace.remove()


@pytest.mark.parametrize("missing", NEEDED, ids=str)
def test_one_missing_permission_is_named_and_mended_by_what_is_printed(
    patients_scene: Scene, kubectl: Any, missing: Any
) -> None:
    scene = patients_scene
    rules = [each.rule for each in NEEDED if each is not missing]
    account = scene.namespace.service_account(f"lacks-{missing.verb}-{missing.resource}", rules)

    code, checks = _doctor(scene, account)
    (problem,) = _problems(checks)
    kubectl(problem["remedy"]["commands"])
    scene.namespace.wait_allowed(account.user, problem["remedy"]["rule"])
    mended = _doctor(scene, account)

    assert 1 == code
    assert f"not allowed to {missing.verb} {missing.resource}" in problem["text"]
    assert [missing.verb] == problem["remedy"]["rule"]["verbs"]
    assert (0, []) == (mended[0], _problems(mended[1])), mended


def test_the_printed_rule_mends_it_as_well(scene: Scene) -> None:
    scene.deploy(scene.image("1"))
    account = scene.namespace.service_account("patient", NAMED_ROLE[:-1])

    (problem,) = _problems(_doctor(scene, account)[1])
    scene.namespace.service_account("patient", [*NAMED_ROLE[:-1], problem["remedy"]["rule"]])

    assert 0 == _doctor(scene, account)[0]


def test_with_the_originals_role_all_is_well_and_nothing_is_changed(private_scene: Scene) -> None:
    scene = private_scene
    scene.namespace.pull_secret("pull", scene.registry.host, OWNER)
    scene.deploy(scene.image("1"), pull_secrets=["pull"])
    before, mark = scene.settled(), scene.bed.audit.mark()

    code, checks = _doctor(scene, scene.account)

    asked = scene.bed.audit.requests(since=mark, user=scene.account.user)
    assert (0, []) == (code, _problems(checks)), checks
    assert before == scene.settled()
    assert {("selfsubjectreviews", 201), ("selfsubjectaccessreviews", 201)} == {
        (each.asked.resource, each.status) for each in asked if each.asked.verb not in {"get", "list"}
    }
    assert ["get nodes; it is needed"] == [each["text"][15:38] for each in _problems(checks, "hint")]


def test_a_wrong_password_is_told_and_a_new_secret_mends_it(private_scene: Scene, kubectl: Any) -> None:
    scene = private_scene
    scene.namespace.pull_secret("pull", scene.registry.host, OWNER)
    scene.deploy(scene.image("1"), pull_secrets=["pull"])
    scene.namespace.pull_secret("pull", scene.registry.host, Login(OWNER.user, "wrong"))

    code, checks = _doctor(scene, scene.account)
    (problem,) = _problems(checks)
    (command,) = problem["remedy"]["commands"]
    kubectl([command.replace("USER", OWNER.user).replace("PASSWORD", OWNER.password)])

    assert (1, "image") == (code, problem["topic"])
    assert f"secret {scene.namespace.name}/pull" in problem["text"]
    assert 0 == _doctor(scene, scene.account)[0]


def test_a_workload_without_a_login_gets_one_by_the_printed_commands(private_scene: Scene, kubectl: Any) -> None:
    scene = private_scene
    scene.push(scene.image("1"))
    scene.namespace.apply(scene.manifest())

    (problem,) = _problems(_doctor(scene, scene.account)[1])
    filled = [
        each.replace("USER", OWNER.user).replace("PASSWORD", OWNER.password) for each in problem["remedy"]["commands"]
    ]
    kubectl(filled)
    scene.namespace.wait_rolled_out("web")

    assert 0 == _doctor(scene, scene.account)[0]


def test_a_pull_policy_that_never_follows_is_a_hint_whose_command_mends_it(scene: Scene, kubectl: Any) -> None:
    scene.deploy(scene.image("1"), pull_policy="IfNotPresent")

    code, checks = _doctor(scene, scene.account)
    (hint,) = [each for each in checks if each["topic"] == "pull policy"]
    kubectl(hint["remedy"]["commands"])
    scene.namespace.wait_rolled_out("web")

    assert (0, "hint") == (code, hint["state"])
    assert "pull policy" not in {each["topic"] for each in _doctor(scene, scene.account)[1]}


def test_who_may_impersonate_can_check_what_an_installed_figwasp_may_do(scene: Scene) -> None:
    scene.deploy(scene.image("1"))
    rules = [rule for rule in NAMED_ROLE if "replicasets" not in rule["resources"]]
    lacking = scene.namespace.service_account("figwasp", rules)

    arguments = ("doctor", "web", "-n", scene.namespace.name, "-o", "json")
    as_admin = scene.run(*arguments, kubeconfig=scene.bed.kubeconfig)
    as_figwasp = scene.run(*arguments, "--as", lacking.user, kubeconfig=scene.bed.kubeconfig)

    assert (0, 1) == (as_admin.code, as_figwasp.code)
    (problem,) = _problems(json.loads(as_figwasp.out)["checks"])
    assert "not allowed to list replicasets" in problem["text"]
    assert f"--serviceaccount={scene.namespace.name}:figwasp" in problem["remedy"]["commands"][1]
