"""The HTTP side of the small registry: connections, and answers that are bent on their way out."""

import base64
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from typing import Final
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from figwasp.embedded.serving import HttpServer

_LONGEST_LINE_BYTES: Final = 4096


class Asked(Struct, frozen=True):
    """One request: `path` is without the query; `scheme` and `user` are those of its Authorization, or empty."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    scheme: str
    user: str
    origin: str
    """Scheme, host and port under which the client knows us, as https://127.0.0.1:5000."""

    def header(self, name: str) -> str:
        """The value of a header, empty if it was not sent."""
        return next((value for each, value in self.headers.items() if each.lower() == name.lower()), "")


class Answer(Struct, kw_only=True):
    """What is sent back."""

    status: int
    headers: dict[str, str] = {}
    body: bytes = b""


class Twist(Struct, kw_only=True, frozen=True):
    """How an answer is bent: None changes nothing."""

    status: int | None
    headers: Mapping[str, str]
    leave_out: tuple[str, ...]
    body: bytes | None
    drip_seconds: float
    reset: bool

    def bend(self, answer: Answer) -> Answer:
        """The answer as it is sent."""
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in self.leave_out}
        body = answer.body if self.body is None else self.body
        return Answer(status=answer.status, headers={**kept, **self.headers}, body=body)


Serve = Callable[[Asked, str, bytes], tuple[Answer, Twist | None]]
"""Takes a request, its Authorization and its body."""


def basic(authorization: str) -> tuple[str, str]:
    """User name and password, empty where there are none."""
    scheme, _, proof = authorization.partition(" ")
    try:
        user, _, password = base64.b64decode(proof).decode().partition(":") if scheme == "Basic" else ("", "", "")
    except ValueError:
        return "", ""
    return user, password


class Server(HttpServer):
    """Serves what `serve` answers; `closing` tells when not to wait any more."""

    def __init__(self, serve: Serve, tls: ssl.SSLContext | None, port: int) -> None:
        self.serve = serve
        self.scheme = "https" if tls is not None else "http"
        self.closing = threading.Event()
        super().__init__(_Handler, tls, port)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else the first answer over TLS waits 40 ms for an acknowledgement
    server: Server

    def do_GET(self) -> None:
        """Answer any request."""
        try:
            body = self._body()
        except ValueError:
            self.close_connection = True
            self._send(Answer(status=400), 0.0)
            return
        authorization = self.headers.get("Authorization") or ""
        answer, twist = self.server.serve(self._asked(authorization), authorization, body)
        if twist is not None and twist.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()  # without a word, and at once
            self.close_connection = True
            return
        self._send(answer, twist.drip_seconds if twist is not None else 0.0)

    do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815 - http.server looks for these names

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _asked(self, authorization: str) -> Asked:
        path = urlsplit(self.path)
        return Asked(
            method=self.command,
            path=path.path,
            # A parameter that comes more than once is a list, which scopes may also be in one.
            query={name: " ".join(values) for name, values in parse_qs(path.query).items()},
            # RFC 9110, 5.3: a header that comes more than once is a list too; Go clients send Accept so.
            headers={name: ", ".join(self.headers.get_all(name, ())) for name in self.headers},
            scheme=authorization.partition(" ")[0],
            user=basic(authorization)[0],
            origin=f"{self.server.scheme}://{self.headers.get('Host', '')}",
        )

    def _body(self) -> bytes:
        """What was sent; raises ValueError where its length makes no sense."""
        if (self.headers.get("Transfer-Encoding") or "").lower() != "chunked":
            return self._read(int(self.headers.get("Content-Length") or "0"))
        body = bytearray()
        while size := int(self.rfile.readline(_LONGEST_LINE_BYTES).partition(b";")[0], 16):
            body += self._read(size)
            self.rfile.readline(_LONGEST_LINE_BYTES)
        while self.rfile.readline(_LONGEST_LINE_BYTES).strip():
            pass  # trailers, which say nothing that we need
        return bytes(body)

    def _read(self, size: int) -> bytes:
        content = self.rfile.read(max(size, 0))
        if size < 0 or len(content) < size:
            raise ValueError
        return content

    def _send(self, answer: Answer, drip_seconds: float) -> None:
        length = {} if answer.status == 204 else {"Content-Length": str(len(answer.body))}  # RFC 9110, 8.6
        headers = {**length, **answer.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        text = f"HTTP/1.1 {answer.status} Fine\r\n{head}\r\n".encode()
        text += b"" if self.command == "HEAD" else answer.body
        for part in [text[i : i + 1] for i in range(len(text))] if drip_seconds else [text]:
            if drip_seconds and self.server.closing.wait(drip_seconds):
                return
            self.wfile.write(part)
