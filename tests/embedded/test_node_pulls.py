"""
How the simulated node pulls images.

Aspects: what is asked of registries · logins · failed pulls.
"""

import base64
import json
import ssl
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from figwasp.core.manifest import ACCEPT, OCI_INDEX
from figwasp.embedded.node.node import Machine
from figwasp.embedded.registry.server import Registry, digest_of, image
from testbed import container
from tests.certificates import Authority
from tests.embedded.place import Place, events

Json = dict[str, Any]


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


def test_indexes_in_one_another_are_looked_into_four_deep_and_no_deeper(place: Place) -> None:
    child = {"digest": place.push(tag=""), "platform": {"os": "linux", "architecture": "amd64"}}
    for tag in ("1", "2", "3", "4", "5"):
        body = json.dumps({"schemaVersion": 2, "manifests": [child]}).encode()
        child = {"digest": place.registry.put("web", tag, body, OCI_INDEX), "mediaType": OCI_INDEX}
    node = place.node()

    place.run(container(place.image("4")))
    node.wait_settled()
    place.run(container(place.image("5")), name="deeper")

    place.wait_for_message(node, "holds indexes in one another, more than 4 deep")


def test_an_index_for_an_older_processor_only_is_not_pulled(place: Place) -> None:
    """As by containerd 2.1 and newer."""
    place.push_index("386")
    node = place.node()

    place.run()

    place.wait_for_message(node, "no match for platform in manifest")


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


def test_a_mirror_is_asked_instead_of_the_registry_that_the_image_names(place: Place) -> None:
    with Registry() as mirror:
        behind = mirror.put("web", "1", image(b"old"))
        place.push("new")
        node = place.node(machines=[Machine(mirrors={place.registry.host: mirror.host})])
        place.run()
        node.wait_settled()

    (pod,) = place.objects("pods")
    assert f"{place.registry.host}/web@{behind}" == pod["status"]["containerStatuses"][0]["imageID"]
    assert 0 == place.registry.asked()


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

    node.wait_until(lambda: place.registry.asked("HEAD") >= 4, "four tries")
    assert time.monotonic() - started >= 0.05 + 0.1 + 0.2
