"""What a workload asks for and what its pods run: the values that the Kubernetes adapter reads."""

from enum import StrEnum

from msgspec import Struct

from figwasp.core.digest import ImageId
from figwasp.core.manifest import Platform
from figwasp.core.record import Record
from figwasp.core.reference import Reference


class WorkloadKey(Struct, frozen=True, order=True):
    """Which workload. `kind` is lower case and singular, such as `deployment`."""

    namespace: str
    kind: str
    name: str

    @property
    def target(self) -> str:
        """How it is named on the command line inside its namespace: `deployment/web`."""
        return f"{self.kind}/{self.name}"

    def __str__(self) -> str:
        return f"{self.namespace}/{self.kind}/{self.name}"


class PullPolicy(StrEnum):
    """When the kubelet asks the registry again as a container starts."""

    ALWAYS = "Always"
    IF_NOT_PRESENT = "IfNotPresent"
    NEVER = "Never"


class RolloutState(StrEnum):
    """Where the workload's latest roll-out stands."""

    SETTLED = "settled"
    IN_PROGRESS = "in progress"
    UNREADY = "unready"
    """It is over, but a pod that is not ready now and then keeps a restart from having an effect."""
    STALLED = "stalled"
    """It gets on no more, and a restart would change nothing of that; somebody has to see to its pods or nodes."""
    STUCK = "stuck"
    """It gets on no more, and a restart would replace those new pods that are broken: a fix must get in."""
    FAILED = "failed"
    """Nothing more is to be expected of it: it passed its deadline, say, or a quota keeps pods from being made."""

    @property
    def is_failure(self) -> bool:
        """Whether its pods may be broken by what they run, and a restart for something else would replace them."""
        return self in {RolloutState.FAILED, RolloutState.STUCK}


class Strategy(StrEnum):
    """What becomes of a workload's pods when its template changes."""

    REPLACES = "replaces its pods"
    ON_DELETE = "leaves its pods until somebody deletes them"
    KEEPS_ALL = "keeps all its pods, by its partition"


class Container(Struct, frozen=True, kw_only=True):
    """
    A container of the pod template, init containers included, or an image that a volume mounts.

    `image` is the text as written; `reference` is None where it is not a valid one, and `problem` then says why.
    A volume's `name` is `volume/NAME`, which no container can have.
    """

    name: str
    image: str
    reference: Reference | None
    problem: str = ""
    pull_policy: PullPolicy
    is_init: bool
    is_volume: bool

    @property
    def is_pinned(self) -> bool:
        """Whether it names a digest, so that there is no tag to follow."""
        return self.reference is not None and self.reference.is_pinned


class PlatformLimits(Struct, frozen=True):
    """Which platforms a pod's node selector and required affinity allow; None means any."""

    os: frozenset[str] | None = None
    architectures: frozenset[str] | None = None

    def allow(self, platform: Platform) -> bool:
        """Whether a node of `platform` may run the pod."""
        return (self.os is None or platform.os in self.os) and (
            self.architectures is None or platform.architecture in self.architectures
        )

    def __str__(self) -> str:
        limited = {"os": self.os, "arch": self.architectures}
        return ";".join(f"{name}={','.join(sorted(values))}" for name, values in limited.items() if values is not None)


class RunningContainer(Struct, frozen=True, kw_only=True):
    """
    One container of one pod of the current revision.

    `reported` is the image ID as the node wrote it (empty while there is none yet), `image_id` what could be read
    from it. `image` is the pod's own, which an admission webhook may have changed. `is_ready` tells that it works, or
    that it has done its work. `since` is when the pod was made, as it stands there.
    """

    pod: str
    container: str
    image: str
    pull_policy: PullPolicy
    reported: str
    image_id: ImageId | None
    is_ready: bool
    node: str
    limits: PlatformLimits
    since: str = ""


class Workload(Struct, frozen=True, kw_only=True):
    """
    A workload as it was read: at `resource_version`, with the pods of its current revision.

    `pull_secrets` are names in the workload's namespace, in order, as its newest pod has them. Of these `given_secrets`
    are not the template's: the pod was given them as it was made, by `account`, its service account (empty where the
    template names some, so that it gives none), or by admission. `template_hash` is empty where there is no record of
    a move to hold it against. `running` is None where the current revision could not be told. `ignored` is how its
    owner annotated it to be left alone, and `owned_by` the kind and name of what else controls it and may undo a
    restart; both are empty for none. `outage` says, where a restart leaves no pod for a while, why. `restarted_at` is
    the time that our last restart wrote, as it stands there; empty for none.
    """

    key: WorkloadKey
    resource_version: str
    containers: tuple[Container, ...]
    pull_secrets: tuple[str, ...]
    given_secrets: tuple[str, ...] = ()
    account: str = ""
    is_paused: bool
    replicas: int
    rollout: RolloutState
    rollout_detail: str
    template_hash: str
    record: Record
    running: tuple[RunningContainer, ...] | None
    is_deleting: bool
    strategy: Strategy = Strategy.REPLACES
    ignored: str = ""
    owned_by: str = ""
    outage: str = ""
    restarted_at: str = ""


class Selection(Struct, frozen=True, kw_only=True):
    """
    Which workloads a pass looks at: `targets`, as (kind, name), or all where there are none.

    `namespaces` is empty for all of them (`targets` need one). `kinds` are those that were asked for; where there are
    none, every kind that may be listed is looked at. `label` is a label selector that workloads must match too; empty
    for none.
    """

    namespaces: tuple[str, ...]
    targets: tuple[tuple[str, str], ...] = ()
    kinds: tuple[str, ...] = ()
    label: str = ""

    def __str__(self) -> str:
        named = ", ".join(f"{kind}/{name}" for kind, name in self.targets)
        what = named or " or ".join(self.kinds) or "workload"
        many = "s" if len(self.namespaces) > 1 else ""
        where = f"in namespace{many} {', '.join(self.namespaces)}" if self.namespaces else "in any namespace"
        return f"{what}{f' labelled {self.label}' if self.label else ''} {where}"


TARGET_LABEL = "figwasp/target=true"
"""Selects the workloads that are looked at where none is named."""

IGNORE_ANNOTATION = "figwasp/ignore"
"""Whatever it says but `false`, the workload is left alone."""

RESTART_OWNED_ANNOTATION = "figwasp/restart-owned"
"""`true`: restart the workload though another controller owns it."""
