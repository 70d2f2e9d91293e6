"""The composition root: the only module that knows every adapter."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

import figwasp.kube.kinds
from figwasp import __version__, plugins
from figwasp.app.sweep import Sweep
from figwasp.core.deadline import Deadline
from figwasp.core.meter import SILENT, Meter
from figwasp.core.ports import Restarter
from figwasp.core.registry_settings import USUAL, RegistrySettings
from figwasp.core.url import Url
from figwasp.core.workload import Selection, WorkloadKey
from figwasp.kube.client import ApiClient
from figwasp.kube.config import find_access
from figwasp.kube.kind import WorkloadKind
from figwasp.kube.reader import Reader
from figwasp.kube.restarter import DryRunRestarter, PutRestarter
from figwasp.net.hosts import HttpByHost
from figwasp.net.http import HttpClient, Tls
from figwasp.net.proxy import Proxies
from figwasp.net.retry import Retries
from figwasp.registry.client import RegistryClient
from figwasp.registry.session import api_host
from figwasp.settings.values import Settings
from figwasp.settings.workloads import Kinds

if TYPE_CHECKING:
    from figwasp.app.checkup import Checkup
    from figwasp.kube.pulls import ImageWait

__all__ = [
    "Connected",
    "DryRunRestarter",
    "MakeRestarter",
    "PutRestarter",
    "Reader",
    "Ready",
    "ReadyCheckup",
    "SystemClock",
    "checkup",
    "cluster",
    "kind_names",
    "pass_deadline",
    "prepared",
    "registries",
    "workload_kinds",
]

USER_AGENT = f"figwasp/{__version__}"


MakeRestarter = Callable[[ApiClient, Sequence[WorkloadKind]], Restarter]
"""Makes a restarter for a cluster."""


class Ready(Struct, frozen=True):
    """A pass that only has to be run."""

    sweep: Sweep
    selection: Selection
    deadline: Deadline
    image_waits: "Callable[[WorkloadKey], Sequence[ImageWait]]"
    """Asks which pods of a workload cannot have their image."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The time, UTC and aware."""
        return datetime.fromtimestamp(time.time(), UTC)

    def sleep(self, seconds: float) -> None:
        """Do nothing for so many seconds."""
        time.sleep(seconds)


def workload_kinds() -> tuple[WorkloadKind, ...]:
    """All kinds that can be restarted, the commonest first: one for each file in `kube/kinds`."""
    kinds: list[WorkloadKind] = [module.KIND for module in plugins.modules(figwasp.kube.kinds)]
    return tuple(sorted(kinds, key=lambda kind: kind.rank))


def kind_names(kinds: tuple[WorkloadKind, ...]) -> Kinds:
    """The names under which `kinds` may be asked for."""
    return {kind.name: kind.aliases for kind in kinds}


class Connected(Struct, frozen=True):
    """A cluster that can be asked. `namespace` is the one that its context starts in, empty where it names none."""

    client: ApiClient
    namespace: str
    described: str


@contextmanager
def cluster(settings: Settings, environment: Mapping[str, str], meter: Meter = SILENT) -> Iterator[Connected]:
    """
    Find the API server, and let go of it afterwards; nothing is asked of it yet.

    Raises:
        KubeconfigError: there is no usable way to reach a cluster.
    """
    access = find_access(environment, kubeconfig=settings.kubeconfig, context=settings.context)
    if settings.impersonate:
        access = replace(access, headers=(("Impersonate-User", settings.impersonate),))
    timeout = settings.client_timeout_seconds
    client = ApiClient.to(access, environ=environment, timeout_seconds=timeout, meter=meter)
    try:
        yield Connected(client, access.namespace, access.described)
    finally:
        client.close()


