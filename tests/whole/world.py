"""
A whole small world: an API server, two machines, a registry with a cache before each, and passes over two workloads.

Each machine pulls through a cache of its own, passes ask the registry; so a cache may be behind, or the registry in
trouble. No time passes but as the world is told: a pod takes a second to be made, and a second to end.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Final

from figwasp.app.sweep import Sweep
from figwasp.core.deadline import Deadline
from figwasp.core.digest import parse_image_id
from figwasp.core.manifest import Platform
from figwasp.core.registry_settings import RegistrySettings
from figwasp.core.report import Report
from figwasp.core.workload import TARGET_LABEL, Selection
from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.node.node import Machine, Node, Runtime
from figwasp.embedded.registry.server import Registry
from figwasp.kube.access import Access
from figwasp.kube.client import ApiClient
from figwasp.kube.identity import Fixed
from figwasp.kube.kinds import daemonset, deployment, statefulset
from figwasp.kube.reader import Reader
from figwasp.kube.restarter import DryRunRestarter, PutRestarter
from figwasp.net.http import HttpClient
from figwasp.net.retry import Retries
from figwasp.net.tls import Tls
from figwasp.registry.client import RegistryClient
from tests.app.stage import TickingClock
from tests.objects import NAMESPACE, Json
from tests.whole.doors import REPOSITORIES, Door, give
from tests.whole.pushes import Push
from tests.whole.workloads import PLURALS, WORKLOADS, Workloads

MakeRestarter = type[PutRestarter] | type[DryRunRestarter]

_KINDS: Final = (deployment.KIND, statefulset.KIND, daemonset.KIND)
_PATIENCE_SECONDS: Final = 2
_BEGINNING: Final = 1_800_000_000


class World:
    """All of it, with `web` and `app` running what their tags name."""

    def __init__(self, machines: Sequence[tuple[str, Runtime]], first: Push, kinds: Mapping[str, str]) -> None:
        self._ends = ExitStack()
        self._seconds = _BEGINNING
        self.api = self._ends.enter_context(ApiServer(seconds_now=lambda: self._seconds))
        self.registry, *self._caches = (self._ends.enter_context(Registry()) for _ in (None, *machines))
        self.behind: Collection[int] = ()
        """The machines whose caches do not get what is pushed."""
        self._named: dict[str, dict[str, str]] = {}
        self._tags: dict[str, Push] = {}
        self._pushes: set[Push] = set()
        self._broken: set[str] = set()
        self._hollow: set[str] = set()
        self._deleted: set[str] = set()
        self.moves: dict[str, int] = defaultdict(int)
        for name in REPOSITORIES:
            self.push(name, first)
        self.guard(Door())
        self.give("")
        self._architectures = {_name(number): architecture for number, (architecture, _) in enumerate(machines)}
        self.node: Node = self._ends.enter_context(
            Node(
                self.api,
                machines=[
                    Machine(_name(number), Platform("linux", architecture), runtime, {self.registry.host: cache.host})
                    for number, ((architecture, runtime), cache) in enumerate(zip(machines, self._caches, strict=True))
                ],
                pace_seconds=1,
            )
        )
        self._clock = TickingClock()
        self.workloads = Workloads(self.api, self.registry.host, len(machines))
        for name, kind in kinds.items():
            self.workloads.deploy(name, kind)
        self.settle()

    def close(self) -> None:
        """End everything."""
        self._ends.close()

    # How time passes.

    def pause(self) -> float:
        """Let everybody do what can be done at once; answers in how many seconds there is more to do."""
        return self.node.wait_idle() - self._seconds

    def let_pass(self, seconds: float) -> None:
        """Let time pass, and everybody do what is due then."""
        self._seconds += int(seconds)
        heartbeat = {"metadata": {"namespace": "kube-node-lease", "name": "node"}, "spec": {"at": str(self._seconds)}}
        self.api.put("leases", heartbeat)
        self.pause()

    def settle(self) -> None:
        """Let controllers and nodes do all that they do without waiting for something to become better."""
        while (due := self.pause()) <= _PATIENCE_SECONDS:
            self.let_pass(max(1, due))

    def let_hours_pass(self) -> None:
        """Let roll-outs fail that cannot succeed, and everything be tried again that may be."""
        self.settle()
        for seconds in (10, 20, 40, 80, 160, 300, 300, 300):
            self.let_pass(seconds)
            self.settle()

    # What a team and its users do.

    def push(self, repository: str, what: Push) -> None:
        """Let the tag of a repository name `what`."""
        before = self._tags.get(repository)
        self._named |= what.named
        self._pushes.add(what)
        what.put(self.registry, repository, "latest")
        self._tags[repository] = what
        for each in (self._broken, self._hollow):
            each.discard(repository)
        self.moves[repository] += before != what
        self.catch_up()

    def catch_up(self) -> None:
        """Let the caches, but those that are behind, have what the registry has."""
        caches = [each for number, each in enumerate(self._caches) if number not in self.behind]
        for repository in self._tags.keys() - self._broken - self._hollow:
            for each in caches:
                self._tags[repository].put(each, repository, "latest")

    def delete_from_registry(self, repository: str, what: str, *, cache_too: bool) -> None:
        """Delete the tag's manifest, what an index lists, all that the tag does not name, or everything."""
        now = list(self._tags[repository].named)
        gone = {"tag": now[-1:], "children": now[:-1], "old": [*self._named.keys() - set(now)], "all": [*self._named]}
        for digest in gone[what]:
            for each in (self.registry, *self._caches) if cache_too else (self.registry,):
                each.delete(repository, digest)
        self._deleted |= set(gone[what])
        if set(gone[what]) & set(now):
            (self._hollow if what == "children" else self._broken).add(repository)

    def guard(self, door: Door) -> None:
        """Let the registry, and the caches, want other logins."""
        self.door = door
        door.guard(self.registry, *self._caches)

    def give(self, password: str) -> None:
        """Let the pods' secret hold another password, or be gone."""
        self._given = password
        give(self.api, self.registry.host, password)

    def edit_template(self, name: str, change: Callable[[Json], object]) -> None:
        """Let somebody change the pod template of a workload."""
        self.workloads.edit(name, lambda one: change(one["spec"]["template"]))

    def delete_workload(self, name: str) -> None:
        """Let somebody delete a workload."""
        self.api.delete(self.workloads.plural(name), NAMESPACE, name)
        self.settle()

    def end_pod(self, name: str, number: int) -> None:
        """Let somebody delete a pod of a workload, so that another takes its place."""
        if pods := self.workloads.pods(name):
            self.api.store.end_pod(NAMESPACE, pods[number % len(pods)]["metadata"]["name"], 0)

    def drain(self, number: int) -> None:
        """Take a machine out of use, all others into it: its pods go elsewhere, those of DaemonSets stay."""
        for each, name in enumerate(self._architectures):
            self._cordon(name, is_cordoned=each == number)
        for pod in self.api.list("pods", NAMESPACE):
            is_here = pod["spec"].get("nodeName") == _name(number)
            if is_here and pod["metadata"]["ownerReferences"][0]["kind"] != "DaemonSet":
                self.api.store.end_pod(NAMESPACE, pod["metadata"]["name"], 0)

    def use_all_machines(self) -> None:
        """Take all machines into use."""
        for name in self._architectures:
            self._cordon(name, is_cordoned=False)

    def _cordon(self, name: str, *, is_cordoned: bool) -> None:
        self.api.edit("nodes", "", name, lambda one: one["spec"].update(unschedulable=is_cordoned))

    def break_registry(self, repository: str, **bent: Any) -> None:
        """Bend every answer about a repository, or without `bent` none any more."""
        for target in ("latest", *self._named):
            self.registry.answer(f"/v2/{repository}/manifests/{target}", **bent)

    # What passes do.

    def sweep(self, *, restarter: MakeRestarter = PutRestarter, by_name: bool = False) -> Report:
        """Run a pass over all workloads, as a process of its own would."""
        access = Access(server=self.api.url, tls=Tls(), identity=Fixed(), described="the world")
        targets = (
            tuple((self.workloads.kinds[name].lower(), name) for name in self.workloads.there()) if by_name else ()
        )
        selection = Selection(namespaces=(NAMESPACE,), targets=targets, label="" if targets else TARGET_LABEL)
        with ExitStack() as ends:
            retries = Retries(wait=lambda *_: None)
            client = ApiClient.to(access, environ={}, retries=retries)
            ends.callback(client.close)
            http = HttpClient(user_agent="figwasp/test", timeout_seconds=10)
            plain = {self.registry.host: RegistrySettings(plain_http=True)}
            ends.callback(http.close)
            sweep = Sweep(
                cluster=Reader(client, _KINDS),
                restarter=restarter(client, _KINDS),
                resolver=RegistryClient(http, registries=plain, retries=retries),
                clock=self._clock,
            )
            return sweep.run(selection, Deadline(20, time.monotonic, "the test took too long"))

    # What is true, told without any of Figwasp's rules.

    def objects(self) -> list[list[Json]]:
        """Everything that a pass might change."""
        revisions = ("replicasets", "controllerrevisions")
        return [self.api.list(each) for each in (*PLURALS.values(), *revisions, "pods", "events", "secrets")]

    def version(self) -> int:
        """A moment, for `restarts`."""
        return self.api.store.wait(-1, 0)

    def restarts(self, name: str, since: int) -> int:
        """How often passes have restarted a workload since a moment."""
        changes = self.api.store.changes(self.workloads.plural(name), since) or ()
        times = [(_restarted_at(each.before), _restarted_at(each.after)) for each in changes if _is(each.after, name)]
        return sum(before != after for before, after in times)

    def pullable(self, news: Collection[str]) -> set[str]:
        """
        The repositories of which a kubelet could pull what the tag names, if it asked the registry.

        Of an index whose images are gone it has what it ran before, but gets no `news`.
        """
        there = set(REPOSITORIES) - self._broken - (self._hollow & set(news))
        return {each for each in there if self.door.opens(each, self._given)}

    def known(self) -> set[str]:
        """Those of them of which that is beyond doubt: all is there, and no wrong login is in the way."""
        return {each for each in self.pullable(REPOSITORIES) if self.door.tells(each, self._given)}

    def stale(self, name: str) -> set[str]:
        """The containers of which some pod runs other content than the tag names for its platform."""
        pods = self.workloads.current_pods(name)
        return {each for each in WORKLOADS[name] if any(self._is_stale(pod, each) for pod in pods)}

    def unprovable(self, name: str) -> set[str]:
        """The containers of which some pod runs what was deleted, in part at least, so that it cannot be compared."""
        lost = {digest for push in self._pushes if push.named.keys() & self._deleted for digest in push.named}
        lost |= {config for digest in lost for config in self._named[digest].values()}
        pods = self.workloads.current_pods(name)
        return {
            each
            for each in WORKLOADS[name]
            if any(_running(pod, each) in lost - self._tags[each].named.keys() for pod in pods)
        }

    def tag(self, repository: str) -> Push:
        """What the tag names, or named last."""
        return self._tags[repository]

    def _is_stale(self, pod: Json, name: str) -> bool:
        running = _running(pod, name)
        if not running:
            return False
        architecture = self._architectures[pod["spec"]["nodeName"]]
        wanted = self._tags[name].named
        return self._named.get(running, {}).get(architecture, running) != list(wanted.values())[-1][architecture]


def _name(number: int) -> str:
    return f"node-{number}"


def _running(pod: Json, name: str) -> str:
    """The digest that a pod reports for a container; empty where it reports none yet."""
    found = [each for each in pod["status"].get("containerStatuses", ()) if each["name"] == name and each["imageID"]]
    read = parse_image_id(found[0]["imageID"]) if found else None
    assert read or not found, found
    return str(read.digest) if read else ""


def _is(one: Json | None, name: str) -> bool:
    return one is not None and one["metadata"]["name"] == name


def _restarted_at(one: Json | None) -> str:
    metadata = one["spec"]["template"].get("metadata") or {} if one else {}
    return str((metadata.get("annotations") or {}).get("figwasp/restartedAt", ""))
