"""
Pulling an image as containerd does: ask what the tag names, then get the manifests by their digests.

Layers are not fetched, and the config is only fetched where the registry has it: its digest is all that is needed.

Source: containerd core/remotes/docker/resolver.go, fetcher.go and authorizer.go.
"""

import base64
import contextlib
import http.client
import ipaddress
import socket
import ssl
import threading
import urllib.parse
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
from msgspec import Struct

from figwasp.core.challenge import BEARER, Challenge, parse_challenges
from figwasp.core.credential import Credential, Login
from figwasp.core.digest import Digest
from figwasp.core.manifest import ACCEPT, Index, Manifest, Platform, parse_config, parse_manifest
from figwasp.core.reference import DOCKER_HUB, Reference
from figwasp.embedded.node.images import Pulled
from figwasp.embedded.node.machine import Machine
from figwasp.errors import InvalidDigest, InvalidManifest

_TIMEOUT_SECONDS: Final = 10.0
_LONGEST_ANSWER: Final = 4 << 20
_DEEPEST: Final = 4
_USER_AGENT: Final = "containerd/2.1.4 (simulated)"


class PullFailed(Exception):
    """An image could not be pulled; the text is what the kubelet shows."""


class _TokenJson(Struct):
    token: str = ""
    access_token: str = ""


class _RunJson(Struct, frozen=True):
    Entrypoint: list[str] | None = None
    Cmd: list[str] | None = None


class _ConfigJson(Struct):
    config: _RunJson = _RunJson()


class _Answer(Struct):
    status: int
    reason: str
    headers: Mapping[str, str]
    body: bytes
    challenges: tuple[Challenge, ...] = ()


class Puller:
    """Pulls from the registries that images name: by TLS, but from loopback by HTTP unless `tls` is given."""

    def __init__(self, tls: ssl.SSLContext | None = None) -> None:
        self._lines = _Lines(tls)

    def close(self) -> None:
        """End what is being pulled; it fails."""
        self._lines.end()

    def pull(self, reference: Reference, login: Login, machine: Machine) -> Pulled:
        """
        Pull an image for a machine, from the mirror that it asks instead of the registry, if any.

        Each credential of `login` is tried in turn, as the kubelet does; without one it is asked for anonymously.

        Raises:
            PullFailed: not with any of them; tells the last refusal.
        """
        failure = PullFailed("")
        host = machine.mirrors.get(reference.registry, reference.registry)
        for credential in login.candidates or (None,):
            try:
                with contextlib.closing(_Session(reference, credential, self._lines, host)) as session:
                    return _pull(session, machine.platform)
            except PullFailed as error:
                failure = error
        raise failure


def _pull(session: "_Session", platform: Platform) -> Pulled:
    reference = session.reference
    target = reference.digest or session.resolve()
    found = _found(session, target, platform)
    if found is None:
        raise session.failure(f"no match for platform in manifest {target}: not found")
    manifest_digest, config = found
    program = _program(session.ask("GET", f"blobs/{config}"))
    return Pulled(reference=reference, target=target, manifest=manifest_digest, config=config, program=program)


def _found(
    session: "_Session", target: Digest, platform: Platform, depth: int = _DEEPEST
) -> tuple[Digest, Digest] | None:
    """
    The first manifest for the platform, and its config. Without one in an index, the first part that states none.

    That may be another index, or a manifest whose config must then be for the platform; what follows is not tried.

    Source: containerd core/images/image.go, Manifest.
    """
    content = session.manifest(target)
    if isinstance(content, Manifest):
        return target, content.config
    if not depth:
        raise session.failure(f"{target} holds indexes in one another, more than {_DEEPEST} deep")
    fitting = [child for child in content.children if child.platform == platform]
    fitting += [child for child in content.children if child.states_nothing]
    if not fitting:
        return None
    found = _found(session, fitting[0].digest, platform, depth - 1)
    if found and fitting[0].is_unstated and parse_config(session.ask("GET", f"blobs/{found[1]}").body) != platform:
        return None
    return found


def _program(config: _Answer) -> str:
    """What a config has containers run; empty where it does not say, or is not there."""
    try:
        read = msgspec.json.decode(config.body, type=_ConfigJson).config
    except msgspec.MsgspecError:
        return ""
    return " ".join((*(read.Entrypoint or ()), *(read.Cmd or ())))


class _Lines:
    """The connections that are open, so that another thread can end them."""

    def __init__(self, tls: ssl.SSLContext | None) -> None:
        self.tls = tls
        self._lock = threading.Lock()
        self._open: set[http.client.HTTPConnection] = set()
        self._is_over = False

    @contextlib.contextmanager
    def line(self, url: str) -> Iterator[http.client.HTTPConnection]:
        """A connection to the host of `url`, which is made by the first request."""
        parts = urllib.parse.urlsplit(url)
        if parts.scheme == "https":
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                parts.netloc, timeout=_TIMEOUT_SECONDS, context=self.tls
            )
        else:
            connection = http.client.HTTPConnection(parts.netloc, timeout=_TIMEOUT_SECONDS)
        with self._lock:
            self._open.add(connection)
        try:
            yield connection
        finally:
            with self._lock:
                self._open.discard(connection)
            connection.close()

    def connect(self, connection: http.client.HTTPConnection) -> None:
        """Make the connection, unless all are ended; raises OSError."""
        if connection.sock is None:
            connection.connect()
        with self._lock:
            if self._is_over:
                raise OSError("the node is being stopped")

    def end(self) -> None:
        """End every connection, those that are still being made too."""
        with self._lock:
            self._is_over = True
            for connection in self._open:
                if connection.sock is not None:
                    with contextlib.suppress(OSError):
                        connection.sock.shutdown(socket.SHUT_RDWR)


