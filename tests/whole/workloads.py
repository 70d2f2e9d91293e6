"""What is true of workloads and their pods, told without any of Figwasp's rules."""

from collections.abc import Callable
from typing import Any, Final

from figwasp.embedded.api.server import ApiServer
from testbed import container, daemon_set, deployment, stateful_set
from tests.objects import NAMESPACE, Json

WORKLOADS: Final = {"web": ("web", "app"), "app": ("app",)}
"""Their names, and the repositories of their containers, which are named after them."""

SECRET: Final = "login"
"""The pull secret that they all name, whether it is there or not."""

PLURALS: Final = {"Deployment": "deployments", "StatefulSet": "statefulsets", "DaemonSet": "daemonsets"}


class Workloads:
    """The workloads of a world. `kinds` says of which kind each was made last."""

    def __init__(self, api: ApiServer, host: str, replicas: int) -> None:
        self._api, self._host = api, host
        self.replicas = replicas
        self.kinds: dict[str, str] = {}

    def deploy(self, name: str, kind: str) -> None:
        """Make a workload."""
        self.kinds[name] = kind
        containers = [container(f"{self._host}/{each}:latest", each) for each in WORKLOADS[name]]
        common: dict[str, Any] = {"labels": {"figwasp/target": "true"}, "pull_secrets": [SECRET]}
        match kind:
            case "Deployment":
                made = deployment(name, *containers, replicas=self.replicas, **common)
            case "StatefulSet":
                made = stateful_set(name, *containers, replicas=self.replicas, **common)
            case _:
                made = daemon_set(name, *containers, **common)
        self._api.put(self.plural(name), {**made, "metadata": {**made["metadata"], "namespace": NAMESPACE}})

    def plural(self, name: str) -> str:
        """The resource of a workload."""
        return PLURALS[self.kinds[name]]

    def find(self, name: str) -> Json | None:
        """A workload as it is, if it is there."""
        found = self._api.list(self.plural(name), NAMESPACE)
        return next((each for each in found if each["metadata"]["name"] == name), None)

    def get(self, name: str) -> Json:
        """A workload that is there."""
        return self._api.get(self.plural(name), NAMESPACE, name)

    def there(self) -> list[str]:
        """Which of them are there."""
        return [name for name in WORKLOADS if self.find(name) is not None]

    def edit(self, name: str, change: Callable[[Json], object]) -> None:
        """Let somebody change a workload."""
        self._api.edit(self.plural(name), NAMESPACE, name, change)

    def pods(self, name: str) -> list[Json]:
        """All pods of a workload, but those that are ending."""
        return [each for each in self._all_pods(name) if "deletionTimestamp" not in each["metadata"]]

    def _all_pods(self, name: str) -> list[Json]:
        return [each for each in self._api.list("pods", NAMESPACE) if each["metadata"]["labels"]["app"] == name]

    def current_pods(self, name: str) -> list[Json]:
        """Those that are made of its present template, unless a partition keeps them as they are."""
        one = self.get(name)
        first = partition(one)
        return [pod for pod in self.pods(name) if _number(one, pod) >= first and _is_made_of(pod, one)]

    def is_rolling_out(self, name: str) -> bool:
        """
        Whether pods are missing or of an older template, and that may still change by itself.

        One that is being replaced by its like is no roll-out.
        """
        one = self.get(name)
        first = partition(one)
        pods = [pod for pod in self._all_pods(name) if _number(one, pod) >= first]
        are_old = any(not _is_made_of(pod, one) for pod in pods if "deletionTimestamp" not in pod["metadata"])
        return not has_failed(one) and (are_old or len(pods) < self.wanted(name) - first)

    def is_at_rest(self, name: str) -> bool:
        """Whether all its pods are of its present template, but for a partition, and run."""
        one, pods = self.get(name), self.pods(name)
        is_seen = (one.get("status") or {}).get("observedGeneration") == one["metadata"]["generation"]
        progressing = [
            each for each in (one.get("status") or {}).get("conditions", ()) if each["type"] == "Progressing"
        ]
        is_done = not progressing or progressing[0]["reason"] == "NewReplicaSetAvailable"
        are_all = len(pods) == self.wanted(name) and not self.is_rolling_out(name)
        return bool(is_seen and is_done and are_all and all(map(runs, pods)))

    def wanted(self, name: str) -> int:
        """How many pods it is to have."""
        return int(self.get(name)["spec"].get("replicas", self.replicas))


def held(one: Json) -> str:
    """How its owner keeps a workload from being restarted; empty where not."""
    spec = one["spec"]
    if (one["metadata"].get("annotations") or {}).get("figwasp/ignore"):
        return "ignored"
    if (spec.get("updateStrategy") or {}).get("type") == "OnDelete":
        return "on delete"
    if spec.get("replicas") and partition(one) >= spec["replicas"]:
        return "partition"
    if spec.get("paused"):
        return "paused"
    return "scaled to zero" if spec.get("replicas") == 0 else ""


def has_failed(one: Json) -> bool:
    """Whether a Deployment has given its roll-out up."""
    conditions = (one.get("status") or {}).get("conditions", ())
    return any(each.get("reason") == "ProgressDeadlineExceeded" for each in conditions)


def partition(one: Json) -> int:
    """How many pods of a StatefulSet, from the first, are kept as they are."""
    return int(((one["spec"].get("updateStrategy") or {}).get("rollingUpdate") or {}).get("partition", 0))


def runs(pod: Json) -> bool:
    """Whether all containers of a pod run, and say what."""
    statuses = pod["status"].get("containerStatuses", ())
    return len(statuses) == len(pod["spec"]["containers"]) and all(
        each["imageID"] and each["ready"] for each in statuses
    )


def _number(one: Json, pod: Json) -> int:
    return int(pod["metadata"]["name"].rpartition("-")[2]) if one["kind"] == "StatefulSet" else 0


def _is_made_of(pod: Json, one: Json) -> bool:
    """Whether a pod is as the template is now; those of other templates have other annotations or policies."""
    template = one["spec"]["template"]
    policies = [each["imagePullPolicy"] for each in template["spec"]["containers"]]
    annotations = template["metadata"].get("annotations") or {}
    is_same = (pod["metadata"].get("annotations") or {}) == annotations
    return is_same and policies == [each["imagePullPolicy"] for each in pod["spec"]["containers"]]
