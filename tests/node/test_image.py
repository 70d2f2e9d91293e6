"""
The image of Figwasp, as the original's users run theirs: a CronJob's pod on the node.

Aspects: the original's manifests with only the image changed, v1 and v2 · what is in the image, and what is not.
"""

import gzip
import json
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import pytest

from testbed import Bed, Json, Namespace, wait_for
from testbed.command import run
from tests.node.figwasp_image import NOBODYS_BUSINESS, tell
from tests.node.scene import LABEL_ROLE, TARGET, Scene

# Restricted Pod Security, but for the host's network.
_SECURITY: Final = {
    "runAsNonRoot": True,
    "readOnlyRootFilesystem": True,
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}

# Runs in the image, and tells what it finds there.
_LOOK_AROUND: Final = """
import importlib.util, json, os, subprocess, sys, time
from pathlib import Path
start = time.perf_counter()
subprocess.run(["figwasp", "--version"], check=True, stdout=subprocess.DEVNULL)
seconds = time.perf_counter() - start
base = subprocess.run(
    ["/usr/bin/python3", "-c", "import pip"], stderr=subprocess.DEVNULL, check=False
).returncode
ours = Path("/opt/figwasp/lib")
sources = [path for path in ours.rglob("*.py")]
print(json.dumps({
    "user": [os.getuid(), os.getgid()],
    "pip": base == 0 or importlib.util.find_spec("pip") is not None,
    "tests": [str(path) for path in ours.rglob("test*") if path.is_dir()],
    "not compiled": [p.name for p in sources if not Path(importlib.util.cache_from_source(p)).exists()],
    "writable": [path for path in ("/", "/tmp", "/opt/figwasp") if os.access(path, os.W_OK)],
    "programs": sorted(path.name for path in Path("/opt/figwasp/bin").iterdir() if "python" not in path.name),
    "seconds": seconds,
}))
"""


# The original's manifests


def _cron_job(scene: Scene, image: str, env: dict[str, str], **more: object) -> Json:
    """
    The CronJob of the original, with the image changed: no command, no arguments.

    The rest is what this node needs: it has no service network, its registries have an authority of their own, and
    the tests say when it runs.
    """
    server = urlsplit(scene.bed.site.api_server)
    here = {
        "KUBERNETES_SERVICE_HOST": server.hostname or "",
        "KUBERNETES_SERVICE_PORT": str(server.port),
        "FIGWASP_REGISTRY_CA": "/authorities/ca.crt",
        "FIGWASP_TARGET_NAMESPACE": scene.namespace.name,
    }
    container = {
        "name": "figwasp",
        "image": image,
        "env": [{"name": name, "value": value} for name, value in {**here, **env}.items()],
        "securityContext": _SECURITY,
        "volumeMounts": [{"name": "authorities", "mountPath": "/authorities"}],
    }
    pod = {
        "serviceAccountName": "figwasp",
        "containers": [container],
        "restartPolicy": "Never",
        "hostNetwork": True,
        "volumes": [{"name": "authorities", "configMap": {"name": "authorities"}}],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "figwasp"},
        "spec": {
            "schedule": "* * * * *",
            "suspend": True,
            "jobTemplate": {"spec": {"template": {"spec": pod}}},
            **more,
        },
    }


def _authorities(bed: Bed) -> Json:
    data = {"ca.crt": bed.registry_ca.read_text()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "authorities"}, "data": data}


def _run(namespace: Namespace, bed: Bed, job: str, *create: str) -> str:
    """Run a Job to its end; what its pod wrote."""
    if create:
        bed.kubectl("create", "job", job, *create, "-n", namespace.name)

    def ended() -> Any:
        status = namespace.get("Job", job)["status"]
        return status if status.get("succeeded") or status.get("failed") else None

    status = wait_for(ended, f"job {job} to end", 120)
    log = bed.kubectl("logs", f"job/{job}", "-n", namespace.name)
    assert status.get("succeeded"), log
    return log


def _pass(scene: Scene, number: int) -> list[str]:
    """Start what the CronJob would start; the lines of its log."""
    return _run(scene.namespace, scene.bed, f"figwasp-{number}", "--from=cronjob/figwasp").splitlines()