class _Session:
    """The requests of one pull, with one login."""

    def __init__(self, reference: Reference, credential: Credential | None, lines: _Lines, registry: str) -> None:
        self.reference = reference
        host = "registry-1.docker.io" if registry == DOCKER_HUB else registry
        self._lines = lines
        self._url = f"{_scheme(host, lines.tls)}://{host}"
        self._basic = _basic(credential) if credential else ""
        self._authorization = ""
        self._ends = contextlib.ExitStack()
        self._connection = self._ends.enter_context(lines.line(self._url))

    def close(self) -> None:
        """Close the connection."""
        self._ends.close()

    def resolve(self) -> Digest:
        """Ask which digest the tag names."""
        path = f"manifests/{self.reference.tag}"
        answer = self._asked("HEAD", path)
        text = answer.headers.get("docker-content-digest", "")
        try:
            return Digest.parse(text) if text else Digest.of(self._asked("GET", path).body)
        except InvalidDigest as error:
            raise self.failure(str(error)) from error

    def manifest(self, digest: Digest) -> Index | Manifest:
        """Get a manifest or index by its digest."""
        body = self._asked("GET", f"manifests/{digest}").body
        if not digest.names(body):
            raise self.failure(f"content of {digest} has the digest {Digest.of(body, digest.algorithm)}")
        try:
            return parse_manifest(body)
        except InvalidManifest as error:
            raise self.failure(str(error)) from error

    def ask(self, method: str, path: str) -> _Answer:
        """Ask for something of the repository, and log in if that is wanted."""
        url = f"{self._url}/v2/{self.reference.repository}/{path}"
        answer = self._send(self._connection, method, url, {"Accept": ACCEPT, **self._login_header()})
        if answer.status == 401 and not self._authorization and answer.challenges:
            self._authorization = self._answer_to(answer.challenges[0])
            answer = self._send(self._connection, method, url, {"Accept": ACCEPT, **self._login_header()})
        return answer

    def failure(self, why: str) -> PullFailed:
        """Why the image was not pulled, in containerd's words."""
        return PullFailed(f'failed to pull and unpack image "{self.reference}": {why}')

    def _asked(self, method: str, path: str) -> _Answer:
        answer = self.ask(method, path)
        if answer.status == 200:
            return answer
        unresolved = f'failed to resolve reference "{self.reference}"'
        if answer.status == 404:
            raise self.failure(f"{unresolved}: {self.reference}: not found")
        if answer.status in (401, 403):
            denied = "pull access denied, repository does not exist or may require authorization"
            raise self.failure(f"{unresolved}: {denied}: server message: {answer.status} {answer.reason}")
        what = f"unexpected status from {method} request to {self._url}/v2/{self.reference.repository}/{path}"
        raise self.failure(f"{unresolved}: {what}: {answer.status} {answer.reason}")

    def _login_header(self) -> dict[str, str]:
        return {"Authorization": self._authorization} if self._authorization else {}

    def _answer_to(self, challenge: Challenge) -> str:
        if challenge.scheme != BEARER:
            return self._basic
        realm = challenge.parameters.get("realm", "")
        query = {key: challenge.parameters[key] for key in ("service", "scope") if key in challenge.parameters}
        url = f"{realm}?{urllib.parse.urlencode(query)}"
        try:
            with self._lines.line(realm) as connection:
                answer = self._send(connection, "GET", url, {"Authorization": self._basic} if self._basic else {})
        except (ValueError, http.client.InvalidURL) as error:
            raise self.failure(f"failed to authorize: {realm} is no URL: {error}") from error
        if answer.status != 200:
            kind = "oauth" if self._basic else "anonymous"
            refusal = f"unexpected status from GET request to {url}: {answer.status} {answer.reason}"
            raise self.failure(f"failed to authorize: failed to fetch {kind} token: {refusal}")
        try:
            given = msgspec.json.decode(answer.body, type=_TokenJson)
        except msgspec.MsgspecError as error:
            raise self.failure("failed to authorize: the answer holds no token") from error
        return f"Bearer {given.token or given.access_token}"

    def _send(
        self, connection: http.client.HTTPConnection, method: str, url: str, headers: Mapping[str, str]
    ) -> _Answer:
        parts = urllib.parse.urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        try:
            self._lines.connect(connection)
            connection.request(method, target, headers={"User-Agent": _USER_AGENT, **headers})
            response = connection.getresponse()
            body = response.read(_LONGEST_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            raise self.failure(f'failed to do request: {method.title()} "{url}": {error}') from error
        lines = response.headers.get_all("WWW-Authenticate", [])
        found = {key.lower(): value for key, value in response.getheaders()}
        return _Answer(response.status, response.reason, found, body, parse_challenges(lines))


def _scheme(host: str, tls: ssl.SSLContext | None) -> str:
    name = urllib.parse.urlsplit(f"//{host}").hostname or ""
    with contextlib.suppress(ValueError):
        if ipaddress.ip_address(name).is_loopback and tls is None:
            return "http"
    return "http" if name == "localhost" and tls is None else "https"


def _basic(credential: Credential) -> str:
    pair = f"{credential.username}:{credential.password.reveal()}"
    return f"Basic {base64.b64encode(pair.encode('utf-8', 'surrogateescape')).decode()}"
