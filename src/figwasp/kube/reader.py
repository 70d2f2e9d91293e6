"""Reads workloads, their pods, pull secrets and nodes: the `Cluster` of `core.ports`."""

from collections.abc import Sequence
from typing import Any

import msgspec

from figwasp.core.credential import Entry, parse_pull_secret
from figwasp.core.deadline import Deadline
from figwasp.core.decide import hold
from figwasp.core.manifest import Platform
from figwasp.core.ports import Observed
from figwasp.core.record import RECORD_ANNOTATION, Record, template_hash
from figwasp.core.reference import Reference
from figwasp.core.workload import Container, Selection, Workload, WorkloadKey
from figwasp.errors import FigwaspError, Forbidden, InvalidReference, ObjectNotFound
from figwasp.kube.client import ApiClient, Resource
from figwasp.kube.kind import WorkloadItem, WorkloadKind
from figwasp.kube.picks import ContainerSpec, Node, Pick, Pod, PodTemplate, Secret
from figwasp.kube.pods import counts, pull_policy, running_containers

_Found = tuple[WorkloadKind, WorkloadItem, Workload]


class Reader:
    """Reads a cluster within what its Role allows, with as few requests as the selection needs."""

    def __init__(self, client: ApiClient, kinds: Sequence[WorkloadKind]) -> None:
        self._client = client
        self._kinds = {kind.name: kind for kind in kinds}
        self._get_secrets_first: set[str] = set()
        self._get_nodes_forbidden = False

    def observe(self, selection: Selection, deadline: Deadline) -> Observed:
        """
        Read the selected workloads, then their revisions, then their pods, in this order.

        Revisions and pods are listed only if some workload is not held by its own state.

        Raises:
            KubernetesError: nothing could be read at all.
        """
        found, failures = self._workloads(selection, deadline)
        workloads: list[Workload] = []
        for kind in self._kinds.values():
            of_kind = [each for each in found if each[0] is kind]
            if of_kind:
                workloads += self._with_pods(kind, of_kind, selection.namespace, deadline)
        return Observed(tuple(workloads), tuple(failures))

    def templates(self, selection: Selection, deadline: Deadline) -> Observed:
        """Read the selected workloads alone: what their pods run is not known, nor secrets of service accounts."""
        found, failures = self._workloads(selection, deadline)
        return Observed(tuple(workload for _, _, workload in found), tuple(failures))

    def has_namespace(self, namespace: str, deadline: Deadline) -> bool | None:
        """Tell whether there is such a namespace, None where that cannot be told."""
        try:
            self._client.get(Resource("", "v1", "namespaces", "", namespace), Pick, deadline)
        except ObjectNotFound:
            return False
        except FigwaspError:
            return None
        return True

    def pull_secret(self, namespace: str, name: str, deadline: Deadline) -> tuple[Entry, ...]:
        """
        Read one pull secret, and no other.

        By a LIST of that name, since the original's Role allows `list` only, and RBAC sees the name; where that is
        forbidden, by GET. A Role may allow each of them for some names only, so what was learned of one name never
        keeps another from being tried both ways.

        Raises:
            KubernetesError: it may be read neither way, or cannot be understood.
        """
        secret = self._secret(Resource("", "v1", "secrets", namespace, name), deadline)
        if secret is None:
            return ()  # as the kubelet: a missing secret is passed over
        return parse_pull_secret(secret.type, secret.data or {}, source=f"secret {namespace}/{name}")

    def secret_type(self, namespace: str, name: str, deadline: Deadline) -> str | None:
        """Tell of which type a secret is, None where there is none; asks and raises as `pull_secret` does."""
        secret = self._secret(Resource("", "v1", "secrets", namespace, name), deadline)
        return None if secret is None else secret.type

    def node_platform(self, node: str, deadline: Deadline) -> Platform | None:
        """Tell a node's platform; once nodes were forbidden it is not tried again."""
        if self._get_nodes_forbidden or not node:
            return None
        try:
            info = self._client.get(Resource("", "v1", "nodes", "", node), Node, deadline).status.node_info
        except Forbidden:
            self._get_nodes_forbidden = True
            return None
        except ObjectNotFound:
            return None
        return Platform.normal(info.operating_system, info.architecture)

    def _workloads(
        self, selection: Selection, deadline: Deadline
    ) -> tuple[list[_Found], list[tuple[WorkloadKey, FigwaspError]]]:
        found: list[_Found] = []
        failures: list[tuple[WorkloadKey, FigwaspError]] = []
        if not selection.targets:
            for kind in self._kinds.values():
                resource = Resource(kind.group, kind.version, kind.plural, selection.namespace)
                items = self._client.list_items(resource, kind.item, {"labelSelector": selection.label}, deadline)
                found += [(kind, item, _workload(kind, item)) for item in items]
            return found, failures
        for kind_name, name in selection.targets:
            kind = self._kinds[kind_name]
            resource = Resource(kind.group, kind.version, kind.plural, selection.namespace, name)
            try:
                found += [
                    (kind, item, _workload(kind, item))
                    for item in self._named(resource, kind.item, selection.label, deadline)
                ]
            except FigwaspError as error:
                failures.append((WorkloadKey(selection.namespace, kind_name, name), error))
        return found, failures

    def _named(self, resource: Resource, item: type[Any], label: str, deadline: Deadline) -> list[Any]:
        if not label:
            return [self._client.get(resource, item, deadline)]
        query = {"fieldSelector": f"metadata.name={resource.name}", "labelSelector": label}
        return self._client.list_items(resource, item, query, deadline)

    def _with_pods(
        self, kind: WorkloadKind, found: Sequence[_Found], namespace: str, deadline: Deadline
    ) -> list[Workload]:
        open_items = [item for _, item, workload in found if hold(workload) is None]
        if not open_items:
            return [workload for _, _, workload in found]
        # For one workload its own pods are asked for, for several one paged LIST is cheaper than one for each.
        query: dict[str, str] = {}
        if len(open_items) == 1:
            query = {"labelSelector": open_items[0].selector.text()}
            namespace = open_items[0].metadata.namespace
        sets = Resource(kind.group, kind.version, kind.revisions, namespace)
        revisions = self._client.list_items(sets, kind.revision, query, deadline)
        pods_by_owner: dict[str, list[Pod]] = {}
        for pod in self._client.list_items(Resource("", "v1", "pods", namespace), Pod, query, deadline):
            if counts(pod):
                pods_by_owner.setdefault(pod.metadata.controller_uid, []).append(pod)
        return [_complete(kind, item, workload, revisions, pods_by_owner) for _, item, workload in found]

    def _secret(self, resource: Resource, deadline: Deadline) -> Secret | None:
        ways = [self._listed_secret, self._got_secret]
        if resource.namespace in self._get_secrets_first:
            ways.reverse()
        first, second = ways
        try:
            return first(resource, deadline)
        except Forbidden as error:
            refused = error
        try:
            secret = second(resource, deadline)
        except Forbidden as error:
            # The verb of the original's Role is the one to ask for.
            raise (refused if refused.verb == "list" else error) from None
        # Only which way is tried first: a thread that reads it too early or too late costs a request, no more.
        self._get_secrets_first.add(resource.namespace)
        return secret

    def _listed_secret(self, resource: Resource, deadline: Deadline) -> Secret | None:
        query = {"fieldSelector": f"metadata.name={resource.name}"}
        found = self._client.list_items(resource, Secret, query, deadline)
        return next((each for each in found if each.metadata.name == resource.name), None)

    def _got_secret(self, resource: Resource, deadline: Deadline) -> Secret | None:
        try:
            return self._client.get(resource, Secret, deadline)
        except ObjectNotFound:
            return None


