"""
The HTTP client of both registries and Kubernetes: connections kept for each host, proxies, deadlines, size caps.

It sends one request and gives its answer: it follows no redirect, knows no login and repeats nothing, but a GET or HEAD
on a kept connection that turns out to be closed.
"""

import socket
import ssl
import threading
import time
from collections.abc import Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from figwasp.core.deadline import Deadline
from figwasp.core.meter import SILENT, Exchange, Meter
from figwasp.core.url import Url
from figwasp.errors import BadResponse, ConnectionFailed, NotTls, UnknownAuthority
from figwasp.net import stream
from figwasp.net.http1 import LARGEST_REFUSAL, Headers, Reader, Response, basic, read_response, write_request
from figwasp.net.proxy import NO_PROXIES, Proxies, ProxyUrl
from figwasp.net.tls import SYSTEM_TRUST, Tls, Trust

__all__ = ["Headers", "HttpClient", "Proxies", "ProxyUrl", "Request", "Response", "Tls", "basic"]

IDLE_SECONDS: Final = 60.0
"""How long a connection is kept unused; what lies between drops them after minutes, some without a word."""

MOST_IDLE: Final = 16
"""How many unused connections are kept for each host."""

_SECRET_HEADERS: Final = {"authorization", "cookie", "proxy-authorization"}
_UNKNOWN_AUTHORITY_CODES: Final = {2, 18, 19, 20, 21}
"""OpenSSL's X509_V_ERR_* for a chain that ends in no trusted certificate."""

_NOT_TLS: Final = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL", "PACKET_LENGTH_TOO_LONG"}


class Request(Struct, frozen=True, kw_only=True):
    """
    What to ask of a host. `headers` need no Host, User-Agent, Accept-Encoding and Content-Length.

    `kubernetes` is the verb and resource, where an API server is asked; it is not sent.
    """

    method: str
    url: str
    headers: Mapping[str, str] = {}
    body: bytes = b""
    kubernetes: str = ""

    def __repr__(self) -> str:
        shown = {key: "***" if key.lower() in _SECRET_HEADERS else value for key, value in self.headers.items()}
        path = self.url.partition("?")[0]  # a query may hold a signature
        return f"Request({self.method} {path}, {shown}, {len(self.body)} bytes)"


def _quotable(answer: Response, request: Request) -> Response:
    """The answer to `request`, which if it is a refusal does not repeat the proof of who asks."""
    proof = request.headers.get("Authorization", "").rpartition(" ")[2].encode()
    if answer.status < 400 or not proof:
        return answer
    body = answer.body
    for each in (proof, proof.replace(b"/", rb"\/")):  # as some write JSON
        body = body.replace(each, b"***")
    return replace(answer, body=body)


class _Route(Struct, frozen=True):
    """What connections are kept by: a server (a URL without path), and the proxy on the way to it."""

    server: Url
    proxy: ProxyUrl | None

    @property
    def name(self) -> str:
        """What the server is called in messages."""
        return self.server.authority

    @property
    def is_forwarded(self) -> bool:
        """Whether a proxy reads the request itself, instead of passing bytes on."""
        return self.proxy is not None and self.server.scheme == "http"


class _Kept(Struct):
    stream: stream.Stream
    since: float


