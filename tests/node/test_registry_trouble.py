"""
A registry that is down, refuses or answers nonsense: nothing restarts, it says why, and the others are served.

The workload was deployed from a real registry; what then answers on its port is a program that misbehaves as told.
"""

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest

from figwasp.embedded.registry.server import Registry as Program
from figwasp.embedded.registry.server import digest_of
from figwasp.embedded.registry.server import image as manifest
from testbed import Bed, processes
from testbed.pki import Pki
from tests.node.scene import LABEL_ROLE, TARGET, Scene

NEW = manifest(b"new")


@dataclass(frozen=True)
class Trouble:
    """A workload `web` whose registry is gone from its port, and a current one, `healthy`, in another registry."""

    scene: Scene
    healthy: Scene

    @property
    def path(self) -> str:
        """Where the tag of `web` is asked for."""
        return f"/v2/{self.scene.repository().name}/manifests/latest"

    @contextmanager
    def program(self) -> Iterator[Program]:
        """Let a program answer in the registry's place; it has nothing until it is given something."""
        pair = Pki(self.scene.bed.site.pki).pair("registry")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        with Program(tls=context, port=self.scene.registry.port) as program:
            yield program


@pytest.fixture(scope="module")
def trouble(bed: Bed) -> Iterator[Trouble]:
    """The two workloads, deployed once for all cases that restart nothing."""
    namespace = bed.namespace()
    account = namespace.service_account("figwasp", LABEL_ROLE)
    with bed.another_registry("troubled") as registry:
        scene = Scene(bed, namespace, account, registry)
        healthy = Scene(bed, namespace, account, bed.registry)
        scene.deploy(scene.image("old"), "web", labels=TARGET)
        healthy.deploy(healthy.image("old"), "healthy", labels=TARGET)
        processes.stop(bed.site, registry.name)
        yield Trouble(scene, healthy)
    namespace.remove()


def _status(code: int) -> Callable[[Program, str], None]:
    return lambda program, path: program.answer(path, status=code, body=b"")


def _malformed_digest(program: Program, path: str) -> None:
    program.answer(path, status=200, headers={"Docker-Content-Digest": "sha256:nonsense"}, body=b"")


def _contradicting_body(program: Program, path: str) -> None:
    program.put(path.split("/manifests/", maxsplit=1)[0].removeprefix("/v2/"), "latest", NEW)
    program.answer(path.replace("latest", digest_of(NEW)), method="GET", body=manifest(b"something else"))


def _login_page(program: Program, path: str) -> None:
    program.answer(path, status=200, headers={"Content-Type": "text/html"}, body=b"<html>please log in</html>")


@pytest.mark.parametrize(
    ("misbehave", "said"),
    [
        (_status(404), "404"),
        (lambda program, _: program.want_basic({"ann": "pw"}), "401"),
        (_status(403), "403"),
        (_status(500), "500"),
        (_status(429), "429"),
        (_malformed_digest, "digest"),
        (_contradicting_body, "the content it sent is"),
        (_login_page, "manifest"),
    ],
    ids=["404", "401", "403", "500", "429", "malformed digest", "contradicting body", "HTML with 200"],
)
def test_a_registry_that_gives_no_answer_to_believe_restarts_nothing(
    trouble: Trouble, misbehave: Callable[[Program, str], None], said: str
) -> None:
    with trouble.program() as program:
        misbehave(program, trouble.path)
        done = trouble.scene.labelled()

    assert ("not_judged", 1) == (done.of("web")["event"], done.code)
    assert said in done.of("web")["why"]
    assert "current" == done.of("healthy")["event"]
    assert 1 == trouble.scene.roll_outs("web")


def test_a_registry_that_is_down_restarts_nothing_and_the_others_are_served(trouble: Trouble) -> None:
    done = trouble.scene.labelled()

    assert ("not_judged", 1) == (done.of("web")["event"], done.code)
    assert f"127.0.0.1:{trouble.scene.registry.port}" in done.of("web")["why"]
    assert "current" == done.of("healthy")["event"]


def test_where_the_registry_sends_no_digest_it_is_computed_from_the_content(bed: Bed) -> None:
    namespace = bed.namespace()
    account = namespace.service_account("figwasp", LABEL_ROLE)
    with bed.another_registry("silent") as registry:
        scene = Scene(bed, namespace, account, registry)
        old = scene.image("old")
        scene.deploy(old)
        processes.stop(bed.site, registry.name)
        trouble = Trouble(scene, scene)
        with trouble.program() as program:
            program.answer(trouble.path, leave_out=("docker-content-digest",))
            program.put(scene.repository().name, "latest", old.manifest.data)
            same = scene.once("web")
            program.put_blob(scene.repository().name, b"new")
            program.put(scene.repository().name, "latest", NEW)
            moved = scene.once("web")
    namespace.remove()

    assert ("current", 0) == (same.of("web")["event"], same.code)
    assert (["web"], 0) == (moved.restarted, moved.code)
