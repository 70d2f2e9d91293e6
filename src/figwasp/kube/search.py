"""Finds the selected workloads: which kinds are listed in which namespaces, and what could not be looked at."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import msgspec
from msgspec import Struct

from figwasp.core.deadline import Deadline
from figwasp.core.report import Note
from figwasp.core.workload import Selection, WorkloadKey
from figwasp.errors import FigwaspError, Forbidden, InternalError, KubernetesError, UnknownResource
from figwasp.kube.client import ApiClient, Into, Resource, Spoiled
from figwasp.kube.faults import concerns_all
from figwasp.kube.kind import WorkloadKind
from figwasp.kube.picks import Namespace, Whose
from figwasp.kube.workloads import Found, read_item

Unread = tuple[WorkloadKey, FigwaspError]
"""A workload that could not be read, and why."""


class Search(Struct, frozen=True):
    """
    What was found, which named workloads could not be read, and what was not looked at.

    `is_everywhere` tells that all namespaces were read as one.
    """

    workloads: tuple[Found, ...]
    unread: tuple[Unread, ...] = ()
    notes: tuple[Note, ...] = ()
    is_everywhere: bool = False


def search(client: ApiClient, kinds: Sequence[WorkloadKind], selection: Selection, deadline: Deadline) -> Search:
    """
    Read the selected workloads.

    Whoever may not look into all namespaces as one is served in those that may be looked into.

    Raises:
        KubernetesError: nothing could be read at all.
    """
    if selection.targets:
        return _named(client, {kind.name: kind for kind in kinds}, selection, deadline)
    wanted = [kind for kind in kinds if kind.name in selection.kinds or not selection.kinds]
    if selection.namespaces:
        return _in_places([_looked_into(client, each, wanted, selection, deadline) for each in selection.namespaces])
    everywhere = _looked_into(client, "", wanted, selection, deadline)
    if not any(isinstance(each, Forbidden) for each in everywhere.refused()):
        return msgspec.structs.replace(_in_places([everywhere]), is_everywhere=True)
    try:
        namespaces = client.list_items(Resource("", "v1", "namespaces"), Namespace, {}, deadline)
    except KubernetesError:
        raise everywhere.refused()[0] from None
    names = [each.metadata.name for each in namespaces]
    return _in_those_allowed([_looked_into(client, each, wanted, selection, deadline) for each in names], everywhere)


def _looked_into(
    client: ApiClient, namespace: str, kinds: Sequence[WorkloadKind], selection: Selection, deadline: Deadline
) -> "_Place":
    place = _Place(namespace, is_asked=bool(selection.kinds))
    for kind in kinds:
        place.list_kind(client, kind, selection.label, deadline)
        if place.is_in_trouble:
            break
    return place


def _in_places(places: Sequence["_Place"]) -> Search:
    """Put together what was found in places that were all asked for."""
    refused = [each.refused() for each in places]
    if all(refused):
        raise refused[0][0]
    return Search(
        workloads=tuple(found for each in places for found in each.found),
        unread=tuple(spoiled for each in places for spoiled in each.spoiled),
        notes=tuple(_notes(places)),
    )


def _in_those_allowed(places: Sequence["_Place"], everywhere: "_Place") -> Search:
    """Put together what was found where nobody named the places: it is no failure that some may not be read."""
    closed = [each for each in places if any(isinstance(error, Forbidden) for error in each.refused())]
    if len(closed) == len(places):
        raise everywhere.refused()[0]
    found = _in_places([each for each in places if each not in closed])
    if not closed:
        return found
    names = ", ".join(each.namespace for each in closed)
    words = f"these namespaces were not looked into, since their workloads may not be listed: {names}"
    return msgspec.structs.replace(found, notes=(Note(words, "name those that you mean: -n"), *found.notes))


class _Listed:
    """The workloads of one kind: what is wrong with one of them keeps none of the others from being served."""

    def __init__(self, kind: WorkloadKind) -> None:
        self._kind = kind
        self.found: list[Found] = []
        self.spoiled: list[Unread] = []

    def take(self, item: Any) -> None:
        try:
            self.found.append(read_item(self._kind, item))
        except FigwaspError as error:
            self._leave_out(item.metadata, error.again())
        except Exception as error:  # noqa: BLE001 - a bug of ours must not keep the others from being served
            self._leave_out(item.metadata, InternalError(error))

    def pass_over(self, spoiled: Spoiled) -> None:
        self._leave_out(spoiled.metadata, spoiled.error)

    def _leave_out(self, metadata: Whose, error: FigwaspError) -> None:
        self.spoiled.append((WorkloadKey(metadata.namespace, self._kind.name, metadata.name), error))


class _Place:
    """A namespace, or all of them, while its workloads are listed kind by kind."""

    def __init__(self, namespace: str, *, is_asked: bool) -> None:
        self.found: list[Found] = []
        self.spoiled: list[Unread] = []
        self.namespace = namespace
        self._is_asked = is_asked
        self.read: list[WorkloadKind] = []
        self._unread: list[tuple[WorkloadKind, KubernetesError]] = []

    def list_kind(self, client: ApiClient, kind: WorkloadKind, label: str, deadline: Deadline) -> None:
        """List the workloads of one kind; raises only where nothing else could be read either."""
        resource = Resource(kind.group, kind.version, kind.plural, self.namespace)
        query = {"labelSelector": label} if label else {}
        into = Into(partial(_Listed, kind), _Listed.take, _Listed.pass_over)
        try:
            listed = client.fold(resource, kind.item, query, deadline, into)
        except KubernetesError as error:
            if not self.read and concerns_all(error):
                raise
            self._unread.append((kind, error))
            return
        self.read.append(kind)
        self.found += listed.found
        self.spoiled += listed.spoiled

    @property
    def is_in_trouble(self) -> bool:
        """Whether it failed at once, so that the other kinds would in the same way."""
        return not self.read and not all(isinstance(error, Forbidden | UnknownResource) for _, error in self._unread)

    def refused(self) -> list[KubernetesError]:
        """The first reason why nothing could be read here; none where something was."""
        return [error for _, error in self._unread[:1] if not self.read]

    def passed_over(self) -> list[WorkloadKind]:
        """The kinds that nobody asked for and that may not be listed, where others were."""
        if self._is_asked or not self.read:
            return []
        return [kind for kind, error in self._unread if isinstance(error, Forbidden)]

    def failures(self) -> list[Note]:
        """What could not be looked at otherwise."""
        passed_over = self.passed_over()
        failed = [error for kind, error in self._unread if kind not in passed_over]
        # Where nothing could be read, the others say the same of the same namespace.
        return [Note(str(each), each.hint, is_failure=True) for each in (failed if self.read else failed[:1])]


def _notes(places: Sequence[_Place]) -> list[Note]:
    """What was not looked at, in one line for places with the same Role."""
    # Of what is wrong in many places alike (a kind that is not known) nobody needs to read twice.
    notes = list(dict.fromkeys(note for each in places for note in each.failures()))
    alike: dict[tuple[str, ...], list[_Place]] = {}
    for each in places:
        if kinds := tuple(kind.name for kind in each.passed_over()):
            alike.setdefault(kinds, []).append(each)
    for kinds, here in alike.items():
        plurals = " and ".join(kind.plural for kind in here[0].passed_over())
        names = ", ".join(each.namespace for each in here)
        where = f"in namespace{'s' if len(here) > 1 else ''} {names}" if names else "in all namespaces"
        looked = ",".join(kind.name for kind in here[0].read)
        words = f"{plurals} were not looked at: not allowed to list them {where}"
        notes.append(Note(words, f"allow it, or ask for what may be listed only: -k {looked}", kinds=kinds))
    return notes


def _named(client: ApiClient, kinds: dict[str, WorkloadKind], selection: Selection, deadline: Deadline) -> Search:
    found: list[Found] = []
    unread: list[Unread] = []
    for namespace in selection.namespaces:
        for kind_name, name in selection.targets:
            kind = kinds[kind_name]
            resource = Resource(kind.group, kind.version, kind.plural, namespace, name)
            try:
                items = _of_name(client, resource, kind.item, selection.label, deadline)
                found += [read_item(kind, item) for item in items]
            except FigwaspError as error:
                unread.append((WorkloadKey(namespace, kind_name, name), error))
    return Search(tuple(found), tuple(unread))


def _of_name(client: ApiClient, resource: Resource, item: type[Any], label: str, deadline: Deadline) -> list[Any]:
    if not label:
        return [client.get(resource, item, deadline)]
    query = {"fieldSelector": f"metadata.name={resource.name}", "labelSelector": label}
    return client.list_items(resource, item, query, deadline)
