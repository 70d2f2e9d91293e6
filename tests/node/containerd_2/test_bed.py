"""The second bed itself."""

import subprocess
import sys

from testbed import Bed


def test_its_node_runs_the_containerd_that_was_built_here(bed: Bed) -> None:
    (node,) = bed.api.objects("Node")

    assert node["status"]["nodeInfo"]["containerRuntimeVersion"].startswith("containerd://2.")


def test_up_with_another_containerd_than_the_one_that_runs_is_a_sentence_and_exit_1(bed: Bed) -> None:
    argv = [sys.executable, "-m", "testbed", "up", "--dir", str(bed.site.root), "--containerd", "1"]

    said = subprocess.run(argv, capture_output=True, text=True, timeout=60, check=False)

    why = f"testbed: {bed.site.root} is up already, with containerd 2: end it first (down)\n"
    assert (1, "", why) == (said.returncode, said.stdout, said.stderr)
