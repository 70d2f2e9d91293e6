"""What the command line gives, and what a pass needs to know."""

from collections.abc import Mapping

from msgspec import Struct

from figwasp.core.registry_settings import RegistrySettings
from figwasp.core.restraint import Restraint
from figwasp.core.workload import Selection


class Flags(Struct, frozen=True, kw_only=True):
    """What the command line gave; empty where it did not."""

    targets: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    max_restarts: str | None = None
    restart_rate: str | None = None
    min_interval: str | None = None
    settle: str | None = None
    all_namespaces: bool = False
    label: str = ""
    everything: bool = False
    kubeconfig: str = ""
    context: str = ""
    impersonate: str = ""
    registry_ca: tuple[str, ...] = ()
    config: str = ""
    log_format: str = ""


class Settings(Struct, frozen=True, kw_only=True):
    """
    All that one pass needs to know.

    `namespaces` is empty where neither flag nor environment names one: the context's, or `default`, is then meant.
    `kinds` is empty for every kind that may be listed. `label` is a label selector, empty where workloads are named or
    all are meant. `impersonate` names the user as whom the cluster is asked;
    empty for whoever we are.
    """

    targets: tuple[tuple[str, str], ...]
    namespaces: tuple[str, ...]
    kinds: tuple[str, ...]
    all_namespaces: bool
    label: str
    restraint: Restraint
    client_timeout_seconds: float
    pass_timeout_seconds: float
    kubeconfig: str
    context: str
    impersonate: str
    registry_ca: tuple[str, ...]
    log_format: str
    registries: Mapping[str, RegistrySettings] = {}

    @property
    def shared_secrets(self) -> Mapping[str, tuple[str, str]]:
        """The pull secrets (namespace, name) for every workload's images of a registry, by registry."""
        return {host: each.pull_secret for host, each in self.registries.items() if each.pull_secret}

    def selection(self, context_namespace: str) -> Selection:
        """Which workloads the pass looks at, once it is known which namespace the cluster's context names."""
        named = self.namespaces or (context_namespace or "default",)
        namespaces = () if self.all_namespaces else named
        return Selection(namespaces=namespaces, targets=self.targets, kinds=self.kinds, label=self.label)
