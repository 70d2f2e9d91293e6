"""
A hostile registry: a program for each way to misbehave, by name.

    with MISBEHAVIOURS["a body that never ends"](tls) as host:
        …

Each has a tag `victim:latest`, or says so. What can be done by bending the small registry's answers is done that way;
the rest is bytes on a socket.
"""

import contextlib
import gzip
import itertools
import json
import socket
import ssl
import struct
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Final

from figwasp.embedded.registry.server import Registry, digest_of, image
from tests.net.peer import Handle, Peer, read_request

TAG: Final = "/v2/victim/manifests/latest"
INDEX: Final = "application/vnd.oci.image.index.v1+json"
OLD: Final = image(b"old")
NEW: Final = image(b"new")
USERS: Final = {"ann": "s3cret-pa55"}

Misbehaviour = Callable[[ssl.SSLContext], AbstractContextManager[str]]
"""Takes a certificate that is trusted and gives the host, on which it misbehaves from then on."""


def answer(status: str = "200 OK", body: bytes = b"", length: int | None = None, **headers: str) -> bytes:
    """The bytes of an answer; `length` is what it says of its body."""
    said = {"Content-Type": "application/vnd.oci.image.manifest.v1+json", **headers}
    if length != -1:
        said["Content-Length"] = str(len(body) if length is None else length)
    lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in said.items())
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode() + body


def _sends(head: Callable[[bytes], bytes], *, endless: bytes = b"") -> Misbehaviour:
    """Answer each request by `head`, and then by `endless` until nobody listens any more."""

    def handle(connection: socket.socket, _: int) -> None:
        while request := read_request(connection):
            connection.sendall(head(request))
            while endless and not request.startswith(b"HEAD" if head is _no_digest else b"none"):
                connection.sendall(endless)

    return _peer(handle)


def _no_digest(request: bytes) -> bytes:
    """A HEAD's answer that makes us GET, and the beginning of a GET's whose body has no end."""
    return answer() if request.startswith(b"HEAD") else answer(length=-1)


def _chunked(request: bytes) -> bytes:
    return answer() if request.startswith(b"HEAD") else answer(length=-1, Transfer_Encoding="chunked")


def _peer(handle: Handle, *, encrypted: bool = False) -> Misbehaviour:
    @contextlib.contextmanager
    def start(tls: ssl.SSLContext) -> Iterator[str]:
        with Peer(handle, tls=tls if encrypted else None) as peer:
            yield peer.host

    return start


def _bent(bend: Callable[[Registry], object], manifest: bytes = NEW, media_type: str = "") -> Misbehaviour:
    """The small registry, with what `bend` makes of it."""

    @contextlib.contextmanager
    def start(_: ssl.SSLContext) -> Iterator[str]:
        with Registry() as registry:
            registry.put("victim", "", OLD)
            registry.put("victim", "latest", manifest, *([media_type] if media_type else []))
            bend(registry)
            yield registry.host

    return start


