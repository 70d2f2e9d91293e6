"""
A program between figwasp and the real API server, at which a test can make something happen before a request.

So "somebody changes the Deployment between our read and our PUT" is a certainty in a test, and not luck.
"""

import http.client
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

from testbed import ServiceAccount, kubeconfig
from tests.certificates import Authority

Step = Callable[[str, str], object]
"""Called with method and path, before the request goes on to the API server."""

_KEPT = ("Authorization", "Content-Type", "Accept", "User-Agent")


class ApiProxy:
    """Passes every request on to the account's API server; `before` is called first, in the request's own thread."""

    def __init__(self, account: ServiceAccount, before: Step) -> None:
        folder = account.folder / "proxy"
        folder.mkdir(exist_ok=True)
        self._authority = Authority(folder)
        self.account = account
        self.before = before
        self._upstream = urlsplit(account.server).netloc
        self._tls = ssl.create_default_context(cafile=str(account.ca))
        self.dropped: set[str] = set()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self._pass_on()

            def do_PUT(self) -> None:
                self._pass_on()

            def _pass_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                proxy.before(self.command, self.path)
                status, answer = proxy.ask(self.command, self.path, dict(self.headers), body)
                if self.command in proxy.dropped:
                    proxy.dropped.discard(self.command)
                    self.close_connection = True
                    return
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.socket = self._authority.server_context().wrap_socket(self._server.socket, server_side=True)

    def ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        """Ask the real API server."""
        connection = http.client.HTTPSConnection(self._upstream, context=self._tls, timeout=20)
        try:
            kept = {name: headers[name] for name in _KEPT if name in headers}
            connection.request(method, path, body or None, kept)
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig that leads through here, with the account's token."""
        path = self.account.folder / f"{self.account.name}-{self._server.server_port}.kubeconfig"
        server = f"https://127.0.0.1:{self._server.server_port}"
        path.write_text(
            kubeconfig.with_token(server, self._authority.certificate, self.account.token, self.account.namespace)
        )
        return path

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
