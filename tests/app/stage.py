"""A whole pass on a stage: real requests to the small API server and the small registry, both in this process."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from msgspec.structs import replace

from figwasp.app.checkup import Checkup
from figwasp.app.sweep import Sweep
from figwasp.core.credential import Secret
from figwasp.core.deadline import Deadline
from figwasp.core.diagnosis import Diagnosis
from figwasp.core.ports import Resolver, Restarter
from figwasp.core.registry_settings import RegistrySettings
from figwasp.core.report import Failed, Left, Outcome, Report, Restarted, WouldRestart, end_of
from figwasp.core.restraint import UNRESTRAINED, Restraint
from figwasp.core.workload import TARGET_LABEL, Selection
from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.registry.server import Registry, image
from figwasp.kube.access import Access
from figwasp.kube.access_review import AccessReview
from figwasp.kube.client import ApiClient
from figwasp.kube.identity import Fixed, Proof
from figwasp.kube.kind import WorkloadKind
from figwasp.kube.kinds.deployment import KIND
from figwasp.kube.rbac import Needs, permissions
from figwasp.kube.reader import Reader
from figwasp.kube.restarter import DryRunRestarter, PutRestarter
from figwasp.net.http import HttpClient
from figwasp.net.retry import Retries
from figwasp.net.tls import Tls
from figwasp.registry.client import RegistryClient
from testbed import Image, Index
from tests.objects import NAMESPACE, Json, container, deployment, pod, pull_secret, replica_set


class TickingClock:
    """A second later each time it is asked, so that two restarts never bear the same time."""

    def __init__(self) -> None:
        self._now = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        """The time."""
        self._now += timedelta(seconds=1)
        return self._now

    def monotonic(self) -> float:
        """The same, in seconds, without a second's passing."""
        return self._now.timestamp()

    def sleep(self, seconds: float) -> None:
        """Let time pass, at once."""
        self.forward(seconds)

    def forward(self, seconds: float) -> None:
        """Let time pass; less than none sets the clock back."""
        self._now += timedelta(seconds=seconds)


class ShiftedClock:
    """The machine's clock, as much ahead as it is told."""

    def __init__(self, ahead: timedelta) -> None:
        self._ahead = ahead

    def now(self) -> datetime:
        """The time."""
        return datetime.fromtimestamp(time.time(), UTC) + self._ahead


