"""What the embedded servers have in common: threads for connections, which all end with the server."""

import contextlib
import socket
import ssl
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


class HttpServer(ThreadingHTTPServer):
    """Serves each connection in its own thread, also while a handshake is slow."""

    daemon_threads = False
    request_queue_size = 128

    def __init__(self, handler: Callable[..., BaseHTTPRequestHandler], tls: ssl.SSLContext | None, port: int) -> None:
        self.connections = 0
        self._tls = tls
        self._open: set[Any] = set()
        super().__init__(("127.0.0.1", port), handler)

    def get_request(self) -> tuple[Any, Any]:
        """Accept a connection; the handshake is left to its own thread, so that a slow client holds up nobody."""
        connection, address = super().get_request()
        connection.settimeout(60)
        self.connections += 1
        if self._tls is not None:
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self._open.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        self._open.discard(request)
        with contextlib.suppress(OSError):
            super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that hang up or do not trust us; show everything else."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def end_connections(self) -> None:
        """Wake up every thread that waits for a peer."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class Program:
    """A server as a context manager. `closing` is set as it ends, for handlers that wait on purpose."""

    def __init__(self, name: str, http: HttpServer, *, tls: bool) -> None:
        self.closing = threading.Event()
        self._http = http
        self._thread = threading.Thread(target=http.serve_forever, args=(0.01,), name=name)
        self._scheme = "https" if tls else "http"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the server and all its connections."""
        self.closing.set()
        self._http.shutdown()
        self._http.end_connections()
        self._http.server_close()
        self._thread.join()

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return int(self._http.server_address[1])

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"{self._scheme}://127.0.0.1:{self.port}"
