"""The HTTP side of the small registry: connections, and answers that are bent on their way out."""

import base64
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, urlsplit

from msgspec import Struct

from figwasp.embedded.serving import HttpServer


class Asked(Struct, frozen=True):
    """One request: `path` is without the query; `scheme` and `user` are those of its Authorization, or empty."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    scheme: str
    user: str


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


Serve = Callable[[Asked, str], tuple[Answer, Twist | None]]
"""Takes a request and its Authorization."""


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
        self.closing = threading.Event()
        super().__init__(_Handler, tls, port)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # else the first answer over TLS waits 40 ms for an acknowledgement
    server: Server

    def do_GET(self) -> None:
        """Answer a GET or HEAD."""
        path = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(path.query).items()}
        authorization = self.headers.get("Authorization") or ""
        scheme, user = authorization.partition(" ")[0], basic(authorization)[0]
        asked = Asked(self.command, path.path, query, dict(self.headers.items()), scheme, user)
        answer, twist = self.server.serve(asked, authorization)
        if twist is not None and twist.reset:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()  # without a word, and at once
            self.close_connection = True
            return
        self._send(answer, twist.drip_seconds if twist is not None else 0.0)

    def do_HEAD(self) -> None:
        """Answer a HEAD."""
        self.do_GET()

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _send(self, answer: Answer, drip_seconds: float) -> None:
        headers = {"Content-Length": str(len(answer.body)), **answer.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        text = f"HTTP/1.1 {answer.status} Fine\r\n{head}\r\n".encode()
        text += b"" if self.command == "HEAD" else answer.body
        for part in [text[i : i + 1] for i in range(len(text))] if drip_seconds else [text]:
            if drip_seconds and self.server.closing.wait(drip_seconds):
                return
            self.wfile.write(part)
