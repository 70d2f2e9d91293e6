"""
Thousands of Deployments with their ReplicaSets and pods, which nothing runs: written as if all had settled.

For a bed without a node (`lifecycle.up(node=False)`): controllers would tidy them away. The first Deployment of a herd
and what belongs to it is made through the API server, which fills in defaults and field managers; the others are
written past it, as copies of what it stored. All names, IDs and digests have the same length for every number, so that
a copy is the stored bytes with other names in them, whatever form those bytes have.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from testbed import ghost_objects
from testbed.api import Json
from testbed.errors import TestbedError
from testbed.ghost_objects import FIRST_REVISION, Image, Names
from testbed.namespace import Namespace
from testbed.store import Store

Marks = tuple[str, ...]
"""What is written in an object that in others of its kind is something else, in an order of its kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Herd:
    """Deployments that are alike; making one writes nothing."""

    name: str
    """What their names begin with; herds of one namespace have different ones of the same length."""

    workloads: int
    images: Sequence[Image]
    """Number i runs images[i % len(images)]; their references are all of one length."""

    pods: int = 2
    old_revisions: int = 0
    """ReplicaSets that each has left from before, at 0 replicas."""

    labels: Mapping[str, str] = field(default_factory=dict)
    """Of the Deployments themselves."""

    def image(self, number: int) -> Image:
        """What Deployment `number` runs."""
        return self.images[number % len(self.images)]

    def names(self, number: int) -> Names:
        """How Deployment `number` is called."""
        return Names(self.name, number)

    @property
    def revision(self) -> int:
        """The revision of the Deployments, after those that are old."""
        return FIRST_REVISION + self.old_revisions


class Stored(NamedTuple):
    """An object that was made through the API server: its plural, how it is kept, and what is its own in it."""

    plural: str
    value: bytes
    marks: Marks

    def copy(self, marks: Marks) -> bytes:
        """
        The same object with other marks.

        Raises:
            TestbedError: a mark has another length, or is not there, so that this would be no copy.
        """
        new = {old.encode(): mark.encode() for old, mark in zip(self.marks, marks, strict=True)}
        for old, mark in new.items():
            if len(old) != len(mark) or old not in self.value:
                raise TestbedError(f"{self.plural}: {old!r} cannot become {mark!r}")
        # The longest first: a pod's name holds its ReplicaSet's.
        pattern = b"|".join(re.escape(old) for old in sorted(new, key=len, reverse=True))
        return re.sub(pattern, lambda found: new[found[0]], self.value)


class Moulds(NamedTuple):
    """The stored objects of Deployment 0, of which those of the others are copies."""

    deployment: Stored
    replica_sets: tuple[Stored, ...]
    """From the oldest revision on."""

    pod: Stored


