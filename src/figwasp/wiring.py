"""The composition root: the only module that knows every adapter."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime

from msgspec import Struct

import figwasp.kube.kinds
from figwasp import __version__, plugins
from figwasp.app.sweep import Sweep
from figwasp.core.deadline import Deadline
from figwasp.core.workload import Selection
from figwasp.kube.client import ApiClient
from figwasp.kube.config import find_access
from figwasp.kube.kind import WorkloadKind
from figwasp.kube.reader import Reader
from figwasp.kube.restarter import PutRestarter
from figwasp.net.http import HttpClient, Tls
from figwasp.net.proxy import Proxies
from figwasp.registry.client import RegistryClient
from figwasp.settings import Kinds, Settings

__all__ = ["Ready", "SystemClock", "kind_names", "prepared", "workload_kinds"]

USER_AGENT = f"figwasp/{__version__}"


class Ready(Struct, frozen=True):
    """A pass that only has to be run."""

    sweep: Sweep
    selection: Selection
    deadline: Deadline


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time, UTC and aware."""
        return datetime.fromtimestamp(time.time(), UTC)


def workload_kinds() -> tuple[WorkloadKind, ...]:
    """All kinds that can be restarted: one for each file in `kube/kinds`."""
    return tuple(module.KIND for module in plugins.modules(figwasp.kube.kinds))


def kind_names(kinds: tuple[WorkloadKind, ...]) -> Kinds:
    """The names under which `kinds` may be asked for."""
    return {kind.name: kind.aliases for kind in kinds}


@contextmanager
def prepared(settings: Settings, kinds: tuple[WorkloadKind, ...], environment: Mapping[str, str]) -> Iterator[Ready]:
    """
    Connect everything that a pass needs, and let go of it afterwards; nothing is asked of anybody yet.

    Raises:
        KubeconfigError: there is no usable way to reach a cluster.
    """
    access = find_access(environment, kubeconfig=settings.kubeconfig, context=settings.context)
    timeout = settings.client_timeout_seconds
    client = ApiClient.to(access, environ=environment, timeout_seconds=timeout)
    registries = HttpClient(
        tls=Tls(ca_files=settings.registry_ca),
        timeout_seconds=timeout,
        proxy=Proxies.from_environment(environment),
        user_agent=USER_AGENT,
    )
    if settings.registry_ca:
        registries.check_trust()  # a wrong file is wrong usage, and no failure of each workload
    sweep = Sweep(
        cluster=Reader(client, kinds),
        restarter=PutRestarter(client, kinds),
        resolver=RegistryClient(registries),
        clock=SystemClock(),
    )
    limit = settings.pass_timeout_seconds
    deadline = Deadline(limit, time.monotonic, f"the pass took longer than {limit:g} s (FIGWASP_PASS_TIMEOUT)")
    try:
        yield Ready(sweep, settings.selection(access.namespace), deadline)
    finally:
        client.close()
        registries.close()
