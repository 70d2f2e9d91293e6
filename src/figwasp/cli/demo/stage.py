"""
The stage of `figwasp demo`: a cluster and a registry in this process, and the team that uses them.

They are the small ones of `figwasp.embedded`. Figwasp's own part is the ordinary pass, which speaks HTTP to both.
"""

import json
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from msgspec import Struct

from figwasp import wiring
from figwasp.cli import passes
from figwasp.core.report import Report
from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.kubeconfig import kubeconfig
from figwasp.embedded.node.node import Node
from figwasp.embedded.node.runtimes import Runtime
from figwasp.embedded.registry.server import Registry
from figwasp.errors import FigwaspError
from figwasp.settings.values import Flags

NAMESPACE: Final = "shop"
NAME: Final = "web"
TAG: Final = "1.2"
REPLICAS: Final = 3


class PodState(Struct, frozen=True):
    """A pod as a person sees it; `runs` is the digest in its image ID, empty while there is none."""

    name: str
    phase: str
    runs: str


def short(digest: str) -> str:
    """The part of a digest by which a person knows it again."""
    return digest.rpartition(":")[2][:12]


class Demo:
    """A cluster, a registry, and the team that uses them."""

    def __init__(self, api: ApiServer, registry: Registry, node: Node, folder: Path) -> None:
        self._api = api
        self._registry = registry
        self._node = node
        self._pushed = 0
        self.kubeconfig = folder / "kubeconfig"
        self.kubeconfig.write_text(kubeconfig(api.url, NAMESPACE))
        self.config = folder / "figwasp.toml"
        self.config.write_text(f'[registry."{registry.host}"]\nplain_http = true\n')

    @property
    def image(self) -> str:
        """What the team's Deployment runs, by tag."""
        return f"{self._registry.host}/{NAMESPACE}/{NAME}:{TAG}"

    @property
    def places(self) -> tuple[str, str]:
        """Where the API server and the registry listen."""
        return self._api.url, self._registry.host

    def push(self) -> str:
        """Push another image under the same tag; its digest."""
        self._pushed += 1
        config = {"architecture": "amd64", "os": "linux", "author": f"version {self._pushed}"}
        return self._registry.put_image(f"{NAMESPACE}/{NAME}", TAG, json.dumps(config).encode())

    def deploy(self) -> None:
        """Create the Deployment, and wait until it runs."""
        self._api.put("namespaces", {"metadata": {"name": NAMESPACE}})
        self._api.put("deployments", _deployment(self.image))
        self._node.wait_settled()

    def pods(self) -> list[PodState]:
        """The Deployment's pods, the oldest first."""
        found = self._api.list("pods", NAMESPACE)
        found.sort(key=lambda pod: (pod["metadata"]["creationTimestamp"], pod["metadata"]["name"]))
        return [_pod_state(pod) for pod in found]

    def watch(self, before: Sequence[PodState], tell: Callable[[PodState], None]) -> None:
        """Wait until other pods have taken the place of those `before`, and `tell` of each as its state changes."""
        replaced = {pod.name for pod in before}
        seen = {pod.name: pod for pod in before}

        def is_over() -> bool:
            now = {pod.name: pod for pod in self.pods()}
            for pod in now.values():
                if seen.get(pod.name) != pod:
                    tell(pod)
            for name in seen.keys() - now.keys():
                tell(PodState(name, "gone", seen[name].runs))
            seen.clear()
            seen.update(now)
            return replaced.isdisjoint(now) and all(pod.phase == "Running" for pod in now.values())

        self._node.wait_until(is_over, "the pods to be replaced")
        self._node.wait_settled()

    def run_pass(self) -> Report:
        """Run the very pass that `figwasp once` runs."""
        flags = Flags(kubeconfig=str(self.kubeconfig), config=str(self.config), namespaces=(NAMESPACE,))
        return passes.run_pass(flags, {}, wiring.PutRestarter).report


@contextmanager
def demo(runtime: Runtime, port: int, pace_seconds: float) -> Iterator[Demo]:
    """
    Start everything, at `port` (the API server) and the next one (the registry); any free ones for 0.

    `pace_seconds` is how long a pod takes to start, and to end.

    Raises:
        FigwaspError: a port is taken, or there is no place for a temporary file.
    """
    try:
        api, registry = ApiServer(port=port), Registry(port=port + 1 if port else 0)
    except OSError as error:
        problem = f"cannot listen on port {port} or the next one: {error.strerror}"
        raise FigwaspError(problem, hint="give another --port") from error
    with _folder() as folder, api, registry, Node(api, runtime=runtime, pace_seconds=pace_seconds) as node:
        yield Demo(api, registry, node, folder)


@contextmanager
def _folder() -> Iterator[Path]:
    try:
        made = tempfile.TemporaryDirectory(prefix="figwasp-demo-")
    except OSError as error:
        problem = f"there is no folder that temporary files can be written to: {error.strerror}"
        raise FigwaspError(problem, hint="name one by the variable TMPDIR") from error
    with made as folder:
        yield Path(folder)


def _pod_state(pod: Mapping[str, Any]) -> PodState:
    status: Mapping[str, Any] = next(iter(pod["status"].get("containerStatuses") or ()), {})
    waiting = (status.get("state") or {}).get("waiting") or {}
    phase = waiting.get("reason") or pod["status"].get("phase", "Pending")
    if pod["metadata"].get("deletionTimestamp"):
        phase = "Terminating"
    return PodState(pod["metadata"]["name"], phase, (status.get("imageID") or "").rpartition("@")[2])


def _deployment(reference: str) -> dict[str, Any]:
    labels = {"app": NAME}
    container = {"name": NAME, "image": reference, "imagePullPolicy": "Always"}
    return {
        "metadata": {"namespace": NAMESPACE, "name": NAME, "labels": {**labels, "figwasp/target": "true"}},
        "spec": {
            "replicas": REPLICAS,
            "selector": {"matchLabels": labels},
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }
