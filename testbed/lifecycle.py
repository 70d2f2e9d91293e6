"""Up, down and status of a bed."""

import contextlib
import socket
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from testbed import leftovers, machine, pki, processes
from testbed.api import Api
from testbed.binaries import node_binaries
from testbed.errors import PartFailed, StillWaiting, TestbedError
from testbed.images import image
from testbed.part import Part
from testbed.parts.containerd import Runtime, containerd
from testbed.parts.control_plane import api_server, controller_manager, scheduler
from testbed.parts.etcd import etcd
from testbed.parts.kubelet import kubelet
from testbed.parts.registry import registry_part, standard
from testbed.repository import Repository
from testbed.site import Site
from testbed.wait import wait_for

_NODE_READY_SECONDS = 90.0


def is_up(site: Site) -> bool:
    """Whether an `up` came to its end here and all that it started still runs."""
    return _complete(site).exists() and all(processes.is_running(site, name) for name in processes.names(site))


def up(
    site: Site,
    say: Callable[[str], None] = print,
    *,
    node: bool = True,
    store: str = "etcd",
    runtime: Runtime = Runtime.CONTAINERD_1,
) -> None:
    """
    Start a bed and return when its node is Ready; what a killed bed left in the directory is removed first.

    Nothing happens when it is up. When anything fails, nothing is left running.

    Without `node` there are etcd, the API server and the registries only: what is written stays as it was written.
    `store` is the program of etcd, Debian's by default; `runtime` is what the node runs containers with.

    Raises:
        PartFailed: names the part and carries the end of its log.
        TestbedError: the machine, the directory or a build is in the way.
    """
    machine.require_root_on_linux()
    machine.install_missing(say)
    binaries = node_binaries(say)
    with alone(site, "testbed command"):
        if is_up(site):
            return
        leftovers.remove(site)
        try:
            site.require_free_ports()
            site.claim()
            _start_all(site, binaries, node=node, store=store, runtime=runtime)
        except BaseException:
            # Also when interrupted: a bed is either up or not there.
            leftovers.remove(site)
            raise


def down(site: Site) -> None:
    """
    End the bed and remove its directory; nothing happens when there is none.

    Raises:
        TestbedError: not root, or something could not be ended.
    """
    machine.require_root_on_linux()
    with alone(site, "testbed command"):
        leftovers.remove(site)


def status(site: Site) -> dict[str, bool]:
    """Whether each part that was started runs, by name; empty when there is no bed."""
    return {name: processes.is_running(site, name) for name in processes.names(site)}


def runtime_of(site: Site) -> Runtime:
    """What the node of a bed that is up runs containers with."""
    return Runtime(_complete(site).read_text())


def start_together(parts: Sequence[Part], site: Site) -> None:
    """
    Start the parts, then wait until all are ready.

    Raises:
        PartFailed: the first of them, in their order, that is not.
    """
    for part in parts:
        processes.start(part, site)
    for part in parts:
        processes.wait_until_ready(part, site)


def _start_all(site: Site, binaries: Path, *, node: bool, store: str, runtime: Runtime) -> None:
    address = machine.own_address()
    keys = pki.make(site)
    registries = standard(site)
    pause = Repository(registries[0], "testbed/pause", keys.registry_ca)
    start_together(
        [
            etcd(site, store),
            *([containerd(site, pause.reference("1"), runtime)] if node else []),
            *(registry_part(registry, site, keys) for registry in registries),
            api_server(site, keys, binaries, address, runtime.feature_gates),
        ],
        site,
    )
    if node:
        _let_the_node_read(Api(site))
        pause.push(image("pause"), "1")
        start_together(
            [
                controller_manager(site, keys, binaries),
                scheduler(site, keys, binaries),
                kubelet(site, keys, binaries, address, runtime.feature_gates),
            ],
            site,
        )
        _wait_for_node(site)
    _complete(site).write_text(runtime.value)


def _let_the_node_read(api: Api) -> None:
    """
    Let the node read all secrets, not only those of its own pods.

    The API server's node authorizer learns of a pod a moment after the scheduler has bound it. A kubelet that is
    quicker is refused the pod's pull secret, pulls without it, and tries again after 10 to 15 seconds.
    """
    rbac = "rbac.authorization.k8s.io"
    api.apply(
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": "node"},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": "system:node"},
            "subjects": [{"apiGroup": rbac, "kind": "User", "name": f"system:node:{pki.NODE}"}],
        }
    )


def _wait_for_node(site: Site) -> None:
    api = Api(site)

    def node_is_ready() -> bool:
        conditions = [c for node in api.objects("Node") for c in node["status"]["conditions"]]
        return any(c["type"] == "Ready" and c["status"] == "True" for c in conditions)

    try:
        wait_for(node_is_ready, "node Ready", _NODE_READY_SECONDS)
    except StillWaiting:
        raise PartFailed("kubelet", "runs but its node is not Ready", processes.log_tail(site, "kubelet")) from None
    wait_for(
        lambda: api.objects("ServiceAccount", fieldSelector="metadata.name=default"), "the default service account"
    )


def _complete(site: Site) -> Path:
    """The file that is written when all has started, with what the node runs containers with."""
    return site.run / "complete"


@contextlib.contextmanager
def alone(site: Site, what: str) -> Iterator[None]:
    """
    Keep two of `what` from working on the same bed at once, by a name that the kernel frees when we end.

    Raises:
        TestbedError: another one is at work.
    """
    with socket.socket(socket.AF_UNIX) as lock:
        try:
            lock.bind(f"\0{site.name} {what}")
        except OSError:
            raise TestbedError(f"another {what} is at work on {site.root}: wait for it") from None
        yield