@contextmanager
def registries(settings: Settings, environment: Mapping[str, str], meter: Meter = SILENT) -> Iterator[RegistryClient]:
    """
    Make what asks registries, and let go of its connections afterwards.

    Raises:
        UsageError: a file of CA certificates cannot be used.
    """
    proxies = Proxies.from_environment(environment)

    def client(one: RegistrySettings) -> HttpClient:
        files = (*settings.registry_ca, one.ca_file) if one.ca_file else settings.registry_ca
        timeout, tls = settings.client_timeout_seconds, Tls(ca_files=files, insecure_skip_verify=one.insecure)
        made = HttpClient(tls=tls, timeout_seconds=timeout, proxy=proxies, user_agent=USER_AGENT, meter=meter)
        if files:
            made.check_trust()  # a wrong file is wrong usage, and no failure of each workload
        return made

    own = {name: one for name, one in settings.registries.items() if one.ca_file or one.insecure}
    others = {Url.parse(f"https://{api_host(name)}").address: client(one) for name, one in own.items()}
    http = HttpByHost(client(USUAL), others)
    try:
        yield RegistryClient(http, registries=settings.registries, retries=Retries(meter=meter))
    finally:
        http.close()


def pass_deadline(settings: Settings) -> Deadline:
    """When a pass that begins now must be over."""
    limit = settings.pass_timeout_seconds
    return Deadline(limit, time.monotonic, f"the pass took longer than {limit:g} s (FIGWASP_PASS_TIMEOUT)")


@contextmanager
def prepared(
    settings: Settings,
    kinds: tuple[WorkloadKind, ...],
    environment: Mapping[str, str],
    restarter: MakeRestarter,
    meter: Meter = SILENT,
) -> Iterator[Ready]:
    """
    Connect everything that a pass needs, and let go of it afterwards; nothing is asked of anybody yet.

    `restarter` makes what acts: `PutRestarter` restarts, `DryRunRestarter` only tries. `meter` is told what is done.

    Raises:
        KubeconfigError: there is no usable way to reach a cluster.
    """
    with cluster(settings, environment, meter) as connected, registries(settings, environment, meter) as resolver:
        sweep = Sweep(
            cluster=Reader(connected.client, kinds, SystemClock().now),
            restarter=restarter(connected.client, kinds),
            resolver=resolver,
            clock=SystemClock(),
            restraint=settings.restraint,
            shared_secrets=settings.shared_secrets,
        )
        deadline = pass_deadline(settings)

        def image_waits(key: WorkloadKey) -> "Sequence[ImageWait]":
            from figwasp.kube.pulls import image_waits  # noqa: PLC0415 - for explanations only

            return image_waits(connected.client, kinds, key, deadline)

        yield Ready(sweep, settings.selection(connected.namespace), deadline, image_waits)


class ReadyCheckup(Struct, frozen=True):
    """A check-up that only has to be run."""

    checkup: "Checkup"
    selection: Selection
    deadline: Deadline


@contextmanager
def checkup(
    settings: Settings, kinds: tuple[WorkloadKind, ...], environment: Mapping[str, str], meter: Meter = SILENT
) -> Iterator[ReadyCheckup]:
    """
    Connect everything that a check-up needs, and let go of it afterwards; nothing is asked of anybody yet.

    Raises:
        KubeconfigError: there is no usable way to reach a cluster.
    """
    from figwasp.app.checkup import Checkup  # noqa: PLC0415 - no pass needs these
    from figwasp.kube.access_review import AccessReview  # noqa: PLC0415
    from figwasp.kube.rbac import Needs, permissions  # noqa: PLC0415

    with cluster(settings, environment, meter) as connected, registries(settings, environment, meter) as resolver:
        one = Checkup(
            cluster=Reader(connected.client, kinds, SystemClock().now),
            resolver=resolver,
            rights=AccessReview(connected.client, kinds),
            needed=lambda selection, passed_over: permissions(
                Needs(targets=selection.targets, kinds=selection.kinds, nodes=True),
                [kind for kind in kinds if kind.name not in passed_over],
            ),
            clock=SystemClock(),
            shared_secrets=settings.shared_secrets,
        )
        yield ReadyCheckup(one, settings.selection(connected.namespace), pass_deadline(settings))
