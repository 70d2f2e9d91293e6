"""What the small API server keeps: objects by resource, each write with a new resourceVersion."""

import base64
import binascii
import threading
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from figwasp.embedded.api.selectors import field_selector, label_selector
from figwasp.embedded.api.status import Refusal, bad_request, conflict, expired, not_found

Json = dict[str, Any]
"""A JSON object."""


class Resource(Struct, frozen=True):
    """A resource of the API. `counts` tells whether its objects have a generation, which a new spec raises."""

    group: str
    version: str
    plural: str
    kind: str
    namespaced: bool = True
    counts: bool = False

    @property
    def api_version(self) -> str:
        """Its group and version as objects name them."""
        return f"{self.group}/{self.version}" if self.group else self.version


RESOURCES = {
    (each.group, each.version, each.plural): each
    for each in (
        Resource("apps", "v1", "deployments", "Deployment", counts=True),
        Resource("apps", "v1", "replicasets", "ReplicaSet", counts=True),
        Resource("apps", "v1", "statefulsets", "StatefulSet", counts=True),
        Resource("apps", "v1", "daemonsets", "DaemonSet", counts=True),
        Resource("apps", "v1", "controllerrevisions", "ControllerRevision"),
        Resource("batch", "v1", "cronjobs", "CronJob", counts=True),
        Resource("batch", "v1", "jobs", "Job", counts=True),
        Resource("", "v1", "pods", "Pod"),
        Resource("", "v1", "secrets", "Secret"),
        Resource("", "v1", "serviceaccounts", "ServiceAccount"),
        Resource("", "v1", "events", "Event"),
        Resource("", "v1", "nodes", "Node", namespaced=False),
        Resource("", "v1", "namespaces", "Namespace", namespaced=False),
        Resource("coordination.k8s.io", "v1", "leases", "Lease"),
    )
}
BY_PLURAL = {resource.plural: resource for resource in RESOURCES.values()}


class _Token(Struct):
    """A continue token; the real server's has the same three fields. From `rv` -1 the list is the latest one."""

    v: str
    rv: int
    start: str = ""