def reset(connection: socket.socket) -> None:
    """End a connection without a word, and at once."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _silent(connection: socket.socket, _: int) -> None:
    while connection.recv(65536):
        pass


def _closes(connection: socket.socket, _: int) -> None:
    read_request(connection)


def _resets(connection: socket.socket, _: int) -> None:
    read_request(connection)
    reset(connection)


def _answers_unasked(connection: socket.socket, _: int) -> None:
    connection.sendall(b"SSH-2.0-OpenSSH_9.2\r\n" * 100)
    read_request(connection)


def _drips_for_ever(connection: socket.socket, _: int) -> None:
    read_request(connection)
    connection.settimeout(0.05)
    for byte in itertools.cycle(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 1000):
        with contextlib.suppress(TimeoutError):
            if not connection.recv(1):
                return
        connection.sendall(bytes([byte]))


def _says_hello_and(end: Callable[[socket.socket], object]) -> Handle:
    """The first bytes of a ServerHello, and then something else."""

    def handle(connection: socket.socket, _: int) -> None:
        connection.recv(65536)
        connection.sendall(b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03" + b"r" * 20)
        end(connection)

    return handle


def _breaks_after_tls(connection: socket.socket, _: int) -> None:
    read_request(connection)
    connection.sendall(answer(body=NEW, length=10 * len(NEW)))


def _redirects_on(registry: Registry) -> None:
    for number in range(50):
        path = TAG if number == 0 else f"/v2/{number}/manifests/latest"
        registry.answer(path, status=307, headers={"Location": f"/v2/{number + 1}/manifests/latest"})


def _gzip_bomb(registry: Registry) -> None:
    bomb = gzip.compress(bytes(100 * 1024 * 1024))
    registry.answer(TAG, method="HEAD", leave_out=("docker-content-digest",))
    headers = {"Content-Encoding": "gzip", "Content-Length": str(len(bomb))}
    registry.answer(TAG, method="GET", headers=headers, body=bomb)


def _says(body: bytes, **headers: str) -> Callable[[Registry], None]:
    """Send this body for the tag, whatever is asked, and no digest."""
    said = {"Content-Length": str(len(body)), **{name.replace("_", "-"): value for name, value in headers.items()}}
    return lambda registry: registry.answer(TAG, headers=said, body=body, leave_out=("docker-content-digest",))


def _lies_in_body(registry: Registry) -> None:
    other = image(b"something else")
    path = TAG.replace("latest", digest_of(NEW))
    registry.answer(path, body=other, headers={"Content-Length": str(len(other))})


def index(count: int, **more: object) -> bytes:
    children = [
        {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": digest_of(str(number).encode()),
            "size": 1,
            "platform": {"os": "linux", "architecture": "amd64", "variant": f"v{number}"},
        }
        for number in range(count)
    ]
    return json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": children, **more}).encode()


def _cycle(registry: Registry) -> None:
    """Let each child of the index be the index again, as far as one can lie about that."""
    whole = index(2)
    for number in range(2):
        path = TAG.replace("latest", digest_of(str(number).encode()))
        registry.answer(
            path, status=200, body=whole, headers={"Content-Type": INDEX, "Content-Length": str(len(whole))}
        )


def _nested() -> tuple[bytes, list[bytes]]:
    """An index in an index in an index, and what lies in it."""
    inner = [index(1)]
    for _ in range(20):
        child = {"mediaType": INDEX, "digest": digest_of(inner[-1]), "size": len(inner[-1])}
        platform = {"os": "linux", "architecture": "amd64"}
        inner.append(json.dumps({"schemaVersion": 2, "manifests": [{**child, "platform": platform}]}).encode())
    return inner[-1], inner[:-1]


def _has_nested(registry: Registry) -> None:
    for each in _nested()[1]:
        registry.put("victim", "", each, INDEX)


def _realm(url: str) -> Callable[[Registry], None]:
    def bend(registry: Registry) -> None:
        registry.want_token(USERS)
        registry.realm = url.format(port=registry.port)

    return bend


def _nests_its_token(registry: Registry) -> None:
    registry.want_token(USERS)
    registry.answer("/token", status=200, body=b'{"x":' * 10_000, headers={"Content-Length": "50000"})


def _refuses(body: bytes) -> Callable[[Registry], None]:
    return lambda registry: registry.answer(TAG, status=403, body=body, headers={"Content-Length": str(len(body))})


def _status(status: int, **headers: str) -> Callable[[Registry], None]:
    said = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda registry: registry.answer(TAG, status=status, headers=said)


MISBEHAVIOURS: Final[dict[str, Misbehaviour]] = {
    "a status line that never ends": _sends(lambda _: b"HTTP/1.1 200 ", endless=b"OK" * 4096),
    "a header that never ends": _sends(lambda _: b"HTTP/1.1 200 OK\r\nX: ", endless=b"y" * 8192),
    "headers that never end": _sends(lambda _: b"HTTP/1.1 200 OK\r\n", endless=b"X: y\r\n" * 1000),
    "interim answers that never end": _sends(lambda _: b"", endless=b"HTTP/1.1 100 Continue\r\n\r\n" * 100),
    "a header of 10 MB": _sends(lambda _: answer(X="y" * 10 * 1024 * 1024)),
    "a body that never ends": _sends(_no_digest, endless=b"{" * 8192),
    "chunks that never end": _sends(_chunked, endless=b"1000\r\n" + b"{" * 4096 + b"\r\n"),
    "a gzip bomb": _bent(_gzip_bomb),
    "redirects to itself": _bent(_status(302, Location=TAG)),
    "redirects ever on": _bent(_redirects_on),
    "a redirect to what is no URL": _bent(_status(307, Location="https://[evil/x")),
    "a page with 200": _bent(_says(b"<html>please log in</html>", Content_Type="text/html")),
    "JSON cut off": _bent(_says(NEW[: len(NEW) // 2])),
    "a body shorter than it says": _bent(_says(NEW, Content_Length=str(2 * len(NEW)))),
    "JSON nested without end": _bent(_says(b'{"x":' * 100_000)),
    "a wrong digest in the header": _bent(
        lambda registry: registry.answer(TAG, headers={"Docker-Content-Digest": digest_of(b"nothing")})
    ),
    "no digest in the header": _bent(
        lambda registry: registry.answer(TAG, headers={"Docker-Content-Digest": "sha256:../../etc/passwd"})
    ),
    "a wrong body for a digest": _bent(_lies_in_body),
    "an index of 10,000 children": _bent(lambda _: None, index(10_000), INDEX),
    "an index that holds itself": _bent(_cycle, index(2), INDEX),
    "an index nested twenty times": _bent(_has_nested, _nested()[0], INDEX),
    "a token server on another host": _bent(_realm("https://evil.example.com/token")),
    "a token server by an address inside": _bent(_realm("https://169.254.169.254/latest/meta-data")),
    "a token server without encryption": _bent(_realm("http://evil.example.com/token")),
    "a token server on this host without a token": _bent(_realm("http://127.0.0.1:{port}/v2/")),
    "a token that is nested without end": _bent(_nests_its_token),
    "a refusal that is nested without end": _bent(_refuses(b'{"x":' * 10_000)),
    "401 for ever": _bent(_status(401, WWW_Authenticate='Basic realm="x"')),
    "403 for ever": _bent(_status(403)),
    "404 for ever": _bent(_status(404)),
    "429 for ever": _bent(_status(429)),
    "429 until tomorrow": _bent(_status(429, Retry_After="86400")),
    "500 for ever": _bent(_status(500)),
    "503 until tomorrow": _bent(_status(503, Retry_After="86400")),
    "no word": _peer(_silent),
    "one byte at a time for ever": _peer(_drips_for_ever),
    "a connection that is closed": _peer(_closes),
    "a connection that is reset": _peer(_resets),
    "another protocol": _peer(_answers_unasked),
    "TLS that is reset half-way": _peer(_says_hello_and(reset)),
    "TLS that is closed half-way": _peer(_says_hello_and(lambda connection: connection.close())),
    "TLS that stops half-way": _peer(_says_hello_and(lambda connection: _silent(connection, 0))),
    "TLS that goes on with nonsense": _peer(_says_hello_and(lambda connection: connection.sendall(b"\0" * 65536))),
    "TLS that breaks in the answer": _peer(_breaks_after_tls, encrypted=True),
}
"""Every way to misbehave, by name."""

SPEAKING_TLS: Final = frozenset(name for name in MISBEHAVIOURS if name.startswith("TLS"))
