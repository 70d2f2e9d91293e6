"""Deployments: their roll-out state, and which ReplicaSet is the current revision."""

from collections.abc import Callable
from functools import partial

from msgspec import field

from figwasp.core.workload import RolloutState, Strategy
from figwasp.errors import shorten
from figwasp.kube.kind import PATIENCE, Followed, Overdue, Revision, Rollout, Template, Templated, WorkloadKind, scaled
from figwasp.kube.picks import Metadata, Pick, WorkloadMetadata

_SUCCEEDED = "NewReplicaSetAvailable"
_NOT_CREATED = "ReplicaSetCreateError"
_LONGEST_MESSAGE = 400


class ReplicaSet(Pick):
    """A ReplicaSet: one revision of a Deployment."""

    metadata: Metadata


class _RollingUpdate(Pick):
    max_surge: int | str | None = None
    max_unavailable: int | str | None = None


class _Strategy(Pick):
    type: str = ""
    rolling_update: _RollingUpdate | None = None


class _Spec(Template):
    min_ready_seconds: int = 0
    strategy: _Strategy | None = None
    replicas: int | None = None
    paused: bool = False


class _Condition(Pick):
    type: str = ""
    status: str = ""
    reason: str = ""
    message: str = ""

    @property
    def said(self) -> str:
        """The message on one line, of no great length: an admission webhook may say as much as it wants."""
        return shorten(self.message, _LONGEST_MESSAGE)


class _Status(Pick):
    observed_generation: int = 0
    replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    conditions: list[_Condition] | None = None

    def condition(self, kind: str) -> _Condition | None:
        """What is said of `kind`; None for nothing."""
        return next((each for each in self.conditions or () if each.type == kind), None)


class Deployment(Templated):
    """A Deployment."""

    metadata: WorkloadMetadata
    spec: _Spec
    status: _Status = field(default_factory=_Status)

    @property
    def replicas(self) -> int:
        """Pods that it wants."""
        return 1 if self.spec.replicas is None else self.spec.replicas

    @property
    def is_paused(self) -> bool:
        """Whether a change of the template rolls nothing out for now."""
        return self.spec.paused

    @property
    def strategy(self) -> Strategy:
        """What becomes of its pods when the template changes."""
        return Strategy.REPLACES

    @property
    def outage(self) -> str:
        """
        Why a restart leaves no pod for a while.

        By default it does not, not even for one replica: the new pod has to be there before the old one goes.

        Source: kubernetes pkg/controller/deployment/util/deployment_util.go, ResolveFenceposts.
        """
        strategy = self.spec.strategy or _Strategy()
        if strategy.type == "Recreate":
            return "its strategy is Recreate, so all pods end before new ones start"
        rolling = strategy.rolling_update or _RollingUpdate("25%", "25%")
        surge = scaled(rolling.max_surge, self.replicas, up=True)
        unavailable = scaled(rolling.max_unavailable, self.replicas, up=False) or int(not surge)
        if unavailable < self.replicas:
            return ""
        return "its strategy lets all its pods be unavailable at a time"


def rollout(deployment: Deployment) -> Rollout:
    """
    Tell whether a restart may start.

    Stricter than `kubectl rollout status` in that old pods must be gone, and laxer in that pods of a finished
    roll-out may be unavailable: one broken pod of fifty must not hide updates for ever.

    Source: kubernetes pkg/controller/deployment/progress.go.
    """
    status = deployment.status
    progressing = status.condition("Progressing")
    if progressing is not None and progressing.reason == _NOT_CREATED:
        return _in_progress(deployment, progressing.said or "its ReplicaSet cannot be created")
    if status.observed_generation < deployment.metadata.generation:
        return _in_progress(deployment, "the controller has not seen its latest change yet")
    if progressing is not None and progressing.reason == "ProgressDeadlineExceeded":
        return Rollout(RolloutState.FAILED, progressing.said or "it passed its progress deadline")
    if status.updated_replicas != deployment.replicas:
        if (failure := _lasting_failure(status, progressing)) is not None:
            return Rollout(RolloutState.FAILED, failure.said or "its pods cannot be created")
        counted = f"{status.updated_replicas} of {deployment.replicas} pods are of the new revision"
        return _in_progress(deployment, counted)
    if old := max(0, status.replicas - status.updated_replicas):
        return _in_progress(deployment, f"{old} old pod{'s are' if old > 1 else ' is'} left")
    if progressing is not None and progressing.reason != _SUCCEEDED:
        return _in_progress(deployment, "its new pods are not all available yet")
    return Rollout(RolloutState.SETTLED)


