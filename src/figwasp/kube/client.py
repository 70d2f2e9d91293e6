"""A thin client of the Kubernetes API: each answer is decoded into just what the caller wants."""

import threading
from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import Struct

from figwasp import __version__
from figwasp.core.credential import Secret
from figwasp.core.deadline import Deadline
from figwasp.core.meter import SILENT, Meter
from figwasp.core.url import Url
from figwasp.errors import (
    AnswerLost,
    BadResponse,
    ConnectionFailed,
    DeadlineExceeded,
    KubeconfigError,
    KubernetesError,
    TooLarge,
    UsageError,
)
from figwasp.kube.access import Access
from figwasp.kube.faults import broken, refusal, unusable
from figwasp.kube.files import PrivateFiles
from figwasp.kube.identity import NO_CERTIFICATE, ClientCertificate, Proof
from figwasp.kube.picks import Pick, Whose
from figwasp.kube.resource import Resource, with_query
from figwasp.net.http import HttpClient, Proxies, ProxyUrl, Request, Response, Tls
from figwasp.net.retry import Retries

__all__ = ["ApiClient", "Into", "Resource", "Spoiled", "TooManyPages"]

PAGE: Final = 500
"""Objects asked for at a time, as kubectl does: 5,000 pods are 40 MB of JSON."""

LARGEST_ANSWER: Final = 12 * 1024 * 1024
"""
Bytes of one answer. A page that has more is asked for in smaller ones.

An object has 1.5 MiB at most (etcd), of which JSON makes six times as much where it is full of `<`: Go escapes them.
"""

_SMALLER: Final = 8
"""By how much the next smaller page is smaller: 500 objects, 62, 7, one."""

LARGEST_SECRET: Final = 256 * 1024
"""Bytes of an answer with a pull secret, of which many are read at a time; those in use have some tens of KiB."""

_METADATA_ONLY: Final = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
"""A ReplicaSet without its pod template is a fraction of its bytes; asked for where a pick has nothing but metadata."""

T = TypeVar("T")
A = TypeVar("A")


class Spoiled(Struct, frozen=True):
    """One object of a list that is not as expected, and why; where the others of that list are."""

    metadata: Whose
    error: KubernetesError


class Into(Struct, Generic[A, T], frozen=True):
    """
    What a list is read into: `start` makes it, empty, and `take` adds an object to it.

    `pass_over` is told of an object that cannot be read; without it none of the list is.
    """

    start: Callable[[], A]
    take: Callable[[A, T], object]
    pass_over: Callable[[A, Spoiled], object] | None = None


class TooManyPages(Exception):
    """A list is longer than it was to be read."""


class _ListMetadata(Struct, frozen=True, rename="camel"):
    next_page: str = msgspec.field(default="", name="continue")
    remaining_item_count: int | None = None


class _Page(Struct, Generic[T]):
    items: list[T] | None = None
    metadata: _ListMetadata = _ListMetadata()


class _Named(Pick):
    """What tells of an object which it is, and whose."""

    metadata: Whose


class _Written(Struct):
    """What every object has, and no page of a proxy."""

    metadata: dict[str, msgspec.Raw]


