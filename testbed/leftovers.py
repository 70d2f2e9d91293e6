"""Ending a bed, whatever state it is in: running, half started, or killed."""

import contextlib
import functools
import shutil
from pathlib import Path

from testbed import processes
from testbed.command import run
from testbed.errors import TestbedError
from testbed.parts.containerd import CGROUP, bundles
from testbed.site import Site
from testbed.wait import wait_for

_CGROUPS = Path("/sys/fs/cgroup")


def remove(site: Site) -> None:
    """
    End every process of the bed and remove its cgroups and its directory; the same again does nothing.

    Killing is enough: mounts and network namespaces are in the node's own view (parts/node_mounts.py)
    and end with its last process.

    Raises:
        TestbedError: a process did not end, or something stays mounted in the directory.
    """
    processes.end_all(site)
    if site.claimed:
        _remove_cgroups(site)
        _unmount_all(site.root)
        shutil.rmtree(site.root)


def _remove_cgroups(site: Site) -> None:
    """Remove what runc made for our containers, and the folder around them unless another containerd uses it."""
    containers = [bundle.name for bundle in bundles(site)]
    # cgroup v2 has one tree, v1 one a controller.
    for tree in (_CGROUPS, *_CGROUPS.glob("*/")):
        for container in containers:
            for group in sorted((tree / CGROUP / container).glob("**/"), reverse=True):
                wait_for(functools.partial(_removed, group), f"the end of {group}")
        _removed(tree / CGROUP)


def _removed(group: Path) -> bool:
    """Whether the cgroup is gone; the kernel refuses while a killed process is still on its way out of it."""
    with contextlib.suppress(OSError):
        group.rmdir()
    return not group.exists()


def _unmount_all(root: Path) -> None:
    """Unmount what somebody mounted below `root`, so that removing it removes nothing of theirs."""
    for mounted in sorted(_mounts_below(root), reverse=True):
        run("umount", "--lazy", mounted)
    if left := _mounts_below(root):
        raise TestbedError(f"not removing {root}: still mounted in it: {', '.join(left)}; unmount it by hand")


def _mounts_below(root: Path) -> list[str]:
    # Fifth field of proc_pid_mountinfo(5); the kernel writes a space as \040.
    points = [line.split()[4] for line in Path("/proc/self/mountinfo").read_text().splitlines()]
    return [point for point in points if point.replace("\\040", " ").startswith(f"{root}/")]
