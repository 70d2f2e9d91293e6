"""Sends requests to registries: logged in as each wishes, and after redirects."""

import threading
from collections.abc import Callable, Generator, Mapping
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from figwasp.core.challenge import Challenge
from figwasp.core.credential import Credential
from figwasp.core.deadline import Deadline
from figwasp.core.manifest import ACCEPT, LARGEST
from figwasp.core.reference import DOCKER_HUB, Reference
from figwasp.core.registry_settings import USUAL, RegistrySettings
from figwasp.core.url import Url, quote
from figwasp.errors import (
    BadResponse,
    ConnectionFailed,
    DeadlineExceeded,
    FigwaspError,
    UnusableAnswer,
)
from figwasp.net.hosts import Http
from figwasp.net.http import Request, Response
from figwasp.net.retry import Retries
from figwasp.registry import faults
from figwasp.registry.auth import (
    Token,
    TokenQuery,
    Visit,
    challenges,
    log_in,
    ping,
    read_token,
    remembered,
    token_request,
)
from figwasp.registry.faults import image_of
from figwasp.registry.gate import Gate
from figwasp.registry.logins import Logins
from figwasp.registry.tokens import Tokens

LARGEST_TOKEN: Final = 256 * 1024
MOST_REDIRECTS: Final = 5


class Resource(Struct, frozen=True):
    """
    What a repository has by digest: where it lies below the repository, and what is accepted for it.

    `of` names the registry that is mirrored, where it is asked of a mirror.
    """

    path: str
    accept: str
    of: str = ""


MANIFESTS: Final = Resource("manifests", ACCEPT)
BLOBS: Final = Resource("blobs", "*/*")


class _Host:
    """What is known of one host."""

    def __init__(self) -> None:
        self.first = threading.Lock()
        """Held until the first answer, so that requests that come at the same time are not refused one by one."""
        self.is_known = False
        """Whether the first request as anybody is over, answered or not."""
        self.was_pinged = False
        """Whether the first question for what it wants is over, answered or not."""
        self.is_open = False
        """Whether it said that it wants no login; single repositories may."""
        self.wants: tuple[Challenge, ...] = ()

    @property
    def has_said(self) -> bool:
        """Whether it is known if it wants a login."""
        return self.is_open or bool(self.wants)

    @property
    def is_strange(self) -> bool:
        """Whether the next request is the first one whose answer could tell the others what is wanted."""
        return not self.is_known and not self.wants

    @property
    def is_new(self) -> bool:
        """Whether nobody has asked yet if it wants a login."""
        return not self.has_said and not self.was_pinged


