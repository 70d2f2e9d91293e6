"""What a watch is told, event by event."""

import time
from collections.abc import Callable, Iterator

from figwasp.embedded.api.call import Call
from figwasp.embedded.api.history import Change
from figwasp.embedded.api.resources import Json
from figwasp.embedded.api.selectors import Matches, selector
from figwasp.embedded.api.status import Refusal, bad_request, invalid, other_error, watch_expired
from figwasp.embedded.api.store import Store

_LOOK_SECONDS = 0.2
"""How often a watch looks whether anybody still listens."""

_BOOKMARK_SECONDS = 60.0
_LONGEST_SECONDS = 1800.0


def watch(store: Store, call: Call, is_over: Callable[[], bool]) -> Iterator[Json]:
    """
    The events that are asked for, until `is_over` or the time is up.

    Raises:
        Refusal: the query is malformed; only before the first event.
    """
    query, route = call.asked.query, call.route
    if "sendInitialEvents" in query:
        # As a server without the feature WatchList says it, upon which clients list first.
        why = "Forbidden: sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled"
        raise invalid("ListOptions", "meta.k8s.io", "", ("sendInitialEvents", "FieldValueForbidden", why))
    matches = selector(query, route.resource.plural, route.namespace)
    seconds = _number(query.get("timeoutSeconds", ""), bad_request, "ParseInt") or _LONGEST_SECONDS
    since = query.get("resourceVersion", "")
    version = _number(since, lambda why: other_error(f'resourceVersion: Invalid value: "{since}": {why}'), "ParseUint")
    return _Watch(store, call, matches, is_over).events(version, time.monotonic() + seconds)


class _Watch:
    def __init__(self, store: Store, call: Call, matches: Matches, is_over: Callable[[], bool]) -> None:
        self._store, self._resource, self._matches, self._is_over = store, call.route.resource, matches, is_over
        self._bookmarks = call.asked.query.get("allowWatchBookmarks", "false") in ("1", "true")

    def events(self, version: int, until: float) -> Iterator[Json]:
        if version == 0:
            kept, version = self._store.snapshot(self._resource.plural)
            yield from ({"type": "ADDED", "object": item} for _, item in kept if self._matches(item))
        bookmark_at = time.monotonic() + _BOOKMARK_SECONDS
        while not self._is_over() and time.monotonic() < until:
            # The version is read before the changes are, so that none is missed.
            latest = self._store.wait(version, min(_LOOK_SECONDS, max(until - time.monotonic(), 0)))
            changes = self._store.changes(self._resource.plural, version)
            if changes is None:
                yield {"type": "ERROR", "object": watch_expired().status}
                return
            yield from (event for change in changes if (event := self._event(change)))
            version = max([version, latest, *(change.version for change in changes)])
            if time.monotonic() >= bookmark_at:
                bookmark_at += _BOOKMARK_SECONDS
                yield from self._bookmark(version)
        if not self._is_over():
            yield from self._bookmark(version)

    def _event(self, change: Change) -> Json | None:
        """What a change means for who sees only what is selected."""
        was = change.before is not None and self._matches(change.before)
        if change.after is not None and self._matches(change.after):
            return {"type": "MODIFIED" if was else "ADDED", "object": change.after}
        if change.before is None or not was:
            return None
        last = change.before
        return {
            "type": "DELETED",
            "object": {**last, "metadata": {**last["metadata"], "resourceVersion": str(change.version)}},
        }

    def _bookmark(self, version: int) -> Iterator[Json]:
        if self._bookmarks:
            kind = {"kind": self._resource.kind, "apiVersion": self._resource.api_version}
            yield {"type": "BOOKMARK", "object": {**kind, "metadata": {"resourceVersion": str(version)}}}


def _number(text: str, refuse: Callable[[str], Refusal], parser: str) -> int:
    if text and not text.isdecimal():
        raise refuse(f'strconv.{parser}: parsing "{text}": invalid syntax')
    return int(text or "0")
