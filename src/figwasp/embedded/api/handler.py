"""One connection to the small API server: HTTP in, what is asked for, HTTP out."""

import select
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from http.server import BaseHTTPRequestHandler
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlsplit

import msgspec

from figwasp.embedded.api.accept import Form, wanted_form
from figwasp.embedded.api.call import Call, read_call
from figwasp.embedded.api.discovery import describe
from figwasp.embedded.api.faults import Fault
from figwasp.embedded.api.impersonation import acting
from figwasp.embedded.api.resources import REVIEWS, Json
from figwasp.embedded.api.review import answer_review, is_review, may_read
from figwasp.embedded.api.route import read_route
from figwasp.embedded.api.rules import Asked, Rule, may_all
from figwasp.embedded.api.status import Refusal, forbidden, forbidden_path, not_allowed, unauthorized
from figwasp.embedded.api.store import Store
from figwasp.embedded.api.table import metadata_of, table_of
from figwasp.embedded.api.verbs import perform
from figwasp.embedded.api.watch import watch

_HTML = b"<html><body>not what you wanted</body></html>"
_PLAIN = {"Content-Type": "text/plain; charset=utf-8"}
_READS = ("get", "list")


class Service(Protocol):
    """What a handler needs of the server that it is one of."""

    closing: threading.Event
    """Set when the server ends."""

    @property
    def seconds_now(self) -> Callable[[], float]:
        """Tells the time, in seconds since 1970."""
        ...

    @property
    def store(self) -> Store:
        """The objects."""
        ...

    @property
    def admission(self) -> Mapping[str, Callable[[Json], object]]:
        """What changes objects of a kind, by its plural, that replace others."""
        ...

    def user(self, authorization: str, certificate_name: str) -> str:
        """Who asks; "" where a token or password is not known."""
        ...

    def allows(self, request: Asked) -> bool:
        """Whether RBAC allows the request."""
        ...

    def rules(self, user: str) -> Sequence[Rule]:
        """What `user` may do."""
        ...

    def log(self, request: Asked) -> None:
        """Remember the request."""
        ...

    def plan_for(self, request: Asked) -> Fault | None:
        """Make the calls that are due before this request; answers the fault that is due, if any."""
        ...