class Stage:
    """Workloads in namespace `shop`, whose images lie in `registry`."""

    def __init__(self, api: ApiServer, registry: Registry) -> None:
        self.api = api
        self.registry = registry
        self.settings = {registry.host: RegistrySettings(plain_http=True)}
        """Of registries, for passes that begin from now on."""
        self.retries = Retries()
        self._client = self._connect(Fixed())
        self._http = HttpClient(user_agent="figwasp/test", timeout_seconds=10)
        self.clock = TickingClock()
        self.asks: Callable[[Resolver], Resolver] = lambda registries: registries
        """Stands between passes and registries."""
        self.restarts: Callable[[Restarter], Restarter] = lambda restarter: restarter
        """Stands between passes and what restarts."""
        self.kinds: tuple[WorkloadKind, ...] = (KIND,)
        """Those that a pass knows."""

    def _connect(self, identity: Fixed) -> ApiClient:
        access = Access(server=self.api.url, tls=Tls(), identity=identity, described="the stage")
        return ApiClient.to(access, environ={})

    def log_in(self, token: str) -> None:
        """Be the bearer of `token` from now on."""
        self._client.close()
        self._client = self._connect(Fixed(Proof(authorization=Secret(f"Bearer {token}"))))

    def close(self) -> None:
        """Let go of all connections."""
        self._client.close()
        self._http.close()

    def push(self, content: str, name: str = "web", tag: str = "latest") -> str:
        """Push an image whose config is `content`; its digest."""
        self.registry.put_blob(name, content.encode())
        return self.registry.put(name, tag, self.manifest(content))

    def push_all(self, content: Image | Index, name: str = "web", tag: str = "latest") -> str:
        """Push an image or an index with all that is in it, but for layers; its digest."""
        if isinstance(content, Index):
            for child in content.children:
                self.push_all(child, name, tag="")
        else:
            self.registry.put_blob(name, content.config.data)
        return self.registry.put(name, tag, content.manifest.data, content.media_type)

    def manifest(self, content: str) -> bytes:
        """The manifest of an image whose config is `content`."""
        return image(content.encode())

    def deploy(
        self,
        content: str = "old",
        name: str = "web",
        *,
        namespace: str = NAMESPACE,
        pull_secrets: Sequence[str] = (),
        **spec: Any,
    ) -> str:
        """Push an image and run it in one pod, as if its roll-out had settled; the image's digest."""
        digest = self.push(content, name)
        one = deployment(name, container(image=self.image(name)), **spec)
        one["metadata"]["labels"]["figwasp/target"] = "true"
        one["spec"]["template"]["spec"]["imagePullSecrets"] = [{"name": each} for each in pull_secrets]
        self._put("deployments", one, namespace)
        self._put("replicasets", replica_set(name), namespace)
        named = one["spec"]["template"]["spec"]["imagePullSecrets"]
        self._put("pods", self._pod(digest, name, imagePullSecrets=named), namespace)
        return digest

    def run_pod(self, digest: str, name: str = "web", *, since: str = "", **spec: Any) -> None:
        """Let the pod of `name`, made `since` then, report `digest`."""
        one = self._pod(digest, name, **spec)
        one["metadata"] |= {"creationTimestamp": since} if since else {}
        self._put("pods", one)

    def add_node(self, architecture: str = "amd64", images: Sequence[Sequence[str]] = ()) -> None:
        """Let the node of every pod be known, with its processor and the names of each image that it has."""
        info = {"operatingSystem": "linux", "architecture": architecture}
        status = {"nodeInfo": info, "images": [{"names": [*names], "sizeBytes": 1} for names in images]}
        self.api.put("nodes", {"metadata": {"name": "node-1"}, "status": status})

    def _pod(self, digest: str, name: str, **spec: Any) -> Json:
        one = pod(name, image_id=f"{self.registry.host}/{name}@{digest}")
        one["spec"] |= {"containers": [container(image=self.image(name))], **spec}
        return one

    def _put(self, plural: str, one: Json, namespace: str = NAMESPACE) -> None:
        self.api.put(plural, {**one, "metadata": {**one["metadata"], "namespace": namespace}})

    def image(self, name: str = "web") -> str:
        """How the pod template names the image."""
        return f"{self.registry.host}/{name}:latest"

    def settle(self, name: str = "web") -> None:
        """Let the Deployment's controller have seen its latest change."""
        generation = self.api.get("deployments", NAMESPACE, name)["metadata"]["generation"]
        self.api.edit("deployments", NAMESPACE, name, lambda one: one["status"].update(observedGeneration=generation))

    def pull_secret(self, name: str, username: str, password: str, *, host: str = "") -> None:
        """Store a pull secret for the registry, or for another host."""
        self.pull_secret_of(name, {host or self.registry.host: {"username": username, "password": password}})

    def pull_secret_of(self, name: str, auths: Json) -> None:
        """Store a pull secret with these logins."""
        self.api.put("secrets", pull_secret(name, auths))

    def sweep(
        self,
        *names: str,
        deadline: Deadline | None = None,
        namespaces: tuple[str, ...] = (NAMESPACE,),
        asked: tuple[str, ...] = (),
        max_restarts: int | None = None,
        restraint: Restraint = UNRESTRAINED,
        is_plan: bool = False,
        shared_secret: tuple[str, str] | None = None,
    ) -> Report:
        """Run one pass: over what is named (Deployments, or by kind and name), or labelled, of the `asked` kinds."""
        sweep = Sweep(
            cluster=Reader(self._client, self.kinds, self.clock.now),
            restarter=self.restarts((DryRunRestarter if is_plan else PutRestarter)(self._client, self.kinds)),
            resolver=self.asks(RegistryClient(self._http, registries=self.settings, retries=self.retries)),
            clock=self.clock,
            restraint=replace(restraint, max_restarts=max_restarts),
            shared_secrets={self.registry.host: shared_secret} if shared_secret else {},
        )
        selection = Selection(
            namespaces=namespaces, targets=_targets(names), kinds=asked, label="" if names else TARGET_LABEL
        )
        return sweep.run(selection, deadline or Deadline(20, time.monotonic, "the test took too long"))

    def check_up(self, *names: str, minutes_ahead: int = 0, shared_secret: tuple[str, str] | None = None) -> Diagnosis:
        """Check up on the named Deployments, or on the labelled ones, by a clock that may be wrong."""
        checkup = Checkup(
            cluster=Reader(self._client, self.kinds),
            resolver=RegistryClient(self._http, registries=self.settings, retries=self.retries),
            rights=AccessReview(self._client, self.kinds),
            needed=lambda selection, passed_over: permissions(
                Needs(targets=selection.targets, kinds=selection.kinds, nodes=True),
                [kind for kind in self.kinds if kind.name not in passed_over],
            ),
            clock=ShiftedClock(timedelta(minutes=minutes_ahead)),
            shared_secrets={self.registry.host: shared_secret} if shared_secret else {},
        )
        selection = Selection(namespaces=(NAMESPACE,), targets=_targets(names), label="" if names else TARGET_LABEL)
        return checkup.run(selection, Deadline(20, time.monotonic, "the test took too long"))

    def restarted_at(self, name: str = "web") -> str:
        """The time of the latest restart; empty for none."""
        template = self.api.get("deployments", NAMESPACE, name)["spec"]["template"]["metadata"]
        at: str = (template.get("annotations") or {}).get("figwasp/restartedAt", "")
        return at


def _targets(names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    split = (name.rpartition("/") for name in names)
    return tuple((kind or "deployment", name) for kind, _, name in split)


@contextmanager
def stage() -> Iterator[Stage]:
    """A stage with nothing on it."""
    with ApiServer() as api, Registry() as registry:
        one = Stage(api, registry)
        try:
            yield one
        finally:
            one.close()


def whys(report: Report) -> dict[str, str]:
    """What became of each workload, by its name: why it was left, else how it ended."""
    return {
        each.key.name: each.decision.why.name if isinstance(each, Left) else end_of(each) for each in report.outcomes
    }


def ends(report: Report) -> dict[str, str]:
    """What became of each workload, by name."""
    return {each.key.name: end(each) for each in report.outcomes}


def end(outcome: Outcome) -> str:
    """What became of one workload: restarted, why it was left, or what went wrong."""
    match outcome:
        case Restarted():
            return "restarted"
        case WouldRestart():
            return "would be restarted"
        case Left(decision):
            return decision.why.name
        case Failed(_, error):
            return str(error)
