"""
The Deployment controller: one step towards what one Deployment wants.

Source: kubernetes pkg/controller/deployment/deployment_controller.go, syncDeployment; sync.go, rolling.go, recreate.go.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from figwasp.embedded.node.cluster import Changed, Cluster, Owned
from figwasp.embedded.node.deployment_status import (
    Reason,
    counted,
    deadline_seconds,
    is_complete,
    late_at,
    progressed,
    set_condition,
)
from figwasp.embedded.node.objects import (
    Json,
    annotations_of,
    condition,
    is_ending,
    with_metadata,
)
from figwasp.embedded.node.revisions import (
    DESIRED,
    MOST,
    REVISION,
    by_age,
    divided,
    is_scaled,
    new_annotations,
    next_revision,
    replica_set,
    revision_of,
    size_annotations,
)
from figwasp.embedded.node.rollout import (
    Sizes,
    fences_of,
    is_rolling,
    replicas_of,
    scale_down_old,
    scale_in_proportion,
    scale_up_new,
)

_SOURCE: Final = "deployment-controller"
_DEFAULT_HISTORY: Final = 10
_NO_LIMIT: Final = 2**31 - 1


class DeploymentController:
    """Rolls a Deployment out by its ReplicaSets."""

    kind: ClassVar = "Deployment"
    plural: ClassVar = "deployments"

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster

    def step(self, one: Json, owned: Owned) -> None:
        """Take one step: see Controller."""
        if is_ending(one):
            return
        step = _Step(self._cluster, one, owned(one))
        step.note_pause()
        new, old = divided(step.deployment, owned(one))
        active = [each for each in owned(one) if replicas_of(each["spec"])]
        if one["spec"].get("paused") or is_scaled(step.deployment, active):
            step.scale(step.sync_revision(new, old), old)
        elif is_rolling(one["spec"]):
            step.roll(step.sync_revision(new, old) or step.create(old), old)
        else:
            step.recreate(new, old, [pod for each in old for pod in owned(each)])

    def is_settled(self, one: Json) -> bool:
        """It is rolled out, or paused and seen to be."""
        status = one.get("status") or {}
        if one["spec"].get("paused"):
            return bool(status.get("observedGeneration", 0) >= one["metadata"]["generation"])
        progressing = condition(status, "Progressing")
        return is_complete(one, status) and progressing.get("reason") in {None, "NewReplicaSetAvailable"}


class _Step:
    """A Deployment and its ReplicaSets while a step is taken; `deployment` is as it was written last."""

    def __init__(self, cluster: Cluster, deployment: Json, owned: Sequence[Json]) -> None:
        self.deployment = deployment
        self._cluster = cluster
        self._written = {each["metadata"]["uid"]: each for each in owned}

    def note_pause(self) -> None:
        """Let Progressing tell that the Deployment was paused or resumed, so that no time is counted meanwhile."""
        reason = condition(self.deployment.get("status") or {}, "Progressing").get("reason")
        if deadline_seconds(self.deployment) is None or reason == "ProgressDeadlineExceeded":
            return
        if self.deployment["spec"].get("paused") and reason != "DeploymentPaused":
            self._set_progressing(("Unknown", "DeploymentPaused", "Deployment is paused"))
        elif not self.deployment["spec"].get("paused") and reason == "DeploymentPaused":
            self._set_progressing(("Unknown", "DeploymentResumed", "Deployment is resumed"))

    def sync_revision(self, new: Json | None, old: Sequence[Json]) -> Json | None:
        """Bring the annotations of the new ReplicaSet, if it is there, and of the Deployment up to date."""
        if new is None:
            return None
        before = annotations_of(new)
        annotations = new_annotations(self.deployment, before, next_revision(old))
        seconds = self.deployment["spec"].get("minReadySeconds", 0)
        if annotations != before or new["spec"].get("minReadySeconds", 0) != seconds:
            changed = with_metadata(new, annotations=annotations)
            return self._write({**changed, "spec": {**new["spec"], "minReadySeconds": seconds}})
        self._take_revision(annotations[REVISION])
        if deadline_seconds(self.deployment) and not condition(self.deployment.get("status") or {}, "Progressing"):
            self._set_progressing(("True", "FoundNewReplicaSet", f'Found new replica set "{new["metadata"]["name"]}"'))
        return new

    def create(self, old: Sequence[Json]) -> Json:
        """Make the ReplicaSet of the present template."""
        spec, revision = self.deployment["spec"], next_revision(old)
        wanted = (
            scale_up_new(fences_of(spec), Sizes("", 0), self._sizes(old)) if is_rolling(spec) else replicas_of(spec)
        )
        given = replica_set(self.deployment, revision, wanted, self._cluster.timestamp())
        try:
            made = self._cluster.create(given)
        except Changed:
            self._avoid_collision(given)
            raise
        name = made["metadata"]["name"]
        self._written[made["metadata"]["uid"]] = made
        if wanted:
            self._tell(f"Scaled up replica set {name} from 0 to {wanted}")
        self._take_revision(str(revision))
        if deadline_seconds(self.deployment) is not None:
            self._set_progressing(("True", "NewReplicaSetCreated", f'Created new replica set "{name}"'))
        return made

    def roll(self, new: Json, old: Sequence[Json]) -> None:
        """Take one step of a rolling update: first up, then down, then tidy up."""
        fences = fences_of(self.deployment["spec"])
        up = scale_up_new(fences, self._sizes([new])[0], self._sizes(old))
        resized = [self._resize(new, up)]
        if not any(resized):
            active = by_age([each for each in old if replicas_of(each["spec"])])
            down = scale_down_old(fences, self._sizes([new])[0], self._sizes(active))
            resized = [self._resize(each, down[_name(each)]) for each in active if _name(each) in down]
        if not any(resized) and is_complete(self.deployment, self.deployment.get("status") or {}):
            self._forget(old)
        self._sync_status(new, old)

    def recreate(self, new: Json | None, old: Sequence[Json], old_pods: Sequence[Json]) -> None:
        """Take one step of the strategy Recreate: the new pods are made only when all old ones are gone."""
        new = self.sync_revision(new, old)
        resized = [self._resize(each, 0) for each in old]
        running = [each for each in old_pods if not _has_ended(each)]
        if not any(resized) and not running and not any((each.get("status") or {}).get("replicas") for each in old):
            new = new or self.create(old)
            self._resize(new, replicas_of(self.deployment["spec"]))
            if is_complete(self.deployment, self.deployment.get("status") or {}):
                self._forget(old)
        self._sync_status(new, old)

    def scale(self, new: Json | None, old: Sequence[Json]) -> None:
        """Bring a Deployment that is paused, or whose number of replicas has changed, to its size, and no further."""
        everything = [*old, *([new] if new else [])]
        active = [each for each in everything if replicas_of(each["spec"])]
        wanted = replicas_of(self.deployment["spec"])
        if len(active) <= 1:
            for each in active or everything[-1:]:
                self._resize(each, wanted)
        elif new is not None and self._is_saturated(new):
            for each in old:
                self._resize(each, 0)
        elif is_rolling(self.deployment["spec"]):
            self._scale_in_proportion(by_age(active)[::-1])
        if self.deployment["spec"].get("paused"):
            self._forget(old)
        self._store_status(counted(self.deployment, self._now(new), self._all_now(old), self._cluster.now()))

    def _scale_in_proportion(self, active: Sequence[Json]) -> None:
        pods = (self.deployment.get("status") or {}).get("replicas", 0)
        before = [int(annotations_of(each).get(MOST, "0")) or pods for each in active]
        sizes = scale_in_proportion(fences_of(self.deployment["spec"]), self._sizes(active), before)
        for each in active:
            if not self._resize(each, sizes[_name(each)]):
                self._write(self._sized(each, replicas_of(each["spec"])))

    def _is_saturated(self, new: Json) -> bool:
        wanted = replicas_of(self.deployment["spec"])
        available = (new.get("status") or {}).get("availableReplicas", 0)
        desired = annotations_of(new).get(DESIRED, "")
        return wanted == replicas_of(new["spec"]) == available and desired == str(wanted)

    def _resize(self, one: Json, wanted: int) -> bool:
        """Give a ReplicaSet another size; tells whether it had another one."""
        before = replicas_of(one["spec"])
        if before == wanted:
            return False
        self._write(self._sized(one, wanted))
        direction = "up" if wanted > before else "down"
        self._tell(f"Scaled {direction} replica set {_name(one)} from {before} to {wanted}")
        return True

    def _sized(self, one: Json, wanted: int) -> Json:
        one = self._now(one) or one
        annotated = with_metadata(one, annotations={**annotations_of(one), **size_annotations(self.deployment)})
        return {**annotated, "spec": {**one["spec"], "replicas": wanted}}

    def _forget(self, old: Sequence[Json]) -> None:
        """Delete the oldest ReplicaSets beyond the limit of the history. Source: cleanupDeployment."""
        limit = self.deployment["spec"].get("revisionHistoryLimit", _DEFAULT_HISTORY)
        if limit == _NO_LIMIT:
            return
        kept = sorted(by_age(old), key=revision_of)
        for each in kept[: max(0, len(kept) - limit)]:
            status = each.get("status") or {}
            is_seen = status.get("observedGeneration", 0) >= each["metadata"]["generation"]
            if is_seen and not status.get("replicas") and not replicas_of(each["spec"]):
                self._cluster.delete(each)

    def _avoid_collision(self, given: Json) -> None:
        """Count one collision more, which goes into the next name, where another ReplicaSet has this one."""
        metadata = given["metadata"]
        found = self._cluster.find("replicasets", metadata["namespace"], metadata["name"])
        if found is not None:
            status = self.deployment.get("status") or {}
            self._store_status({**status, "collisionCount": status.get("collisionCount", 0) + 1})

    def _sync_status(self, new: Json | None, old: Sequence[Json]) -> None:
        now, new = self._cluster.now(), self._now(new)
        status = counted(self.deployment, new, self._all_now(old), now)
        self._store_status(progressed(self.deployment, new, status, now))
        if (late := late_at(self.deployment)) is not None:
            self._cluster.look_again_at(late)

    def _set_progressing(self, reason: Reason) -> None:
        status = self.deployment.get("status") or {}
        self._store_status(set_condition(status, "Progressing", reason, self._cluster.now()))

    def _take_revision(self, revision: str) -> None:
        annotations = annotations_of(self.deployment)
        if annotations.get(REVISION) != revision:
            changed = with_metadata(self.deployment, annotations={**annotations, REVISION: revision})
            self.deployment = self._cluster.update_status(changed)

    def _store_status(self, status: Json) -> None:
        if status != self.deployment.get("status"):
            self.deployment = self._cluster.update_status({**self.deployment, "status": status})

    def _write(self, one: Json) -> Json:
        if one != self._written.get(one["metadata"]["uid"]):
            self._written[one["metadata"]["uid"]] = self._cluster.update(one)
        return self._written[one["metadata"]["uid"]]

    def _now(self, one: Json | None) -> Json | None:
        """A ReplicaSet as it was written last."""
        return self._written[one["metadata"]["uid"]] if one else None

    def _all_now(self, sets: Sequence[Json]) -> list[Json]:
        return [self._written[each["metadata"]["uid"]] for each in sets]

    def _sizes(self, sets: Sequence[Json]) -> list[Sizes]:
        return [Sizes(_name(each), replicas_of(each["spec"]), _available(each)) for each in self._all_now(sets)]

    def _tell(self, message: str) -> None:
        self._cluster.event(self.deployment, "ScalingReplicaSet", message, source=_SOURCE)


def _name(one: Json) -> str:
    return str(one["metadata"]["name"])


def _available(one: Json) -> int:
    return int((one.get("status") or {}).get("availableReplicas", 0))


def _has_ended(pod: Mapping[str, Json]) -> bool:
    return pod.get("status", {}).get("phase") in {"Failed", "Succeeded"}


__all__ = ["DeploymentController"]
