"""
A small OCI registry: real HTTP(S), one process, nothing on disk.

    with Registry() as registry:
        digest = registry.put("team/web", "1", image(b"new"))
        registry.want_token(users={"ann": "secret"}, public={"team/web"})
        registry.answer("/v2/team/web/manifests/1", method="HEAD", status=405)
        …
        assert registry.asked("HEAD") == 1

It serves manifests by tag and digest, wants a login by Basic or token as it is told, and its answers can be bent.
Unless they are bent they are docker-registry's, to which contract tests hold it (but not its token server).
"""

import hashlib
import json
import re
import ssl
import threading
from collections.abc import Mapping
from typing import Final

from figwasp.embedded.registry.http import Answer, Asked, Server, Twist, basic
from figwasp.embedded.serving import Program

OCI_MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
_OCI_INDEX: Final = "application/vnd.oci.image.index.v1+json"
_DOCKER_LIST: Final = "application/vnd.docker.distribution.manifest.list.v2+json"
_NOT_ACCEPTED: Final = {
    OCI_MANIFEST: "OCI manifest found, but accept header does not support OCI manifests",
    _OCI_INDEX: "OCI index found, but accept header does not support OCI indexes",
}
_JSON: Final = "application/json; charset=utf-8"
_NO_DETAIL: Final = object()
_TARGET: Final = re.compile(r"\w[\w.-]{0,127}|[a-z0-9]+:[0-9a-f]+")


def image(config: bytes = b"config", **more: object) -> bytes:
    """A manifest whose config has the digest of `config`; `more` are further fields."""
    descriptor = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": digest_of(config), "size": 1}
    return json.dumps({"schemaVersion": 2, "config": descriptor, "layers": [], **more}).encode()