@dataclass(frozen=True, slots=True)
class Ghosts:
    """Herds in one namespace of a bed."""

    namespace: Namespace
    store: Store

    def settle_in(self, herd: Herd) -> Moulds:
        """
        Write a herd with all that belongs to it: thousands of objects a second.

        Raises:
            TestbedError: what the API server says of a copy is not what it says of its mould, but for the marks.
        """
        moulds = self._moulds(herd)
        for copies in (deployments(herd, moulds), replica_sets(herd, moulds), pods(herd, moulds)):
            self.store.put_all((self._key(*place), value) for place, value in copies)
        self._prove(herd, moulds)
        return moulds

    def restore(self, herd: Herd, moulds: Moulds) -> None:
        """Write its Deployments again, as they were before they were restarted."""
        self.store.put_all((self._key(*place), value) for place, value in deployments(herd, moulds))

    def add_nodes(self) -> None:
        """Make the Nodes that the pods are bound to."""
        for node in ghost_objects.nodes():
            status = node.pop("status")
            self.namespace.api.apply(node)
            path = f"/api/v1/nodes/{node['metadata']['name']}/status"
            self.namespace.api.request("PATCH", path, {"status": status}, "application/merge-patch+json")

    def remove(self) -> None:
        """Delete all that is in the namespace, and the namespace, past the API server."""
        for plural in ("pods", "replicasets", "deployments"):
            self.store.delete_all(f"/registry/{plural}/{self.namespace.name}/")
        self.store.delete_all(f"/registry/namespaces/{self.namespace.name}")

    def _prove(self, herd: Herd, moulds: Moulds) -> None:
        """Compare the last of each as the API server gives it with what it gives for the mould."""
        if herd.workloads == 1:
            return
        first, last, newest = herd.names(0), herd.names(herd.workloads - 1), herd.revision
        image, replica_set, pod = herd.image(last.number), last.replica_set(newest), last.pod(newest, herd.pods - 1)
        for mould, name, copy, marks in (
            (moulds.deployment, first.deployment, last.deployment, deployment_marks(last, image)),
            (moulds.replica_sets[-1], first.replica_set(newest), replica_set, replica_set_marks(last, image, newest)),
            (moulds.pod, first.pod(newest, 0), pod, pod_marks(last, image, newest, herd.pods - 1)),
        ):
            given = self._given(mould.plural, name)
            if mould._replace(value=given).copy(marks) != self._given(mould.plural, copy):
                raise TestbedError(f"{mould.plural}: {copy} is no copy of {name}")

    def _given(self, plural: str, name: str) -> bytes:
        """An object as the API server gives it, but for its resourceVersion."""
        given = self.namespace.api.request("GET", f"{self._place(plural)}/{name}")
        del given["metadata"]["resourceVersion"]
        return json.dumps(given, sort_keys=True).encode()

    def _place(self, plural: str) -> str:
        root = "/api/v1" if plural == "pods" else "/apis/apps/v1"
        return f"{root}/namespaces/{self.namespace.name}/{plural}"

    def _key(self, plural: str, name: str) -> str:
        return f"/registry/{plural}/{self.namespace.name}/{name}"

    def _moulds(self, herd: Herd) -> Moulds:
        names, image, newest = herd.names(0), herd.image(0), herd.revision
        made = self._make("deployments", ghost_objects.deployment(names, image, newest, herd.pods, herd.labels))
        owner = made["metadata"]["uid"]
        deployment = self._stored("deployments", made, deployment_marks(names, image, uid=owner))
        replica_sets = []
        for revision in range(FIRST_REVISION, newest + 1):
            replicas = herd.pods if revision == newest else 0
            made = self._make("replicasets", ghost_objects.replica_set(names, image, revision, replicas, owner))
            uid = made["metadata"]["uid"]
            marks = replica_set_marks(names, image, revision, owner=owner, uid=uid)
            replica_sets.append(self._stored("replicasets", made, marks))
        owner = made["metadata"]["uid"]
        made = self._make("pods", ghost_objects.pod(names, image, newest, 0, owner))
        marks = pod_marks(names, image, newest, 0, owner=owner, uid=made["metadata"]["uid"])
        return Moulds(deployment, tuple(replica_sets), self._stored("pods", made, marks))

    def _make(self, plural: str, manifest: Json) -> Json:
        """Make an object and its status, as the field managers that would."""
        place = self._place(plural)
        maker = "helm" if plural == "deployments" else "kube-controller-manager"
        made = self.namespace.api.request("POST", f"{place}?fieldManager={maker}", manifest)
        manager = "kubelet" if plural == "pods" else "kube-controller-manager"
        path = f"{place}/{made['metadata']['name']}/status?fieldManager={manager}"
        return self.namespace.api.request("PUT", path, {**made, "status": manifest["status"]})

    def _stored(self, plural: str, made: Json, marks: Marks) -> Stored:
        return Stored(plural, self.store.get(self._key(plural, made["metadata"]["name"])), marks)


Copies = Iterator[tuple[tuple[str, str], bytes]]
"""Plural and name of an object, and the object as it is stored."""


def deployments(herd: Herd, moulds: Moulds) -> Copies:
    """The Deployments of a herd; number 0 is the mould itself."""
    for number in range(herd.workloads):
        names = herd.names(number)
        # Number 0 has the UID that the API server gave it.
        uid = moulds.deployment.marks[1] if not number else ""
        marks = deployment_marks(names, herd.image(number), uid=uid)
        yield ("deployments", names.deployment), moulds.deployment.copy(marks)


def replica_sets(herd: Herd, moulds: Moulds) -> Copies:
    """The ReplicaSets of all but Deployment 0, whose own are there."""
    for number in range(1, herd.workloads):
        names = herd.names(number)
        for revision, mould in enumerate(moulds.replica_sets, FIRST_REVISION):
            marks = replica_set_marks(names, herd.image(number), revision)
            yield ("replicasets", names.replica_set(revision)), mould.copy(marks)


def pods(herd: Herd, moulds: Moulds) -> Copies:
    """The pods of all Deployments, but the very first."""
    for number in range(herd.workloads):
        names = herd.names(number)
        # Those of Deployment 0 belong to a ReplicaSet whose UID the API server chose.
        owner = moulds.replica_sets[-1].marks[3] if not number else ""
        for pod in range(0 if number else 1, herd.pods):
            marks = pod_marks(names, herd.image(number), herd.revision, pod, owner=owner)
            yield ("pods", names.pod(herd.revision, pod)), moulds.pod.copy(marks)


def deployment_marks(names: Names, image: Image, *, uid: str = "") -> Marks:
    """What is a Deployment's own; `uid` where it was not ours to choose."""
    return (names.deployment, uid or names.uid("d"), image.reference)


def replica_set_marks(names: Names, image: Image, revision: int, *, owner: str = "", uid: str = "") -> Marks:
    """What is a ReplicaSet's own."""
    return (
        names.deployment,
        names.template_hash(revision),
        owner or names.uid("d"),
        uid or names.uid("e", revision),
        image.reference,
    )


def pod_marks(names: Names, image: Image, revision: int, pod: int, *, owner: str = "", uid: str = "") -> Marks:
    """What is a pod's own."""
    return (
        names.pod(revision, pod),
        names.deployment,
        names.template_hash(revision),
        owner or names.uid("e", revision),
        uid or names.uid("a", pod),
        image.reference,
        image.image_id,
        names.container_id(pod),
        names.address(pod),
        names.node(pod),
    )
