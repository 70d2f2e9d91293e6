"""What the use cases ask of the outside: small Protocols, implemented by `kube`, `registry` and `wiring`."""

from collections.abc import Mapping
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from figwasp.core.contents import Node
from figwasp.core.credential import Entry, Login
from figwasp.core.deadline import Deadline
from figwasp.core.decision import Restart
from figwasp.core.digest import Digest
from figwasp.core.manifest import LARGEST
from figwasp.core.record import Record
from figwasp.core.reference import Reference
from figwasp.core.report import Note, Restarted, WouldRestart
from figwasp.core.resolution import Resolution
from figwasp.core.workload import Selection, Workload, WorkloadKey
from figwasp.errors import FigwaspError


class Observed(Struct, frozen=True):
    """The selected workloads, for each one that could not be read the error, and what was not looked at."""

    workloads: tuple[Workload, ...]
    failures: tuple[tuple[WorkloadKey, FigwaspError], ...] = ()
    notes: tuple[Note, ...] = ()


class Cluster(Protocol):
    """Reads workloads and what belongs to them. Every method is bounded by `deadline`."""

    def observe(self, selection: Selection, deadline: Deadline) -> Observed:
        """
        Read the selected workloads with the pods of their current revisions.

        Raises:
            KubernetesError: nothing could be read at all.
        """
        ...

    def has_namespace(self, namespace: str, deadline: Deadline) -> bool | None:
        """Tell whether there is such a namespace, None where that cannot be told."""
        ...

    def pull_secret(self, namespace: str, name: str, deadline: Deadline) -> tuple[Entry, ...] | None:
        """
        Read the logins in one pull secret, None where there is no such secret.

        Raises:
            KubernetesError: it may not be read, or cannot be understood.
        """
        ...

    def account_secrets(self, namespace: str, name: str, deadline: Deadline) -> tuple[str, ...] | None:
        """
        Name the pull secrets that a service account gives to pods that are made now, None where that is not known.

        It may not be read, is not there, or could not be read.
        """
        ...

    def node(self, name: str, deadline: Deadline) -> Node | None:
        """Read what a node tells of itself, or None where it cannot be told (nodes may not be read, it is gone)."""
        ...

    def repositories(self, namespace: str, deadline: Deadline) -> Mapping[Digest, tuple[Reference, ...]]:
        """
        List by which repositories the pods of a namespace name each digest that they run.

        Those are the nodes' names for it, and what the pods themselves ask for. Nothing where pods may not be listed.

        Raises:
            KubernetesError: they could not be listed.
        """
        ...


class Restarter(Protocol):
    """Changes a workload, on the condition that it is still as it was read; `is_trial` tells that it only tries."""

    is_trial: bool

    def restart(self, decision: Restart, now: datetime, deadline: Deadline) -> Restarted | WouldRestart:
        """
        Start a rolling restart and write the decision's record in the same change, or try whether that could be done.

        Raises:
            Conflict: the workload changed since `workload` was read; nothing was done.
            KubernetesError: it was refused or failed.
        """
        ...

    def write_record(self, workload: Workload, record: Record, deadline: Deadline) -> None:
        """Write `record` alone, which rolls nothing out. Raises as `restart` does."""
        ...


class Resolver(Protocol):
    """Asks registries. Every method is bounded by `deadline`."""

    def resolve(self, reference: Reference, login: Login, deadline: Deadline, largest: int = LARGEST) -> Resolution:
        """
        Ask which digest the tag of `reference` names now.

        Costs one HEAD, and one GET where HEAD is refused or sends no digest.

        Raises:
            LargeAnswer: what had to be read for it has more than `largest` bytes.
            RegistryError: no answer that may be believed.
        """
        ...

    def manifest(self, reference: Reference, login: Login, deadline: Deadline, largest: int = LARGEST) -> bytes:
        """
        Fetch the manifest that `reference` pins by digest; its bytes are proven to have that digest.

        Raises:
            TagNotFound: the registry has no such content.
            LargeAnswer: it has more than `largest` bytes.
            RegistryError: no answer that may be believed.
        """
        ...

    def config(self, reference: Reference, login: Login, deadline: Deadline, largest: int = LARGEST) -> bytes:
        """
        Fetch the image config that `reference` pins by digest; its bytes are proven to have that digest.

        Raises:
            TagNotFound: the registry has no such content.
            LargeAnswer: it has more than `largest` bytes.
            RegistryError: no answer that may be believed.
        """
        ...


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> datetime:
        """The time, UTC and aware."""
        ...


class Timer(Clock, Protocol):
    """A clock that can let time pass."""

    def sleep(self, seconds: float) -> None:
        """Do nothing for so many seconds."""
        ...
