"""The objects of one resource, in the order of their keys."""

from bisect import bisect_left
from collections.abc import Sequence
from operator import itemgetter

from figwasp.embedded.api.history import History
from figwasp.embedded.api.resources import Json

Kept = Sequence[tuple[str, Json]]
"""Objects with their keys, in the keys' order."""

_KEY = itemgetter(0)


class Collection:
    """Objects by their keys, and what happened to them; to be used by one thread at a time."""

    def __init__(self) -> None:
        self.history = History()
        self._by_key: dict[str, Json] = {}
        self._sorted: list[tuple[str, Json]] = []
        self._is_handed_out = False

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    def get(self, key: str) -> Json | None:
        """The object, if it is there."""
        return self._by_key.get(key)

    def snapshot(self) -> Kept:
        """All objects, as they are now and stay in what is answered."""
        self._is_handed_out = True
        return self._sorted

    def set(self, key: str, value: Json) -> None:
        """Put an object in its place."""
        listed, at = self._own(), bisect_left(self._sorted, key, key=_KEY)
        listed[at : at + (key in self._by_key)] = [(key, value)]
        self._by_key[key] = value

    def pop(self, key: str) -> Json:
        """Take an object away."""
        del self._own()[bisect_left(self._sorted, key, key=_KEY)]
        return self._by_key.pop(key)

    def _own(self) -> list[tuple[str, Json]]:
        """The list, which is changed only as long as nobody else has it."""
        if self._is_handed_out:
            self._sorted, self._is_handed_out = list(self._sorted), False
        return self._sorted


def within(kept: Kept, namespace: str, start: str = "") -> tuple[int, int]:
    """Where the objects of a namespace (empty: all), from the key `start` on, begin and end."""
    prefix = f"{namespace}/" if namespace else ""
    begin = bisect_left(kept, max(start, prefix), key=_KEY)
    # The sign after the slash, which ends the keys of the namespace.
    end = bisect_left(kept, f"{namespace}0", key=_KEY) if namespace else len(kept)
    return begin, end
