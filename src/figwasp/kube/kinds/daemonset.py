"""DaemonSets: their roll-out state, and which pods are of the current revision."""

from collections.abc import Callable
from functools import partial

from msgspec import field

from figwasp.core.workload import RolloutState, Strategy
from figwasp.kube.kind import PATIENCE, Followed, Overdue, Revision, Rollout, Template, Templated, WorkloadKind, scaled
from figwasp.kube.picks import Metadata, Pick, WorkloadMetadata


class ControllerRevision(Pick):
    """One revision of a DaemonSet."""

    metadata: Metadata
    revision: int = 0


class _RollingUpdate(Pick):
    max_surge: int | str | None = None
    max_unavailable: int | str | None = None


class _Strategy(Pick):
    type: str = "RollingUpdate"
    rolling_update: _RollingUpdate | None = None


class _Spec(Template):
    min_ready_seconds: int = 0
    update_strategy: _Strategy = field(default_factory=_Strategy)


class _Status(Pick):
    observed_generation: int = 0
    desired_number_scheduled: int = 0
    updated_number_scheduled: int = 0
    number_available: int = 0
    number_misscheduled: int = 0


class DaemonSet(Templated):
    """A DaemonSet."""

    metadata: WorkloadMetadata
    spec: _Spec
    status: _Status = field(default_factory=_Status)

    @property
    def replicas(self) -> int:
        """Pods that it wants: one on each node that it chooses, and before it has looked at them, one."""
        return self.status.desired_number_scheduled if self.status.observed_generation else 1

    @property
    def strategy(self) -> Strategy:
        """What becomes of its pods when the template changes."""
        return Strategy.ON_DELETE if self.spec.update_strategy.type == "OnDelete" else Strategy.REPLACES

    @property
    def may_replace(self) -> bool:
        """Whether its controller would replace pods, though some are not available now."""
        rolling = self.spec.update_strategy.rolling_update or _RollingUpdate(max_unavailable=1)
        most = max(scaled(each, self.replicas, up=True) for each in (rolling.max_surge, rolling.max_unavailable))
        return self.status.desired_number_scheduled - self.status.number_available < most

    @property
    def outage(self) -> str:
        """
        Why a restart leaves no pod for a while.

        That each node has none for a moment is what a DaemonSet is like, unless it may surge; it is not said.
        """
        if self.status.number_misscheduled:
            count = self.status.number_misscheduled
            return f"{count} of its pods are on nodes that it would not choose now, and would not come back"
        rolling = self.spec.update_strategy.rolling_update or _RollingUpdate()
        if scaled(rolling.max_surge, self.replicas, up=True):
            return ""
        if self.replicas == 1:
            return "its only pod ends before a new one starts"
        if scaled(rolling.max_unavailable, self.replicas, up=True) < self.replicas:
            return ""
        return "its strategy lets all its pods be unavailable at a time"


def rollout(daemon_set: DaemonSet) -> Rollout:
    """
    Tell whether a restart may start: every node that is to have a pod has one of the new revision.

    As with Deployments a pod may be unavailable. Pods on nodes that it would not choose now do not hold it up either,
    since they may stay there for ever. So may the old pod of a node that is dead: nobody ends it, and no new one comes.
    Other than a Deployment a DaemonSet has no deadline by which that is a failure, so it is told by the time of the
    last change. It has failed where the other pods would still be replaced. Else it is stuck, since new pods that are
    broken would be replaced however many are: or stalled, where there is no new pod.

    Source: kubernetes pkg/controller/daemon/daemon_controller.go, updateDaemonSetStatus; update.go, rollingUpdate.
    """
    status = daemon_set.status
    if not status.observed_generation or status.observed_generation < daemon_set.metadata.generation:
        detail = "the controller has not seen its latest change yet"
        return Rollout(RolloutState.IN_PROGRESS, detail, _overdue(daemon_set, RolloutState.STALLED))
    wanted = status.desired_number_scheduled
    if status.updated_number_scheduled < wanted:
        counted = f"{status.updated_number_scheduled} of {wanted} pods are of the new revision"
        state = RolloutState.STUCK if status.updated_number_scheduled else RolloutState.STALLED
        if daemon_set.may_replace:
            state = RolloutState.FAILED
        return Rollout(RolloutState.IN_PROGRESS, counted, _overdue(daemon_set, state))
    return Rollout(RolloutState.SETTLED, "" if wanted else "no node is to run it")


def _overdue(daemon_set: DaemonSet, state: RolloutState) -> tuple[Overdue]:
    return (Overdue(state, daemon_set.metadata.changed_at, PATIENCE + daemon_set.spec.min_ready_seconds),)


class _Newest:
    """
    Finds the newest ControllerRevision, if one is the newest.

    Source: kubernetes pkg/controller/daemon/update.go, constructHistory: a revision that is returned to becomes the
    newest again.
    """

    def __init__(self, uid: str) -> None:
        self._uid = uid
        self._number = 0
        self._labels: list[str] = []

    def look_at(self, revision: ControllerRevision) -> None:
        if revision.revision > self._number:
            self._number, self._labels = revision.revision, []
        if revision.revision == self._number:
            self._labels.append(revision.metadata.revision)

    def found(self) -> Revision | None:
        return Revision(self._uid, self._labels[0]) if len(self._labels) == 1 and self._labels[0] else None


def current(daemon_set: DaemonSet) -> Callable[[], _Newest]:
    """Give what finds its newest ControllerRevision."""
    return partial(_Newest, daemon_set.metadata.uid)


def follow(daemon_set: DaemonSet) -> Followed:
    """
    Tell what `kubectl rollout status` says.

    Source: kubectl pkg/polymorphichelpers/rollout_status.go, DaemonSetStatusViewer.
    """
    status, name = daemon_set.status, daemon_set.metadata.name
    waiting = f'Waiting for daemon set "{name}" rollout to finish:'
    if daemon_set.spec.update_strategy.type != "RollingUpdate":
        return Followed(is_done=True, error="rollout status is only available for RollingUpdate strategy type")
    if status.observed_generation < daemon_set.metadata.generation:
        return Followed("Waiting for daemon set spec update to be observed...")
    wanted = status.desired_number_scheduled
    if status.updated_number_scheduled < wanted:
        return Followed(f"{waiting} {status.updated_number_scheduled} out of {wanted} new pods have been updated...")
    if status.number_available < wanted:
        return Followed(f"{waiting} {status.number_available} of {wanted} updated pods are available...")
    return Followed(f'daemon set "{name}" successfully rolled out', is_done=True)


KIND = WorkloadKind(
    name="daemonset",
    aliases=frozenset({"daemonsets", "ds", "daemonset.apps", "daemonsets.apps"}),
    group="apps",
    version="v1",
    plural="daemonsets",
    item=DaemonSet,
    revisions="controllerrevisions",
    revision=ControllerRevision,
    rollout=rollout,
    current=current,
    follow=follow,
    rank=2,
)