class Handler(BaseHTTPRequestHandler):
    """Serves requests until the connection ends."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def __init__(self, api: Service, *connection: Any) -> None:
        self._api = api
        super().__init__(*connection)

    def log_message(self, *_: Any) -> None:
        """Nothing: `ApiServer.requests` is the log."""

    def do_GET(self) -> None:
        """Serve get, list and watch."""
        self._serve()

    def do_POST(self) -> None:
        """Serve create."""
        self._serve()

    def do_PUT(self) -> None:
        """Serve update."""
        self._serve()

    def do_PATCH(self) -> None:
        """Serve patch."""
        self._serve()

    def do_DELETE(self) -> None:
        """Serve delete."""
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        headers = {key.lower(): value for key, value in self.headers.items()}
        user = self._api.user(headers.get("authorization", ""), self._certificate_name())
        route = read_route(url.path)
        try:
            user = acting(user, headers, self._api.allows)
            if route is None:
                self._serve_path(Asked("get", "", "", "", url.path, query, headers, user))
            else:
                self._serve_call(read_call(self.command, route, query, headers, user, body))
        except Refusal as refusal:
            said = refusal.text.encode() or msgspec.json.encode(refusal.status)
            self._send(refusal.code, said, refusal.headers)

    def _certificate_name(self) -> str:
        peer: dict[str, Any] = getattr(self.connection, "getpeercert", dict)() or {}
        return next((value for part in peer.get("subject", ()) for key, value in part if key == "commonName"), "")

    def _serve_path(self, asked: Asked) -> None:
        """Answer what is no resource: discovery, version, health."""
        self._api.log(asked)
        if not asked.user:
            raise unauthorized()
        if not may_read(asked.name, asked.user) and not may_all(self._api.rules(asked.user)):
            raise forbidden_path(asked.user, asked.name)
        if self.command != "GET":
            raise not_allowed()
        answer = describe(asked.name)
        if isinstance(answer, str):
            self._send(200, answer.encode(), _PLAIN)
        else:
            self._send(200, msgspec.json.encode(answer))

    def _serve_call(self, call: Call) -> None:
        fault = self._admit(call)
        call.route.require()
        if fault is not None and (refusal := fault.refusal()):
            raise refusal
        form = wanted_form(call.asked.headers.get("accept", ""))
        if fault is None and call.asked.verb == "watch":
            self._stream(call, form)
            return
        code, answer = self._perform(call, form) if fault is None or fault.takes_effect else (200, {})
        self._answer(code, msgspec.json.encode(answer), fault)

    def _admit(self, call: Call) -> Fault | None:
        asked, route = call.asked, call.route
        self._api.log(asked)
        if not asked.user:
            raise unauthorized()
        is_open = is_review(call) and asked.user != "system:anonymous"
        if not is_open and not self._api.allows(asked):
            where = asked.namespace, asked.name, route.subresource
            raise forbidden(asked.user, asked.verb, route.resource, where)
        return self._api.plan_for(asked)

    def _perform(self, call: Call, form: Form) -> tuple[int, Json]:
        if call.route.resource in REVIEWS.values():
            return answer_review(call, self._api.rules(call.asked.user))
        code, answer = perform(self._api.store, call, self._api.admission.get(call.route.resource.plural))
        if form is Form.TABLE and call.asked.verb in _READS and not call.route.subresource:
            answer = self._table(call, answer)
        if form is Form.METADATA and call.asked.verb == "list":
            answer = metadata_of(answer)
        return code, answer

    def _table(self, call: Call, value: Json, *, header: bool = True) -> Json:
        include = call.asked.query.get("includeObject", "")
        return table_of(call.route.resource, value, include, self._api.seconds_now(), header=header)

    def _stream(self, call: Call, form: Form) -> None:
        events = watch(self._api.store, call, self._is_over)
        self._begin(200, {"Content-Type": "application/json", "Transfer-Encoding": "chunked"})
        for event in self._as_tables(call, events) if form is Form.TABLE else events:
            line = msgspec.json.encode(event) + b"\n"
            self.wfile.write(b"%x\r\n%b\r\n" % (len(line), line))
            self.wfile.flush()
        self.wfile.write(b"0\r\n\r\n")
        self.wfile.flush()

    def _as_tables(self, call: Call, events: Iterator[Json]) -> Iterator[Json]:
        header = True
        for event in events:
            if event["type"] in ("ERROR", "BOOKMARK"):
                yield event
            else:
                yield {**event, "object": self._table(call, event["object"], header=header)}
                header = False

    def _is_over(self) -> bool:
        """Whether the server ends, or the client, which has nothing to say during an answer, has gone."""
        heard = select.poll()
        heard.register(self.connection, select.POLLIN)
        return self._api.closing.is_set() or bool(heard.poll(0))

    def _answer(self, code: int, body: bytes, fault: Fault | None) -> None:
        match fault:
            case None:
                self._send(code, body)
            case Fault.BAD_GATEWAY:
                self._send(502, _HTML, {"Content-Type": "text/html"})
            case Fault.NOT_JSON:
                self._send(200, _HTML, {"Content-Type": "text/html"})
            case Fault.CUT:
                self._send(code, body[: len(body) // 2], {"Content-Length": str(len(body))})
                self.close_connection = True
            case Fault.HANG | Fault.APPLY_THEN_HANG:
                self._api.closing.wait()
                self.close_connection = True
            case _:
                self.close_connection = True

    def _send(self, code: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
        default = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        self._begin(code, {**default, **(headers or {})})
        self.wfile.write(body)
        self.wfile.flush()

    def _begin(self, code: int, headers: Mapping[str, str]) -> None:
        self.send_response(code)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()