class HttpClient:
    """
    Sends requests. Any number of threads may share one.

    Args:
        tls: what https connections trust and show.
        timeout_seconds: bounds each request, from connecting to the last byte of the answer.
        proxy: which proxies to use; none unless given.
        user_agent: sent with every request.
        resolve: asks for the addresses of a host.
        meter: is told of every request and connection.
    """

    def __init__(
        self,
        *,
        tls: Tls = SYSTEM_TRUST,
        timeout_seconds: float = 30.0,
        proxy: Proxies = NO_PROXIES,
        user_agent: str,
        resolve: stream.Resolve = stream.resolve,
        meter: Meter = SILENT,
    ) -> None:
        self._meter = meter
        self._server_name = tls.server_name
        self._trust = Trust(tls)
        self._timeout_seconds = timeout_seconds
        self._proxies = proxy
        self._user_agent = user_agent
        self._resolve = resolve
        self._lock = threading.Lock()
        self._idle: dict[_Route, list[_Kept]] = {}
        self._asked: dict[str, int] = {}
        self._is_closed = False

    def send(self, request: Request, *, deadline: Deadline, largest_body: int) -> Response:
        """
        Send `request` and read its answer, whatever its status; of a refusal's body at most 64 KiB.

        Where a refusal repeats the proof of who asks (a token, or a login as it is sent), `***` stands in its place, so
        that it may be quoted.

        Raises:
            DeadlineExceeded: `deadline` or the client's own time is over; the request may have reached the host.
            ConnectionFailed: no complete answer; tells whether the request may have reached the host.
            UnknownAuthority: the same, because the host's certificate is not trusted.
            BadResponse: the answer is no refusal, and its body is larger than `largest_body`, or compressed.
            UsageError: a CA file or client certificate cannot be used.
        """
        url = Url.parse(request.url)
        route = _Route(Url(url.scheme, url.host, url.port), self._proxies.for_url(url))
        what = f"{route.name} did not answer within {self._timeout_seconds:g}s"
        inner = deadline.within(self._timeout_seconds, what)
        text = self._write(request, url, route)
        exchange = Exchange(route.name, request.method, request.kubernetes)
        self._meter.began(exchange)
        try:
            if kept := self._take(route):
                try:
                    return _quotable(self._exchange(kept, exchange, route, text, inner, largest_body), request)
                except _NothingCame as closed:
                    if closed.sent and request.method not in {"GET", "HEAD"}:
                        raise
            fresh = self._open(route, inner)
            self._meter.connected(route.name)
            return _quotable(self._exchange(fresh, exchange, route, text, inner, largest_body), request)
        finally:
            self._meter.ended(exchange)

    @property
    def asked(self) -> dict[str, int]:
        """How many requests were sent, by method."""
        with self._lock:
            return dict(self._asked)

    def check_trust(self) -> None:
        """
        Read the CA files and the client certificate now, if that was not done yet.

        Raises:
            UsageError: one of them cannot be used.
        """
        self._trust.context()

    def close(self) -> None:
        """Close the connections that are not in use; the others are closed after their answer."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, {}
        for connections in idle.values():
            for each in connections:
                each.stream.close()

    def _write(self, request: Request, url: Url, route: _Route) -> bytes:
        headers = {"Host": url.authority, "User-Agent": self._user_agent, "Accept-Encoding": "identity"}
        if route.is_forwarded and route.proxy and route.proxy.authorization:
            headers["Proxy-Authorization"] = route.proxy.authorization
        target = str(url) if route.is_forwarded else url.target
        return write_request(request.method, target, {**headers, **request.headers}, request.body)

    def _exchange(
        self, used: stream.Stream, exchange: Exchange, route: _Route, text: bytes, deadline: Deadline, largest_body: int
    ) -> Response:
        method = exchange.method
        with self._lock:
            self._asked[method] = self._asked.get(method, 0) + 1
        sent_before = used.sent
        reader = Reader(lambda: used.receive(deadline), route.name)
        is_reusable = False
        try:
            used.send(text, deadline)
            response, is_reusable = read_response(reader, method, largest_body)
        except (OSError, ConnectionFailed) as error:
            problem = error.problem if isinstance(error, ConnectionFailed) else _problem(error)
            kind = ConnectionFailed if reader.has_begun else _NothingCame
            raise kind(route.name, problem, sent=used.sent > sent_before) from error
        finally:
            self._meter.sent(exchange, used.sent - sent_before, reader.received)
            if is_reusable:
                self._keep(route, used)
            else:
                used.close()
        return response

    def _take(self, route: _Route) -> stream.Stream | None:
        while True:
            with self._lock:
                connections = self._idle.get(route)
                if not connections:
                    return None
                kept = connections.pop()
            if time.monotonic() - kept.since < IDLE_SECONDS and kept.stream.is_quiet():
                return kept.stream
            kept.stream.close()

    def _keep(self, route: _Route, used: stream.Stream) -> None:
        with self._lock:
            connections = self._idle.setdefault(route, [])
            if not self._is_closed and len(connections) < MOST_IDLE:
                connections.append(_Kept(used, time.monotonic()))
                return
        used.close()

    def _open(self, route: _Route, deadline: Deadline) -> stream.Stream:
        if route.server.scheme == "http" and (route.proxy is None or route.proxy.scheme == "http"):
            return self._reach(route, None, deadline)
        context, is_complete = self._trust.context()
        try:
            return self._reach(route, context, deadline)
        except UnknownAuthority:
            if is_complete:
                raise
            self._trust.widen()
            return self._reach(route, context, deadline)

    def _reach(self, route: _Route, context: ssl.SSLContext | None, deadline: Deadline) -> stream.Stream:
        proxy = route.proxy
        opened: stream.Stream
        if proxy is None:
            opened = self._connect(route.name, "", route.server.host, route.server.port, deadline)
        else:
            if proxy.scheme not in {"http", "https"}:
                problem = f'its proxy has the scheme "{proxy.scheme}", only http and https can be used'
                raise ConnectionFailed(route.name, problem, sent=False)
            opened = self._connect(route.name, f"the proxy {proxy.address}: ", proxy.host, proxy.port, deadline)
        try:
            if proxy is not None and proxy.scheme == "https" and context is not None:
                opened = _secure(opened, context, proxy.host, f"the proxy {proxy.address}", deadline)
            if proxy is not None and not route.is_forwarded:
                self._tunnel(opened, route, proxy, deadline)
            if route.server.scheme == "https" and context is not None:
                opened = _secure(opened, context, self._server_name or route.server.host, route.name, deadline)
        except BaseException:
            opened.close()
            raise
        return opened

    def _connect(self, name: str, via: str, host: str, port: int, deadline: Deadline) -> stream.Tcp:
        try:
            return stream.connect(stream.look_up(host, port, deadline, self._resolve), deadline)
        except OSError as error:
            raise ConnectionFailed(name, via + _problem(error), sent=False) from error
        except UnicodeError as error:  # from the resolver's own check of the name
            raise ConnectionFailed(name, f"{via}its name cannot be looked up", sent=False) from error

    def _tunnel(self, opened: stream.Stream, route: _Route, proxy: ProxyUrl, deadline: Deadline) -> None:
        address = route.server.address
        headers = {"Host": address, "User-Agent": self._user_agent}
        if proxy.authorization:
            headers["Proxy-Authorization"] = proxy.authorization
        reader = Reader(lambda: opened.receive(deadline), f"the proxy {proxy.address}")
        try:
            opened.send(write_request("CONNECT", address, headers, b""), deadline)
            response, _ = read_response(reader, "CONNECT", LARGEST_REFUSAL)
        except ConnectionFailed as error:
            raise ConnectionFailed(route.name, f"the proxy {proxy.address}: {error.problem}", sent=False) from error
        except BadResponse as error:
            raise ConnectionFailed(route.name, str(error), sent=False) from error
        except OSError as error:
            raise ConnectionFailed(route.name, f"the proxy {proxy.address}: {_problem(error)}", sent=False) from error
        if not (200 <= response.status < 300 and reader.is_empty):
            wanted = "wants another login" if response.status == 407 else "refused to connect to it"
            problem = f"the proxy {proxy.address} {wanted} ({response.status})"
            raise ConnectionFailed(route.name, problem, sent=False)


class _NothingCame(ConnectionFailed):
    """Not one byte of an answer came: a kept connection may just have been closed."""


def _secure(
    below: stream.Stream, context: ssl.SSLContext, server_name: str, name: str, deadline: Deadline
) -> stream.Tls:
    try:
        return stream.Tls(below, context, server_name, deadline)
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message.rstrip(".")
        if error.verify_code in _UNKNOWN_AUTHORITY_CODES:
            raise UnknownAuthority(name, f"its certificate is not trusted ({why})") from error
        raise ConnectionFailed(name, f"its certificate cannot be accepted ({why})", sent=False) from error
    except OSError as error:
        if isinstance(error, ssl.SSLError) and error.reason in _NOT_TLS:
            raise NotTls(name) from error
        raise ConnectionFailed(name, _problem(error), sent=False) from error
    except UnicodeError as error:
        raise ConnectionFailed(name, "the server name to expect is not ASCII", sent=False) from error


def _problem(error: OSError) -> str:
    match error:
        case ssl.SSLEOFError() | ssl.SSLZeroReturnError():
            return "it closed the connection during the TLS handshake"
        case ssl.SSLError():
            return f"TLS failed ({(error.reason or 'unknown').lower().replace('_', ' ')})"
        case socket.gaierror():
            return f"its name cannot be looked up ({(error.strerror or 'unknown').lower()})"
        case ConnectionRefusedError():
            return "it refused the connection"
        case ConnectionResetError() | BrokenPipeError():
            return "it closed the connection"
        case _:
            return (error.strerror or str(error)).lower()