class ApiClient:
    """
    Asks one API server. Any number of threads may share it.

    Repeated is what failed in passing and may be repeated (never an update that may have been done), a request that
    got a 401 while a newer login is at hand, and a list whose pages expired while it was read.

    Args:
        access: where the server is, and who we are to it.
        connect: makes the HTTP client; called again where a login brings another client certificate.
        retries: repeats what failed in passing.
    """

    def __init__(self, access: Access, connect: Callable[[Tls], HttpClient], *, retries: Retries | None = None) -> None:
        self._access = access
        self._connect = connect
        self._retries = retries or Retries()
        self._files = PrivateFiles()
        self._lock = threading.Lock()
        self._connections: dict[ClientCertificate, HttpClient] = {}
        self._decoders: dict[Any, msgspec.json.Decoder[Any]] = {}

    @classmethod
    def to(
        cls,
        access: Access,
        *,
        environ: Mapping[str, str],
        timeout_seconds: float = 30.0,
        retries: Retries | None = None,
        meter: Meter = SILENT,
    ) -> "ApiClient":
        """
        Make the client for `access`, through its own proxy or the environment's.

        `timeout_seconds` bounds each request.
        """
        proxy_url = access.proxy_url.reveal()
        own = ProxyUrl.parse(proxy_url) if proxy_url else None
        proxies = Proxies.only(own) if own else Proxies.from_environment(environ)

        def connect(tls: Tls) -> HttpClient:
            agent = f"figwasp/{__version__}"
            return HttpClient(tls=tls, timeout_seconds=timeout_seconds, proxy=proxies, user_agent=agent, meter=meter)

        return cls(access, connect, retries=retries or Retries(meter=meter))

    def get(self, resource: Resource, kind: type[T], deadline: Deadline) -> T:
        """
        Read one object; of its JSON only what `kind` names is kept (`dict[str, Any]` keeps all).

        Raises:
            ObjectNotFound: there is none of this name.
            KubernetesError: it was refused or failed.
            DeadlineExceeded: there was no time left.
        """
        response = self._ask("get", resource, Request(method="GET", url=resource.path), deadline)
        return self._decode(response.body, kind, resource)

    def list_items(self, resource: Resource, item: type[T], query: Mapping[str, str], deadline: Deadline) -> list[T]:
        """Read all objects that `query` selects, and keep of each what `item` names; else as `fold`."""
        kept: list[T] = self.fold(resource, item, query, deadline, Into(list, list.append))
        return kept

    def fold(
        self,
        resource: Resource,
        item: type[T],
        query: Mapping[str, str],
        deadline: Deadline,
        into: Into[A, T],
        most_pages: int | None = None,
    ) -> A:
        """
        Read all objects that `query` selects, page by page, `into` something.

        They are those of one moment: where that is over before all were read, it starts anew. Where a page is too
        large, smaller ones are asked for from then on. A page is let go of once it was taken, unless what was taken
        holds some of it (`msgspec.Raw` holds all of it). `resource` may have
        a name, for messages; it selects nothing.

        Raises:
            TooManyPages: after the first page it turned out that there are more than `most_pages` besides.
            KubernetesError: it was refused or failed.
            DeadlineExceeded: there was no time left.
        """
        taken = into.start()
        token, may_start_anew, count = "", True, PAGE
        while True:
            try:
                page = self._page(resource, item, {**query, "limit": str(count)}, token, deadline)
            except KubernetesError as error:
                if not isinstance(error.__cause__, TooLarge) or count == 1:
                    raise
                count = max(1, count // _SMALLER)
                continue
            if page is None:
                if not may_start_anew:
                    raise KubernetesError(f"the list of {resource} expired twice while it was read (410)")
                taken, token, may_start_anew = into.start(), "", False
                continue
            if most_pages is not None and (page.metadata.remaining_item_count or 0) > most_pages * PAGE:
                raise TooManyPages
            for each in page.items or ():
                if not isinstance(each, Spoiled):
                    into.take(taken, each)
                elif into.pass_over is None:
                    raise each.error
                else:
                    into.pass_over(taken, each)
            token = page.metadata.next_page
            if not token:
                return taken

    def put(self, resource: Resource, body: bytes, query: Mapping[str, str], deadline: Deadline) -> bytes:
        """
        Replace one object by `body`, JSON; answers it as it is now.

        Raises:
            Conflict: it is not at the resourceVersion in `body` any more; nothing was done.
            AnswerLost: it may or may not have been done.
            KubernetesError: it was refused or failed; nothing was done.
            DeadlineExceeded: there was no time left; nothing was done.
        """
        request = Request(
            method="PUT",
            url=with_query(resource.path, query),
            headers={"Content-Type": "application/json"},
            body=body,
        )
        response = self._ask("update", resource, request, deadline)
        try:
            self._decode(response.body, _Written, resource)
        except KubernetesError as error:
            raise AnswerLost(f"no usable answer to the update of {resource}: {error}", hint=error.hint) from error
        return response.body

    def review(self, resource: Resource, body: bytes, kind: type[T], deadline: Deadline) -> T:
        """
        Have the API server judge `body`, JSON, by a POST that stores nothing, such as a selfsubjectaccessreview.

        Raises:
            KubernetesError: it was refused or failed.
            DeadlineExceeded: there was no time left.
        """
        headers = {"Content-Type": "application/json"}
        request = Request(method="POST", url=resource.collection, headers=headers, body=body)
        return self._decode(self._ask("create", resource, request, deadline).body, kind, resource)

    def date(self, deadline: Deadline) -> str:
        """
        Tell the API server's own time as HTTP writes it, by its version, which everybody may read; empty for none.

        Raises:
            KubernetesError: there is no answer, or it does not accept who we are.
            DeadlineExceeded: there was no time left.
        """
        version = Resource("", "", "version")
        response = self._send("get", version, Request(method="GET", url="/version"), deadline)
        if response.status == 401:
            raise refusal(response.status, response.body, "get", version, self._access)
        return response.headers.get("date") or ""

    def close(self) -> None:
        """Let go of all connections and files."""
        with self._lock:
            connections, self._connections = self._connections, {}
            for each in connections.values():
                each.close()
            self._files.close()

    def _page(
        self, resource: Resource, item: type[T], query: Mapping[str, str], token: str, deadline: Deadline
    ) -> "_Page[T | Spoiled] | None":
        """Read one page; None where `token` has expired."""
        asked = {**query, "continue": token} if token else query
        headers = {"Accept": _METADATA_ONLY} if getattr(item, "__struct_fields__", ()) == ("metadata",) else {}
        request = Request(method="GET", url=with_query(resource.collection, asked), headers=headers)
        response = self._send("list", resource, request, deadline)
        if response.status == 410 and token:
            return None
        _succeeded(response, "list", resource, self._access)
        try:
            page: _Page[T | Spoiled] = self._decode(response.body, _Page[item], resource)  # type: ignore[valid-type] # a value
        except KubernetesError as error:
            if not isinstance(error.__cause__, msgspec.ValidationError):
                raise
            whole = self._decode(response.body, _Page[msgspec.Raw], resource)
            return _Page([self._one_of(each, item, resource) for each in whole.items or ()], whole.metadata)
        return page

    def _one_of(self, text: msgspec.Raw, item: type[T], resource: Resource) -> T | Spoiled:
        """Read one object of a list by itself: what is wrong with it says nothing of the others."""
        try:
            return self._decode(text, item, resource)
        except KubernetesError as error:
            return Spoiled(self._decode(text, _Named, resource).metadata, error.again())

    def _ask(self, verb: str, resource: Resource, request: Request, deadline: Deadline) -> Response:
        response = self._send(verb, resource, request, deadline)
        _succeeded(response, verb, resource, self._access)
        return response

    def _send(self, verb: str, resource: Resource, request: Request, deadline: Deadline) -> Response:
        request = msgspec.structs.replace(request, kubernetes=f"{verb} {resource.plural}")
        largest = LARGEST_SECRET if resource.plural == "secrets" else LARGEST_ANSWER
        identity = self._access.identity
        proof = identity.proof(deadline)
        deadline.remaining()  # from here on something may have been sent
        try:
            response = self._send_as(proof, request, largest, deadline)
            # A 401 had no effect, so that even an update may be sent again.
            if response.status == 401 and (newer := identity.renewed(proof, deadline)) != proof:
                response = self._send_as(newer, request, largest, deadline)
        except ConnectionFailed as error:
            raise broken(error, verb, resource, self._access) from error
        except UsageError as error:
            raise KubeconfigError(f"{self._access.described}: {error}", hint=error.hint) from error
        except (DeadlineExceeded, BadResponse) as error:
            if verb == "update":
                raise AnswerLost(f"no usable answer to the update of {resource}: {error}") from error
            if isinstance(error, DeadlineExceeded):
                raise
            raise KubernetesError(f"cannot {verb} {resource}: {error}") from error
        return response

    def _send_as(self, proof: Proof, request: Request, largest: int, deadline: Deadline) -> Response:
        headers = {"Accept": "application/json", **request.headers, **dict(self._access.headers)}
        if authorization := proof.authorization.reveal():
            headers["Authorization"] = authorization
        full = msgspec.structs.replace(request, url=self._access.server + request.url, headers=headers)
        connection = self._connection(proof.certificate)

        def attempt() -> Response:
            return connection.send(full, deadline=deadline, largest_body=largest)

        return self._retries.run(full.method, Url.parse(full.url).authority, attempt, deadline)

    def _connection(self, certificate: ClientCertificate) -> HttpClient:
        with self._lock:
            if certificate not in self._connections:
                self._connections[certificate] = self._connect(self._tls(certificate))
            return self._connections[certificate]

    def _tls(self, certificate: ClientCertificate) -> Tls:
        if certificate == NO_CERTIFICATE:
            return self._access.tls
        paths = {
            field: self._files.path(value) if isinstance(value, Secret) else value
            for field, value in (("client_certificate", certificate.certificate), ("client_key", certificate.key))
        }
        return msgspec.structs.replace(self._access.tls, **paths)

    def _decode(self, body: bytes | msgspec.Raw, kind: type[T], resource: Resource) -> T:
        with self._lock:  # no two threads may be the first to decode a type: decision 2
            decoder = self._decoders.get(kind)
            if decoder is None:
                decoder = self._decoders[kind] = msgspec.json.Decoder(kind)
        try:
            decoded: T = decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise unusable(error, resource, self._access) from error
        return decoded


def _succeeded(response: Response, verb: str, resource: Resource, access: Access) -> None:
    if not 200 <= response.status < 300:
        raise refusal(response.status, response.body, verb, resource, access)
