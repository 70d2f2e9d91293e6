"""Aspects: which authorities count, and when; names; client certificates; unusable files; what is said."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from figwasp.errors import ConnectionFailed, UnknownAuthority, UsageError
from figwasp.net.http import Tls
from tests.certificates import Authority
from tests.net.peer import OK, Peer, client, get, keep_answering, read_request, within


@pytest.fixture
def peer(authority: Authority) -> Iterator[Peer]:
    with Peer(keep_answering(), tls=authority.server_context()) as started:
        yield started


class System:
    """What OpenSSL takes for the system's certificates: an empty folder, and no file."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._monkeypatch = monkeypatch
        monkeypatch.setenv("SSL_CERT_DIR", str(folder))
        self.use_file(folder / "none")

    def use_file(self, file: Path) -> None:
        self._monkeypatch.setenv("SSL_CERT_FILE", str(file))

    def add(self, certificate: Path, *, name: str = "") -> None:
        """Put a certificate into the folder, under the name by which OpenSSL finds it unless `name` is given."""
        (self.folder / (name or hashed_name(certificate))).write_bytes(certificate.read_bytes())


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> System:
    (tmp_path / "certs").mkdir()
    return System(tmp_path / "certs", monkeypatch)


def hashed_name(certificate: Path) -> str:
    command = ["openssl", "x509", "-noout", "-subject_hash", "-in", str(certificate)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip() + ".0"


def fetch(tls: Tls, url: str) -> bytes:
    http = client(tls=tls)
    try:
        return http.send(get(url), deadline=within(), largest_body=1000).body
    finally:
        http.close()


def test_a_ca_file_is_trusted_besides_the_systems_authorities(peer: Peer, authority: Authority) -> None:
    assert fetch(Tls(ca_files=(str(authority.certificate),)), peer.url) == b"ok"


def test_a_certificate_that_is_named_is_trusted_without_its_authority_as_by_go(authority: Authority) -> None:
    certificate, _ = authority.issue("server")
    with Peer(keep_answering(), tls=authority.server_context()) as peer:
        named = authority.issue("other")[0]
        with pytest.raises(UnknownAuthority):
            fetch(Tls(ca_files=(str(named),), only_these_cas=True), peer.url)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, certificate.with_suffix(".key"))
    with Peer(keep_answering(), tls=context) as peer:
        assert fetch(Tls(ca_files=(str(certificate),), only_these_cas=True), peer.url) == b"ok"


def test_ca_data_is_trusted_alone_where_it_is_to_be_alone(peer: Peer, authority: Authority) -> None:
    assert fetch(Tls(ca_data=authority.certificate.read_text(), only_these_cas=True), peer.url) == b"ok"


@pytest.mark.usefixtures("system")
def test_an_unknown_authority_is_an_error_of_its_own(peer: Peer) -> None:
    with pytest.raises(UnknownAuthority) as caught:
        fetch(Tls(), peer.url)

    assert not caught.value.sent
    assert (
        f"no answer from {peer.host}: its certificate is not trusted (unable to get local issuer certificate)"
        == str(caught.value)
    )


def test_ssl_cert_file_is_trusted(peer: Peer, authority: Authority, system: System) -> None:
    system.use_file(authority.certificate)

    assert fetch(Tls(), peer.url) == b"ok"


@pytest.mark.parametrize(("padding", "connections"), [(0, 1), (100_000, 2)])
def test_a_small_ssl_cert_file_counts_at_once_a_large_one_when_it_is_needed(
    padding: int, connections: int, peer: Peer, authority: Authority, stranger: Path, system: System
) -> None:
    system.add(stranger)
    bundle = system.folder.parent / "bundle.pem"
    bundle.write_text("#" * padding + "\n" + authority.certificate.read_text())
    system.use_file(bundle)

    assert fetch(Tls(), peer.url) == b"ok"
    assert connections == peer.connections


def test_only_given_authorities_count_where_they_are_alone(
    peer: Peer, authority: Authority, stranger: Path, system: System
) -> None:
    system.use_file(authority.certificate)

    with pytest.raises(UnknownAuthority):
        fetch(Tls(ca_files=(str(stranger),), only_these_cas=True), peer.url)


@pytest.mark.parametrize("is_hashed", [True, False])
def test_a_certificate_that_was_put_into_the_systems_folder_is_trusted_as_by_go(
    is_hashed: bool, peer: Peer, authority: Authority, stranger: Path, system: System
) -> None:
    system.add(authority.certificate, name="ours.crt")
    (system.folder / "readme").write_text("no certificate")
    if is_hashed:
        system.add(stranger)

    assert fetch(Tls(), peer.url) == b"ok"


