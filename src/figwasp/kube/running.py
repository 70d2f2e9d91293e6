"""What the pods of workloads run, folded while revisions and pods are read: no list of them is ever held."""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Protocol, TypeVar

from msgspec import Struct, field

from figwasp.core.deadline import Deadline
from figwasp.core.workload import RunningContainer, WorkloadKey
from figwasp.errors import Forbidden, KubernetesError
from figwasp.kube.client import ApiClient, Into, Resource, Spoiled, TooManyPages
from figwasp.kube.kind import Finder, Revision
from figwasp.kube.picks import Pod
from figwasp.kube.pods import PodReader, counts
from figwasp.kube.workloads import Found, secret_names

Owner = tuple[str, str]
"""
The namespace and the uid of what others name as their controller.

Anybody may name any uid, and a finalizer keeps what names one of another namespace from being collected.
"""

T = TypeVar("T")
A = TypeVar("A", bound="_Taker")


class _Taker(Protocol):
    """Takes the objects of a list, and is told of those that cannot be read."""

    def take(self, item: Any) -> None: ...

    def pass_over(self, spoiled: Spoiled) -> None: ...


class Running(Struct):
    """
    What the pods of a workload's current revision run, and the pull secrets that the newest of them was given.

    `newest` is that pod's time and name, both empty where there is none.
    """

    containers: list[RunningContainer] = field(default_factory=list)
    newest: tuple[str, str] = ("", "")
    pull_secrets: tuple[str, ...] = ()


class Survey:
    """
    Reads the revisions and the pods of workloads of one namespace, or of all.

    One paged LIST of each serves many workloads. Where it turns out to have more pages than there are workloads, those
    of each are asked for by its own selector: three workloads need not pay for ten thousand pods beside them.
    """

    def __init__(self, client: ApiClient, namespace: str, workloads: Sequence[Found], deadline: Deadline) -> None:
        """
        Read them.

        Raises:
            Forbidden: pods may not be read.
            KubernetesError: it failed.
        """
        self._client = client
        self._namespace = namespace
        self._deadline = deadline
        self._are_single = len(workloads) == 1
        self.unread: dict[str, Forbidden] = {}
        """The kinds whose revisions may not be read."""
        self.spoiled: dict[WorkloadKey, KubernetesError] = {}
        """The workloads of which a revision, or a pod, cannot be read, and why."""
        self._revisions: dict[WorkloadKey, Revision] = {}
        for kind in dict.fromkeys(each.kind.name for each in workloads):
            self._find_revisions([each for each in workloads if each.kind.name == kind])
        readable = [each for each in workloads if each.kind.name not in self.unread]
        self._running = self._read_pods(readable) if readable else {}

    def of(self, workload: Found) -> Running | None:
        """What the workload runs; None where its current revision cannot be told."""
        if workload.workload.key not in self._revisions:
            return None
        return self._running.get(workload.workload.key, Running())

    def _find_revisions(self, workloads: Sequence[Found]) -> None:
        kind = workloads[0].kind
        revisions = _Revisions(workloads)
        if kind.revisions:
            plain = Resource(kind.group, kind.version, kind.revisions, self._namespace)
            try:
                for seen in self._lists(plain, kind.revision, workloads, _Revisions):
                    revisions.finders.update(seen.finders)
                    self.spoiled.update(seen.spoiled)
            except Forbidden as error:
                self.unread[kind.name] = error
                return
        for each in workloads:
            if (revision := revisions.finders[_owner(each, each.uid)].found()) is not None:
                self._revisions[each.workload.key] = revision

    def _read_pods(self, workloads: Sequence[Found]) -> dict[WorkloadKey, Running]:
        reader = PodReader()
        running: dict[WorkloadKey, Running] = {}

        def start(here: Sequence[Found]) -> "_Pods":
            known = ((each, self._revisions.get(each.workload.key)) for each in here)
            return _Pods(
                {_owner(each, one.owner): (each.workload.key, one) for each, one in known if one is not None}, reader
            )

        for seen in self._lists(Resource("", "v1", "pods", self._namespace), Pod, workloads, start):
            running.update(seen.running)
            self.spoiled.update(seen.spoiled)
        return running

    def _lists(
        self,
        resource: Resource,
        pick: type[T],
        workloads: Sequence[Found],
        start: Callable[[Sequence[Found]], A],
    ) -> Iterator[A]:
        """Read one list for all `workloads`, or one for each."""

        def into(here: Sequence[Found]) -> Into[A, Any]:
            return Into(
                partial(start, here), lambda taker, each: taker.take(each), lambda taker, each: taker.pass_over(each)
            )

        if not self._are_single:
            whole = into(workloads)
            try:
                yield self._client.fold(resource, pick, {}, self._deadline, whole, most_pages=len(workloads))
            except TooManyPages:
                self._are_single = True
            else:
                return
        for each in workloads:
            own = Resource(resource.group, resource.version, resource.plural, each.workload.key.namespace)
            query = {"labelSelector": each.selector}
            yield self._client.fold(own, pick, query, self._deadline, into([each]))


def _owner(workload: Found, uid: str) -> Owner:
    return workload.workload.key.namespace, uid


class _Revisions:
    """Shows revisions to the finders of the workloads that own them."""

    def __init__(self, workloads: Sequence[Found]) -> None:
        self._keys = {_owner(each, each.uid): each.workload.key for each in workloads}
        self.finders: dict[Owner, Finder] = {_owner(each, each.uid): each.finder() for each in workloads}
        self.spoiled: dict[WorkloadKey, KubernetesError] = {}

    def take(self, revision: Any) -> None:
        finder = self.finders.get((revision.metadata.namespace, revision.metadata.controller_uid))
        if finder is not None:
            finder.look_at(revision)

    def pass_over(self, spoiled: Spoiled) -> None:
        key = self._keys.get((spoiled.metadata.namespace, spoiled.metadata.controller_uid))
        if key is not None:
            self.spoiled[key] = spoiled.error


class _Pods:
    """Takes pods, and keeps what those of some revisions run."""

    def __init__(self, owners: dict[Owner, tuple[WorkloadKey, Revision]], reader: PodReader) -> None:
        self._owners = owners
        self._reader = reader
        self.running: dict[WorkloadKey, Running] = {}
        self.spoiled: dict[WorkloadKey, KubernetesError] = {}

    def pass_over(self, spoiled: Spoiled) -> None:
        owner = self._owners.get((spoiled.metadata.namespace, spoiled.metadata.controller_uid))
        if owner is not None:
            self.spoiled[owner[0]] = spoiled.error

    def take(self, pod: Pod) -> None:
        owner = self._owners.get((pod.metadata.namespace, pod.metadata.controller_uid))
        if owner is None or not counts(pod) or not owner[1].has(pod.metadata):
            return
        one = self.running.setdefault(owner[0], Running())
        one.containers += self._reader.running_containers(pod)
        if (age := (pod.metadata.creation_timestamp, pod.metadata.name)) > one.newest:
            one.newest, one.pull_secrets = age, secret_names(pod.spec.image_pull_secrets)
