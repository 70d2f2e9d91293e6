"""Finds the selected workloads, and reads what each says of itself; their pods are another matter (`reader`)."""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct

from figwasp.core.deadline import Deadline
from figwasp.core.record import RECORD_ANNOTATION, Record, template_hash
from figwasp.core.reference import Reference
from figwasp.core.report import Note
from figwasp.core.workload import (
    IGNORE_ANNOTATION,
    RESTART_OWNED_ANNOTATION,
    Container,
    Selection,
    Workload,
    WorkloadKey,
)
from figwasp.errors import FigwaspError, Forbidden, InvalidReference, KubernetesError, ObjectNotFound
from figwasp.kube.client import ApiClient, Resource
from figwasp.kube.kind import WorkloadItem, WorkloadKind
from figwasp.kube.picks import Metadata, PodTemplate, SecretName, TemplateSpec
from figwasp.kube.pods import pull_policy

Unread = tuple[WorkloadKey, FigwaspError]
"""A workload that could not be read, and why."""


class Found(Struct, frozen=True):
    """A workload as it is and as it was read; `account` is the service account of its pods."""

    kind: WorkloadKind
    item: WorkloadItem
    workload: Workload
    account: str


class Search(Struct, frozen=True):
    """What was found, which named workloads could not be read, and what was not looked at."""

    workloads: tuple[Found, ...]
    unread: tuple[Unread, ...] = ()
    notes: tuple[Note, ...] = ()


def search(client: ApiClient, kinds: Sequence[WorkloadKind], selection: Selection, deadline: Deadline) -> Search:
    """
    Read the selected workloads.

    Raises:
        KubernetesError: nothing could be read at all.
    """
    if selection.targets:
        return _named(client, {kind.name: kind for kind in kinds}, selection, deadline)
    wanted = [kind for kind in kinds if kind.name in selection.kinds or not selection.kinds]
    found: list[Found] = []
    notes: list[Note] = []
    refused: list[KubernetesError] = []
    places = selection.namespaces or ("",)
    for namespace in places:
        here = _Place(namespace, is_asked=bool(selection.kinds))
        for kind in wanted:
            here.list_kind(client, kind, selection.label, deadline)
        found += here.found
        notes += here.notes()
        refused += here.refused()
    if len(refused) == len(places):
        raise refused[0]
    return Search(tuple(found), (), tuple(notes))


class _Place:
    """A namespace, or all of them, while its workloads are listed kind by kind."""

    def __init__(self, namespace: str, *, is_asked: bool) -> None:
        self.found: list[Found] = []
        self._namespace = namespace
        self._is_asked = is_asked
        self._read: list[WorkloadKind] = []
        self._unread: list[tuple[WorkloadKind, KubernetesError]] = []

    def list_kind(self, client: ApiClient, kind: WorkloadKind, label: str, deadline: Deadline) -> None:
        """List the workloads of one kind; raises only where others would fail in the same way."""
        resource = Resource(kind.group, kind.version, kind.plural, self._namespace)
        query = {"labelSelector": label} if label else {}
        try:
            items = client.list_items(resource, kind.item, query, deadline)
        except KubernetesError as error:
            if not self._read and not isinstance(error, Forbidden | ObjectNotFound):
                raise
            self._unread.append((kind, error))
            return
        self._read.append(kind)
        self.found += [_found(kind, item) for item in items]

    def refused(self) -> list[KubernetesError]:
        """The first reason why nothing could be read here; none where something was."""
        return [error for _, error in self._unread[:1] if not self._read]

    def notes(self) -> list[Note]:
        """What was not looked at: a failure, unless it was not asked for and may not be read."""
        passed_over = (
            []
            if self._is_asked or not self._read
            else [kind for kind, error in self._unread if isinstance(error, Forbidden)]
        )
        failed = [
            (kind, error)
            for kind, error in self._unread
            if kind not in passed_over and (self._is_asked or not isinstance(error, ObjectNotFound))
        ]
        if not self._read:
            failed = failed[:1]  # the others say the same of the same namespace
        found = [Note(str(error), error.hint, is_failure=True) for _, error in failed]
        if passed_over:
            plurals = " and ".join(kind.plural for kind in passed_over)
            where = f"in namespace {self._namespace}" if self._namespace else "in all namespaces"
            looked = ",".join(kind.name for kind in self._read)
            words = f"{plurals} were not looked at: not allowed to list them {where}"
            hint = f"allow it, or ask for what may be listed only: -k {looked}"
            found.append(Note(words, hint, kinds=tuple(kind.name for kind in passed_over)))
        return found


