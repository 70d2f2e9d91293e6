"""StatefulSets: their roll-out state, and which pods are of the current revision."""

from collections.abc import Callable

from msgspec import field

from figwasp.core.workload import RolloutState, Strategy
from figwasp.kube.kind import (
    PATIENCE,
    Followed,
    Known,
    Overdue,
    Revision,
    Rollout,
    Template,
    Templated,
    WorkloadKind,
    scaled,
)
from figwasp.kube.picks import Pick, WorkloadMetadata


class _RollingUpdate(Pick):
    partition: int | None = None
    max_unavailable: int | str | None = None


class _Strategy(Pick):
    type: str = "RollingUpdate"
    rolling_update: _RollingUpdate | None = None


class _Ordinals(Pick):
    start: int = 0


class _Spec(Template):
    min_ready_seconds: int = 0
    replicas: int | None = None
    update_strategy: _Strategy = field(default_factory=_Strategy)
    pod_management_policy: str = ""
    ordinals: _Ordinals | None = None


class _Status(Pick):
    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    current_replicas: int = 0
    updated_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""


class StatefulSet(Templated):
    """A StatefulSet."""

    metadata: WorkloadMetadata
    spec: _Spec
    status: _Status = field(default_factory=_Status)

    @property
    def replicas(self) -> int:
        """Pods that it wants."""
        return 1 if self.spec.replicas is None else self.spec.replicas

    @property
    def partition(self) -> int:
        """How many pods, counted from the first, a change of the template never reaches."""
        rolling = self.spec.update_strategy.rolling_update
        return (rolling.partition or 0) if rolling else 0

    @property
    def strategy(self) -> Strategy:
        """What becomes of its pods when the template changes."""
        if self.spec.update_strategy.type == "OnDelete":
            return Strategy.ON_DELETE
        return Strategy.KEEPS_ALL if self.partition >= max(1, self.replicas) else Strategy.REPLACES

    @property
    def most_unavailable(self) -> int:
        """How many of its pods may be unavailable before it replaces no other: one, unless it says more."""
        rolling = self.spec.update_strategy.rolling_update
        return max(1, scaled(rolling.max_unavailable if rolling else 1, self.replicas, up=True))

    @property
    def outage(self) -> str:
        """Why a restart leaves no pod for a while: a pod of the same name has to end before a new one starts."""
        if self.spec.update_strategy.type == "Recreate":
            return "its strategy is Recreate, so all pods end before new ones start"
        if self.replicas == 1:
            return "its only pod ends before a new one starts"
        if self.partition or self.most_unavailable < self.replicas or self.spec.pod_management_policy != "Parallel":
            return ""
        return "its strategy lets all its pods be unavailable at a time"


def rollout(stateful_set: StatefulSet) -> Rollout:
    """
    Tell whether a restart may start.

    Other than with Deployments a pod that is not ready does hold it up: the controller replaces no pod meanwhile, so a
    restart would have no effect before somebody mended or deleted that pod ("Forced rollback" in its documentation).

    Source: kubernetes pkg/controller/statefulset/stateful_set_control.go, processReplica and
    updateStatefulSetAfterInvariantEstablished.
    """
    status, wanted = stateful_set.status, stateful_set.replicas
    if not status.observed_generation or status.observed_generation < stateful_set.metadata.generation:
        return _in_progress(stateful_set, "the controller has not seen its latest change yet")
    unready = max(0, wanted - status.ready_replicas)
    stuck = f"; until all {wanted} are ready none is replaced, and it may take kubectl delete pod" if unready else ""
    updating = max(0, wanted - stateful_set.partition)
    if status.updated_replicas < updating:
        counted = f"{status.updated_replicas} of {updating} pods are of the new revision"
        return _in_progress(stateful_set, counted + (f", {unready} are not ready{stuck}" if unready else ""))
    if status.replicas != wanted:
        return _in_progress(stateful_set, f"it has {status.replicas} of {wanted} pods")
    if not stateful_set.partition and status.updated_replicas > wanted:
        return _in_progress(stateful_set, f"{status.updated_replicas - wanted} pods are too many")
    is_ordered = stateful_set.spec.pod_management_policy != "Parallel"
    if unready and (is_ordered or unready >= stateful_set.most_unavailable):
        detail = f"{unready} of {wanted} pods are not ready{stuck}"
        return _in_progress(stateful_set, detail, RolloutState.UNREADY)
    return Rollout(RolloutState.SETTLED)


def _in_progress(stateful_set: StatefulSet, detail: str, *after: RolloutState) -> Rollout:
    """
    A StatefulSet has no deadline of its own, so a pod that is stuck would hide updates for ever, and silently.

    So would one that crashes again and again: it is ready for a moment each time, and what its controller reports never
    stays the same for long. So `after` some time in which nobody asked for anything else, it is another state.
    """
    metadata, patience = stateful_set.metadata, PATIENCE + stateful_set.spec.min_ready_seconds
    over = (Overdue(state, metadata.asked_at, patience, "nobody has changed it") for state in after)
    return Rollout(
        RolloutState.IN_PROGRESS, detail, (*over, Overdue(RolloutState.STALLED, metadata.changed_at, patience))
    )


def current(stateful_set: StatefulSet) -> Callable[[], Known]:
    """
    Give the revision to which pods are updated; below the partition they are left, whatever their revision.

    Source: kubernetes pkg/controller/statefulset/stateful_set_utils.go, isCurrentRevisionNeeded.
    """
    label = stateful_set.status.update_revision
    if not label:
        return lambda: Known(None)
    start = stateful_set.spec.ordinals.start if stateful_set.spec.ordinals else 0
    partition = stateful_set.partition
    revision = Revision(stateful_set.metadata.uid, label, start + partition if partition else 0)
    return lambda: Known(revision)


def follow(stateful_set: StatefulSet) -> Followed:
    """
    Tell what `kubectl rollout status` says.

    Source: kubectl pkg/polymorphichelpers/rollout_status.go, StatefulSetStatusViewer.
    """
    status, strategy, wanted = stateful_set.status, stateful_set.spec.update_strategy, stateful_set.spec.replicas
    if strategy.type != "RollingUpdate":
        return Followed(is_done=True, error="rollout status is only available for RollingUpdate strategy type")
    if not status.observed_generation or status.observed_generation < stateful_set.metadata.generation:
        return Followed("Waiting for statefulset spec update to be observed...")
    if wanted is not None and status.ready_replicas < wanted:
        return Followed(f"Waiting for {wanted - status.ready_replicas} pods to be ready...")
    updated = status.updated_replicas
    if strategy.rolling_update is not None:
        partition = strategy.rolling_update.partition
        if wanted is not None and partition is not None and updated < wanted - partition:
            counted = f"{updated} out of {wanted - partition} new pods have been updated..."
            return Followed(f"Waiting for partitioned roll out to finish: {counted}")
        return Followed(f"partitioned roll out complete: {updated} new pods have been updated...", is_done=True)
    if status.update_revision != status.current_revision:
        at = f"{updated} pods at revision {status.update_revision}..."
        return Followed(f"waiting for statefulset rolling update to complete {at}")
    at = f"{status.current_replicas} pods at revision {status.current_revision}..."
    return Followed(f"statefulset rolling update complete {at}", is_done=True)


KIND = WorkloadKind(
    name="statefulset",
    aliases=frozenset({"statefulsets", "sts", "statefulset.apps", "statefulsets.apps"}),
    group="apps",
    version="v1",
    plural="statefulsets",
    item=StatefulSet,
    revisions="",
    revision=Pick,
    rollout=rollout,
    current=current,
    follow=follow,
    rank=1,
)
