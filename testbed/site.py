"""Where a bed lives: its one directory, and its ports."""

import hashlib
import json
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from testbed.errors import TestbedError

DEFAULT_ROOT = Path("/var/tmp/figwasp-testbed")  # noqa: S108  (`claim` refuses what others put there)
DEFAULT_BASE_PORT = 21000
"""Below the ports that Linux hands out for outgoing connections, so that none of them takes ours."""

STANDARD_PARTS = (
    "containerd",
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "private",
    "registry",
)
"""The parts of every bed, by name."""

_PORTS = (
    "etcd",
    "etcd-peers",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-scheduler",
    "kubelet",
    "kubelet-health",
    "registry",
    "registry-debug",
    "private",
    "private-debug",
)
_FIRST_FREE = 20
_LONGEST_PATH = 60  # a Unix socket's path has at most 107 bytes
_MARKER = ".figwasp-testbed"

# The node's programs have fixed paths below these; it sees empty ones of its own (parts/node_mounts.py).
_HIDDEN_FROM_THE_NODE = (Path("/run"), Path("/var/run"), Path("/var/lib"), Path("/var/log"))


@dataclass(frozen=True, slots=True)
class Site:
    """A bed's directory and first port; two beds with other directories and ports do not meet."""

    root: Path = DEFAULT_ROOT
    base_port: int = DEFAULT_BASE_PORT

    @staticmethod
    def chosen(root: Path | None = None, base_port: int | None = None) -> "Site":
        """
        The site of the arguments, else of FIGWASP_TESTBED_DIR and the directory's own marker, else the default.

        Raises:
            TestbedError: the directory is one that the node would not see, or its path is too long.
        """
        root = root or Path(os.environ.get("FIGWASP_TESTBED_DIR") or DEFAULT_ROOT)
        root = root.resolve()
        for hidden in _HIDDEN_FROM_THE_NODE:
            if root.is_relative_to(hidden):
                raise TestbedError(f"{root} cannot hold a test bed: its node has a {hidden} of its own; name another")
        if len(str(root)) > _LONGEST_PATH:
            raise TestbedError(f"{root} is too long a path for the sockets in it (over {_LONGEST_PATH}): name another")
        marker = root / _MARKER
        if base_port is None and marker.exists():
            base_port = json.loads(marker.read_text())["base_port"]
        return Site(root, base_port or DEFAULT_BASE_PORT)

    def claim(self) -> None:
        """
        Make the directory ours, so that it may later be removed with all that is in it.

        Raises:
            TestbedError: it holds something already that is not a test bed.
        """
        marker = self.root / _MARKER
        if self.root.exists() and any(self.root.iterdir()) and not marker.exists():
            raise TestbedError(f"{self.root} is not empty and holds no test bed: name another directory")
        self.root.mkdir(parents=True, exist_ok=True)
        marker.write_text(json.dumps({"base_port": self.base_port}))
        for folder in (self.logs, self.run, self.etc):
            folder.mkdir(exist_ok=True)

    @property
    def claimed(self) -> bool:
        """Whether the directory is one that `claim` made ours."""
        return (self.root / _MARKER).exists()

    def port(self, name: str) -> int:
        """The port of a standard part, by its name."""
        return self.base_port + _PORTS.index(name)

    def free_port(self, number: int) -> int:
        """The `number`-th port (from 0) that no standard part uses."""
        return self.base_port + _FIRST_FREE + number

    def require_free_ports(self) -> None:
        """
        Return if no standard port is taken.

        Raises:
            TestbedError: names the first one that is, and what it is for.
        """
        for name in _PORTS:
            if not is_free(self.port(name)):
                raise TestbedError(
                    f"port {self.port(name)}, wanted for {name}, is in use: end what uses it, or name another first "
                    "port with --port"
                )

    @property
    def name(self) -> str:
        """A name that only this directory's bed has, for what has no path in it."""
        return "figwasp-testbed-" + hashlib.sha256(str(self.root).encode()).hexdigest()[:8]

    @property
    def pod_subnet(self) -> str:
        """The addresses of pods, other ones for other ports."""
        return f"10.213.{self.base_port // 100 % 256}.0/24"

    @property
    def logs(self) -> Path:
        """One log a part."""
        return self.root / "logs"

    @property
    def run(self) -> Path:
        """Pid files and sockets."""
        return self.root / "run"

    @property
    def etc(self) -> Path:
        """The parts' configuration files."""
        return self.root / "etc"

    @property
    def pki(self) -> Path:
        """Certificates and keys."""
        return self.root / "pki"

    @property
    def certs_d(self) -> Path:
        """Where containerd finds registries: hosts.toml files, one folder a host."""
        return self.etc / "certs.d"

    @property
    def admin_kubeconfig(self) -> Path:
        """A kubeconfig with every right."""
        return self.root / "admin.kubeconfig"

    @property
    def api_server(self) -> str:
        """The API server's URL."""
        return f"https://127.0.0.1:{self.port('kube-apiserver')}"


def is_free(port: int) -> bool:
    """Whether a server could listen on the port, on loopback."""
    with socket.socket() as server:
        # As Go's servers do: connections that ended lately do not stand in the way.
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            server.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