def _named(client: ApiClient, kinds: dict[str, WorkloadKind], selection: Selection, deadline: Deadline) -> Search:
    found: list[Found] = []
    unread: list[Unread] = []
    for namespace in selection.namespaces:
        for kind_name, name in selection.targets:
            kind = kinds[kind_name]
            resource = Resource(kind.group, kind.version, kind.plural, namespace, name)
            try:
                items = _of_name(client, resource, kind.item, selection.label, deadline)
                found += [_found(kind, item) for item in items]
            except FigwaspError as error:
                unread.append((WorkloadKey(namespace, kind_name, name), error))
    return Search(tuple(found), tuple(unread))


def _of_name(client: ApiClient, resource: Resource, item: type[Any], label: str, deadline: Deadline) -> list[Any]:
    if not label:
        return [client.get(resource, item, deadline)]
    query = {"fieldSelector": f"metadata.name={resource.name}", "labelSelector": label}
    return client.list_items(resource, item, query, deadline)


def _found(kind: WorkloadKind, item: WorkloadItem) -> Found:
    template = msgspec.json.decode(item.template, type=PodTemplate).spec
    return Found(kind, item, _workload(kind, item, template), template.service_account_name or "default")


def _workload(kind: WorkloadKind, item: WorkloadItem, template: TemplateSpec) -> Workload:
    """Read a workload from its own object; its pods are not known yet."""
    metadata = item.metadata
    stands = kind.rollout(item)
    record = Record.parse(metadata.annotation(RECORD_ANNOTATION))
    return Workload(
        key=WorkloadKey(metadata.namespace, kind.name, metadata.name),
        resource_version=metadata.resource_version,
        containers=_containers(template),
        pull_secrets=secret_names(template.image_pull_secrets),
        is_paused=item.is_paused,
        replicas=item.replicas,
        rollout=stands.state,
        rollout_detail=stands.detail,
        template_hash=template_hash(msgspec.json.decode(item.template)) if record.containers else "",
        record=record,
        running=None,
        is_deleting=metadata.deletion_timestamp is not None,
        strategy=item.strategy,
        ignored=_ignored(metadata),
        owned_by=_owner(metadata),
        outage=item.outage,
    )


def _ignored(metadata: Metadata) -> str:
    """How the owner wishes it to be left alone; a word that we do not know is taken for a yes."""
    said = (metadata.annotations or {}).get(IGNORE_ANNOTATION, "false")
    return "" if said.strip().lower() == "false" else f'{IGNORE_ANNOTATION}: "{said}"'


def _owner(metadata: Metadata) -> str:
    owner = metadata.controller
    if owner is None or metadata.annotation(RESTART_OWNED_ANNOTATION).strip().lower() == "true":
        return ""
    return f"{owner.kind or 'controller'} {owner.name or owner.uid}"


def _containers(template: TemplateSpec) -> tuple[Container, ...]:
    init = [
        _container(each.name, each.image, each.image_pull_policy, is_init=True)
        for each in template.init_containers or ()
    ]
    found = [*init, *(_container(each.name, each.image, each.image_pull_policy) for each in template.containers)]
    for volume in template.volumes or ():
        if volume.image is not None and volume.image.reference:
            name, image = f"volume/{volume.name}", volume.image
            found.append(_container(name, image.reference, image.pull_policy, is_volume=True))
    return tuple(found)


def _container(name: str, image: str, policy: str, *, is_init: bool = False, is_volume: bool = False) -> Container:
    reference, problem = None, ""
    try:
        reference = Reference.parse(image)
    except InvalidReference as error:
        problem = str(error)
    return Container(
        name=name,
        image=image,
        reference=reference,
        problem=problem,
        pull_policy=pull_policy(policy),
        is_init=is_init,
        is_volume=is_volume,
    )


def secret_names(secrets: Sequence[SecretName] | None) -> tuple[str, ...]:
    """The names in `imagePullSecrets`, each once."""
    return tuple(dict.fromkeys(each.name for each in secrets or () if each.name))
