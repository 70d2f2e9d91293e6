"""Changes workloads: the `Restarter` of `core.ports`."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from figwasp.core.deadline import Deadline
from figwasp.core.record import RECORD_ANNOTATION, RESTARTED_AT_ANNOTATION, Record, template_hash
from figwasp.core.workload import Workload
from figwasp.errors import AnswerLost, Conflict, FigwaspError
from figwasp.kube.client import ApiClient, Resource
from figwasp.kube.kind import WorkloadKind

FIELD_MANAGER = "figwasp"
"""Flux takes back what managers named `kubectl…` wrote, which would be a second roll-out."""


class PutRestarter:
    """
    Restarts by GET, change in the JSON as read, PUT: all that the original's Role allows.

    The whole object goes back as it came, but for our annotations, on the condition of the version on which the
    decision was made.
    """

    def __init__(self, client: ApiClient, kinds: Sequence[WorkloadKind]) -> None:
        self._client = client
        self._kinds = {kind.name: kind for kind in kinds}

    def restart(self, workload: Workload, record: Record, now: datetime, deadline: Deadline) -> None:
        """Start a rolling restart and write `record` in the same change; raises Conflict if the object has changed."""
        restarted_at = now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

        def change(body: dict[str, Any]) -> None:
            _write_down(body, record)
            _annotate(body["spec"]["template"], RESTARTED_AT_ANNOTATION, restarted_at)

        try:
            self._put(workload, change, deadline)
        except AnswerLost as lost:
            if not self._happened(workload, restarted_at, lost, deadline):
                # Not resent: the version on which it was made is decided on anew, so at most one of both counts.
                raise Conflict(f"the answer to the restart of {workload.key.target} was lost") from lost

    def write_record(self, workload: Workload, record: Record, deadline: Deadline) -> None:
        """Write `record` alone, which rolls nothing out."""
        self._put(workload, lambda body: _write_down(body, record), deadline)

    def _happened(self, workload: Workload, restarted_at: str, lost: AnswerLost, deadline: Deadline) -> bool:
        try:
            template = self._read(workload, deadline)["spec"]["template"]
        except FigwaspError:
            raise lost from None
        return bool(
            ((template.get("metadata") or {}).get("annotations") or {}).get(RESTARTED_AT_ANNOTATION) == restarted_at
        )

    def _put(self, workload: Workload, change: Callable[[dict[str, Any]], None], deadline: Deadline) -> None:
        body = self._read(workload, deadline)
        if body["metadata"].get("resourceVersion") != workload.resource_version:
            raise Conflict(f"{workload.key.target} has changed since it was read")
        change(body)
        query = {"fieldManager": FIELD_MANAGER}
        self._client.put(self._resource(workload), msgspec.json.encode(body), query, deadline)

    def _read(self, workload: Workload, deadline: Deadline) -> dict[str, Any]:
        return self._client.get(self._resource(workload), dict[str, Any], deadline)

    def _resource(self, workload: Workload) -> Resource:
        kind = self._kinds[workload.key.kind]
        return Resource(kind.group, kind.version, kind.plural, workload.key.namespace, workload.key.name)


def _write_down(body: dict[str, Any], record: Record) -> None:
    """Annotate the workload with `record`, as one of the pod template that it has (without our own annotations)."""
    _annotate(body, RECORD_ANNOTATION, replace(record, template=template_hash(body["spec"]["template"])).text())


def _annotate(body: dict[str, Any], key: str, value: str) -> None:
    metadata = body.setdefault("metadata", {})
    metadata["annotations"] = {**(metadata.get("annotations") or {}), key: value}
