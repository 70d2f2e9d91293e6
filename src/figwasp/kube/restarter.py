"""Changes workloads, or tries whether it could: the two `Restarter`s of `core.ports`."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from figwasp.core.deadline import Deadline
from figwasp.core.decision import Restart
from figwasp.core.moment import write_time
from figwasp.core.record import RECORD_ANNOTATION, RESTARTED_AT_ANNOTATION, Record, template_hash
from figwasp.core.report import Restarted, WouldRestart
from figwasp.core.workload import Workload
from figwasp.errors import (
    AnswerLost,
    Conflict,
    FigwaspError,
    KubernetesError,
    ObjectNotFound,
    Unauthenticated,
    Unrecorded,
)
from figwasp.kube.client import ApiClient, Resource
from figwasp.kube.faults import unexpected
from figwasp.kube.kind import WorkloadKind
from figwasp.kube.picks import Pick

FIELD_MANAGER = "figwasp"
"""Flux takes back what managers named `kubectl…` wrote, which would be a second roll-out."""

_DRY_RUN: Final = {"dryRun": "All"}

_WHAT_FOR: Final = {
    RESTARTED_AT_ANNOTATION: "which is what restarts it",
    RECORD_ANNOTATION: "which keeps it from being restarted over and over",
}


class PutRestarter:
    """
    Restarts by GET, change in the JSON as read, PUT: all that the original's Role allows.

    The whole object goes back as it came, but for our annotations, on the condition of the version on which the
    decision was made.
    """

    is_trial = False

    def __init__(self, client: ApiClient, kinds: Sequence[WorkloadKind]) -> None:
        self._objects = _Objects(client, kinds)

    def restart(self, decision: Restart, now: datetime, deadline: Deadline) -> Restarted:
        """
        Start a rolling restart and write the record in the same change.

        Raises:
            Conflict: the object changed; nothing was done.
            Unrecorded: it was restarted, and the record was not kept.
            KubernetesError: it was refused or failed; or what was written was not kept, so that nothing was restarted.
        """
        workload = decision.workload
        body = self._objects.read_unchanged(workload, deadline)
        restarted_at = _restart(body, decision.record, now)
        if workload.restarted_at and workload.record == Record():
            # What the last restart wrote is gone. If this would go the same way, nothing would keep the next from
            # coming, and the one after that.
            self._objects.write(workload, body, _DRY_RUN, deadline)
        try:
            self._objects.write(workload, body, {}, deadline)
        except AnswerLost as lost:
            if not self._happened(workload, restarted_at, lost, deadline):
                # Not resent: the version on which it was made is decided on anew, so at most one of both counts.
                raise Conflict(f"the answer to the restart of {workload.key.target} was lost") from lost
        except _NotKept as lost:
            if lost.annotation == RECORD_ANNOTATION:
                raise Unrecorded(f"{workload.key.target} was restarted, but {lost}", hint=lost.hint) from lost
            raise
        return Restarted(decision)

    def write_record(self, workload: Workload, record: Record, deadline: Deadline) -> None:
        """Write `record` alone, which rolls nothing out."""
        body = self._objects.read_unchanged(workload, deadline)
        _write_down(body, record)
        self._objects.write(workload, body, {}, deadline)

    def _happened(self, workload: Workload, restarted_at: str, lost: AnswerLost, deadline: Deadline) -> bool:
        try:
            body = self._objects.read(workload, deadline)
        except FigwaspError:
            raise lost from None
        return _restarted_at(body) == restarted_at


class DryRunRestarter:
    """
    Sends the same change as `PutRestarter`, for the API server to try and to forget.

    So permissions, admission webhooks and policies have their say as well, and nothing is changed.
    """

    is_trial = True

    def __init__(self, client: ApiClient, kinds: Sequence[WorkloadKind]) -> None:
        self._objects = _Objects(client, kinds)

    def restart(self, decision: Restart, now: datetime, deadline: Deadline) -> WouldRestart:
        """Try a rolling restart. What keeps it from being done is told beside the decision, which stands."""
        try:
            body = self._objects.read_unchanged(decision.workload, deadline)
            _restart(body, decision.record, now)
            self._objects.write(decision.workload, body, _DRY_RUN, deadline)
        except (Conflict, ObjectNotFound, Unauthenticated):
            raise
        except KubernetesError as obstacle:
            return WouldRestart(decision, obstacle)
        return WouldRestart(decision)

    def write_record(self, workload: Workload, record: Record, deadline: Deadline) -> None:
        """Write nothing, and ask nobody."""


class _NotKept(KubernetesError):
    """Something took away `annotation` as it was written."""

    def __init__(self, workload: Workload, annotation: str) -> None:
        super().__init__(
            f"the API server keeps {workload.key.target} without the annotation {annotation}, {_WHAT_FOR[annotation]}",
            hint="an admission webhook or policy takes it away: have it leave what begins with figwasp/",
        )
        self.annotation = annotation


class _Annotated(Pick):
    annotations: dict[str, Any] | None = None


class _Template(Pick):
    metadata: _Annotated | None = None


class _Spec(Pick):
    template: _Template


class _Shape(Pick):
    """What an object must have to be changed, whatever else it has."""

    metadata: _Annotated
    spec: _Spec


_SHAPES: Final = msgspec.json.Decoder(_Shape)  # threads must not be the first to decode a type: decision 2


class _Objects:
    """The workloads as the API server has them: read and written back whole."""

    def __init__(self, client: ApiClient, kinds: Sequence[WorkloadKind]) -> None:
        self._client = client
        self._kinds = {kind.name: kind for kind in kinds}

    def read(self, workload: Workload, deadline: Deadline) -> dict[str, Any]:
        resource = self._resource(workload)
        text = self._client.get(resource, msgspec.Raw, deadline)
        try:
            _SHAPES.decode(text)
        except msgspec.ValidationError as error:
            raise unexpected(error, resource) from error
        body: dict[str, Any] = msgspec.json.decode(text)
        return body

    def read_unchanged(self, workload: Workload, deadline: Deadline) -> dict[str, Any]:
        """As `read`, if it is still what `workload` was read from; else raise Conflict."""
        body = self.read(workload, deadline)
        if body["metadata"].get("resourceVersion") != workload.resource_version:
            raise Conflict(f"{workload.key.target} has changed since it was read")
        return body

    def write(self, workload: Workload, body: dict[str, Any], query: Mapping[str, str], deadline: Deadline) -> None:
        """Write it; raises a KubernetesError too where something took our annotations away on the way."""
        sent = msgspec.json.encode(body)
        answer = self._client.put(self._resource(workload), sent, {"fieldManager": FIELD_MANAGER, **query}, deadline)
        try:
            kept = _ours(answer)
        except msgspec.ValidationError as error:
            raise AnswerLost(f"no usable answer to the update of {workload.key.target}: {error}") from error
        for name, value in _ours(sent).items():
            if kept.get(name) != value:
                raise _NotKept(workload, name)

    def _resource(self, workload: Workload) -> Resource:
        kind = self._kinds[workload.key.kind]
        return Resource(kind.group, kind.version, kind.plural, workload.key.namespace, workload.key.name)


def _ours(text: bytes) -> dict[str, Any]:
    """Give our annotations in an object's JSON: that of the pod template, then that of the workload."""
    shape = _SHAPES.decode(text)
    places = ((RESTARTED_AT_ANNOTATION, shape.spec.template.metadata), (RECORD_ANNOTATION, shape.metadata))
    there = {name: ((place.annotations if place else None) or {}).get(name) for name, place in places}
    return {name: value for name, value in there.items() if value is not None}


def _restart(body: dict[str, Any], record: Record, now: datetime) -> str:
    """Change the pod template, which is what starts a roll-out, and write `record`; return the time written."""
    _write_down(body, record)
    restarted_at = write_time(now)
    if restarted_at == _restarted_at(body):
        # The second restart within a second: the same text again would change nothing, and roll nothing out.
        restarted_at = write_time(now + timedelta(seconds=1))
    _annotate(body["spec"]["template"], RESTARTED_AT_ANNOTATION, restarted_at)
    return restarted_at


def _restarted_at(body: Mapping[str, Any]) -> str | None:
    annotations = (body["spec"]["template"].get("metadata") or {}).get("annotations") or {}
    return annotations.get(RESTARTED_AT_ANNOTATION)


def _write_down(body: dict[str, Any], record: Record) -> None:
    """Annotate the workload with `record`, as one of the pod template that it has (without our own annotations)."""
    _annotate(body, RECORD_ANNOTATION, replace(record, template=template_hash(body["spec"]["template"])).text())


def _annotate(body: dict[str, Any], key: str, value: str) -> None:
    metadata = body.setdefault("metadata", {})
    metadata["annotations"] = {**(metadata.get("annotations") or {}), key: value}
