"""A StatefulSet or DaemonSet under contract, and what tests of its roll-outs do and ask."""

from typing import Any

from testbed import container, daemon_set, stateful_set
from tests.contract.clusters import Cluster, Json, waits_for

_MAKE = {"StatefulSet": stateful_set, "DaemonSet": daemon_set}


class Set:
    """The workload `web` of a kind."""

    def __init__(self, cluster: Cluster, kind: str) -> None:
        self.cluster, self.kind = cluster, kind

    def run(self, **spec: Any) -> None:
        """Push an image and run it; `spec` are fields of the workload's own."""
        self.cluster.push(self.cluster.image("first"))
        made = _MAKE[self.kind]("web", container(self.cluster.reference()))
        self.cluster.apply({**made, "spec": {**made["spec"], **spec}})

    def start(self, **spec: Any) -> None:
        """Run it, and wait until it does."""
        self.run(**spec)
        self.settle()

    def merge(self, spec: Json) -> None:
        """Change some fields of its spec."""
        self.cluster.merge("web", {"spec": spec}, self.kind)

    def restart(self, value: str | None = "once") -> None:
        """Annotate the pod template; None takes the annotation away."""
        self.merge({"template": {"metadata": {"annotations": {"example.org/restarted": value}}}})

    def name_image(self, target: str) -> None:
        """Let the template name another image."""
        self.merge({"template": {"spec": {"containers": [container(self.cluster.reference(target))]}}})

    @property
    def now(self) -> Json:
        """It, as it is."""
        (found,) = self.cluster.objects(self.kind)
        return found

    @property
    def status(self) -> Json:
        """Its status, if its controller has seen its latest change."""
        one = self.now
        status: Json = one.get("status", {})
        return status if status.get("observedGeneration") == one["metadata"]["generation"] else {}

    @property
    def pods(self) -> list[Json]:
        """Its pods, those that are ending too, in the order of their names."""
        return sorted(self.cluster.owned("Pod", self.now), key=lambda pod: str(pod["metadata"]["name"]))

    @property
    def restarts(self) -> list[str]:
        """For each pod, what its template was annotated with; empty for nothing."""
        return [pod["metadata"].get("annotations", {}).get("example.org/restarted", "") for pod in self.pods]

    def is_updated(self) -> bool:
        """Whether all pods are annotated as its template is."""
        wanted = self.now["spec"]["template"]["metadata"].get("annotations", {}).get("example.org/restarted", "")
        return {wanted} == set(self.restarts)

    @property
    def revisions(self) -> dict[int, Json]:
        """Its ControllerRevisions by their numbers."""
        return {each["revision"]: each for each in self.cluster.owned("ControllerRevision", self.now)}

    def settle(self) -> Json:
        """Wait until all its pods are ready and of its template (but where that rolls nothing out); answers it."""
        self.cluster.wait_until(self._is_settled, f"{self.kind} web to settle")
        return self.now

    def wait_for_pod(self, *reasons: str) -> Json:
        """Wait until a container of a pod waits for one of these reasons; answers the pod."""
        return self.cluster.wait_until(
            lambda: next((pod for pod in self.pods if waits_for(pod) in reasons), {}), " or ".join(reasons)
        )

    def wait_for_status(self, expected: Json) -> None:
        """Wait until its status says this, times and names left out."""
        self.cluster.wait_until(lambda: expected.items() <= self.status.items(), f"{expected}")

    def wait_seen(self) -> None:
        """Wait until its controller has seen its latest change."""
        self.cluster.wait_until(lambda: self.status, "the change to be seen")

    def _is_settled(self) -> bool:
        status, spec, pods = self.status, self.now["spec"], self.pods
        if self.kind == "DaemonSet":
            wanted = status.get("desiredNumberScheduled", -1)
            counts = [status.get(key, 0) for key in ("numberAvailable", "updatedNumberScheduled")]
        else:
            wanted = spec["replicas"]
            counts = [status.get(key, 0) for key in ("replicas", "availableReplicas")]
            counts += [] if _is_partial(spec) else [status.get("updatedReplicas", 0)]
        return {wanted} == {*counts, len(pods)} and not any("deletionTimestamp" in pod["metadata"] for pod in pods)


def _is_partial(spec: Json) -> bool:
    strategy = spec["updateStrategy"]
    return strategy["type"] == "OnDelete" or bool(strategy.get("rollingUpdate", {}).get("partition"))


def facts(status: Json) -> Json:
    """A status without the names of revisions."""
    return {key: value for key, value in status.items() if not key.endswith("Revision")}
