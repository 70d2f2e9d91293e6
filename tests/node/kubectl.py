"""The real kubectl, pointed at an embedded API server."""

import json
import os
import subprocess
from pathlib import Path

from figwasp.embedded.api.server import ApiServer
from testbed.binaries import node_binaries

MANIFEST = """
apiVersion: apps/v1
kind: Deployment
metadata:
  name: api
spec:
  replicas: 0
  selector: {matchLabels: {app: api}}
  template:
    metadata: {labels: {app: api}}
    spec:
      containers:
      - {name: api, image: registry.test/api:1}
"""
"""A Deployment that runs nothing."""


class Kubectl:
    """The program, with a kubeconfig that holds an address and, if any, a token (which needs TLS)."""

    def __init__(self, server: ApiServer, folder: Path, token: str = "") -> None:
        self._folder = folder
        self._program = node_binaries(print) / "kubectl"
        authority = {"certificate-authority": str(folder / "ca.crt")} if server.url.startswith("https") else {}
        cluster = {"server": server.url, **authority}
        users = [{"name": "team", "user": {"token": token}}] if token else []
        context = {"cluster": "embedded", "namespace": "shop", **({"user": "team"} if token else {})}
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "embedded", "cluster": cluster}],
            "users": users,
            "contexts": [{"name": "embedded", "context": context}],
            "current-context": "embedded",
        }
        (folder / "kubeconfig").write_text(json.dumps(config))

    def __call__(self, *arguments: str, code: int = 0, **env: str) -> str:
        """Run it to its end; answers what it printed, errors too."""
        home = {"KUBECONFIG": str(self._folder / "kubeconfig"), "HOME": str(self._folder)}
        ended = subprocess.run(
            [str(self._program), *arguments],
            env={"PATH": os.environ["PATH"], **home, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=60,
            text=True,
            check=False,
        )
        assert code == ended.returncode, ended.stdout
        return ended.stdout

    def manifest(self, text: str = MANIFEST) -> str:
        """A file with that text."""
        path = self._folder / "manifest.yaml"
        path.write_text(text)
        return str(path)