def digest_of(content: bytes) -> str:
    """The sha256 digest of `content`."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Registry(Program):
    """The registry, started as a context manager. All methods may be called from any thread."""

    def __init__(self, *, tls: ssl.SSLContext | None = None, port: int = 0) -> None:
        self._lock = threading.Lock()
        self._manifests: dict[str, dict[str, tuple[str, bytes]]] = {}
        self._twists: dict[tuple[str, str], Twist] = {}
        self._users: dict[str, str] = {}
        self._wants = ""
        self._public: frozenset[str] = frozenset()
        self._tokens: dict[str, tuple[str, str]] = {}
        self._issued = 0
        self.realm = ""
        """Where tokens are to be had; this very server unless set."""
        self.requests: list[Asked] = []
        """Everything that was asked, in order, refused requests too."""
        self.denied: set[tuple[str, str]] = set()
        """Users and the repositories that they may not pull."""
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

    def put(self, repository: str, tag: str, manifest: bytes, media_type: str = OCI_MANIFEST) -> str:
        """Push `manifest` and let `tag` (if not empty) name it; answers its digest."""
        digest = digest_of(manifest)
        with self._lock:
            known = self._manifests.setdefault(repository, {})
            known[digest] = (media_type, manifest)
            if tag:
                known[tag] = (media_type, manifest)
        return digest

    def delete(self, repository: str, digest: str) -> None:
        """Delete a manifest, and with it every tag that names it."""
        with self._lock:
            known = self._manifests[repository]
            self._manifests[repository] = {
                target: kept for target, kept in known.items() if digest_of(kept[1]) != digest
            }

    def want_basic(self, users: Mapping[str, str], *, public: frozenset[str] | set[str] = frozenset()) -> None:
        """Want user name and password, but for `public` repositories, which anybody gets without being asked."""
        with self._lock:
            self._wants, self._users, self._public = "Basic", dict(users), frozenset(public)

    def want_token(self, users: Mapping[str, str], *, public: frozenset[str] | set[str] = frozenset()) -> None:
        """Want a token, which its token server gives for `public` repositories to anybody, for others to `users`."""
        with self._lock:
            self._wants, self._users, self._public = "Bearer", dict(users), frozenset(public)

    def expire_tokens(self) -> None:
        """Make every token that was given invalid."""
        with self._lock:
            self._tokens.clear()

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

    def serve(self, asked: Asked, authorization: str) -> tuple[Answer, Twist | None]:
        """Note a request and find its answer."""
        with self._lock:
            self.requests.append(asked)
            twist = self._twists.get((asked.method, asked.path)) or self._twists.get(("", asked.path))
            if twist is not None and twist.status is not None:
                answer = Answer(status=twist.status)
            elif asked.path == "/token":
                answer = self._give_token(asked, authorization)
            else:
                answer = self._serve_api(asked, authorization)
        return twist.bend(answer) if twist is not None else answer, twist

    def _serve_api(self, asked: Asked, authorization: str) -> Answer:
        repository, slash, target = asked.path.removeprefix("/v2/").partition("/manifests/")
        if not (_TARGET.fullmatch(target) if slash else asked.path == "/v2/"):
            headers = {"Content-Type": "text/plain; charset=utf-8"}
            return Answer(status=404, headers=headers, body=b"404 page not found\n")
        if refusal := self._refuse(repository, authorization):
            return refusal
        if not slash:
            return Answer(status=200, headers={"Content-Type": _JSON}, body=b"{}")
        accepted = {each.partition(";")[0].strip() for each in asked.headers.get("Accept", "").split(",")}
        return self._manifest(repository, target, accepted)

    def _manifest(self, repository: str, target: str, accepted: set[str]) -> Answer:
        """Serve a manifest as docker-registry 2.8 does, whose answer hangs on what is accepted (but never on */*)."""
        known = self._manifests.get(repository, {})
        found = known.get(target)
        if found is None:
            detail = {"Name": repository, "Revision": target} if ":" in target else {"Tag": target}
            return _error(404, "MANIFEST_UNKNOWN", "manifest unknown", detail)
        media_type, content = found
        if media_type in _NOT_ACCEPTED.keys() - accepted:
            return _error(404, "MANIFEST_UNKNOWN", _NOT_ACCEPTED[media_type])
        if media_type == _DOCKER_LIST and media_type not in accepted and ":" not in target:
            media_type, content = known[_for_amd64(content)]
        headers = {"Content-Type": media_type, "Docker-Content-Digest": digest_of(content)}
        return Answer(status=200, headers=headers, body=content)

    def _refuse(self, repository: str, authorization: str) -> Answer | None:
        scheme, _, proof = authorization.partition(" ")
        if self._wants == "Basic":
            user = self._user(authorization)
            if user or (repository in self._public and not authorization):
                return _error(403, "DENIED", "denied") if (user, repository) in self.denied else None
            challenge = 'Basic realm="test"'
        elif self._wants == "Bearer":
            user, allowed = self._tokens.get(proof, ("", "")) if scheme == "Bearer" else ("", "")
            if allowed and repository == allowed:
                return _error(403, "DENIED", "denied") if (user, repository) in self.denied else None
            realm = self.realm or f"{self.url}/token"
            challenge = f'Bearer realm="{realm}",service="test",scope="repository:{repository}:pull"'
        else:
            return None
        pull = [{"Type": "repository", "Class": "", "Name": repository, "Action": "pull"}] if repository else None
        refusal = _error(401, "UNAUTHORIZED", "authentication required", pull)
        refusal.headers["WWW-Authenticate"] = challenge
        return refusal

    def _give_token(self, asked: Asked, authorization: str) -> Answer:
        repository = asked.query.get("scope", "").removeprefix("repository:").removesuffix(":pull")
        user = self._user(authorization)
        if not user and (authorization or repository not in self._public):
            return _error(401, "UNAUTHORIZED", "incorrect user name or password")
        self._issued += 1
        token = f"token-{self._issued}"
        self._tokens[token] = (user, repository)
        body = json.dumps({"token": token, "expires_in": 300}).encode()
        return Answer(status=200, headers={"Content-Type": "application/json"}, body=body)

    def _user(self, authorization: str) -> str:
        user, password = basic(authorization)
        return user if user in self._users and self._users[user] == password else ""


def _for_amd64(manifest_list: bytes) -> str:
    """The digest that docker-registry answers to those who know no manifest lists."""
    listed = json.loads(manifest_list)["manifests"]
    digests = [each["digest"] for each in listed if each["platform"] == {"os": "linux", "architecture": "amd64"}]
    return str(digests[0])


def _error(status: int, code: str, message: str, detail: object = _NO_DETAIL) -> Answer:
    error = {"code": code, "message": message, **({} if detail is _NO_DETAIL else {"detail": detail})}
    body = json.dumps({"errors": [error]}).encode() + b"\n"
    return Answer(status=status, headers={"Content-Type": _JSON}, body=body)
