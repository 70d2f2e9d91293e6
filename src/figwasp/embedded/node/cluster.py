"""The API server as the controllers and the node use it: optimistic writes of whole objects, and events."""

import secrets
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Final

from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.api.status import Refusal
from figwasp.embedded.api.store import BY_PLURAL
from figwasp.embedded.node.objects import ALPHABET, Json, controller_of, timestamp

_PLURALS: Final = {resource.kind: resource.plural for resource in BY_PLURAL.values()}
_OWNED: Final = ("replicasets", "controllerrevisions", "pods")


Owned = Callable[[Json], list[Json]]
"""The revisions or pods whose controller an object is."""


class Changed(Exception):
    """Somebody wrote or deleted the object since it was read: it is looked at anew in the next round."""


class Cluster:
    """Reads are of now; a write takes effect only where nobody wrote since the object was read."""

    def __init__(self, api: ApiServer, clock: Callable[[], float] = time.time) -> None:
        self._api = api
        self._clock = clock
        self._due: float | None = None

    def wait(self, version: int, timeout_seconds: float) -> int:
        """Wait until anything was written after `version`; answers the version of the latest write."""
        return self._api.store.wait(version, timeout_seconds)

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._clock()

    def timestamp(self) -> str:
        """The time as objects hold it."""
        return timestamp(self._clock())

    def look_again_at(self, seconds: float) -> None:
        """Ask for another round at that time (since the epoch), even if nothing is written until then."""
        self._due = seconds if self._due is None else min(self._due, seconds)

    def take_due(self) -> float | None:
        """When the next round was asked for, which is then forgotten."""
        due, self._due = self._due, None
        return due

    def list(self, plural: str) -> list[Json]:
        """All objects of a resource, in the order of their names."""
        return self._api.list(plural)

    def owned(self) -> Owned:
        """What belongs to controllers now."""
        found = defaultdict(list)
        for value in (value for plural in _OWNED for value in self.list(plural)):
            if owner := controller_of(value):
                found[str(owner["uid"])].append(value)
        return lambda value: found.get(value["metadata"]["uid"], [])

    def find(self, plural: str, namespace: str, name: str) -> Json | None:
        """Read an object, if it is there."""
        try:
            return self._api.get(plural, namespace, name)
        except Refusal:
            return None

    def create(self, given: Json) -> Json:
        """
        Store a new object.

        Raises:
            Changed: there is one of that name.
        """
        plural, metadata = _PLURALS[given["kind"]], given["metadata"]
        if self.find(plural, metadata.get("namespace", ""), metadata["name"]) is not None:
            raise Changed
        return self._api.put(plural, given)

    def update(self, new: Json) -> Json:
        """
        Write an object, which raises its generation where its spec is another one.

        Raises:
            Changed: somebody else wrote first.
        """
        return self._write(new, keep_generation=False)

    def update_status(self, new: Json) -> Json:
        """
        Write an object whose spec is as it was; its annotations may differ, as in a write of its status.

        Raises:
            Changed: somebody else wrote first.
        """
        return self._write(new, keep_generation=True)

    def delete(self, value: Json) -> None:
        """Remove an object, if it is still there."""
        metadata = value["metadata"]
        try:
            self._api.delete(_PLURALS[value["kind"]], metadata.get("namespace", ""), metadata["name"])
        except Refusal:
            return

    def event(
        self, about: Json, reason: str, message: str, *, source: str, is_bad: bool = False, field: str = ""
    ) -> None:
        """Record an event, as `kubectl describe` shows it; `field` is the part of the object that it is about."""
        metadata, now = about["metadata"], self.timestamp()
        namespace = metadata.get("namespace", "default")
        suffix = "".join(secrets.choice(ALPHABET) for _ in range(10))
        involved = {"kind": about["kind"], "apiVersion": about["apiVersion"], "namespace": namespace}
        named = {"name": metadata["name"], "uid": metadata["uid"]}
        event = {
            "metadata": {"namespace": namespace, "name": f"{metadata['name']}.{suffix}", "creationTimestamp": now},
            "involvedObject": {**involved, **named, **({"fieldPath": field} if field else {})},
            "type": "Warning" if is_bad else "Normal",
            "reason": reason,
            "message": message,
            "source": {"component": source},
            "reportingComponent": source,
            "reportingInstance": "",
            "count": 1,
            "firstTimestamp": now,
            "lastTimestamp": now,
        }
        self._api.put("events", event)

    def _write(self, new: Json, *, keep_generation: bool) -> Json:
        metadata = new["metadata"]

        def replace(found: Json) -> None:
            if found["metadata"]["resourceVersion"] != metadata["resourceVersion"]:
                raise Changed
            found.clear()
            found.update(new)
            if not keep_generation:
                found["metadata"] = {key: value for key, value in metadata.items() if key != "generation"}

        try:
            return self._api.edit(_PLURALS[new["kind"]], metadata.get("namespace", ""), metadata["name"], replace)
        except Refusal:
            raise Changed from None