def test_a_hashed_folder_is_enough_at_the_first_attempt(peer: Peer, authority: Authority, system: System) -> None:
    system.add(authority.certificate)

    assert fetch(Tls(), peer.url) == b"ok"
    assert peer.connections == 1


def test_threads_that_are_refused_together_all_try_again(
    peer: Peer, authority: Authority, stranger: Path, system: System
) -> None:
    system.add(authority.certificate, name="ours.crt")
    system.add(stranger)
    http, bodies = client(), list[bytes]()

    def ask() -> None:
        bodies.append(http.send(get(peer.url), deadline=within(), largest_body=10).body)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    http.close()

    assert bodies == [b"ok"] * 8


def test_a_certificate_for_another_name_is_refused_unless_that_name_is_expected(authority: Authority) -> None:
    trusted = (str(authority.certificate),)
    with Peer(keep_answering(), tls=authority.server_context(hosts=("kubernetes",))) as peer:
        with pytest.raises(ConnectionFailed, match=r"its certificate cannot be accepted \(.*not valid for") as caught:
            fetch(Tls(ca_files=trusted), peer.url)

        assert not isinstance(caught.value, UnknownAuthority)
        assert fetch(Tls(ca_files=trusted, server_name="kubernetes"), peer.url) == b"ok"


def test_verification_can_be_switched_off(peer: Peer) -> None:
    assert fetch(Tls(insecure_skip_verify=True), peer.url) == b"ok"


def test_a_client_certificate_is_shown(authority: Authority) -> None:
    certificate, key = authority.issue("ann")
    context = authority.server_context(clients=True)
    context.verify_mode = ssl.CERT_REQUIRED
    tls = Tls(ca_files=(str(authority.certificate),), client_certificate=str(certificate), client_key=str(key))
    with Peer(keep_answering(), tls=context) as peer:
        assert fetch(tls, peer.url) == b"ok"
        with pytest.raises(ConnectionFailed):
            fetch(Tls(ca_files=tls.ca_files), peer.url)


@pytest.mark.parametrize(
    ("tls", "problem"),
    [
        (Tls(ca_files=("/nowhere/ca.crt",)), "the CA file /nowhere/ca.crt cannot be used: there is no such file"),
        (Tls(ca_files=(__file__,)), f"the CA file {__file__} cannot be used: it holds no usable certificate"),
        (Tls(ca_data="x"), "the given CA certificate cannot be used: it holds no usable certificate"),
        (Tls(ca_data="é"), "the given CA certificate cannot be used: it holds no usable certificate"),
        (
            Tls(client_certificate="/nowhere/a.crt"),
            "the client certificate /nowhere/a.crt cannot be used: there is no such file",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_named(tls: Tls, problem: str, peer: Peer) -> None:
    with pytest.raises(UsageError) as caught:
        fetch(tls, peer.url)

    assert problem == str(caught.value)


def test_trust_can_be_checked_before_anything_is_asked(tmp_path: Path, authority: Authority) -> None:
    file = tmp_path / "ca.crt"
    http = client(tls=Tls(ca_files=(str(file),)))
    with pytest.raises(UsageError, match="there is no such file"):
        http.check_trust()
    file.write_bytes(authority.certificate.read_bytes())
    http.check_trust()
    file.unlink()

    http.check_trust()  # it was read already


def test_a_plain_server_on_the_port_is_told_so() -> None:
    def plain(connection: socket.socket, _: int) -> None:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with Peer(plain) as peer, pytest.raises(ConnectionFailed, match="it does not speak TLS on this port") as caught:
        fetch(Tls(), f"https://{peer.host}/")

    assert not caught.value.sent


def test_a_server_that_closes_in_the_handshake_is_told_so() -> None:
    with Peer(lambda *_: None) as peer, pytest.raises(ConnectionFailed, match="it closed the connection") as caught:
        fetch(Tls(), f"https://{peer.host}/")

    assert not caught.value.sent


def test_a_large_body_passes_both_ways(authority: Authority) -> None:
    body = bytes(range(256)) * 8192
    head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)

    def echo(connection: socket.socket, _: int) -> None:
        received = read_request(connection).partition(b"\r\n\r\n")[2]
        while len(received) < len(body):
            received += connection.recv(65536)
        connection.sendall(head + received)

    with Peer(echo, tls=authority.server_context()) as peer:
        http = client(tls=Tls(insecure_skip_verify=True))
        response = http.send(get(peer.url, "PUT", body), deadline=within(), largest_body=len(body))
        http.close()

    assert response.body == body


def test_a_kept_tls_connection_is_used_again(peer: Peer, authority: Authority) -> None:
    http = client(tls=Tls(ca_files=(str(authority.certificate),)))
    for _ in range(3):
        http.send(get(peer.url), deadline=within(), largest_body=len(OK))
    http.close()

    assert peer.connections == 1
