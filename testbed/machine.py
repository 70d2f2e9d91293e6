"""What the bed needs of the machine: Linux, root, an address, some Debian packages."""

import contextlib
import os
import shutil
import socket
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from testbed.command import run
from testbed.errors import TestbedError
from testbed.part import SEARCH_PATH

_PROGRAM_OF_PACKAGE = {
    "etcd-server": "etcd",
    "etcd-client": "etcdctl",
    "containerd": "containerd",
    "runc": "runc",
    "containernetworking-plugins": "/usr/lib/cni/ptp",
    "docker-registry": "docker-registry",
    "busybox-static": "busybox",
    "skopeo": "skopeo",
    "buildah": "buildah",
    "mmdebstrap": "mmdebstrap",
    "apache2-utils": "htpasswd",
    "openssl": "openssl",
}

_POLICY = Path("/usr/sbin/policy-rc.d")
_INSTALL_SECONDS = 600.0

# TEST-NET-2 (RFC 5737): belongs to nobody, and connecting a datagram socket sends nothing.
_SOMEWHERE_ELSE = ("198.51.100.1", 9)


def require_root_on_linux() -> None:
    """
    Return if this is Linux and we are root.

    Raises:
        TestbedError: it is not, or we are not.
    """
    if sys.platform != "linux":
        raise TestbedError(f"the test bed runs a real node and needs Linux, this is {sys.platform}")
    if os.geteuid() != 0:
        raise TestbedError("the test bed runs a real node and needs root: run it with sudo")


def own_address() -> str:
    """
    The machine's own IPv4 address, under which it reaches others (a kubelet refuses loopback).

    Raises:
        TestbedError: it has none.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_SOMEWHERE_ELSE)
        except OSError:
            raise TestbedError("the kubelet needs an address other than loopback, this machine has no route") from None
        return str(probe.getsockname()[0])


def install_missing(say: Callable[[str], None]) -> None:
    """
    Install the Debian packages whose program is not there; their own services are not started.

    Raises:
        TestbedError: apt-get is not there or failed.
    """
    missing = [package for package, program in _PROGRAM_OF_PACKAGE.items() if not _is_there(program)]
    if not missing:
        return
    if not _is_there("apt-get"):
        raise TestbedError(f"install what Debian calls {' '.join(missing)}: there is no apt-get to do it")
    say(f"installing {' '.join(missing)}")
    install = ("apt-get", "install", "--yes", "--no-install-recommends", *missing)
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    with _no_services_started():
        try:
            run(*install, env=quiet, timeout=_INSTALL_SECONDS)
        except TestbedError:
            # The lists of a new machine are empty or old.
            run("apt-get", "update", timeout=_INSTALL_SECONDS)
            run(*install, env=quiet, timeout=_INSTALL_SECONDS)


def _is_there(program: str) -> bool:
    return shutil.which(program, path=SEARCH_PATH) is not None


@contextlib.contextmanager
def _no_services_started() -> Iterator[None]:
    """Keep packages from starting their services, in Debian's own way, unless the machine has a policy already."""
    if _POLICY.exists():
        yield
        return
    # invoke-rc.d(8): 101 is "action forbidden by policy".
    _POLICY.write_text("#!/bin/sh\nexit 101\n")
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()