def _in_progress(deployment: Deployment, detail: str) -> Rollout:
    """
    A roll-out that its own deadline ends, or else stalls when nothing has changed for long.

    No deadline runs where there is none, before the controller has seen the change, where it cannot create the
    ReplicaSet, and after an earlier success: that still stands while a Deployment whose strategy is Recreate waits for
    a pod on a dead node, or one that went back to an earlier ReplicaSet for room in a quota.

    Source: kubernetes pkg/controller/deployment/recreate.go; sync.go, getNewReplicaSet; progress.go, syncRolloutStatus.
    """
    status, progressing = deployment.status, deployment.status.condition("Progressing")
    is_seen = status.observed_generation >= deployment.metadata.generation
    if is_seen and progressing is not None and progressing.reason not in {_SUCCEEDED, _NOT_CREATED}:
        return Rollout(RolloutState.IN_PROGRESS, detail)
    patience = PATIENCE + deployment.spec.min_ready_seconds
    overdue = Overdue(RolloutState.STALLED, deployment.metadata.changed_at, patience)
    return Rollout(RolloutState.IN_PROGRESS, detail, (overdue,))


def _lasting_failure(status: _Status, progressing: _Condition | None) -> _Condition | None:
    """
    Why pods cannot be created, such as a quota, where no progress deadline will ever put an end to it.

    None runs once a roll-out has succeeded (pods are missing after a scale-up or an eviction), nor without a deadline.

    Source: kubernetes pkg/controller/deployment/util/deployment_util.go, DeploymentTimedOut.
    """
    if status.replicas > status.updated_replicas:
        return None
    if progressing is not None and progressing.reason != _SUCCEEDED:
        return None
    failure = status.condition("ReplicaFailure")
    return failure if failure is not None and failure.status == "True" else None


class _OfNumber:
    """
    Finds the ReplicaSet with a Deployment's own revision number.

    Source: kubectl pkg/util/deployment/deployment.go, whose comparison of whole templates the number stands for
    as long as the controller has observed the latest generation.
    """

    def __init__(self, number: str) -> None:
        self._number = number
        self._uids: list[str] = []

    def look_at(self, replica_set: ReplicaSet) -> None:
        if replica_set.metadata.annotated.revision == self._number:
            self._uids.append(replica_set.metadata.uid)

    def found(self) -> Revision | None:
        return Revision(self._uids[0]) if self._number and len(self._uids) == 1 else None


def current(deployment: Deployment) -> Callable[[], _OfNumber]:
    """Give what finds its current ReplicaSet."""
    return partial(_OfNumber, deployment.metadata.annotated.revision)


def follow(deployment: Deployment) -> Followed:
    """
    Tell what `kubectl rollout status` says.

    Source: kubectl pkg/polymorphichelpers/rollout_status.go, DeploymentStatusViewer.
    """
    status, name = deployment.status, deployment.metadata.name
    waiting = f'Waiting for deployment "{name}" rollout to finish:'
    if status.observed_generation < deployment.metadata.generation:
        return Followed("Waiting for deployment spec update to be observed...")
    progressing = status.condition("Progressing")
    if progressing is not None and progressing.reason == "ProgressDeadlineExceeded":
        return Followed(error=f'deployment "{name}" exceeded its progress deadline')
    wanted, updated = deployment.spec.replicas, status.updated_replicas
    if wanted is not None and updated < wanted:
        return Followed(f"{waiting} {updated} out of {wanted} new replicas have been updated...")
    if status.replicas > updated:
        return Followed(f"{waiting} {status.replicas - updated} old replicas are pending termination...")
    if status.available_replicas < updated:
        return Followed(f"{waiting} {status.available_replicas} of {updated} updated replicas are available...")
    return Followed(f'deployment "{name}" successfully rolled out', is_done=True)


KIND = WorkloadKind(
    name="deployment",
    aliases=frozenset({"deployments", "deploy", "deployment.apps", "deployments.apps"}),
    group="apps",
    version="v1",
    plural="deployments",
    item=Deployment,
    revisions="replicasets",
    revision=ReplicaSet,
    rollout=rollout,
    current=current,
    follow=follow,
    rank=0,
)
