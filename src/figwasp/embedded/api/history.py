"""What happened to the objects of a resource, for those who watch them."""

from bisect import bisect_right
from operator import attrgetter

from msgspec import Struct

from figwasp.embedded.api.resources import Json

_KEPT = 10_000
"""How many changes of a resource are kept at least."""


class Change(Struct, frozen=True):
    """One write or deletion: the object before (None: it is new) and after (None: it is gone)."""

    version: int
    before: Json | None
    after: Json | None


class History:
    """The latest changes of one resource, by version."""

    def __init__(self) -> None:
        self._changes: list[Change] = []
        self._forgotten = 0

    def add(self, change: Change) -> None:
        """Add the latest change."""
        self._changes.append(change)
        if len(self._changes) >= 2 * _KEPT:
            self._forgotten = self._changes[-_KEPT - 1].version
            del self._changes[:-_KEPT]

    def after(self, version: int) -> list[Change] | None:
        """The changes after a version, oldest first; None where not all of them are kept."""
        if version < self._forgotten:
            return None
        return self._changes[bisect_right(self._changes, version, key=attrgetter("version")) :]

    def forget(self, version: int) -> None:
        """Keep nothing of what happened up to `version`."""
        self._changes, self._forgotten = self.after(version) or [], max(version, self._forgotten)
