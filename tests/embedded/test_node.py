"""
The simulated node by itself; what a real one does too is held to it by tests/contract/test_rollouts.py.

Aspects: what is asked of registries · logins · failed pulls · machines and platforms · pace and time · which pods go ·
other writers · events · what it does with bugs, and how it ends.
"""

import base64
import json
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from figwasp.core.manifest import ACCEPT, Platform
from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.node.cluster import Changed, Cluster
from figwasp.embedded.node.node import Machine, Node, NotSettled, Runtime
from figwasp.embedded.registry.server import Registry, digest_of, image
from testbed import container, deployment
from tests.certificates import Authority

Json = dict[str, Any]
Starts = Callable[..., Node]

INDEX = "application/vnd.oci.image.index.v1+json"


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
        return {**digests, "": self.registry.put("web", "1", body, INDEX)}

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
        auths = {"auths": {self.registry.host: {"username": user, "password": password}}}
        data = {".dockerconfigjson": base64.b64encode(json.dumps(auths).encode()).decode()}
        metadata = {"namespace": "shop", "name": "login"}
        self.api.put("secrets", {"metadata": metadata, "type": "kubernetes.io/dockerconfigjson", "data": data})

    def waits(self) -> Json:
        """The first waiting state of a container of any pod; empty if none waits."""
        states = [
            status["state"] for pod in self.objects("pods") for status in pod["status"].get("containerStatuses", ())
        ]
        return next((state["waiting"] for state in states if "waiting" in state), {})

    def wait_for_message(self, node: Node, text: str) -> None:
        """Wait until a container waits for something that is told in these words."""
        node.wait_until(lambda: text in self.waits().get("message", ""), text)


@pytest.fixture
def place() -> Iterator[Place]:
    with ApiServer() as api, Registry() as registry, ExitStack() as ends:
        yield Place(api, registry, ends)


# What is asked of registries


def test_a_pull_asks_what_the_tag_names_and_gets_it_by_its_digest(place: Place) -> None:
    digest, node = place.push(), place.node()
    place.run()
    node.wait_settled()

    asked = [(each.method, each.path.removeprefix("/v2/web/")) for each in place.registry.requests]
    blob = ("GET", f"blobs/{digest_of(b'1')}")
    assert [("HEAD", "manifests/1"), ("GET", f"manifests/{digest}"), blob] == asked
    assert {ACCEPT} == {each.headers["Accept"] for each in place.registry.requests}


@pytest.mark.parametrize(("policy", "pulls"), [("Always", 2), ("IfNotPresent", 1)])
def test_the_policy_decides_whether_a_restart_asks_again(place: Place, policy: str, pulls: int) -> None:
    place.push()
    node = place.node()
    place.run(container(place.image(), pull_policy=policy))
    node.wait_settled()

    place.restart()
    node.wait_settled()

    assert pulls == place.registry.asked("HEAD")


@pytest.mark.parametrize(("tag", "policy"), [("1", "IfNotPresent"), ("latest", "Always")])
def test_a_container_without_a_policy_has_the_servers_default(place: Place, tag: str, policy: str) -> None:
    place.push(tag=tag)
    node = place.node()
    place.run({"name": "web", "image": place.image(tag)})
    node.wait_settled()

    assert [policy] == [each["spec"]["containers"][0]["imagePullPolicy"] for each in place.objects("pods")]


def test_content_of_another_digest_is_not_run(place: Place) -> None:
    digest, node = place.push(), place.node()
    place.registry.answer(f"/v2/web/manifests/{digest}", body=image(b"other"))
    place.run()

    place.wait_for_message(node, f"content of {digest} has the digest")


def test_a_registry_that_is_not_there_is_tried_again_and_again(place: Place) -> None:
    node = place.node(back_off_seconds=0.01)
    place.run(container("127.0.0.1:1/web:1"))

    node.wait_until(lambda: len(events(place, "Pulling")) > 2, "three tries")
    assert "Connection refused" in events(place, "Failed")[0]


