"""One connection to the small API server: HTTP in, what is asked for, HTTP out."""

from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import msgspec

from figwasp.embedded.api.faults import Fault
from figwasp.embedded.api.rules import Asked
from figwasp.embedded.api.selectors import selected_name
from figwasp.embedded.api.status import (
    Refusal,
    bad_request,
    forbidden,
    no_such_dry_run,
    no_such_group,
    no_such_resource,
    not_allowed,
    unauthorized,
)
from figwasp.embedded.api.store import RESOURCES, Json, Resource

if TYPE_CHECKING:
    from figwasp.embedded.api.server import ApiServer

_HTML = b"<html><body>not what you wanted</body></html>"


class Handler(BaseHTTPRequestHandler):
    """Serves requests until the connection ends."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def __init__(self, api: "ApiServer", *connection: Any) -> None:
        self._api = api
        super().__init__(*connection)

    def log_message(self, *_: Any) -> None:
        """Nothing: `ApiServer.requests` is the log."""

    def do_GET(self) -> None:
        """Serve get and list."""
        self._serve()

    def do_PUT(self) -> None:
        """Serve update."""
        self._serve()

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
        try:
            resource, request = self._request()
            fault = self._admit(resource, request)
            _require(resource, request)
            if fault is not None and (refusal := fault.refusal()):
                raise refusal
            answer = self._do(resource, request, body) if fault is None or fault.takes_effect else {}
        except Refusal as refusal:
            body = refusal.text.encode() or msgspec.json.encode(refusal.status)
            self._send(refusal.code, body, refusal.headers)
        else:
            self._answer(msgspec.json.encode(answer), fault)

    def _request(self) -> tuple[Resource, Asked]:
        url = urlsplit(self.path)
        query = dict(parse_qsl(url.query, keep_blank_values=True))
        resource, namespace, name = _route([unquote(part) for part in url.path.split("/")[1:]])
        verb = "update" if self.command == "PUT" else "get" if name else "list"
        asked_name = name or selected_name(query.get("fieldSelector", ""))
        headers = {key.lower(): value for key, value in self.headers.items()}
        user = self._api.user(headers.get("authorization", ""), self._certificate_name())
        request = Asked(verb, resource.group, resource.plural, namespace, asked_name, query, headers, user)
        return resource, request

    def _certificate_name(self) -> str:
        peer: dict[str, Any] = getattr(self.connection, "getpeercert", dict)() or {}
        return next((value for part in peer.get("subject", ()) for key, value in part if key == "commonName"), "")

    def _admit(self, resource: Resource, request: Asked) -> Fault | None:
        self._api.log(request)
        if not request.user:
            raise unauthorized()
        if not self._api.allows(request):
            raise forbidden(request.user, request.verb, resource, request.namespace, request.name)
        return self._api.plan_for(request)

    def _do(self, resource: Resource, request: Asked, body: bytes) -> Json:
        store, namespace, name, query = self._api.store, request.namespace, request.name, request.query
        match request.verb:
            case "get":
                return store.get(resource.plural, namespace, name)
            case "list":
                if not query.get("limit", "0").removeprefix("-").isdecimal():
                    raise bad_request(f'strconv.ParseInt: parsing "{query["limit"]}": invalid syntax')
                return store.list(resource, namespace, query)
            case "update" if name:
                sent = _object(resource, body, namespace, name)
                if query.get("dryRun", "All") != "All":
                    raise no_such_dry_run(query["dryRun"])
                return store.update(resource, namespace, name, sent, dry_run="dryRun" in query)
        raise not_allowed()

    def _answer(self, body: bytes, fault: Fault | None) -> None:
        match fault:
            case None:
                self._send(200, body)
            case Fault.BAD_GATEWAY:
                self._send(502, _HTML, {"Content-Type": "text/html"})
            case Fault.NOT_JSON:
                self._send(200, _HTML, {"Content-Type": "text/html"})
            case Fault.CUT:
                self._send(200, body[: len(body) // 2], {"Content-Length": str(len(body))})
                self.close_connection = True
            case Fault.HANG | Fault.APPLY_THEN_HANG:
                self._api.closing.wait()
                self.close_connection = True
            case _:
                self.close_connection = True

    def _send(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        default = {"Content-Type": "application/json", "Content-Length": str(len(body))}
        for name, value in {**default, **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def _route(parts: list[str]) -> tuple[Resource, str, str]:
    """Read a path; what the server does not have comes without a kind, since RBAC judges it as well."""
    match parts:
        case ["api", version, *rest]:
            group = ""
        case ["apis", group, version, *rest]:
            pass
        case _:
            raise no_such_group()
    namespace = ""
    if rest[:1] == ["namespaces"] and len(rest) > 2:
        namespace, rest = rest[1], rest[2:]
    plural = "/".join(rest[:1] + rest[2:])
    resource = RESOURCES.get((group, version, plural)) or Resource(group, version, plural, kind="")
    return resource, namespace, rest[1] if len(rest) > 1 else ""


def _require(resource: Resource, request: Asked) -> None:
    if all(each.group != resource.group for each in RESOURCES.values()):
        raise no_such_group()
    if request.verb == "list":
        fits = resource.namespaced or not request.namespace
    else:
        fits = resource.namespaced == bool(request.namespace)
    if not resource.kind or not fits:
        raise no_such_resource()


def _object(resource: Resource, body: bytes, namespace: str, name: str) -> Json:
    try:
        sent = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError:
        raise bad_request(
            f"the object provided is unrecognized (must be of type {resource.kind}): couldn't get version/kind"
        ) from None
    kind, api_version = sent.get("kind", resource.kind), sent.get("apiVersion", resource.api_version)
    if (kind, api_version) != (resource.kind, resource.api_version):
        version = api_version.rpartition("/")[2]
        why = f"converting ({version}.{kind}) to ({resource.group or 'core'}.{resource.kind}): unknown conversion"
        raise bad_request(f'{kind} in version "{version}" cannot be handled as a {resource.kind}: {why}')
    metadata = sent.get("metadata") or {}
    sent_name = metadata.get("name", "")
    if not sent_name:
        raise bad_request(f"the name of the object ({name} based on URL) was undeterminable: name must be provided")
    if sent_name != name:
        raise bad_request(f"the name of the object ({sent_name}) does not match the name on the URL ({name})")
    if metadata.get("namespace", namespace) != namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
    return sent
