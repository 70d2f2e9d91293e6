"""The clusters under contract, each with a namespace and a registry: the simulated node's, and the bed's real one."""

import base64
import itertools
import json
import re
import secrets
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, Final, TypeVar

from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.api.store import BY_PLURAL
from figwasp.embedded.node.node import Node
from figwasp.embedded.registry.server import Registry
from testbed import OWNER, SLEEP_FOREVER, ApiError, Bed, Image, Index, Namespace, container, deployment, wait_for
from testbed import image as runnable_image
from tests.contract.registries import image as layerless_image

Json = dict[str, Any]
Value = TypeVar("Value")

_PLURALS: Final = {resource.kind: resource.plural for resource in BY_PLURAL.values()}
_TIMEOUT_SECONDS: Final = 60.0

_ASKED_FOR_EACH_NUDGE: Final = 10

NOT_PULLED: Final = ("ErrImagePull", "ImagePullBackOff")
"""What a container waits for whose image cannot be had, in turns."""


class Cluster(ABC):
    """A namespace, and repositories that are the test's own."""

    namespace: str

    @abstractmethod
    def image(self, content: str, entrypoint: Sequence[str] = SLEEP_FOREVER, platform: str = "linux/amd64") -> Image:
        """An image that no other test runs."""

    @abstractmethod
    def push(self, content: Image | Index, tag: str = "latest", name: str = "web") -> str:
        """Let the tag name the content; answers its digest."""

    @abstractmethod
    def reference(self, target: str = "latest", name: str = "web", *, private: bool = False) -> str:
        """How a pod template names an image; `private` is one that only a login may pull, pushed already."""

    @abstractmethod
    def pull_secret(self, name: str) -> None:
        """Store the login for the private image."""

    @abstractmethod
    def apply(self, given: Json) -> None:
        """Create an object as the administrator."""

    @abstractmethod
    def merge(self, name: str, patch: Json, kind: str = "Deployment") -> None:
        """Change some fields of a workload, by a JSON merge patch."""

    @abstractmethod
    def delete(self, kind: str, name: str) -> None:
        """Have an object deleted, and what belongs to it."""

    @abstractmethod
    def objects(self, kind: str) -> list[Json]:
        """The namespace's objects of a kind."""

    @abstractmethod
    def wait_until(self, condition: Callable[[], Value], what: str) -> Value:
        """Wait for a truthy value."""

    def run(self, *containers: Json, name: str = "web", spec: Json | None = None, **pod: Any) -> None:
        """Make a Deployment, of one container from `reference()` unless given; `spec` are fields of its own spec."""
        made = deployment(name, *(containers or (container(self.reference()),)), **pod)
        self.apply({**made, "spec": {**made["spec"], **(spec or {})}})

    def start(self, *, replicas: int = 1, spec: Json | None = None, pull_policy: str = "Always") -> str:
        """Push an image, run it and wait until it does; answers its digest."""
        digest = self.push(self.image("first"))
        self.run(container(self.reference(), pull_policy=pull_policy), replicas=replicas, spec=spec)
        self.settle()
        return digest

    def restart(self, value: str = "once", name: str = "web") -> None:
        """Annotate the pod template."""
        self.merge(name, {"spec": {"template": {"metadata": {"annotations": {"example.org/restarted": value}}}}})

    def deployment(self, name: str = "web") -> Json:
        """A Deployment."""
        return next(each for each in self.objects("Deployment") if each["metadata"]["name"] == name)

    def replica_set(self, revision: int, name: str = "web") -> Json:
        """The Deployment's ReplicaSet of that revision."""
        (found,) = self._replica_sets(revision, name)
        return found

    def owned(self, kind: str, owner: Json) -> list[Json]:
        """The objects whose controller is `owner`."""
        uid = owner["metadata"]["uid"]
        found = self.objects(kind)
        return [each for each in found if uid in {one["uid"] for one in each["metadata"].get("ownerReferences", ())}]

    def pods(self, revision: int, name: str = "web") -> list[Json]:
        """The pods of one revision that are not ending; none where there is no such revision yet."""
        owned = [pod for each in self._replica_sets(revision, name) for pod in self.owned("Pod", each)]
        return [each for each in owned if "deletionTimestamp" not in each["metadata"]]

    def settle(self, name: str = "web") -> Json:
        """Wait until a Deployment is rolled out and nothing is left of what was there before; answers it."""

        def settled() -> Json:
            one = self.deployment(name)
            pods = self.objects("Pod")
            is_done = reason(one, "Progressing") == "NewReplicaSetAvailable" and _is_complete(one)
            return one if is_done and len(pods) == _wanted(self.objects("Deployment")) else {}

        return self.wait_until(settled, f"Deployment {name} to settle")

    def image_ids(self, revision: int, name: str = "web") -> set[str]:
        """What the pods of a revision report, in all their containers."""
        return {status["imageID"] for pod in self.pods(revision, name) for status in statuses(pod).values()}

    def wait_for_waiting(self, revision: int, *reasons: str, name: str = "web") -> Json:
        """Wait until a pod of the revision has a container that waits for one of these reasons; answers the pod."""

        def found() -> Json:
            waiting = (pod for pod in self.pods(revision, name) if waits_for(pod) in reasons)
            return next(waiting, {})

        return self.wait_until(found, f"a pod of revision {revision} with {' or '.join(reasons)}")

    def _replica_sets(self, revision: int, name: str) -> list[Json]:
        return [each for each in self.owned("ReplicaSet", self.deployment(name)) if revision_of(each) == revision]


