"""
A small OCI registry: real HTTP(S), one process, nothing on disk.

    with Registry() as registry:
        digest = registry.put("team/web", "1", image(b"new"))
        registry.want_token(users={"ann": "secret"}, public={"team/web"})
        registry.answer("/v2/team/web/manifests/1", method="HEAD", status=405)
        …
        assert registry.asked("HEAD") == 1

Any client can push to it and pull from it. It wants a login by Basic or token as it is told, and its answers can be
bent. Unless they are bent they are docker-registry's, to which contract tests hold it (but not its token server).
"""

import re
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from msgspec import Struct

from figwasp.embedded.registry.answers import JSON, no_page, wrong_method
from figwasp.embedded.registry.blobs import DIGEST, UPLOAD, Blobs
from figwasp.embedded.registry.contents import Contents, Manifest, digest_of
from figwasp.embedded.registry.gate import Gate, needs_of
from figwasp.embedded.registry.http import Answer, Asked, Server, Twist
from figwasp.embedded.registry.images import OCI_MANIFEST, image
from figwasp.embedded.registry.manifests import TARGET, Manifests
from figwasp.embedded.serving import Program

__all__ = ["OCI_MANIFEST", "Registry", "digest_of", "image"]

_WORD: Final = r"[a-z0-9]+(?:(?:\.|__?|-+)[a-z0-9]+)*"
_NAME: Final = rf"/v2/(?P<repository>{_WORD}(?:/{_WORD})*)"

_Handler = Callable[[str, str, Asked, bytes], Answer]
"""Takes the repository, what in it is meant, the request and its body."""


class _Resource(Struct, frozen=True):
    """What lies under paths of one form, and how each method is answered."""

    path: re.Pattern[str]
    methods: Mapping[str, _Handler]


