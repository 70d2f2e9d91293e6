"""What tests of the registry client begin with."""

import contextlib
import threading
import time
from collections.abc import Iterator

import pytest

from figwasp.core.credential import ANONYMOUS, Credential, Login, Secret
from figwasp.core.deadline import Deadline
from figwasp.core.digest import Digest
from figwasp.core.reference import Reference
from figwasp.core.registry_settings import RegistrySettings
from figwasp.embedded.registry.server import Registry, image
from figwasp.errors import FigwaspError
from figwasp.net import stream
from figwasp.net.http import HttpClient, Tls
from figwasp.net.retry import Retries
from figwasp.registry.client import RegistryClient

PASSWORD = "s3cret-pa55"
ANN = Credential("ann", Secret(PASSWORD), "secret shop/pull")
USERS = {"ann": PASSWORD}
BOB = Credential("bob", Secret("wr0ng-pa55"), "secret shop/old")


def login(*candidates: Credential) -> Login:
    return Login(candidates)


def within(seconds: float = 10.0) -> Deadline:
    return Deadline(seconds, time.monotonic, "the pass is over")


def web(registry: Registry, target: str = ":1", repository: str = "team/web") -> Reference:
    return Reference.parse(f"{registry.host}/{repository}{target}")


@contextlib.contextmanager
def client(*plain: Registry, ca_file: str = "", timeout_seconds: float = 5) -> Iterator[RegistryClient]:
    """A client that asks the registries `plain` without encryption, and finds registry.test on this machine."""
    tls = Tls(ca_files=(ca_file,) if ca_file else ())
    http = HttpClient(user_agent="figwasp/test", tls=tls, timeout_seconds=timeout_seconds, resolve=_resolve)
    try:
        registries = {each.host: RegistrySettings(plain_http=True) for each in plain}
        yield RegistryClient(http, registries=registries, retries=Retries(wait=lambda *_: None))
    finally:
        http.close()


def _resolve(host: bytes, port: int) -> list[stream.Address]:
    return stream.resolve(b"127.0.0.1" if host == b"registry.test" else host, port)


def resolve(registry: Registry, *, reference: Reference | None = None, login: Login = ANONYMOUS) -> Digest:
    """Resolve team/web:1 (or `reference`) by a client of its own."""
    with client(registry) as asking:
        return asking.resolve(reference or web(registry), login, within()).digest


def fetch(registry: Registry, digest: str, *, login: Login = ANONYMOUS) -> bytes:
    """Fetch team/web by `digest` by a client of its own."""
    with client(registry) as asking:
        return asking.manifest(web(registry, f"@{digest}"), login, within())


def basic(registry: Registry) -> None:
    registry.want_basic(USERS)


def token(registry: Registry) -> None:
    registry.want_token(USERS)


def challenge(registry: Registry, more: str = "") -> None:
    """Let the registry want a token at its root too, with `more` parameters."""
    wish = f'Bearer realm="{registry.url}/token",service="test"{more}'
    registry.answer("/v2/", status=401, headers={"WWW-Authenticate": wish})


def resolve_at_once(registry: Registry, repositories: list[str], given: Login) -> None:
    """Resolve tag 1 of each repository in a thread of its own."""
    for repository in repositories:
        registry.put(repository, "1", image())
    with client(registry) as asking:
        references = [web(registry, repository=repository) for repository in repositories]
        threads = [threading.Thread(target=asking.resolve, args=(each, given, within())) for each in references]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def refused(registry: Registry, given: Login) -> FigwaspError:
    with pytest.raises(FigwaspError) as caught:
        resolve(registry, login=given)
    return caught.value