def _workload(kind: WorkloadKind, item: WorkloadItem) -> Workload:
    """Read a workload from its own object; its pods are not known yet."""
    metadata = item.metadata
    template = msgspec.json.decode(item.template, type=PodTemplate).spec
    stands = kind.rollout(item)
    record = Record.parse(metadata.annotation(RECORD_ANNOTATION))
    return Workload(
        key=WorkloadKey(metadata.namespace, kind.name, metadata.name),
        resource_version=metadata.resource_version,
        containers=(
            *(_container(each, is_init=True) for each in template.init_containers or ()),
            *(_container(each) for each in template.containers),
        ),
        pull_secrets=_names(template.image_pull_secrets),
        is_paused=item.is_paused,
        replicas=item.replicas,
        rollout=stands.state,
        rollout_detail=stands.detail,
        template_hash=template_hash(msgspec.json.decode(item.template)) if record.containers else "",
        record=record,
        running=None,
        is_deleting=metadata.deletion_timestamp is not None,
    )


def _complete(
    kind: WorkloadKind,
    item: WorkloadItem,
    workload: Workload,
    revisions: Sequence[Any],
    pods_by_owner: dict[str, list[Pod]],
) -> Workload:
    owner = kind.owner(item, revisions)
    if not owner:
        return workload
    pods = pods_by_owner.get(owner, [])
    secrets = workload.pull_secrets
    if pods and not secrets:
        # A pod without secrets of its own was given its service account's as it was made, which may have changed.
        newest = max(pods, key=lambda pod: (pod.metadata.creation_timestamp, pod.metadata.name))
        secrets = _names(newest.spec.image_pull_secrets)
    return msgspec.structs.replace(workload, running=running_containers(pods), pull_secrets=secrets)


def _container(spec: ContainerSpec, *, is_init: bool = False) -> Container:
    reference, problem = None, ""
    try:
        reference = Reference.parse(spec.image)
    except InvalidReference as error:
        problem = str(error)
    return Container(
        name=spec.name,
        image=spec.image,
        reference=reference,
        problem=problem,
        pull_policy=pull_policy(spec),
        is_init=is_init,
    )


def _names(secrets: Sequence[Any] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.name for each in secrets or () if each.name))
