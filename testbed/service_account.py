"""A service account with a token: how Figwasp is let in, from outside and as in a pod."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from testbed import kubeconfig
from testbed.part import SEARCH_PATH

_FOLDER_IN_POD = "/var/run/secrets/kubernetes.io/serviceaccount"

# A /run of its own, so that nothing is left of the folder on the machine. $0 holds the three files.
_SCRIPT = f"""
mount -t tmpfs tmpfs "$(readlink -f /var/run)"
mkdir -p {_FOLDER_IN_POD}
cp "$0"/* {_FOLDER_IN_POD}
exec "$@"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount:
    """A service account of the bed, with its Role."""

    name: str
    namespace: str
    token: str = field(repr=False)
    server: str
    ca: Path
    folder: Path
    """Where its files are written."""

    @property
    def user(self) -> str:
        """Its name in the audit log."""
        return f"system:serviceaccount:{self.namespace}:{self.name}"

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig that logs in with its token and starts in its namespace."""
        path = self.folder / f"{self.name}.kubeconfig"
        path.write_text(kubeconfig.with_token(self.server, self.ca, self.token, self.namespace))
        return path

    def run_as_in_a_pod(
        self, *argv: str, env: Mapping[str, str] | None = None, timeout: float = 120.0
    ) -> subprocess.CompletedProcess[str]:
        """
        Run a program to its end, whatever its exit code, that finds what it would find in a pod.

        That is token, CA and namespace as files, and the API server's address in two variables. Its /run is empty.

        `env` is on top of the caller's environment. After `timeout` seconds the program is killed and
        subprocess.TimeoutExpired raised.

        Source: Kubernetes, "Accessing the Kubernetes API from a Pod".
        """
        folder = self.folder / f"{self.name}.secrets"
        folder.mkdir(exist_ok=True)
        for name, text in {"token": self.token, "ca.crt": self.ca.read_text(), "namespace": self.namespace}.items():
            (folder / name).write_text(text)
        server = urlsplit(self.server)
        service = {"KUBERNETES_SERVICE_HOST": server.hostname or "", "KUBERNETES_SERVICE_PORT": str(server.port)}
        return subprocess.run(
            ["unshare", "--mount", "--propagation=private", "sh", "-ec", _SCRIPT, str(folder), *argv],
            env={**os.environ, "PATH": SEARCH_PATH, **service, **(env or {})},
            timeout=timeout,
            capture_output=True,
            text=True,
            check=False,
        )
