"""
How a request is logged in: which requests follow from which answers. Does no I/O of its own.

The order is containerd's: first without a login, then as the registry wishes. So what a registry gives to anybody is
asked for as anybody, and a login goes only where it is wanted.

Source: RFC 9110, 11; distribution's "Token authentication specification".
"""

import base64
import re
from collections.abc import Callable, Generator
from typing import Final

import msgspec
from msgspec import Struct

from figwasp.core.challenge import BASIC, Challenge, may_ask, may_show_login, parse_challenges
from figwasp.core.credential import Credential
from figwasp.core.reference import Reference
from figwasp.core.url import Url
from figwasp.errors import AccessDenied, FigwaspError, UnusableAnswer
from figwasp.net.http import Request, Response

SHORTEST_LIFE_SECONDS: Final = 60.0
"""How long a token lives at least, whatever the server says; also the default (token specification, "expires_in")."""


class TokenQuery(Struct, frozen=True):
    """A token to ask for; what is equal may share one. `credential` is None where anybody gets one."""

    realm: Url
    service: str
    scope: str
    credential: Credential | None


class Token(Struct, frozen=True):
    """A token, and how many seconds it lives from now."""

    text: str
    expires_in: float

    def __repr__(self) -> str:
        return f"Token(***, {self.expires_in:g})"


class Visit(Struct, frozen=True, kw_only=True):
    """What a request is about: a reference, asked of `registry` with one credential or, if None, without."""

    reference: Reference
    registry: Url
    credential: Credential | None


TokenSource = Callable[[TokenQuery, str], str]
"""
Gives the token for a query, from memory or from its server, but never the second argument, which was refused.

Raises a RegistryError where the server gives none.
"""


def log_in(
    request: Request, visit: Visit, known: tuple[Challenge, ...], tokens: TokenSource
) -> Generator[Request, Response, Response]:
    """
    Yield what to send, be sent the answers, and return the one that counts: it may still be a refusal.

    Args:
        request: what to ask, without a login.
        visit: whom, and as whom.
        known: what the registry wants, as an earlier answer told; nothing if there was none.
        tokens: where tokens come from.

    Raises:
        AccessDenied: the registry wants the login shown where it must not be.
    """
    if not known or (known[0].scheme == BASIC and visit.credential is None):
        answer = yield request
        wanted = challenges(answer)
        return (yield from _as_wanted(request, visit, wanted, tokens, answer)) if wanted else answer
    denial: AccessDenied | None = None
    try:
        answer = yield from _as_wanted(request, visit, known, tokens, None)
        if answer.status != 401:
            return answer
    except AccessDenied as error:
        denial = error
    # What was known came from another repository's answer: this one may be public, or want something else. So the
    # result never depends on which repository was asked first.
    answer = yield request
    wanted = challenges(answer)
    if wanted and remembered(wanted) != known:
        return (yield from _as_wanted(request, visit, wanted, tokens, answer))
    if wanted and denial:
        raise denial
    return answer


def challenges(answer: Response) -> tuple[Challenge, ...]:
    """What a refusal wants, nothing if it is no refusal."""
    return parse_challenges(answer.headers.get_all("www-authenticate")) if answer.status == 401 else ()


def remembered(wanted: tuple[Challenge, ...]) -> tuple[Challenge, ...]:
    """What of a refusal holds for the registry's other repositories too."""
    kept = ("realm", "service")
    return tuple(
        Challenge(each.scheme, {name: value for name, value in each.parameters.items() if name in kept})
        for each in wanted
    )


def token_request(query: TokenQuery) -> Request:
    """Ask a token server by GET, which every one of them understands (the newer POST some do not)."""
    parameters = [("service", query.service)] if query.service else []
    headers = {"Authorization": basic(query.credential)} if query.credential else {}
    return Request(
        method="GET", url=str(query.realm.with_query([*parameters, ("scope", query.scope)])), headers=headers
    )


class _TokenJson(Struct):
    token: str | None = None
    access_token: str | None = None
    expires_in: float | None = None


def read_token(answer: Response, server: str) -> Token:
    """
    Read the token server's positive answer.

    Raises:
        UnusableAnswer: there is no token in it that could be sent.
    """
    try:
        raw = msgspec.json.decode(answer.body, type=_TokenJson, strict=False)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        # `from None`: the decoder's own message may quote the token.
        raise UnusableAnswer(f"the token server {server} answered something that is no token") from None
    text = raw.token or raw.access_token or ""
    if not re.fullmatch("[!-~]+", text):
        raise UnusableAnswer(f"the token server {server} answered without a token")
    return Token(text, max(raw.expires_in or 0.0, SHORTEST_LIFE_SECONDS))


def basic(credential: Credential) -> str:
    """The `Authorization` for user name and password."""
    pair = f"{credential.username}:{credential.password.reveal()}"
    return f"Basic {base64.b64encode(pair.encode()).decode()}"


def _as_wanted(
    request: Request, visit: Visit, wanted: tuple[Challenge, ...], tokens: TokenSource, refusal: Response | None
) -> Generator[Request, Response, Response]:
    challenge = wanted[0]
    if challenge.scheme == BASIC:
        if visit.credential is None:
            return refusal or (yield request)
        return (yield _with(request, basic(visit.credential)))
    query = _query(challenge, visit)
    token = tokens(query, "")
    answer = yield _with(request, f"Bearer {token}")
    if answer.status == 401:
        # It may have expired on the way, or the registry forgot it: once more, with a new one.
        answer = yield _with(request, f"Bearer {tokens(query, token)}")
    return answer


def _query(challenge: Challenge, visit: Visit) -> TokenQuery:
    name, credential = visit.reference.registry, visit.credential
    try:
        realm = Url.parse(challenge.parameters.get("realm", ""))
    except FigwaspError as error:
        raise UnusableAnswer(f"{name} names no token server that could be asked: {error}") from error
    server = f"{realm.scheme}://{realm.authority}"
    if not may_ask(realm, visit.registry):
        raise UnusableAnswer(f"{name} names the token server {server}, which is not a public https host")
    if credential and not may_show_login(realm, visit.registry):
        raise AccessDenied(
            f"{name} wants the login from {credential.source} shown to the token server {server}",
            hint="a login is shown only to hosts of the registry's own domain",
        )
    scope = challenge.parameters.get("scope", "")
    if not re.fullmatch("repository:[!-~]+:pull", scope):
        scope = f"repository:{visit.reference.repository}:pull"
    return TokenQuery(realm, challenge.parameters.get("service", ""), scope, credential)


def _with(request: Request, authorization: str) -> Request:
    return msgspec.structs.replace(request, headers={**request.headers, "Authorization": authorization})
