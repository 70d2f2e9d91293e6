"""A place for simulated nodes: an API server and a registry, and what a team does with them."""

import json
from contextlib import ExitStack
from typing import Any

from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.node.node import Node
from figwasp.embedded.registry.server import Registry, image
from testbed import container, deployment
from tests.objects import pull_secret

Json = dict[str, Any]

_INDEX = "application/vnd.oci.image.index.v1+json"


class Place:
    """An API server with namespace `shop`, a registry, and nodes as a test wants them."""

    def __init__(self, api: ApiServer, registry: Registry, ends: ExitStack) -> None:
        self.api, self.registry = api, registry
        self._ends = ends

    def node(self, **settings: Any) -> Node:
        """A node that is ended with the test."""
        return self._ends.enter_context(Node(self.api, **settings))

    def run(self, *containers: Json, name: str = "web", spec: Json | None = None, **pod: Any) -> None:
        """Make a Deployment, of one container from the repository `web` unless given."""
        made = deployment(name, *(containers or (container(self.image()),)), **pod)
        metadata = {"namespace": "shop", "name": name}
        self.api.put("deployments", {**made, "metadata": metadata, "spec": {**made["spec"], **(spec or {})}})

    def image(self, tag: str = "1") -> str:
        """How a pod template names the image."""
        return f"{self.registry.host}/web:{tag}"

    def push(self, content: str = "1", tag: str = "1") -> str:
        """Push an image; its digest."""
        return self.registry.put("web", tag, image(content.encode()))

    def push_index(self, *architectures: str) -> dict[str, str]:
        """Push an index of an image for each architecture; their digests, that of the index as ""."""
        digests = {each: self.push(each, "") for each in architectures}
        children = [
            {"digest": digest, "platform": {"os": "linux", "architecture": each}} for each, digest in digests.items()
        ]
        body = json.dumps({"schemaVersion": 2, "manifests": children}).encode()
        return {**digests, "": self.registry.put("web", "1", body, _INDEX)}

    def objects(self, plural: str) -> list[Json]:
        """All objects of a resource."""
        return self.api.list(plural)

    def restart(self, value: str = "once") -> None:
        """Annotate the pod template."""
        annotations = {"example.org/restarted": value}
        self.api.edit(
            "deployments",
            "shop",
            "web",
            lambda one: one["spec"]["template"]["metadata"].update(annotations=annotations),
        )

    def scale(self, replicas: int) -> None:
        """Want another number of pods."""
        self.api.edit("deployments", "shop", "web", lambda one: one["spec"].update(replicas=replicas))

    def secret(self, user: str, password: str) -> None:
        """Store the pull secret `login` for the registry."""
        auths = {self.registry.host: {"username": user, "password": password}}
        self.api.put("secrets", pull_secret("login", auths))

    def waits(self) -> Json:
        """The first waiting state of a container of any pod; empty if none waits."""
        states = [
            status["state"] for pod in self.objects("pods") for status in pod["status"].get("containerStatuses", ())
        ]
        return next((state["waiting"] for state in states if "waiting" in state), {})

    def wait_for_message(self, node: Node, text: str) -> None:
        """Wait until a container waits for something that is told in these words."""
        node.wait_until(lambda: text in self.waits().get("message", ""), text)


def events(place: Place, reason: str) -> list[str]:
    """The messages of the events of that reason."""
    return [each["message"] for each in place.objects("events") if each["reason"] == reason]