class Registry(Program):
    """The registry, started as a context manager. All methods may be called from any thread."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self._lock = threading.Lock()
        self._contents = Contents()
        self._resources = _resources(self._contents)
        self._gate = Gate()
        self._twists: dict[tuple[str, str], Twist] = {}
        self.requests: list[Asked] = []
        """Everything that was asked, in order, refused requests too; without the bodies."""
        self._server = Server(self.serve, tls, port)
        super().__init__("registry", self._server, tls=tls is not None)
        self._server.closing = self.closing

    @property
    def host(self) -> str:
        """Host and port, as they begin a reference."""
        return f"127.0.0.1:{self._server.server_address[1]}"

    @property
    def connections(self) -> int:
        """How many connections were made."""
        return self._server.connections

    @property
    def realm(self) -> str:
        """Where tokens are to be had; this very server unless set."""
        return self._gate.realm

    @realm.setter
    def realm(self, url: str) -> None:
        self._gate.realm = url

    @property
    def denied(self) -> set[tuple[str, str]]:
        """Users and the repositories that they may not use; to be added to."""
        return self._gate.denied

    def put(self, repository: str, tag: str, manifest: bytes, media_type: str = OCI_MANIFEST) -> str:
        """Let `tag` (if not empty) name `manifest`, whose blobs need not be there; answers its digest."""
        with self._lock:
            return self._contents.made(repository).put(Manifest(media_type, manifest), tag)

    def put_image(self, repository: str, tag: str, config: bytes, layers: Sequence[bytes] = ()) -> str:
        """Push an image with all its blobs, so that it can be pulled; answers its manifest's digest."""
        for blob in (config, *layers):
            self.put_blob(repository, blob)
        return self.put(repository, tag, image(config, layers))

    def put_blob(self, repository: str, blob: bytes) -> str:
        """Push a config or a layer by itself; answers its digest."""
        with self._lock:
            self._contents.made(repository).put_blob(blob)
        return digest_of(blob)

    def delete(self, repository: str, digest: str) -> None:
        """Delete a manifest, and with it every tag that names it."""
        with self._lock:
            self._contents.of(repository).delete(digest)

    def want_basic(self, users: Mapping[str, str], *, public: frozenset[str] | set[str] = frozenset()) -> None:
        """Want user name and password, but for `public` repositories, which anybody pulls without being asked."""
        with self._lock:
            self._gate.want("Basic", users, public)

    def want_token(self, users: Mapping[str, str], *, public: frozenset[str] | set[str] = frozenset()) -> None:
        """Want a token, which its token server gives to `users`, and for pulls from `public` ones to anybody."""
        with self._lock:
            self._gate.want("Bearer", users, public)

    def expire_tokens(self) -> None:
        """Make every token that was given invalid."""
        with self._lock:
            self._gate.expire_tokens()

    def answer(  # noqa: PLR0913 - each is one way to bend an answer
        self,
        path: str,
        *,
        method: str = "",
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        leave_out: tuple[str, ...] = (),
        body: bytes | None = None,
        drip_seconds: float = 0.0,
        reset: bool = False,
    ) -> None:
        """
        Bend the answers for `path` (to `method` only, if given) from now on.

        Replaces status, headers or body, leaves out headers (lower case), sends one byte each `drip_seconds`, or
        resets the connection without an answer. Whoever gives a status answers without looking at the login.
        """
        twist = Twist(
            status=status,
            headers=headers or {},
            leave_out=leave_out,
            body=body,
            drip_seconds=drip_seconds,
            reset=reset,
        )
        with self._lock:
            self._twists[method, path] = twist

    def asked(self, method: str = "", path: str = "", scheme: str | None = None) -> int:
        """How many requests came: all of them, or those that fit."""
        return sum(
            method in {"", each.method} and path in {"", each.path} and scheme in {None, each.scheme}
            for each in self.requests
        )

    def serve(self, asked: Asked, authorization: str, body: bytes) -> tuple[Answer, Twist | None]:
        """Note a request and find its answer."""
        with self._lock:
            self.requests.append(asked)
            twist = self._twists.get((asked.method, asked.path)) or self._twists.get(("", asked.path))
            if twist is not None and twist.status is not None:
                answer = Answer(status=twist.status)
            elif (asked.method, asked.path) == ("GET", "/token"):
                answer = self._gate.give_token(asked, authorization)
            else:
                answer = self._serve_api(asked, authorization, body)
        return twist.bend(answer) if twist is not None else answer, twist

    def _serve_api(self, asked: Asked, authorization: str, body: bytes) -> Answer:
        if asked.path == "/v2/":
            return self._gate.refuse((), asked, authorization) or _root()
        matches = ((resource, resource.path.fullmatch(asked.path)) for resource in self._resources)
        resource, match = next(((resource, match) for resource, match in matches if match), (None, None))
        if resource is None or match is None:
            return no_page()
        repository = match["repository"]
        if refusal := self._gate.refuse(needs_of(asked, repository), asked, authorization):
            return refusal
        handler = resource.methods.get(asked.method)
        if handler is None:
            return wrong_method([*resource.methods])
        return handler(repository, match["target"], asked, body)


def _resources(contents: Contents) -> tuple[_Resource, ...]:
    """Everything that a registry has, the first that fits a path."""
    manifests, blobs = Manifests(contents), Blobs(contents)
    read = {"GET": manifests.get, "HEAD": manifests.get}
    read_blob = {"GET": blobs.get, "HEAD": blobs.get}
    go_on = {"GET": blobs.status, "HEAD": blobs.status, "PATCH": blobs.append, "PUT": blobs.finish}
    return (
        _resource(f"/manifests/(?P<target>{TARGET})", {**read, "PUT": manifests.put, "DELETE": manifests.delete}),
        _resource("/tags/(?P<target>list)", {"GET": manifests.tags}),
        _resource(f"/blobs/(?P<target>{DIGEST})", {**read_blob, "DELETE": blobs.delete}),
        _resource(f"/blobs/uploads/(?P<target>{UPLOAD})", {**go_on, "POST": blobs.start, "DELETE": blobs.cancel}),
    )


def _resource(path: str, methods: Mapping[str, _Handler]) -> _Resource:
    return _Resource(re.compile(_NAME + path), methods)


def _root() -> Answer:
    return Answer(status=200, headers={"Content-Type": JSON}, body=b"{}")