class Store:
    """
    The objects, safe for threads.

    Objects are never changed in place, so that the list which a continue token belongs to stays as it was.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._changed = threading.Condition(self._lock)
        self._version = 100
        self._made = 0
        self._objects: dict[str, dict[str, Json]] = {}
        self._lists: dict[tuple[str, int], dict[str, Json]] = {}

    def put(self, plural: str, given: Json) -> Json:
        """
        Create or replace an object as it is given, status included, as nobody can from outside.

        What the server would have set (uid, generation, resourceVersion, …) is filled in unless given.
        """
        resource = BY_PLURAL[plural]
        with self._lock:
            metadata = dict(given.get("metadata") or {})
            if resource.namespaced:
                metadata.setdefault("namespace", "default")
            key = _key(metadata.get("namespace", ""), metadata["name"])
            old = self._kept(plural).get(key)
            if old is None:
                self._made += 1
                metadata.setdefault("uid", f"00000000-0000-4000-8000-{self._made:012d}")
                metadata.setdefault("creationTimestamp", "2026-01-01T00:00:00Z")
            else:
                metadata = {**_owned_by_server(old), **metadata}
            new = {**given, "metadata": metadata}
            if resource.counts and "generation" not in (given.get("metadata") or {}):
                metadata["generation"] = _generation(old, _of_kind(resource, new))
            return self._write(resource, key, new)

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
            found = self._kept(plural).get(_key(namespace, name))
        if found is None:
            raise not_found(BY_PLURAL[plural], name)
        return _copy(found)

    def all(self, plural: str, namespace: str = "") -> "list[Json]":
        """Read all objects of a resource, or those in `namespace`, in the order of their names."""
        prefix = f"{namespace}/" if namespace else ""
        with self._lock:
            kept = sorted(self._kept(plural).items())
        return [_copy(item) for key, item in kept if key.startswith(prefix)]

    def delete(self, plural: str, namespace: str, name: str) -> None:
        """
        Remove one object.

        Raises:
            Refusal: it is not there (404).
        """
        with self._lock:
            self.get(plural, namespace, name)
            self._version += 1
            del self._kept(plural)[_key(namespace, name)]
            self._changed.notify_all()

    def update(self, resource: Resource, namespace: str, name: str, sent: Json, *, dry_run: bool) -> Json:
        """
        Replace an object as a PUT does: never its status, and only if it is still at the resourceVersion sent, if any.

        Raises:
            Refusal: the object is not there, or has changed since.
        """
        with self._lock:
            old = self.get(resource.plural, namespace, name)
            metadata = dict(sent.get("metadata") or {})
            kept = _owned_by_server(old)
            if metadata.get("uid", kept["uid"]) != kept["uid"]:
                differ = f"UID in precondition: {metadata['uid']}, UID in object meta: {kept['uid']}"
                stored = f"Key: /registry/{resource.plural}/{_key(namespace, name)}, ResourceVersion: 0"
                problem = f"Code: 4, {stored}, AdditionalErrorMsg: Precondition failed: {differ}"
                raise conflict(resource, name, f"StorageError: invalid object, {problem}")
            if metadata.get("resourceVersion", "") not in ("", "0", kept["resourceVersion"]):
                raise conflict(
                    resource,
                    name,
                    "the object has been modified; please apply your changes to the latest version and try again",
                )
            new = _of_kind(resource, {**sent, "metadata": {**metadata, "namespace": namespace, **kept}})
            if not namespace:
                del new["metadata"]["namespace"]
            new.pop("status", None)
            if "status" in old:
                new["status"] = old["status"]
            if new == old:
                return old
            if resource.counts:
                new["metadata"]["generation"] = _generation(old, new)
            return new if dry_run else self._write(resource, _key(namespace, name), new)

    def list(self, resource: Resource, namespace: str, query: Mapping[str, str]) -> Json:
        """
        Answer a list, or the page of it that `limit` and `continue` ask for.

        Raises:
            Refusal: a selector or token is malformed (400), or the token's list is no longer kept (410).
        """
        labels, fields = query.get("labelSelector", ""), query.get("fieldSelector", "")
        matches = label_selector(labels), field_selector(fields, resource.plural)
        start, version = "", 0
        if query.get("continue"):
            start, version = _parse_token(query["continue"])
        with self._lock:
            kept = self._lists.get((resource.plural, version)) if version > 0 else self._kept(resource.plural)
            if kept is None:
                raise expired(_token(-1, start))
            version = version if version > 0 else self._version
            kept = dict(kept)
        prefix = f"{namespace}/" if namespace else ""
        found = [
            (key, item)
            for key, item in sorted(kept.items())
            if key.startswith(prefix) and key >= start and all(each(item) for each in matches)
        ]
        limit = max(int(query.get("limit", "0")), 0) or len(found)
        metadata: Json = {"resourceVersion": str(version)}
        if len(found) > limit:
            self._lists[resource.plural, version] = kept
            metadata["continue"] = _token(version, found[limit - 1][0] + "\0")
            if not labels and not fields:
                metadata["remainingItemCount"] = len(found) - limit
        items = [
            {name: value for name, value in item.items() if name not in ("apiVersion", "kind")}
            for _, item in found[:limit]
        ]
        return {
            "kind": f"{resource.kind}List",
            "apiVersion": resource.api_version,
            "metadata": metadata,
            "items": items,
        }

    def wait(self, version: int, timeout_seconds: float) -> int:
        """Wait until anything was written or deleted after `version`; answers the version of the latest change."""
        with self._changed:
            self._changed.wait_for(lambda: self._version > version, timeout_seconds)
            return self._version

    def compact(self) -> None:
        """Forget what lists looked like, so that every continue token is expired; etcd does so after five minutes."""
        with self._lock:
            self._lists.clear()

    def _kept(self, plural: str) -> dict[str, Json]:
        return self._objects.setdefault(plural, {})

    def _write(self, resource: Resource, key: str, new: Json) -> Json:
        self._version += 1
        stored = _copy(_of_kind(resource, new))
        stored["metadata"]["resourceVersion"] = str(self._version)
        self._kept(resource.plural)[key] = stored
        self._changed.notify_all()
        return _copy(stored)


def _key(namespace: str, name: str) -> str:
    return f"{namespace}/{name}" if namespace else name


def _copy(value: Json) -> Json:
    copied: Json = msgspec.json.decode(msgspec.json.encode(value))
    return copied


def _of_kind(resource: Resource, value: Json) -> Json:
    return {**value, "apiVersion": resource.api_version, "kind": resource.kind}


def _owned_by_server(value: Json) -> Json:
    names = ("uid", "creationTimestamp", "resourceVersion", "generation")
    return {name: value["metadata"][name] for name in names if name in value["metadata"]}


def _generation(old: Json | None, new: Json) -> int:
    if old is None:
        return 1
    before: int = old["metadata"]["generation"]
    changed = old.get("spec") != new.get("spec")
    if new["kind"] == "Deployment":
        # Its annotations count too, because its controller copies them to the ReplicaSets.
        # Source: kubernetes pkg/registry/apps/deployment/strategy.go, PrepareForUpdate.
        changed = changed or (old["metadata"].get("annotations") or {}) != (new["metadata"].get("annotations") or {})
    return before + changed


def _token(version: int, start: str) -> str:
    encoded = msgspec.json.encode(_Token("meta.k8s.io/v1", version, start))
    return base64.urlsafe_b64encode(encoded).decode().rstrip("=")


def _parse_token(text: str) -> tuple[str, int]:
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        token = msgspec.json.decode(decoded, type=_Token)
    except (binascii.Error, msgspec.MsgspecError, UnicodeDecodeError):
        raise bad_request("invalid continue token: continue key is not valid") from None
    if not token.start:
        problem = f"continue key is not valid: encoded start key empty (version {token.v})"
        raise bad_request(f"invalid continue token: {problem}")
    return token.start, token.rv


__all__ = ["BY_PLURAL", "RESOURCES", "Json", "Refusal", "Resource", "Store"]