class Session:
    """What registries and their token servers said so far, used for every request; threads may share it."""

    def __init__(
        self, http: Http, registries: Mapping[str, RegistrySettings], retries: Retries, clock: Callable[[], float]
    ) -> None:
        self._http = http
        self._registries = registries
        self._retries = retries
        self._clock = clock
        self._without_tls = {name for name, each in registries.items() if each.plain_http}
        self._tokens = Tokens(clock)
        self._logins = Logins()
        self._lock = threading.Lock()
        self._hosts: dict[tuple[str, str, int], _Host] = {}
        self._gates: dict[str, Gate] = {}

    def ask(
        self,
        method: str,
        reference: Reference,
        credential: Credential | None,
        deadline: Deadline,
        what: Resource = MANIFESTS,
        largest: int = LARGEST,
    ) -> Response:
        """
        HEAD or GET the manifest (or else `what`) that `reference` names, as `credential` or, if None, as anybody.

        The answer's status may be any but a redirect's, and its body has at most `largest` bytes. The login is not sent
        to where a redirect leads.

        Raises:
            DeadlineExceeded: `deadline` or the client's own time is over.
            LargeAnswer: it is larger.
            RegistryError: there is no answer, no way to log in, or the registry is not to be asked any more.
        """
        url = self._url(reference, what)
        token_server = self._registries.get(reference.registry, USUAL).token_server
        for _ in range(MOST_REDIRECTS + 1):
            visit = Visit(reference=reference, registry=url, credential=credential, token_server=token_server)
            request = Request(method=method, url=str(url), headers={"Accept": what.accept})
            answer = self._ask(request, visit, deadline, largest)
            if answer.status not in {301, 302, 303, 307, 308}:
                return answer
            target = _redirected(url, answer, reference)
            if target.origin != url.origin:
                credential = None
            url = target
        raise UnusableAnswer(f"{reference.registry} redirects {image_of(reference)} more than {MOST_REDIRECTS} times")

    def is_harbor(self, reference: Reference) -> bool:
        """Whether the registry wants tokens for what every Harbor calls itself (src/core/service/token/creator.go)."""
        wants = self._host(self._url(reference, MANIFESTS)).wants
        return any(each.parameters.get("service") == "harbor-registry" for each in wants)

    def _url(self, reference: Reference, what: Resource) -> Url:
        scheme = "http" if reference.registry in self._without_tls else "https"
        # Source: containerd, docs/hosts.md: a mirror is told by `ns` whose contents are wanted.
        query = f"?ns={quote(what.of)}" if what.of else ""
        path = f"/v2/{reference.repository}/{what.path}/{reference.target}{query}"
        try:
            return Url.parse(f"{scheme}://{api_host(reference.registry)}{path}")
        except FigwaspError as error:  # the grammar of references allows ports that do not exist
            raise UnusableAnswer(f"{reference.registry} is no host that could be asked") from error

    def _ask(self, request: Request, visit: Visit, deadline: Deadline, largest: int) -> Response:
        flow, answer = self._begin(request, visit, deadline, largest)
        while True:
            try:
                step = flow.send(answer)
            except StopIteration as end:
                counts: Response = end.value
                return counts
            answer = self._send(step, visit, deadline, largest)

    def _begin(
        self, request: Request, visit: Visit, deadline: Deadline, largest: int
    ) -> tuple[Generator[Request, Response, Response], Response]:
        def token(query: TokenQuery, refused: str) -> str:
            return self._tokens.get(query, refused, lambda: self._fetch_token(query, visit, deadline), deadline)

        host = self._host(visit.registry)
        if visit.credential is not None:
            self._learn(host, visit, deadline)
        if host.is_strange:
            with deadline.turn(host.first):
                try:
                    if host.is_strange:
                        flow = log_in(request, visit, (), token)
                        return flow, self._send(next(flow), visit, deadline, largest)
                finally:
                    host.is_known = True  # even without an answer: the others need not wait for a dead host in turn
        flow = log_in(request, visit, host.wants, token, is_binding=visit.credential is not None and not host.is_open)
        return flow, self._send(next(flow), visit, deadline, largest)

    def _learn(self, host: _Host, visit: Visit, deadline: Deadline) -> None:
        """Let a host say whether it wants a login; those who come at the same time wait for one answer."""
        if host.is_new:
            with deadline.turn(host.first):
                try:
                    if host.is_new:
                        self._ping(host, visit, deadline)
                finally:
                    host.was_pinged = True
        if not host.has_said:  # whoever asked first got no answer
            self._ping(host, visit, deadline)

    def _ping(self, host: _Host, visit: Visit, deadline: Deadline) -> None:
        answer = self._send(ping(visit.registry), visit, deadline, LARGEST)
        if challenges(answer):
            return
        # Neither a failure nor a wish that we do not understand means that no login is wanted.
        if answer.status in {401, 429} or answer.status >= 500:
            raise faults.refusal(answer, visit.reference, visit.credential)
        host.is_open = True

    def _send(self, request: Request, visit: Visit, deadline: Deadline, largest: int) -> Response:
        def send(one: Request = request) -> Response:
            return self._exchange(one, visit.reference.registry, visit.credential, deadline, largest)

        authorization = request.headers.get("Authorization", "")
        if visit.credential is not None and authorization.startswith("Basic "):
            check = replace(ping(visit.registry), headers={"Authorization": authorization})
            return self._logins.show(visit.registry, visit.credential, send, lambda: send(check), deadline)
        answer = send()
        if "Authorization" not in request.headers and (wants := remembered(challenges(answer))):
            self._host(visit.registry).wants = wants
        return answer

    def _fetch_token(self, query: TokenQuery, visit: Visit, deadline: Deadline) -> Token:
        registry, credential = visit.reference.registry, query.credential

        def send(one: TokenQuery = query) -> Response:
            return self._exchange(token_request(one), registry, credential, deadline, LARGEST_TOKEN)

        def check() -> Response:
            return send(replace(query, scopes=()))  # as `docker login` asks

        answer = self._logins.show(query.realm, credential, send, check, deadline) if credential else send()
        if answer.status != 200:
            raise faults.token_refusal(answer, query, registry)
        return read_token(answer, query.realm.authority)

    def _exchange(
        self, request: Request, registry: str, credential: Credential | None, deadline: Deadline, largest_body: int
    ) -> Response:
        gate, who = self._gate(registry), credential and credential.proof

        def attempt() -> Response:
            with gate.turn(deadline, who):
                answer = self._http.send(request, deadline=deadline, largest_body=largest_body)
            gate.answered(answer, self._retries.retry_after(answer), who)
            return answer

        try:
            answer = self._retries.run(request.method, registry, attempt, deadline)
        except (ConnectionFailed, BadResponse) as error:
            raise faults.no_answer(error, registry) from error
        except DeadlineExceeded as error:
            deadline.remaining()  # raises where the whole pass is over, which is not the registry's fault
            raise DeadlineExceeded(str(error), hint=faults.IS_IT_UP) from error
        if answer.status == 429:
            gate.close("it wants fewer requests (429)", who)
        return answer

    def _gate(self, registry: str) -> Gate:
        with self._lock:
            if registry not in self._gates:
                width = self._registries.get(registry, USUAL).concurrency
                self._gates[registry] = Gate(registry, width, self._clock, self._retries.wait)
            return self._gates[registry]

    def _host(self, url: Url) -> _Host:
        with self._lock:
            return self._hosts.setdefault(url.origin, _Host())


def api_host(registry: str) -> str:
    """Where the API of a registry is that references call `registry`."""
    return "registry-1.docker.io" if registry == DOCKER_HUB else registry


def _redirected(url: Url, answer: Response, reference: Reference) -> Url:
    try:
        target = url.join(answer.headers.get("location") or "")
    except FigwaspError as error:
        raise UnusableAnswer(f"{reference.registry} redirects {image_of(reference)} to nowhere: {error}") from error
    if target.scheme != "https" and target.origin != url.origin:
        raise UnusableAnswer(
            f"{reference.registry} redirects {image_of(reference)} to {target.authority} without encryption"
        )
    return target
