"""
Who the API client is to a real server over TLS, and whom it trusts.

Aspects: authorities · tokens that change · plugins · certificates and their files · passwords · impersonation.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest

from figwasp.embedded.api.server import ApiServer
from figwasp.errors import ApiUnreachable, KubeconfigError, Unauthenticated
from figwasp.kube.access import Access
from figwasp.kube.client import ApiClient, Resource
from figwasp.kube.config import find_access
from tests.certificates import Authority
from tests.kube.access import TOKEN, encoded, exec_user, mount_service_account, runs, soon, write_kubeconfig

WEB = Resource("apps", "v1", "deployments", "shop", "web")
USER = "system:serviceaccount:shop:figwasp"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("ca"))


@pytest.fixture
def server(authority: Authority) -> Iterator[ApiServer]:
    with ApiServer(tls=authority.server_context(clients=True)) as started:
        started.put("deployments", {"metadata": {"namespace": "shop", "name": "web"}, "spec": {"replicas": 1}})
        yield started


Connect = Callable[[Access], ApiClient]


@pytest.fixture
def connect() -> Iterator[Connect]:
    """Make clients, and close them at the end."""
    made: list[ApiClient] = []

    def make(access: Access) -> ApiClient:
        made.append(ApiClient.to(access, environ={}, timeout_seconds=10))
        return made[-1]

    yield make
    for client in made:
        client.close()


def configured(folder: Path, server: ApiServer, authority: Authority, user: dict[str, Any]) -> Access:
    """The access of a kubeconfig whose user is `user`."""
    cluster = {"certificate-authority": str(authority.certificate)}
    path = write_kubeconfig(folder / "config", server=server.url, cluster=cluster, user=user)
    return find_access({**os.environ, "HOME": str(folder)}, kubeconfig=str(path))


def in_pod(root: Path, server: ApiServer, authority: Authority) -> tuple[Access, Path]:
    """The access of a pod's service account, and the file of its token."""
    environ = mount_service_account(root, ca=authority.certificate.read_text())
    environ |= {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(server.port)}
    token = root / "var/run/secrets/kubernetes.io/serviceaccount/token"
    return find_access(environ, root=str(root)), token


def replicas(client: ApiClient) -> int:
    """Read the Deployment."""
    found: int = client.get(WEB, dict[str, Any], soon())["spec"]["replicas"]
    return found


def test_a_server_of_another_authority_is_told(server: ApiServer, connect: Connect, tmp_path: Path) -> None:
    access = configured(tmp_path, server, Authority(tmp_path), {"token": TOKEN})

    with pytest.raises(ApiUnreachable, match="its certificate is not trusted") as caught:
        replicas(connect(access))

    assert "certificate-authority" in caught.value.hint
    assert [] == server.requests


def test_a_ca_file_without_certificates_is_told(server: ApiServer, connect: Connect, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.certificate.write_text("nothing")

    with pytest.raises(KubeconfigError, match=f"context dev of ~/config: .*{authority.certificate}"):
        replicas(connect(configured(tmp_path, server, authority, {"token": TOKEN})))


def test_a_wrong_token_is_told_once_and_not_shown(
    server: ApiServer, authority: Authority, connect: Connect, tmp_path: Path
) -> None:
    server.log_in("another", user=USER)
    access = configured(tmp_path, server, authority, {"token": TOKEN})

    with pytest.raises(Unauthenticated, match="does not accept the login of context dev of ~/config") as caught:
        replicas(connect(access))

    assert "log in to the cluster again" == caught.value.hint
    assert TOKEN not in f"{caught.value!r} {caught.value.hint}"
    assert 1 == len(server.requests)


def test_after_a_401_a_newer_token_is_used_even_for_an_update(
    server: ApiServer, authority: Authority, connect: Connect, tmp_path: Path
) -> None:
    access, token = in_pod(tmp_path, server, authority)
    server.log_in(TOKEN, user=USER)
    client = connect(access)
    body = msgspec.json.encode(client.get(WEB, dict[str, Any], soon()))
    times = token.stat()
    token.write_text(TOKEN.upper())
    os.utime(token, ns=(times.st_atime_ns, times.st_mtime_ns))  # so that only the 401 shows it
    server.log_out(TOKEN)
    server.log_in(TOKEN.upper(), user=USER)

    client.put(WEB, body, {}, soon())

    assert ["update deployments shop web"] * 2 == [str(request) for request in server.requests[1:]]


def test_after_a_401_a_plugin_is_run_again(
    server: ApiServer, authority: Authority, connect: Connect, tmp_path: Path
) -> None:
    server.log_in("new", user=USER)
    answer = '{"apiVersion": "client.authentication.k8s.io/v1", "status": {"token": "new"}}'
    code = f"if open({str(tmp_path / 'runs')!r}).read().count('\\n') > 1: print({answer!r}); sys.exit()"
    user = exec_user(tmp_path, {"token": "old"}, code=code)

    assert 1 == replicas(connect(configured(tmp_path, server, authority, user)))
    assert 2 == len(runs(tmp_path))


@pytest.mark.parametrize("form", ["data", "files", "exec"])
def test_a_client_certificate_logs_in(
    server: ApiServer, authority: Authority, connect: Connect, tmp_path: Path, form: str
) -> None:
    server.allow("ann")
    paths = authority.issue("ann")
    certificate, key = (path.read_text() for path in paths)
    user = {
        "data": {"client-certificate-data": encoded(certificate), "client-key-data": encoded(key)},
        "files": {"client-certificate": str(paths[0]), "client-key": str(paths[1])},
        "exec": exec_user(tmp_path, {"clientCertificateData": certificate, "clientKeyData": key}),
    }[form]

    replicas(connect(configured(tmp_path, server, authority, user)))

    assert "ann" == server.requests[0].user


def test_keys_lie_in_memory_and_are_gone_after_use(
    server: ApiServer, authority: Authority, connect: Connect, tmp_path: Path
) -> None:
    certificate, key = (path.read_text() for path in authority.issue("ann"))
    user = {"client-certificate-data": encoded(certificate), "client-key-data": encoded(key)}
    client = connect(configured(tmp_path, server, authority, user))
    replicas(client)
    during = memory_files()
    client.close()

    assert (2, 0) == (during, memory_files())


def test_a_basic_login_is_sent(server: ApiServer, authority: Authority, connect: Connect, tmp_path: Path) -> None:
    server.log_in_as(f"Basic {encoded('ann:hunter2')}", user="ann")

    replicas(connect(configured(tmp_path, server, authority, {"username": "ann", "password": "hunter2"})))

    assert "ann" == server.requests[0].user


def test_impersonation_is_sent(server: ApiServer, authority: Authority, connect: Connect, tmp_path: Path) -> None:
    server.log_in(TOKEN, user="admin")
    server.allow("ann")
    user = {"token": TOKEN, "as": "ann", "as-groups": ["dev"]}

    replicas(connect(configured(tmp_path, server, authority, user)))

    headers = server.requests[0].headers
    assert ("ann", "dev") == (headers["impersonate-user"], headers["impersonate-group"])


def memory_files() -> int:
    """How many of our files in memory are open."""
    targets = []
    for link in Path("/proc/self/fd").iterdir():
        with suppress(FileNotFoundError):  # a connection of the server ended
            targets.append(str(link.readlink()))
    return sum("memfd:figwasp" in target for target in targets)
