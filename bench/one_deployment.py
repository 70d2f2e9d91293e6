"""
One pass over one Deployment that is current: figwasp beside the original, in turn, on the real node.

    python -m bench.one_deployment [RUNS]

Both run as in a pod, by the same service account and the original's Role. figwasp runs as installed from its wheel,
with its locked dependencies and nothing else. Wall time is that of the process, memory its peak, as the kernel counts.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from testbed import Bed, Site, container, deployment, image, original, up

ROLE = (
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "update"]},
    {"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": ["list"]},
    {"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["list"]},
)
TREE = Path(__file__).parent.parent


def main(runs: int) -> None:
    """Measure, and print medians and spread."""
    site = Site.chosen()
    up(site)
    bed = Bed(site)
    namespace = bed.namespace("bench")
    repository = bed.repository(f"{namespace.name}/web")
    repository.push(image(namespace.name), "latest")
    namespace.apply(deployment("web", container(repository.reference("latest"))))
    namespace.wait_rolled_out("web")
    account = namespace.service_account("figwasp", ROLE)
    with tempfile.TemporaryDirectory() as folder:
        commands = {"bare python": [f"{folder}/bin/python", "-c", ""], "figwasp": _installed(Path(folder))}
        commands["original"] = [str(original())]
        environment = {
            "FIGWASP_TARGET_DEPLOYMENT": "web",
            "FIGWASP_TARGET_NAMESPACE": namespace.name,
            "SSL_CERT_FILE": str(bed.registry_ca),
        }
        timer = [sys.executable, "-I", str(TREE / "bench" / "in_turn.py"), str(runs), json.dumps(commands)]
        done = account.run_as_in_a_pod(*timer, env=environment, timeout=600)
    namespace.remove()
    if done.returncode:
        sys.exit(done.stdout + done.stderr)
    _report(json.loads(done.stdout))


def _installed(folder: Path) -> list[str]:
    """Install the wheel and the locked dependencies into `folder`, compiled; the command to run."""
    python = f"{folder}/bin/python"
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--require-hashes", "-r", str(TREE / "requirements" / "run.txt")], check=True)
    wheels = folder / "wheels"
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(wheels),
        ".",
    ]
    subprocess.run(build, cwd=TREE, check=True)
    subprocess.run([*pip, "--no-deps", *map(str, wheels.glob("*.whl"))], check=True)
    # What the environment's maker put there is no part of figwasp, and slows every start.
    subprocess.run([python, "-m", "pip", "uninstall", "--quiet", "--yes", "setuptools", "pip"], check=True)
    return [f"{folder}/bin/figwasp"]


def _report(measured: dict[str, list[tuple[float, float, float]]]) -> None:
    print(f"{'':12} {'wall s: median (min-max)':>28} {'CPU s':>8} {'peak MB':>8}")
    for name, runs in measured.items():
        wall, cpu, memory = ([run[index] for run in runs] for index in range(3))
        spread = f"{statistics.median(wall):.3f} ({min(wall):.3f}-{max(wall):.3f})"
        print(f"{name:12} {spread:>28} {statistics.median(cpu):8.3f} {statistics.median(memory):8.1f}")
    ratios = [ours[0] / theirs[0] for ours, theirs in zip(measured["figwasp"], measured["original"], strict=True)]
    print(f"figwasp / original, wall, pair by pair: median {statistics.median(ratios):.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