class SimulatedCluster(Cluster):
    """The simulated node."""

    def __init__(self, api: ApiServer, registry: Registry, private: Registry, node: Node) -> None:
        self._api, self._registry, self._private, self._node = api, registry, private, node
        self.namespace = "shop"

    def image(self, content: str, entrypoint: Sequence[str] = SLEEP_FOREVER, platform: str = "linux/amd64") -> Image:
        """One that nobody could run."""
        return layerless_image(content, platform=platform, entrypoint=entrypoint)

    def push(self, content: Image | Index, tag: str = "latest", name: str = "web") -> str:
        """Store it, and what it lists."""
        if isinstance(content, Image):
            self._registry.put_blob(name, content.config.data)
        for child in content.children if isinstance(content, Index) else ():
            self._registry.put(name, "", child.manifest.data, child.media_type)
        return self._registry.put(name, tag, content.manifest.data, content.media_type)

    def reference(self, target: str = "latest", name: str = "web", *, private: bool = False) -> str:
        """In one of the small registries."""
        if private:
            self._private.want_basic({OWNER.user: OWNER.password})
            self._private.put(name, target, self.image("private").manifest.data)
        host = (self._private if private else self._registry).host
        return f"{host}/{name}{'@' if ':' in target else ':'}{target}"

    def pull_secret(self, name: str) -> None:
        """As kubectl would make it."""
        auths = {"auths": {self._private.host: {"username": OWNER.user, "password": OWNER.password}}}
        data = {".dockerconfigjson": base64.b64encode(json.dumps(auths).encode()).decode()}
        self._put("secrets", {"metadata": {"name": name}, "type": "kubernetes.io/dockerconfigjson", "data": data})

    def apply(self, given: Json) -> None:
        """Store it."""
        self._put(_PLURALS[given["kind"]], given)

    def merge(self, name: str, patch: Json, kind: str = "Deployment") -> None:
        """Change it."""
        self._api.edit(_PLURALS[kind], self.namespace, name, lambda one: _merge(one, patch))

    def delete(self, kind: str, name: str) -> None:
        """Remove it."""
        self._api.delete(_PLURALS[kind], self.namespace, name)

    def objects(self, kind: str) -> list[Json]:
        """From the store."""
        return self._api.list(_PLURALS[kind], self.namespace)

    def wait_until(self, condition: Callable[[], Value], what: str) -> Value:
        """By the node, which also fails if it has failed."""
        return self._node.wait_until(condition, what)

    def _put(self, plural: str, given: Json) -> None:
        self._api.put(plural, {**given, "metadata": {**given["metadata"], "namespace": self.namespace}})


class RealCluster(Cluster):
    """The bed."""

    def __init__(self, bed: Bed, namespace: Namespace) -> None:
        self._bed, self._namespace = bed, namespace
        self.namespace = namespace.name
        self._team = f"team-{secrets.token_hex(4)}"

    def image(self, content: str, entrypoint: Sequence[str] = SLEEP_FOREVER, platform: str = "linux/amd64") -> Image:
        """A busybox."""
        return runnable_image(f"{self._team} {content}", platform=platform, entrypoint=entrypoint)

    def push(self, content: Image | Index, tag: str = "latest", name: str = "web") -> str:
        """Push it."""
        return self._bed.repository(f"{self._team}/{name}").push(content, tag)

    def reference(self, target: str = "latest", name: str = "web", *, private: bool = False) -> str:
        """In one of the bed's registries."""
        if not private:
            return self._bed.repository(f"{self._team}/{name}").reference(target)
        repository = self._bed.repository(f"{self._team}/{name}", self._bed.private)
        repository.push(self.image("private"), target)
        return repository.reference(target)

    def pull_secret(self, name: str) -> None:
        """Make it."""
        self._namespace.pull_secret(name, self._bed.private.host, OWNER)

    def apply(self, given: Json) -> None:
        """Apply it."""
        self._namespace.apply(given)

    def merge(self, name: str, patch: Json, kind: str = "Deployment") -> None:
        """Patch it."""
        self._namespace.merge(kind, name, patch)

    def delete(self, kind: str, name: str) -> None:
        """Delete it."""
        self._namespace.delete(kind, name)

    def objects(self, kind: str) -> list[Json]:
        """List them."""
        return self._namespace.objects(kind)

    def wait_until(self, condition: Callable[[], Value], what: str) -> Value:
        """By asking again and again."""
        nudges = itertools.count()

        def asked() -> Value:
            value = condition()
            if not value and next(nudges) % _ASKED_FOR_EACH_NUDGE == _ASKED_FOR_EACH_NUDGE - 1:
                self._nudge()
            return value

        return wait_for(asked, what, _TIMEOUT_SECONDS)

    def _nudge(self) -> None:
        """
        Change the pods that have been in trouble, so that the kubelet looks at them now.

        By itself it does so 10 to 15 seconds after the trouble, however short its back-off is.
        """
        for pod in self.objects("Pod"):
            if any("waiting" in one["state"] or one["restartCount"] for one in statuses(pod).values()):
                nudged = {"metadata": {"annotations": {"example.org/nudged": secrets.token_hex(4)}}}
                with suppress(ApiError):  # it may be gone
                    self.merge(pod["metadata"]["name"], nudged, "Pod")


