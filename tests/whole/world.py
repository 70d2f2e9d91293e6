"""
A whole small world: an API server, two machines, a registry with a cache before them, and passes over two workloads.

Nodes pull through the cache, passes ask the registry; so the one may be behind, or the other in trouble.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Sequence
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
from figwasp.kube.kinds.deployment import KIND
from figwasp.kube.reader import Reader
from figwasp.kube.restarter import DryRunRestarter, PutRestarter
from figwasp.net.http import HttpClient
from figwasp.net.retry import Retries
from figwasp.net.tls import Tls
from figwasp.registry.client import RegistryClient
from testbed import container, deployment
from tests.app.stage import TickingClock
from tests.objects import NAMESPACE, Json
from tests.whole.pushes import Push

WORKLOADS: Final = {"web": ("web", "app"), "app": ("app",)}
"""The Deployments, and the repositories of their containers, which are named after them."""

REPOSITORIES: Final = ("web", "app")

MakeRestarter = type[PutRestarter] | type[DryRunRestarter]


class World:
    """All of it, with `web` and `app` running what their tags name."""

    def __init__(self, machines: Sequence[tuple[str, Runtime]], first: Push) -> None:
        self._ends = ExitStack()
        self.api = self._ends.enter_context(ApiServer())
        self.registry, self.cache = (self._ends.enter_context(Registry()) for _ in range(2))
        self.is_cache_behind = False
        self._named: dict[str, dict[str, str]] = {}
        self._tags: dict[str, Push] = {}
        self.moves: dict[str, int] = defaultdict(int)
        for name in REPOSITORIES:
            self.push(name, first)
        numbered = enumerate(machines)
        self._architectures = {f"node-{number}": architecture for number, (architecture, _) in numbered}
        self.node: Node = self._ends.enter_context(
            Node(
                self.api,
                machines=[
                    Machine(f"node-{number}", Platform("linux", architecture), runtime)
                    for number, (architecture, runtime) in enumerate(machines)
                ],
                mirrors={self.registry.host: self.cache.host},
            )
        )
        self.replicas = len(machines)
        self._clock = TickingClock()
        for name in WORKLOADS:
            self._deploy(name)
        self.settle()

    def close(self) -> None:
        """End everything."""
        self._ends.close()

    def _deploy(self, name: str) -> None:
        containers = [container(f"{self.registry.host}/{each}:latest", each) for each in WORKLOADS[name]]
        made = deployment(name, *containers, replicas=self.replicas, labels={"figwasp/target": "true"})
        self.api.put("deployments", {**made, "metadata": {**made["metadata"], "namespace": NAMESPACE}})

    def settle(self) -> None:
        """Wait until controllers and nodes have done all that there is to do."""
        are_there = False
        while not are_there:
            self.node.wait_until(lambda: all(map(self._has_its_pods, WORKLOADS)), "all pods")
            self.node.wait_settled()
            are_there = all(map(self._has_its_pods, WORKLOADS))

    def _has_its_pods(self, name: str) -> bool:
        one, pods = self.deployment(name), self._pods(name)
        is_seen = one.get("status", {}).get("observedGeneration") == one["metadata"]["generation"]
        statuses = [each for pod in pods for each in pod["status"].get("containerStatuses", ())]
        are_all = len(pods) == one["spec"]["replicas"] and len(statuses) == len(pods) * len(WORKLOADS[name])
        return is_seen and are_all and all(each["imageID"] and each["ready"] for each in statuses)

    # What a team and its users do.

    def push(self, repository: str, what: Push) -> None:
        """Let the tag of a repository name `what`."""
        before = self._tags.get(repository)
        self._named |= what.named
        what.put(self.registry, repository, "latest")
        self._tags[repository] = what
        self.moves[repository] += before != what
        self.catch_up()

    def catch_up(self) -> None:
        """Let the cache, unless it is behind, have what the registry has."""
        for repository, what in self._tags.items() if not self.is_cache_behind else ():
            what.put(self.cache, repository, "latest")

    def edit(self, name: str, change: Callable[[Json], object]) -> None:
        """Let somebody change a Deployment."""
        self.api.edit("deployments", NAMESPACE, name, change)

    def edit_template(self, name: str, change: Callable[[Json], object]) -> None:
        """Let somebody change the pod template of a Deployment."""
        self.edit(name, lambda one: change(one["spec"]["template"]))

    def replace_pod(self, name: str, number: int) -> None:
        """Delete a pod of a Deployment, so that another takes its place."""
        pods = self._pods(name)
        if pods:
            self.api.delete("pods", NAMESPACE, pods[number % len(pods)]["metadata"]["name"])

    def break_registry(self, repository: str, **bent: Any) -> None:
        """Bend every answer about a repository, or without `bent` none any more."""
        for target in ("latest", *self._named):
            self.registry.answer(f"/v2/{repository}/manifests/{target}", **bent)

    # What passes do.

    def sweep(self, *, restarter: MakeRestarter = PutRestarter, by_name: bool = False) -> Report:
        """Run a pass over both workloads, as a process of its own would."""
        access = Access(server=self.api.url, tls=Tls(), identity=Fixed(), described="the world")
        targets = tuple(("deployment", name) for name in WORKLOADS) if by_name else ()
        selection = Selection(namespaces=(NAMESPACE,), targets=targets, label="" if by_name else TARGET_LABEL)
        with ExitStack() as ends:
            retries = Retries(wait=lambda *_: None)
            client = ApiClient.to(access, environ={}, retries=retries)
            ends.callback(client.close)
            http = HttpClient(user_agent="figwasp/test", timeout_seconds=10)
            plain = {self.registry.host: RegistrySettings(plain_http=True)}
            ends.callback(http.close)
            sweep = Sweep(
                cluster=Reader(client, (KIND,)),
                restarter=restarter(client, (KIND,)),
                resolver=RegistryClient(http, registries=plain, retries=retries),
                clock=self._clock,
            )
            return sweep.run(selection, Deadline(20, time.monotonic, "the test took too long"))

    # What is true, told without any of Figwasp's rules.

    def deployment(self, name: str) -> Json:
        """A Deployment as it is."""
        return self.api.get("deployments", NAMESPACE, name)

    def objects(self) -> list[list[Json]]:
        """Everything that a pass might change."""
        return [self.api.list(each) for each in ("deployments", "replicasets", "pods", "events", "secrets")]

    def version(self) -> int:
        """A moment, for `restarts`."""
        return self.api.store.wait(-1, 0)

    def restarts(self, name: str, since: int) -> int:
        """How often passes have restarted a Deployment since a moment."""
        changes = self.api.store.changes("deployments", since) or ()
        times = [(_restarted_at(each.before), _restarted_at(each.after)) for each in changes if _is(each.after, name)]
        return sum(before != after for before, after in times)

    def stale(self, name: str) -> set[str]:
        """The containers of which some pod runs other content than the tag names for its platform."""
        return {each for each in WORKLOADS[name] if any(self._is_stale(pod, each) for pod in self._pods(name))}

    def tag(self, repository: str) -> Push:
        """What the tag names."""
        return self._tags[repository]

    def _is_stale(self, pod: Json, name: str) -> bool:
        (status,) = [each for each in pod["status"]["containerStatuses"] if each["name"] == name]
        architecture = self._architectures[pod["spec"]["nodeName"]]
        read = parse_image_id(status["imageID"])
        assert read, status
        running = self._named[str(read.digest)][architecture] if str(read.digest) in self._named else str(read.digest)
        wanted = self._tags[name].named
        return running != list(wanted.values())[-1][architecture]

    def _pods(self, name: str) -> list[Json]:
        return [each for each in self.api.list("pods", NAMESPACE) if each["metadata"]["labels"]["app"] == name]


def _is(one: Json | None, name: str) -> bool:
    return one is not None and one["metadata"]["name"] == name


def _restarted_at(one: Json | None) -> str:
    metadata = one["spec"]["template"].get("metadata") or {} if one else {}
    return str((metadata.get("annotations") or {}).get("figwasp/restartedAt", ""))