def test_a_registry_is_spoken_to_by_tls_where_the_node_is_given_whom_to_trust(place: Place, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    with Registry(tls=authority.server_context()) as registry:
        registry.put("web", "1", image())
        registry.want_token({"ann": "secret"}, public={"web"})
        node = place.node(tls=ssl.create_default_context(cafile=str(authority.certificate)))
        place.run(container(f"{registry.host}/web:1"))

        node.wait_settled()


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        ({"status": 503}, "unexpected status from HEAD request to http://"),
        ({"headers": {"Docker-Content-Digest": "sha256:short"}}, "sha256 has 64 hexadecimal digits"),
        ({"reset": True}, "failed to do request: Head"),
    ],
)
def test_an_answer_that_is_none_is_told_and_not_run(place: Place, answer: Json, why: str) -> None:
    place.push()
    place.registry.answer("/v2/web/manifests/1", method="HEAD", **answer)
    node = place.node()
    place.run()

    place.wait_for_message(node, why)


def test_a_registry_that_tells_no_digest_is_asked_for_the_manifest(place: Place) -> None:
    digest = place.push()
    place.registry.answer("/v2/web/manifests/1", leave_out=("docker-content-digest",))
    node = place.node()
    place.run()
    node.wait_settled()

    (pod,) = place.objects("pods")
    assert f"{place.registry.host}/web@{digest}" == pod["status"]["containerStatuses"][0]["imageID"]


# Logins


@pytest.mark.parametrize("want", [Registry.want_basic, Registry.want_token])
def test_a_private_image_is_pulled_with_the_pods_secret(place: Place, want: Callable[..., None]) -> None:
    place.push()
    want(place.registry, {"ann": "secret"})
    place.secret("ann", "secret")
    node = place.node()
    place.run(pull_secrets=["login"])

    node.wait_settled()


@pytest.mark.parametrize("want", [Registry.want_basic, Registry.want_token])
@pytest.mark.parametrize("secrets", [[], ["login"], ["nobody"]])
def test_a_private_image_is_not_pulled_with_a_wrong_secret_or_none(
    place: Place, want: Callable[..., None], secrets: list[str]
) -> None:
    place.push()
    want(place.registry, {"ann": "secret"})
    place.secret("ann", "wrong")
    node = place.node()
    place.run(pull_secrets=secrets)

    place.wait_for_message(node, "401")
    assert "wrong" not in place.waits()["message"]


def test_a_public_image_of_a_registry_with_tokens_is_pulled_by_anybody(place: Place) -> None:
    place.push()
    place.registry.want_token({"ann": "secret"}, public={"web"})
    node = place.node()
    place.run()

    node.wait_settled()


def test_a_secret_that_cannot_be_read_stops_the_pull(place: Place) -> None:
    place.push()
    metadata = {"namespace": "shop", "name": "login"}
    data = {".dockerconfigjson": base64.b64encode(b"no JSON").decode()}
    place.api.put("secrets", {"metadata": metadata, "type": "kubernetes.io/dockerconfigjson", "data": data})
    node = place.node()
    place.run(pull_secrets=["login"])

    place.wait_for_message(node, "secret shop/login does not hold a valid dockerconfigjson")


@pytest.mark.parametrize(("realm", "body"), [("no URL", None), ("http://[", None), ("", b"no JSON"), ("", b"[]")])
def test_a_token_server_that_makes_no_sense_is_told(place: Place, realm: str, body: bytes | None) -> None:
    place.push()
    place.registry.want_token({}, public={"web"})
    place.registry.realm = realm
    place.registry.answer("/token", body=body)
    node = place.node()
    place.run()

    place.wait_for_message(node, "failed to")


# Failed pulls