def test_the_first_cron_job_of_the_original_works_with_our_image(scene: Scene, figwasp_image: str) -> None:
    cron_job = _cron_job(scene, figwasp_image, {"FIGWASP_TARGET_DEPLOYMENT": "web"})
    scene.namespace.apply(_authorities(scene.bed), cron_job)
    old = scene.deploy(scene.image("old"))
    new = scene.push(scene.image("new"))

    restarted, summary = _pass(scene, 1)
    scene.namespace.wait_rolled_out("web")
    current = _pass(scene, 2)

    assert f"moved from {old[7:19]} to {new[7:19]}" in restarted
    assert restarted.split()[:2] == ["restarted", f"{scene.namespace.name}/deployment/web"]
    assert summary.startswith("1 workload: 1 restarted (")
    assert ["1 workload: 1 current"] == [line.partition(" (")[0] for line in current]
    assert {new} == scene.namespace.running_digests("web")


def test_the_second_cron_job_of_the_original_works_with_our_image(scene: Scene, figwasp_image: str) -> None:
    scene.namespace.service_account("figwasp", LABEL_ROLE)
    cron_job = _cron_job(scene, figwasp_image, {}, concurrencyPolicy="Forbid")
    scene.namespace.apply(_authorities(scene.bed), cron_job)
    scene.deploy(scene.image("old"), labels=TARGET)
    scene.deploy(scene.image("other"), "api")
    new = scene.push(scene.image("new"))
    scene.push(scene.image("other new"), name="api")

    restarted, note, summary = _pass(scene, 1)
    scene.namespace.wait_rolled_out("web")
    same_note, current = _pass(scene, 2)

    # Its Role is of a time when there were only Deployments: the other kinds are named, and that is no failure.
    assert note == same_note
    assert note.startswith("note  statefulsets and daemonsets were not looked at: not allowed to list them")
    assert restarted.split()[:2] == ["restarted", f"{scene.namespace.name}/deployment/web"]
    assert summary.startswith("1 workload: 1 restarted (")
    assert "1 workload: 1 current" == current.partition(" (")[0]
    assert {new} == scene.namespace.running_digests("web")
    assert 1 == scene.roll_outs("api")


# What is in it


def test_it_runs_as_a_numbered_user_with_nothing_to_write_and_no_pip(
    bed: Bed, namespace: Namespace, figwasp_image: str, request: pytest.FixtureRequest
) -> None:
    container = {"name": "look", "image": figwasp_image, "securityContext": _SECURITY}
    command = {"command": ["/opt/figwasp/bin/python3", "-c", _LOOK_AROUND]}
    pod = {"restartPolicy": "Never", "automountServiceAccountToken": False, "containers": [{**container, **command}]}
    job = {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "look"}, "spec": {"template": {"spec": pod}}}
    restricted = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "restricted"}}}
    bed.api.merge("Namespace", namespace.name, restricted)
    namespace.apply(job)

    found = json.loads(_run(namespace, bed, "look"))

    tell(request, f"figwasp --version in the image: {found.pop('seconds'):.2f} s")
    nothing: list[str] = []
    expected = {"user": [65532, 65532], "pip": False, "tests": nothing, "not compiled": nothing, "writable": nothing}
    assert {**expected, "programs": ["figwasp", "kubectl-figwasp"]} == found


def test_no_layer_and_no_label_holds_how_packages_are_reached(bed: Bed, figwasp_image: str, tmp_path: Path) -> None:
    copy = ("skopeo", "--insecure-policy", "copy", "--quiet", f"docker://{figwasp_image}", f"dir:{tmp_path}")
    run(*copy, env={"SSL_CERT_FILE": str(bed.registry_ca)})

    blobs = [path.read_bytes() for path in tmp_path.iterdir()]
    contents = [gzip.decompress(blob) if blob[:2] == b"\x1f\x8b" else blob for blob in blobs]

    assert [] == [content[:40] for content in contents if NOBODYS_BUSINESS.encode() in content]
    assert any(b"opt/figwasp/lib" in content for content in contents)