# What tests of roll-outs do and ask.


def sizes(cluster: Cluster) -> dict[int, int]:
    """How many pods each revision should have."""
    found = cluster.owned("ReplicaSet", cluster.deployment())
    return {revision_of(each): each["spec"]["replicas"] for each in found}


def names(pods: list[Json]) -> set[str]:
    """The names of pods."""
    return {pod["metadata"]["name"] for pod in pods}


def break_image(cluster: Cluster, **spec: Any) -> None:
    """Let the template name an image that is not there."""
    named = {"name": "web", "image": cluster.reference("gone"), "imagePullPolicy": "Always"}
    cluster.merge("web", {"spec": {**spec, "template": {"spec": {"containers": [named]}}}})


def wait_until_failed(cluster: Cluster) -> Json:
    """Wait until a roll-out has failed after its one new pod was counted, which had been progress; its Deployment."""

    def failed() -> Json:
        one = cluster.deployment()
        is_failed = reason(one, "Progressing") == "ProgressDeadlineExceeded"
        return one if is_failed and counts(one).get("updatedReplicas") == 1 else {}

    return cluster.wait_until(failed, "the deadline to pass")


# The facts of objects: what is left of them without times, random suffixes and hashes.


def conditions(one: Json) -> dict[str, tuple[str, str, str]]:
    """Status, reason and message of each condition, by type."""
    found = one.get("status", {}).get("conditions", ())
    return {each["type"]: (each["status"], each.get("reason", ""), _plain(each.get("message", ""))) for each in found}


def reason(one: Json, kind: str) -> str:
    """The reason of a condition."""
    return conditions(one).get(kind, ("", "", ""))[1]


def counts(one: Json) -> Json:
    """The status without its conditions."""
    return {key: value for key, value in one.get("status", {}).items() if key != "conditions"}


def revision_of(one: Json) -> int:
    """The revision that it is annotated with."""
    return int(one["metadata"].get("annotations", {}).get("deployment.kubernetes.io/revision", 0))


def annotations(one: Json) -> dict[str, str]:
    """The annotations, without what all of the controller's begin with."""
    found = one["metadata"].get("annotations", {})
    return {key.removeprefix("deployment.kubernetes.io/"): value for key, value in found.items()}


def statuses(pod: Json) -> dict[str, Json]:
    """The statuses of a pod's containers by name, init containers too."""
    fields = ("initContainerStatuses", "containerStatuses")
    return {status["name"]: status for field in fields for status in pod["status"].get(field, ())}


def container_facts(status: Json) -> Json:
    """A container's status without times, IDs, and what only a real container has."""
    state = {name: _without_times(value) for name, value in status["state"].items()}
    left_out = {"state", "containerID", "resources", "imageID", "user"}
    kept = {key: value for key, value in status.items() if key not in left_out}
    return {**kept, "state": state, "has a container": "containerID" in status}


def waits_for(pod: Json) -> str:
    """What the pod's container `web` waits for; empty if it does not wait."""
    state = statuses(pod).get("web", {}).get("state", {})
    return str(state.get("waiting", {}).get("reason", ""))


def _without_times(state: Json) -> Json:
    return {key: value for key, value in state.items() if not key.endswith("At") and key != "containerID"}


def _plain(message: str) -> str:
    return re.sub(r'"(\w+)-[a-z0-9]+"', r'"\1-HASH"', message)


def _is_complete(one: Json) -> bool:
    status, wanted = one.get("status", {}), one["spec"]["replicas"]
    is_seen = status.get("observedGeneration", 0) >= one["metadata"]["generation"]
    return is_seen and all(status.get(key, 0) == wanted for key in ("replicas", "updatedReplicas", "availableReplicas"))


def _wanted(deployments: list[Json]) -> int:
    return sum(each["spec"]["replicas"] for each in deployments)


def _merge(target: Json, patch: Json) -> None:
    """Apply a JSON merge patch (RFC 7386)."""
    for key, value in patch.items():
        if value is None:
            target.pop(key, None)
        elif isinstance(value, dict):
            _merge(target.setdefault(key, {}), value)
        else:
            target[key] = value
