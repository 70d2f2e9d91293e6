"""The printed manifests at the real API server: taken without a warning, admitted where Pod Security is restricted."""

import subprocess
from typing import Any

import pytest
import yaml

from figwasp.core.schedule import check_schedule
from testbed import OWNER, Bed, TestbedError, wait_for
from tests.node.scene import FIGWASP, Scene

IMAGE = "registry.example.com/figwasp:3"
RESTRICTED = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}

EVERYTHING = (
    *("--target", "web,api", "--pull-secret", "pull", "--nodes", "--registry-ca", "authority"),
    *("--config", "settings", "--settle", "10m", "--restart-rate", "10/1m", "--min-interval", "1h"),
    *("--image-pull-secret", "mine", "--timezone", "Europe/Berlin", "--schedule", "*/5 8-18 * * mon-fri"),
)


def _printed(*arguments: str) -> str:
    done = subprocess.run(
        [FIGWASP, "manifests", "cronjob", "--image", IMAGE, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout


def _is_schedule(text: str) -> bool:
    try:
        check_schedule(text)
    except ValueError:
        return False
    return True


def _rules(text: str) -> list[Any]:
    (role,) = [each for each in yaml.safe_load_all(text) if each["kind"] == "Role"]
    return [*role["rules"]]


SCHEDULES = (
    *("* * * * *", "0-30/10 8-18 1,15 jan-JUN mon-Fri", "5/15 0 ? * 0,6", "@hourly", "@every 5m", "*/100 * * * *"),
    *(
        "60 * * * *",
        "* * 0 * *",
        "* * * * 7",
        "*/0 * * * *",
        "30-10 * * * *",
        "1,,2 * * * *",
        "* * * *",
        "TZ=UTC * * * * *",
    ),
)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_api_server_agrees_on_what_is_a_schedule(bed: Bed, schedule: str) -> None:
    text = _printed().replace('schedule: "* * * * *"', f'schedule: "{schedule}"')

    try:
        bed.kubectl("apply", "--dry-run=server", "-f", "-", stdin=text)
        is_taken = True
    except TestbedError:
        is_taken = False

    assert is_taken == _is_schedule(schedule)


@pytest.mark.parametrize("arguments", [(), EVERYTHING], ids=["least", "everything"])
def test_the_api_server_takes_it_strictly(bed: Bed, scene: Scene, arguments: tuple[str, ...]) -> None:
    namespace = scene.namespace.name
    text = _printed("-n", namespace, "--name", "mine", *arguments)

    said = bed.kubectl("apply", "--validate=strict", "--dry-run=server", "-f", "-", stdin=text)

    assert len(list(yaml.safe_load_all(text))) == said.count("created (server dry run)")


def test_a_restricted_namespace_admits_the_pod_of_its_job(bed: Bed, scene: Scene) -> None:
    namespace = scene.namespace.name
    scene.namespace.api.merge("Namespace", namespace, RESTRICTED)
    bed.kubectl("apply", "-n", namespace, "--validate=strict", "-f", "-", stdin=_printed("--name", "mine"))

    bed.kubectl("create", "job", "-n", namespace, "now", "--from=cronjob/mine")

    wait_for(lambda: scene.namespace.objects("Pod", labelSelector="job-name=now"), "the pod of the job")


@pytest.mark.parametrize("arguments", [("--target", "web", "--pull-secret", "pull"), ("--label",), ()])
def test_its_role_suffices_for_the_pass(private_scene: Scene, arguments: tuple[str, ...]) -> None:
    scene = private_scene
    scene.namespace.pull_secret("pull", scene.registry.host, OWNER)
    scene.deploy(scene.image("old"), pull_secrets=["pull"], labels={"figwasp/target": "true"})
    scene.push(scene.image("new"))
    account = scene.namespace.service_account("printed", _rules(_printed(*arguments)))
    mark = scene.bed.audit.mark()

    targets = ("web",) if "--target" in arguments else ("-v",)
    done = scene.once(*targets, kubeconfig=account.kubeconfig)

    refused = [each for each in scene.bed.audit.requests(since=mark, user=account.user) if each.status == 403]
    assert (["web"], 0, []) == (done.restarted, done.code, refused), done
