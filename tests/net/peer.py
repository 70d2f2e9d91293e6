"""A server that does with each connection what the test says, and what tests of the client begin with."""

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from figwasp.core.deadline import Deadline
from figwasp.net.http import HttpClient, Request

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

Handle = Callable[[socket.socket, int], None]
"""Takes a connection and its number, from 0; the connection is closed afterwards."""


class Peer:
    """The server, started as a context manager."""

    def __init__(self, handle: Handle, *, tls: ssl.SSLContext | None = None) -> None:
        self._handle = handle
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]
        self.connections = 0

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self._listener.close()
        for each in self._open:
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        for thread in self._threads[1:]:
            thread.join()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"{'https' if self._tls else 'http'}://{self.host}/"

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._open.append(connection)
            self._threads.append(threading.Thread(target=self._serve, args=(connection, self.connections)))
            self.connections += 1
            self._threads[-1].start()

    def _serve(self, connection: socket.socket, number: int) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.enter_context(connection)
            if self._tls is not None:
                connection = stack.enter_context(self._tls.wrap_socket(connection, server_side=True))
            self._handle(connection, number)


def read_request(connection: socket.socket) -> bytes:
    """One request's head, and what came of its body; nothing if the client closed."""
    head = b""
    while b"\r\n\r\n" not in head and (part := connection.recv(65536)):
        head += part
    return head


def keep_answering(answer: bytes = OK, times: int = 1000) -> Handle:
    """Answer every request with `answer`, `times` for each connection."""

    def handle(connection: socket.socket, _: int) -> None:
        for _ in range(times):
            if not read_request(connection):
                return
            connection.sendall(answer)

    return handle


def client(**settings: object) -> HttpClient:
    return HttpClient(user_agent="figwasp/test", **settings)  # type: ignore[arg-type]  # passed through


def within(seconds: float = 10.0) -> Deadline:
    return Deadline(seconds, time.monotonic, "the pass is over")


def get(url: str, method: str = "GET", body: bytes = b"") -> Request:
    return Request(method=method, url=url, body=body)