def test_an_image_that_is_pushed_later_is_pulled_then(place: Place) -> None:
    node = place.node(back_off_seconds=0.01)
    place.run()
    node.wait_until(lambda: place.waits().get("reason") == "ImagePullBackOff", "a first try")

    place.push()

    node.wait_settled()


def test_the_wait_after_a_failed_pull_doubles(place: Place) -> None:
    node = place.node(back_off_seconds=0.05)
    started = time.monotonic()
    place.run()

    node.wait_until(lambda: place.registry.asked("HEAD") == 4, "four tries")
    assert time.monotonic() - started >= 0.05 + 0.1 + 0.2


# Machines and platforms


def test_each_machine_runs_the_image_of_its_platform(place: Place) -> None:
    digests = place.push_index("amd64", "arm64")
    machines = [Machine(each, Platform("linux", each), Runtime.CRI_O) for each in ("amd64", "arm64")]
    node = place.node(machines=machines)
    place.run(replicas=2)
    node.wait_settled()

    expected = {each: min(digests[each], digests[""]) for each in ("amd64", "arm64")}
    running = {
        pod["spec"]["nodeName"]: pod["status"]["containerStatuses"][0]["imageID"].rpartition("@")[2]
        for pod in place.objects("pods")
    }
    assert expected == running


def test_an_image_without_the_machines_platform_is_not_run(place: Place) -> None:
    place.push_index("arm64")
    node = place.node()
    place.run()

    place.wait_for_message(node, "no match for platform in manifest")


def test_a_node_selector_chooses_the_machine(place: Place) -> None:
    place.push()
    node = place.node(machines=[Machine("amd"), Machine("arm", Platform("linux", "arm64"))])
    place.run(replicas=3, nodeSelector={"kubernetes.io/arch": "arm64"})
    node.wait_settled()

    assert {"arm"} == {pod["spec"]["nodeName"] for pod in place.objects("pods")}


def test_a_node_tells_its_platform_and_runtime(place: Place) -> None:
    place.node(machines=[Machine("arm", Platform("linux", "arm64"), Runtime.CRI_DOCKERD)])

    info = place.api.get("nodes", "", "arm")["status"]["nodeInfo"]
    assert ("linux", "arm64") == (info["operatingSystem"], info["architecture"])
    assert info["containerRuntimeVersion"].startswith("docker://")


# Pace and time


def test_at_a_pace_each_step_of_a_pod_can_be_seen(place: Place) -> None:
    place.push()
    node = place.node(pace_seconds=0.2)
    place.run()

    node.wait_until(lambda: place.waits() == {"reason": "ContainerCreating"}, "a pod that is being made")
    node.wait_settled()
    place.restart()
    node.wait_until(lambda: [each for each in place.objects("pods") if is_ending(each)], "a pod that is ending")
    node.wait_settled()
    assert 1 == len(place.objects("pods"))


def test_pods_are_available_after_they_were_ready_long_enough(place: Place) -> None:
    place.push()
    node = place.node()
    place.run(spec={"minReadySeconds": 2})

    def ready() -> bool:
        return bool(place.api.get("deployments", "shop", "web").get("status", {}).get("readyReplicas"))

    node.wait_until(ready, "the pod to be ready")
    assert "availableReplicas" not in place.api.get("deployments", "shop", "web")["status"]
    node.wait_settled()


def test_recreate_waits_for_the_end_of_pods_that_are_ending(place: Place) -> None:
    place.push()
    node = place.node(pace_seconds=0.2)
    place.run(spec={"strategy": {"type": "Recreate"}})
    node.wait_settled()

    place.restart()
    node.wait_until(lambda: [each for each in place.objects("pods") if is_ending(each)], "a pod that is ending")
    node.wait_until(place.waits, "a pod that is being made")

    assert [False] == [is_ending(each) for each in place.objects("pods")]


