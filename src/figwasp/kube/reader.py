"""Reads workloads, their pods, pull secrets and nodes: the `Cluster` of `core.ports`."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import msgspec

from figwasp.core.contents import Node
from figwasp.core.credential import Entry, parse_pull_secret
from figwasp.core.deadline import Deadline
from figwasp.core.decide import hold
from figwasp.core.digest import Digest
from figwasp.core.manifest import Platform
from figwasp.core.moment import LONG_AGO, read_time
from figwasp.core.ports import Observed
from figwasp.core.reference import Reference
from figwasp.core.workload import RolloutState, Selection, Workload
from figwasp.errors import FigwaspError, Forbidden, KubernetesError, ObjectNotFound, UnknownResource
from figwasp.kube.client import ApiClient, Resource
from figwasp.kube.faults import concerns_all
from figwasp.kube.kind import PATIENCE, WorkloadKind
from figwasp.kube.picks import Node as NodePick
from figwasp.kube.picks import Pick, Pod, Secret, ServiceAccount
from figwasp.kube.running import Running, Survey
from figwasp.kube.search import Search, Unread, search
from figwasp.kube.workloads import Found, secret_names


class Reader:
    """
    Reads a cluster within what its Role allows, with as few requests as the selection needs.

    Args:
        client: asks the API server.
        kinds: those that are known.
        now: tells the time, by which roll-outs may be overdue; none is where it is not told.
    """

    def __init__(
        self, client: ApiClient, kinds: Sequence[WorkloadKind], now: Callable[[], datetime] = lambda: LONG_AGO
    ) -> None:
        self._now = now
        self._client = client
        self._kinds = {kind.name: kind for kind in kinds}
        self._get_secrets_first: set[str] = set()
        self._get_nodes_forbidden = False
        self._get_accounts_forbidden: set[str] = set()
        self._accounts: dict[tuple[str, str], tuple[str, ...] | None] = {}

    def observe(self, selection: Selection, deadline: Deadline) -> Observed:
        """
        Read the selected workloads, then their revisions, then their pods, in this order.

        Revisions and pods are listed only if some workload is not held by its own state.

        Raises:
            KubernetesError: nothing could be read at all.
        """
        found = self._search(selection, deadline)
        workloads, unread = self._complete(found, deadline)
        return Observed(tuple(workloads), (*found.unread, *unread), found.notes)

    def templates(self, selection: Selection, deadline: Deadline) -> Observed:
        """Read the selected workloads alone: what their pods run is not known, nor secrets of service accounts."""
        found = self._search(selection, deadline)
        return Observed(tuple(each.workload for each in found.workloads), found.unread, found.notes)

    def _search(self, selection: Selection, deadline: Deadline) -> Search:
        found = search(self._client, tuple(self._kinds.values()), selection, deadline)
        now = self._now()
        return msgspec.structs.replace(found, workloads=tuple(each.at(now) for each in found.workloads))

    def has_namespace(self, namespace: str, deadline: Deadline) -> bool | None:
        """Tell whether there is such a namespace, None where that cannot be told."""
        try:
            self._client.get(Resource("", "v1", "namespaces", "", namespace), Pick, deadline)
        except ObjectNotFound:
            return False
        except FigwaspError:
            return None
        return True

    def pull_secret(self, namespace: str, name: str, deadline: Deadline) -> tuple[Entry, ...] | None:
        """
        Read one pull secret, and no other; None where there is none.

        By a LIST of that name, since the original's Role allows `list` only, and RBAC sees the name; where that is
        forbidden, by GET. A Role may allow each of them for some names only, so what was learned of one name never
        keeps another from being tried both ways.

        Raises:
            KubernetesError: it may be read neither way, or cannot be understood.
        """
        secret = self._secret(Resource("", "v1", "secrets", namespace, name), deadline)
        if secret is None:
            return None
        return parse_pull_secret(secret.type, secret.data or {}, source=f"secret {namespace}/{name}")

    def secret_type(self, namespace: str, name: str, deadline: Deadline) -> str | None:
        """Tell of which type a secret is, None where there is none; asks and raises as `pull_secret` does."""
        secret = self._secret(Resource("", "v1", "secrets", namespace, name), deadline)
        return None if secret is None else secret.type

    def node(self, name: str, deadline: Deadline) -> Node | None:
        """Read what a node tells of itself; once nodes were forbidden it is not tried again."""
        if self._get_nodes_forbidden or not name:
            return None
        try:
            status = self._client.get(Resource("", "v1", "nodes", "", name), NodePick, deadline).status
        except Forbidden:
            self._get_nodes_forbidden = True
            return None
        except (ObjectNotFound, UnknownResource):
            return None
        from figwasp.kube.nodes import images  # noqa: PLC0415 - most passes ask for no node

        info = status.node_info
        return Node(Platform.normal(info.operating_system, info.architecture), images(status))

    def repositories(self, namespace: str, deadline: Deadline) -> Mapping[Digest, tuple[Reference, ...]]:
        """List by which repositories the pods of a namespace name what they run; nothing where that is forbidden."""
        from figwasp.kube.nodes import repositories  # noqa: PLC0415 - as above

        try:
            return repositories(self._client.list_items(Resource("", "v1", "pods", namespace), Pod, {}, deadline))
        except Forbidden:
            return {}

    def _complete(self, found: Search, deadline: Deadline) -> tuple[list[Workload], list[Unread]]:
        """Add what pods run; gives besides those whose pods or revisions may not be read, unless that is all."""
        places: dict[str, list[Found]] = {}
        for each in found.workloads:
            # One LIST of the whole cluster is cheaper than one for each namespace.
            places.setdefault("" if found.is_everywhere else each.workload.key.namespace, []).append(each)
        workloads: list[Workload] = []
        unread: list[Unread] = []
        are_any_read = False
        for namespace, here in places.items():
            if not any(map(_is_open, here)):
                workloads += [each.workload for each in here]
                continue
            try:
                survey = Survey(self._client, namespace, list(filter(_is_open, here)), deadline)
            except KubernetesError as error:
                if concerns_all(error):
                    raise  # nor would the next place be read
                unread += [(each.workload.key, error.again()) for each in here if _is_open(each)]
                workloads += [each.workload for each in here if not _is_open(each)]
                continue
            for each in here:
                refused = survey.unread.get(each.kind.name) or survey.spoiled.get(each.workload.key)
                if refused is not None and _is_open(each):
                    unread.append((each.workload.key, refused))
                    continue
                are_any_read = are_any_read or _is_open(each)
                workloads.append(self._with_pods(each, survey, deadline))
        if unread and not are_any_read:
            raise unread[0][1]
        return workloads, unread

    def _with_pods(self, found: Found, survey: Survey, deadline: Deadline) -> Workload:
        workload = found.workload
        running = survey.of(found)
        if running is None:
            return workload
        own = secrets = workload.pull_secrets
        if running.containers:
            # What its service account gave as it was made, where the template names none, and what admission added.
            secrets = running.pull_secrets
        elif not own and _is_open(found):
            secrets = self.account_secrets(workload.key.namespace, found.account, deadline) or ()
        return msgspec.structs.replace(
            workload,
            rollout=self._rollout(workload.rollout, running),
            running=tuple(running.containers),
            pull_secrets=secrets,
            given_secrets=tuple(each for each in secrets if each not in own),
            account="" if own else found.account,
        )

    def _rollout(self, state: RolloutState, running: Running) -> RolloutState:
        """Tell by the pods whether one that is not ready is only starting, as each does after its node was drained."""
        unready = [read_time(each.since) for each in running.containers if not each.is_ready]
        if state is not RolloutState.UNREADY or not unready:
            return state
        now = self._now()
        # Clocks differ, so that one may seem to have been made in a moment.
        is_starting = all(since is not None and abs((now - since).total_seconds()) < PATIENCE for since in unready)
        return RolloutState.IN_PROGRESS if is_starting else state

    def account_secrets(self, namespace: str, name: str, deadline: Deadline) -> tuple[str, ...] | None:
        """
        Name the pull secrets that a pod made now would be given by its service account, None where that is not known.

        Where it is forbidden for one, it is not tried for another in that namespace.
        """
        if (namespace, name) in self._accounts:
            return self._accounts[namespace, name]
        found: tuple[str, ...] | None = None
        if namespace not in self._get_accounts_forbidden:
            try:
                account = self._client.get(
                    Resource("", "v1", "serviceaccounts", namespace, name), ServiceAccount, deadline
                )
                found = secret_names(account.image_pull_secrets)
            except Forbidden:
                self._get_accounts_forbidden.add(namespace)
            except KubernetesError:
                pass  # one that cannot be read must not end the pass for all others
        self._accounts[namespace, name] = found
        return found

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


def _is_open(found: Found) -> bool:
    """Whether what its pods run matters: it is not held by its own state."""
    return hold(found.workload) is None
