"""README.md, "Install it": its lines do what they are there for, as they are printed."""

import os
import subprocess
from pathlib import Path

from testbed import container, image
from testbed.binaries import node_binaries
from tests.node.scene import Scene

README = Path(__file__).parent.parent.parent / "README.md"


def test_the_log_of_the_first_pass_is_shown_by_the_lines_of_the_readme(scene: Scene, tmp_path: Path) -> None:
    """Right after a Job was created its container is not there yet, and its log is refused."""
    scene.push(image("hello", entrypoint=("/bin/echo", "1 workload: 1 current")), "3", "figwasp")
    spec = {"restartPolicy": "Never", "containers": [container(scene.repository("figwasp").reference("3"), "figwasp")]}
    job = {"template": {"spec": spec}, "backoffLimit": 0}
    cronjob = {"schedule": "0 0 31 2 *", "jobTemplate": {"spec": job}}
    scene.namespace.apply(
        {"apiVersion": "batch/v1", "kind": "CronJob", "metadata": {"name": "figwasp"}, "spec": cronjob}
    )
    lines = [each for each in README.read_text().splitlines() if "figwasp-first" in each]

    done = subprocess.run(
        ["sh", "-ec", "\n".join(lines).replace("-n shop", f"-n {scene.namespace.name}")],
        env={
            "PATH": f"{node_binaries(print)}:{os.environ['PATH']}",
            "KUBECONFIG": str(scene.bed.kubeconfig),
            "HOME": str(tmp_path),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (0, True) == (done.returncode, "1 workload: 1 current" in done.stdout), done.stderr
