"""What tests of the registry client begin with."""

import contextlib
import time
from collections.abc import Iterator

from figwasp.core.credential import ANONYMOUS, Credential, Login, Secret
from figwasp.core.deadline import Deadline
from figwasp.core.digest import Digest
from figwasp.core.reference import Reference
from figwasp.net.http import HttpClient, Tls
from figwasp.registry.client import RegistryClient
from tests.programs.registry import Registry

PASSWORD = "s3cret-pa55"
ANN = Credential("ann", Secret(PASSWORD), "secret shop/pull")
BOB = Credential("bob", Secret("wr0ng-pa55"), "secret shop/old")


def login(*candidates: Credential) -> Login:
    return Login(candidates)


def within(seconds: float = 10.0) -> Deadline:
    return Deadline(seconds, time.monotonic, "the pass is over")


def web(registry: Registry, target: str = ":1", repository: str = "team/web") -> Reference:
    return Reference.parse(f"{registry.host}/{repository}{target}")


@contextlib.contextmanager
def client(*plain: Registry, ca_file: str = "", timeout_seconds: float = 5) -> Iterator[RegistryClient]:
    """A client that asks the registries `plain` without encryption."""
    tls = Tls(ca_files=(ca_file,) if ca_file else ())
    http = HttpClient(user_agent="figwasp/test", tls=tls, timeout_seconds=timeout_seconds)
    try:
        yield RegistryClient(http, plain_http_hosts=frozenset(each.host for each in plain))
    finally:
        http.close()


def resolve(registry: Registry, *, reference: Reference | None = None, login: Login = ANONYMOUS) -> Digest:
    """Resolve team/web:1 (or `reference`) by a client of its own."""
    with client(registry) as asking:
        return asking.resolve(reference or web(registry), login, within()).digest


def fetch(registry: Registry, digest: str, *, login: Login = ANONYMOUS) -> bytes:
    """Fetch team/web by `digest` by a client of its own."""
    with client(registry) as asking:
        return asking.manifest(web(registry, f"@{digest}"), login, within())