def test_what_is_ending_is_left_alone_until_it_has_ended(place: Place) -> None:
    place.push()
    node = place.node(pace_seconds=0.4)
    place.run()
    node.wait_settled()

    place.api.delete("deployments", "shop", "web")
    node.wait_until(lambda: [each for each in place.objects("pods") if is_ending(each)], "a pod that is ending")
    version = settled_version(place)

    assert place.objects("pods")
    node.wait_until(lambda: place.api.store.wait(version, 0) > version, "the next write")
    assert not place.objects("pods")


# Which pods go


def test_pods_that_are_not_ready_go_first(place: Place) -> None:
    digest, node = place.push(), place.node()
    place.run()
    node.wait_settled()
    (kept,) = place.objects("pods")
    place.registry.delete("web", digest)
    place.scale(2)
    node.wait_until(lambda: place.waits().get("reason") == "ImagePullBackOff", "a pod that is not ready")

    place.scale(1)
    node.wait_settled()

    assert [kept["metadata"]["name"]] == [each["metadata"]["name"] for each in place.objects("pods")]


# Other writers


def test_a_write_of_what_somebody_else_has_changed_does_nothing(place: Place) -> None:
    cluster = Cluster(place.api)
    read = cluster.create({"kind": "Pod", "metadata": {"namespace": "shop", "name": "web"}, "spec": {}})
    place.api.edit("pods", "shop", "web", lambda one: one["spec"].update(nodeName="other"))

    with pytest.raises(Changed):
        cluster.update({**read, "spec": {"nodeName": "ours"}})
    with pytest.raises(Changed):
        cluster.create(read)

    assert "other" == place.api.get("pods", "shop", "web")["spec"]["nodeName"]


# Events


def test_what_happens_to_a_workload_is_told_by_events(place: Place) -> None:
    place.push()
    node = place.node()
    place.run()
    node.wait_settled()

    told = ["ScalingReplicaSet", "SuccessfulCreate", "Scheduled", "Pulling", "Pulled", "Created", "Started"]
    assert set(told) == {each["reason"] for each in place.objects("events")}
    assert [f'Successfully pulled image "{place.image()}"'] == events(place, "Pulled")


# Bugs, and the end


def test_what_no_controller_can_handle_ends_the_node_and_is_raised(place: Place) -> None:
    place.api.put("deployments", {"metadata": {"namespace": "shop", "name": "web"}, "spec": {}})

    with pytest.raises(KeyError, match="template"), Node(place.api) as node:
        node.wait_settled()


def test_a_wait_in_vain_tells_what_everything_waits_for(place: Place) -> None:
    node = place.node()
    place.run()
    node.wait_until(lambda: place.waits().get("reason") == "ImagePullBackOff", "a first try")

    with pytest.raises(NotSettled, match=r"Deployment shop/web \(replicas 1, .*pod shop/web-.*ImagePullBackOff"):
        node.wait_settled(timeout_seconds=0.1)


def test_it_ends_at_once_while_a_registry_is_silent(place: Place) -> None:
    place.push()
    place.registry.answer("/v2/web/manifests/1", drip_seconds=5)
    with Node(place.api) as node:
        place.run()
        node.wait_until(lambda: place.registry.requests, "a request")
        started = time.monotonic()

    assert time.monotonic() - started < 2


def test_nothing_is_written_where_there_is_nothing_to_do(place: Place) -> None:
    place.push()
    node = place.node()
    place.run()
    node.wait_settled()
    version = settled_version(place)

    assert version == place.api.store.wait(version, 0.2)


def settled_version(place: Place) -> int:
    """The version of the latest write after which none came for a while."""
    version, latest = -1, place.api.store.wait(-1, 0)
    while version != latest:
        version, latest = latest, place.api.store.wait(latest, 0.1)
    return version


def events(place: Place, reason: str) -> list[str]:
    """The messages of the events of that reason."""
    return [each["message"] for each in place.objects("events") if each["reason"] == reason]


def is_ending(pod: Json) -> bool:
    return "deletionTimestamp" in pod["metadata"]
