"""Finds the API server: by the pod's service account, or as a kubeconfig says."""

import os
import time
from collections.abc import Callable, Mapping

from figwasp.core.url import Url
from figwasp.errors import FigwaspError, KubeconfigError, shorten
from figwasp.kube.access import Access
from figwasp.kube.files import is_file
from figwasp.kube.identity import TokenFile
from figwasp.net.tls import Tls

_SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


def find_access(
    environ: Mapping[str, str],
    *,
    kubeconfig: str = "",
    context: str = "",
    root: str = "",
    now: Callable[[], float] = time.time,
) -> Access:
    """
    Find the API server: `--kubeconfig`, KUBECONFIG or `--context` before the service account, then ~/.kube/config.

    Args:
        environ: the process's environment.
        kubeconfig: the file that `--kubeconfig` names, or "".
        context: the context that `--context` names, or "" for the current one.
        root: what the service account's path lies below; for tests.
        now: seconds since 1970; logins that a program made expire by it.

    Raises:
        KubeconfigError: there is no way, or a wrong one; says which file and entry, and what to do.
    """
    listed = [path for path in environ.get("KUBECONFIG", "").split(os.pathsep) if path]
    home = environ.get("HOME") or os.path.expanduser("~")  # noqa: PTH111 - no pathlib in a cluster
    default = f"{home}/.kube/config"
    if not kubeconfig and not listed and not context:
        if is_in_cluster(environ, root=root):
            return in_cluster(environ, root=root)
        if not is_file(default):
            raise _no_way(environ, root, default)

    from figwasp.kube.kubeconfig import load  # noqa: PLC0415 - not needed in a cluster

    paths = [kubeconfig] if kubeconfig else listed or [default]
    origin = "--kubeconfig" if kubeconfig else "KUBECONFIG" if listed else ""
    return load(paths, origin=origin, context=context, environ=environ, now=now)


def is_in_cluster(environ: Mapping[str, str], *, root: str = "") -> bool:
    """Whether this process runs in a pod that has a service account's token."""
    return bool(environ.get("KUBERNETES_SERVICE_HOST")) and is_file(f"{root}{_SERVICE_ACCOUNT}/token")


def in_cluster(environ: Mapping[str, str], *, root: str = "") -> Access:
    """
    Reach the API server as the pod's service account.

    Raises:
        KubeconfigError: the variables that name it hold no host or port.

    Source: Kubernetes, "Accessing the Kubernetes API from a Pod".
    """
    folder = root + _SERVICE_ACCOUNT
    ca = f"{folder}/ca.crt"
    return Access(
        server=_service(environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT") or "443"),
        tls=Tls(ca_files=(ca,), only_these_cas=True) if is_file(ca) else Tls(),
        identity=TokenFile(f"{folder}/token"),
        in_cluster=True,
        described="the pod's service account",
    )


def _service(host: str, port: str) -> str:
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        is_address = Url.parse(f"https://{address}").address == address.lower()
    except FigwaspError:
        is_address = False
    if not is_address:
        raise KubeconfigError(
            "KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT hold no host and port:"
            f' "{shorten(host)}" and "{shorten(port)}"',
            hint="the kubelet sets both in every pod: is one of them overridden in the pod's env?",
        )
    return f"https://{address}"


def _no_way(environ: Mapping[str, str], root: str, default: str) -> KubeconfigError:
    if environ.get("KUBERNETES_SERVICE_HOST"):
        return KubeconfigError(
            f"this pod has no service account token ({root}{_SERVICE_ACCOUNT}/token), and there is no {default}",
            hint="remove automountServiceAccountToken: false from the pod and its service account",
        )
    return KubeconfigError(
        f"no cluster to talk to: this is not a pod (KUBERNETES_SERVICE_HOST is not set), and there is no {default}",
        hint="give --kubeconfig FILE or set KUBECONFIG; in a cluster, run in a pod with a service account",
    )
