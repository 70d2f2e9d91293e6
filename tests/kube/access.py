"""Kubeconfigs, service accounts and exec plugins for tests, with sensible defaults."""

import base64
import json
import sys
import time
from pathlib import Path
from typing import Any

import yaml

from figwasp.core.deadline import Deadline
from figwasp.kube.access import Access
from figwasp.kube.config import find_access

TOKEN = "s3cret-t0ken"
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def encoded(text: str) -> str:
    """A text as the fields of a kubeconfig that end in `-data` have it."""
    return base64.b64encode(text.encode()).decode()


def soon(seconds: float = 20) -> Deadline:
    return Deadline(seconds, time.monotonic, f"the test ran out of {seconds:g}s")


def write_kubeconfig(
    path: Path,
    *,
    server: str = "https://127.0.0.1:6443",
    name: str = "dev",
    cluster: dict[str, Any] | None = None,
    user: dict[str, Any] | None = None,
    namespace: str = "",
) -> Path:
    """Write a kubeconfig whose one context, cluster and user are called `name`."""
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": name, "user": {"token": TOKEN} if user is None else user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name, "namespace": namespace}}],
        "current-context": name,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content))
    return path


def user_access(folder: Path, user: dict[str, Any], **more: Any) -> Access:
    """The access of a kubeconfig in `folder` whose user is `user`."""
    return find_access({"HOME": str(folder)}, kubeconfig=str(write_kubeconfig(folder / "config", user=user, **more)))


def header(access: Access) -> str:
    """The Authorization header that the next request would carry."""
    return access.identity.proof(soon()).authorization.reveal()


def mount_service_account(root: Path, *, token: str = TOKEN, ca: str = "") -> dict[str, str]:
    """Put a service account's files below `root`; answers the environment of a pod."""
    folder = root / "var/run/secrets/kubernetes.io/serviceaccount"
    folder.mkdir(parents=True)
    (folder / "token").write_text(token)
    if ca:
        (folder / "ca.crt").write_text(ca)
    return {"KUBERNETES_SERVICE_HOST": "10.0.0.1", "KUBERNETES_SERVICE_PORT": "443", "HOME": str(root / "home")}


def exec_user(folder: Path, status: object, *, version: str = "v1", code: str = "", **more: Any) -> dict[str, Any]:
    """
    A user whose exec plugin prints an ExecCredential of `status`.

    The plugin keeps a line in `folder`/runs for each run: what it was told. `code` is Python that it runs first.
    """
    api_version = f"client.authentication.k8s.io/{version}"
    answer = json.dumps({"kind": "ExecCredential", "apiVersion": api_version, "status": status})
    script = folder / "plugin.py"
    script.write_text(
        "import os, sys\n"
        f"open({str(folder / 'runs')!r}, 'a').write(os.environ['KUBERNETES_EXEC_INFO'] + '\\n')\n"
        f"{code}\nprint({answer!r})\n"
    )
    plugin = {"apiVersion": api_version, "command": sys.executable, "args": ["-S", str(script)], **more}
    return {"exec": {"interactiveMode": "Never", **plugin}}


def runs(folder: Path) -> list[Any]:
    """What the plugin was told at each run."""
    return [json.loads(line) for line in (folder / "runs").read_text().splitlines()]
