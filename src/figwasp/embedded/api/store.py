"""What the small API server keeps: objects by resource, each write with a new resourceVersion."""

import secrets
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime

from figwasp.embedded.api.collection import Collection, Kept, within
from figwasp.embedded.api.defaults import with_defaults
from figwasp.embedded.api.history import Change
from figwasp.embedded.api.objects import (
    copied,
    first_status,
    generation_of,
    of_kind,
    owned_by_server,
    place_of,
    without_owner,
)
from figwasp.embedded.api.owners import Owners
from figwasp.embedded.api.pages import page_of, start_of, token
from figwasp.embedded.api.resources import BY_PLURAL, RESOURCES, Json, Objects, Resource
from figwasp.embedded.api.selectors import key_of
from figwasp.embedded.api.status import Refusal, already_exists, conflict, expired, not_found

_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"
_LISTS = 1_000
"""How many lists are kept for those who read them page by page."""

_STALE = "the object has been modified; please apply your changes to the latest version and try again"


class Store:
    """
    The objects, safe for threads. A namespace comes into being with the first object that is put into it.

    Objects are never changed in place, so that lists and changes that were handed out stay as they were.
    """

    def __init__(self, seconds_now: Callable[[], float] = time.time) -> None:
        self._seconds_now = seconds_now
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._version = 100
        self._made = 0
        self._collections = {plural: Collection() for plural in BY_PLURAL}
        self._lists: dict[tuple[str, int], Kept] = {}
        self._owners = Owners()
        self.has_node = False
        """Whether somebody plays controllers and kubelets: then what a deletion leaves behind is theirs to end."""
        self._ensure_namespace("default")

    def put(self, plural: str, given: Json) -> Json:
        """
        Create or replace an object as it is given, status included, as nobody can from outside.

        What the server would have set (uid, generation, resourceVersion, defaults, …) is filled in unless given.
        """
        resource = BY_PLURAL[plural]
        with self._lock:
            metadata = dict(given.get("metadata") or {})
            if resource.namespaced:
                self._ensure_namespace(metadata.setdefault("namespace", "default"))
            key = key_of(metadata.get("namespace", ""), metadata["name"])
            old = self._collections[plural].get(key)
            kept = self._made_now() if old is None else owned_by_server(old)
            new = with_defaults(of_kind(resource, {**given, "metadata": {**kept, **metadata}}))
            if resource.counts and "generation" not in (given.get("metadata") or {}):
                new["metadata"]["generation"] = generation_of(old, new)
            return self._write(resource, key, new)

    def create(self, resource: Resource, namespace: str, sent: Json, *, dry_run: bool = False) -> Json:
        """
        Store a new object as a POST does; where only `generateName` is given, the name is made up.

        Raises:
            Refusal: there is one of that name (409), or no such namespace (404).
        """
        with self._lock:
            if namespace and namespace not in self._collections["namespaces"]:
                raise not_found(BY_PLURAL["namespaces"], namespace)
            metadata = dict(sent["metadata"])
            if not metadata.get("name"):
                metadata["name"] = metadata["generateName"] + "".join(secrets.choice(_SUFFIX) for _ in range(5))
            key = key_of(namespace, metadata["name"])
            if key in self._collections[resource.plural]:
                raise already_exists(resource, metadata["name"])
            metadata |= {**({"namespace": namespace} if namespace else {}), **self._made_now()}
            if resource.counts:
                metadata["generation"] = 1
            new = with_defaults(of_kind(resource, {**sent, "metadata": metadata, **first_status(resource, sent)}))
            return new if dry_run else self._write(resource, key, new)

    def edit(self, plural: str, namespace: str, name: str, change: Callable[[Json], object]) -> Json:
        """Let `change` alter an object, as another writer would, and store it."""
        with self._lock:
            found = self.get(plural, namespace, name)
            found["metadata"].pop("generation", None)
            change(found)
            return self.put(plural, found)

    def get(self, plural: str, namespace: str, name: str) -> Json:
        """
        Read one object.

        Raises:
            Refusal: it is not there (404).
        """
        with self._lock:
            found = self._collections[plural].get(key_of(namespace, name))
        if found is None:
            raise not_found(BY_PLURAL[plural], name)
        return copied(found)

    def all(self, plural: str, namespace: str = "") -> Objects:
        """Read all objects of a resource, or those in `namespace`, in the order of their names."""
        kept, _ = self.snapshot(plural)
        begin, end = within(kept, namespace)
        return [copied(item) for _, item in kept[begin:end]]

    def snapshot(self, plural: str) -> tuple[Kept, int]:
        """All objects with their keys, in their order, and the version at which they are so. Not to be changed."""
        with self._lock:
            return self._collections[plural].snapshot(), self._version

    def delete(self, plural: str, namespace: str, name: str, *, orphan: bool = False) -> Json:
        """
        Remove one object, what it alone owns, and what it holds if it is a namespace; answers what it was.

        Raises:
            Refusal: it is not there (404).
        """
        with self._lock:
            found = self.get(plural, namespace, name)
            self._remove(plural, key_of(namespace, name))
            if orphan or not self.has_node:
                self._collect(found, orphan=orphan)
            if plural == "namespaces":
                for each, collection in self._collections.items():
                    kept = collection.snapshot()
                    for key, _ in kept[slice(*within(kept, name))] if BY_PLURAL[each].namespaced else ():
                        self._remove(each, key)
            return found

    def end_pod(self, namespace: str, name: str, grace_seconds: int | None) -> Json:
        """Ask the kubelet of a pod to end it, which then removes it; None: in the time that the pod itself grants."""

        def ask(pod: Json) -> None:
            seconds = pod["spec"].get("terminationGracePeriodSeconds", 30) if grace_seconds is None else grace_seconds
            pod["metadata"].setdefault("deletionTimestamp", self._timestamp())
            pod["metadata"].setdefault("deletionGracePeriodSeconds", seconds)

        return self.edit("pods", namespace, name, ask)

    def change(
        self, resource: Resource, namespace: str, name: str, make: Callable[[Json], Json], *, dry_run: bool
    ) -> Json:
        """
        Replace an object by what `make` makes of it, as a PUT or PATCH does: never its status.

        Raises:
            Refusal: the object is not there, or no longer at the uid or resourceVersion that was sent, if any.
        """
        with self._lock:
            old = self.get(resource.plural, namespace, name)
            new = with_defaults(self._checked(resource, old, make(copied(old))))
            new.pop("status", None)
            if "status" in old:
                new["status"] = old["status"]
            return self._replace(resource, old, new, dry_run=dry_run)

    def change_status(
        self, resource: Resource, namespace: str, name: str, make: Callable[[Json], Json], *, dry_run: bool
    ) -> Json:
        """Replace an object's status, and nothing else, by that of what `make` makes of it; raises as `change`."""
        with self._lock:
            old = self.get(resource.plural, namespace, name)
            sent = self._checked(resource, old, make(copied(old)))
            return self._replace(resource, old, {**old, "status": sent.get("status") or {}}, dry_run=dry_run)

    def list(self, resource: Resource, namespace: str, query: Mapping[str, str]) -> Json:
        """
        Answer a list, or the page of it that `limit` and `continue` ask for.

        Raises:
            Refusal: a selector or token is malformed (400), or the token's list is no longer kept (410).
        """
        start, version = start_of(query)
        with self._lock:
            kept = self._lists.get((resource.plural, version))
            if version <= 0:
                kept, version = self.snapshot(resource.plural)
            if kept is None:
                raise expired(token(-1, start))
        page = page_of(resource, kept, version, namespace, query)
        if "continue" in page["metadata"]:
            with self._lock:
                self._lists[resource.plural, version] = kept
                while len(self._lists) > _LISTS:
                    del self._lists[next(iter(self._lists))]
        return page

    def changes(self, plural: str, version: int) -> Sequence[Change] | None:
        """What happened to objects of a resource after `version`; None where that is no longer known."""
        with self._lock:
            return self._collections[plural].history.after(version)

    def wait(self, version: int, timeout_seconds: float) -> int:
        """Wait until anything was written or deleted after `version`; answers the version of the latest change."""
        with self._changed:
            self._changed.wait_for(lambda: self._version > version, timeout_seconds)
            return self._version

    def compact(self) -> None:
        """Forget what was, so that every continue token and version is expired; etcd does so after five minutes."""
        with self._lock:
            self._lists.clear()
            for collection in self._collections.values():
                collection.history.forget(self._version)

    def _made_now(self) -> Json:
        self._made += 1
        return {"uid": f"00000000-0000-4000-8000-{self._made:012d}", "creationTimestamp": self._timestamp()}

    def _timestamp(self) -> str:
        return datetime.fromtimestamp(self._seconds_now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def _ensure_namespace(self, name: str) -> None:
        if name not in self._collections["namespaces"]:
            self.put("namespaces", {"metadata": {"name": name}})

    def _checked(self, resource: Resource, old: Json, sent: Json) -> Json:
        """What was sent, with what the server maintains."""
        metadata, kept = dict(sent.get("metadata") or {}), owned_by_server(old)
        namespace, name = old["metadata"].get("namespace", ""), old["metadata"]["name"]
        if metadata.get("uid", kept["uid"]) != kept["uid"]:
            differ = f"UID in precondition: {metadata['uid']}, UID in object meta: {kept['uid']}"
            stored = f"Key: /registry/{resource.plural}/{place_of(old)}, ResourceVersion: 0"
            problem = f"Code: 4, {stored}, AdditionalErrorMsg: Precondition failed: {differ}"
            raise conflict(resource, name, f"StorageError: invalid object, {problem}")
        if metadata.get("resourceVersion", "") not in ("", "0", kept["resourceVersion"]):
            raise conflict(resource, name, _STALE)
        metadata |= {**kept, **({"namespace": namespace} if namespace else {})}
        return of_kind(resource, {**sent, "metadata": metadata})

    def _replace(self, resource: Resource, old: Json, new: Json, *, dry_run: bool) -> Json:
        if new == old:
            return old
        if resource.counts:
            new["metadata"]["generation"] = generation_of(old, new)
        return new if dry_run else self._write(resource, place_of(old), new)

    def _write(self, resource: Resource, key: str, new: Json) -> Json:
        plural = resource.plural
        self._version += 1
        stored = copied(new)
        stored["metadata"]["resourceVersion"] = str(self._version)
        before = self._collections[plural].get(key)
        if before is not None:
            self._owners.drop((plural, key), before)
        self._collections[plural].set(key, stored)
        self._owners.add((plural, key), stored)
        self._note(plural, before, stored)
        return copied(stored)

    def _remove(self, plural: str, key: str) -> None:
        self._version += 1
        gone = self._collections[plural].pop(key)
        self._owners.drop((plural, key), gone)
        self._note(plural, gone, None)

    def _note(self, plural: str, before: Json | None, after: Json | None) -> None:
        self._collections[plural].history.add(Change(self._version, before, after))
        self._changed.notify_all()

    def _collect(self, gone: Json, *, orphan: bool) -> None:
        """Remove what `gone` owned and nobody else does, or let it be without that owner."""
        for plural, key in self._owners.dependents(gone):
            item = self._collections[plural].get(key)
            if item is None:
                continue
            if orphan:
                self._write(BY_PLURAL[plural], key, without_owner(item, gone["metadata"]["uid"]))
            elif not self._owners.has_owner(item):
                self._remove(plural, key)
                self._collect(item, orphan=False)


__all__ = ["BY_PLURAL", "RESOURCES", "Json", "Refusal", "Resource", "Store"]
