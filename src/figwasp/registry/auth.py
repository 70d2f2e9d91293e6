"""
How a request is logged in: which requests follow from which answers. Does no I/O of its own.

Without a login the order is containerd's: first as anybody, then as the registry wishes. Where there is a login, the
registry is asked first whether it wants one at all (`ping`). If so, only what the login gets counts: a wrong password
must be an error even where anybody gets the image. So a login goes only where it is wanted, and there it is proven.

Source: RFC 9110, 11; distribution's "Token authentication specification".
"""

import re
from collections.abc import Callable, Generator
from typing import Final

import msgspec
from msgspec import Struct

from figwasp.core.challenge import (
    BASIC,
    Challenge,
    is_named,
    may_ask,
    may_show_login,
    parse_challenges,
    scopes_to_pull,
)
from figwasp.core.credential import Credential
from figwasp.core.reference import Reference
from figwasp.core.url import Url
from figwasp.errors import AccessDenied, FigwaspError, LoginWithheld, RegistryError, UnusableAnswer
from figwasp.net.http import Request, Response, basic

SHORTEST_LIFE_SECONDS: Final = 60.0
"""How long a token lives at least, whatever the server says; also the default (token specification, "expires_in")."""


class TokenQuery(Struct, frozen=True):
    """
    A token to ask for; what is equal may share one. `credential` is None where anybody gets one.

    `scopes` are sorted, and each is in it once.
    """

    realm: Url
    service: str
    scopes: tuple[str, ...]
    credential: Credential | None


class Token(Struct, frozen=True):
    """A token, and how many seconds it lives from now."""

    text: str
    expires_in: float

    def __repr__(self) -> str:
        return f"Token(***, {self.expires_in:g})"


class Visit(Struct, frozen=True, kw_only=True):
    """
    What a request is about: a reference, asked of `registry` with one credential or, if None, without.

    `token_server` is HOST[:PORT] of one that may be shown it too, empty for none.
    """

    reference: Reference
    registry: Url
    credential: Credential | None
    token_server: str = ""


TokenSource = Callable[[TokenQuery, str], str]
"""
Gives the token for a query, from memory or from its server, but never the second argument, which was refused.

Raises a RegistryError where the server gives none.
"""


def ping(registry: Url) -> Request:
    """Ask a registry whether it wants a login (distribution-spec, "Determining Support")."""
    return Request(method="GET", url=str(Url(registry.scheme, registry.host, registry.port, "/v2/")))


def log_in(
    request: Request, visit: Visit, known: tuple[Challenge, ...], tokens: TokenSource, *, is_binding: bool = False
) -> Generator[Request, Response, Response]:
    """
    Yield what to send, be sent the answers, and return the one that counts: it may still be a refusal.

    Args:
        request: what to ask, without a login.
        visit: whom, and as whom.
        known: what the registry wants, as an earlier answer told; nothing if there was none.
        tokens: where tokens come from.
        is_binding: whether what is known holds for all of the registry, so that no answer counts that was got
            without the login.

    Raises:
        LoginWithheld: the registry wants the login shown where it must not be.
        AccessDenied: its token server refused it.
    """
    if not known or (known[0].scheme == BASIC and visit.credential is None):
        answer = yield request
        wanted = challenges(answer)
        return (yield from _as_wanted(request, visit, wanted, tokens, answer)) if wanted else answer
    refused: Response | RegistryError
    try:
        refused = yield from _as_wanted(request, visit, known, tokens, None)
        if refused.status != 401:
            return refused
    except (AccessDenied, UnusableAnswer) as error:
        refused = error
    # What was known came from another answer: this repository may want something else or, if that is not binding,
    # nothing. So the result never depends on which repository was asked first.
    if is_binding and isinstance(refused, Response) and challenges(refused):
        plain = refused
    else:
        plain = yield request
    wanted = challenges(plain)
    if wanted and not _are_same(wanted, known, visit):
        return (yield from _as_wanted(request, visit, wanted, tokens, plain))
    if not is_binding and not wanted:
        return plain
    if isinstance(refused, RegistryError):
        raise refused
    return refused


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
    headers = {"Authorization": _basic(query.credential)} if query.credential else {}
    parameters += [("scope", scope) for scope in query.scopes]
    return Request(method="GET", url=str(query.realm.with_query(parameters)), headers=headers)


class _TokenJson(Struct):
    token: str | None = None
    access_token: str | None = None
    expires_in: float | None = None


# Threads must not be the first to decode a type: decision 2.
_TOKENS: Final = msgspec.json.Decoder(_TokenJson, strict=False)


def read_token(answer: Response, server: str) -> Token:
    """
    Read the token server's positive answer.

    Raises:
        UnusableAnswer: there is no token in it that could be sent.
    """
    try:
        raw = _TOKENS.decode(answer.body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        # `from None`: the decoder's own message may quote the token.
        raise UnusableAnswer(f"the token server {server} answered something that is no token") from None
    text = raw.token or raw.access_token or ""
    if not re.fullmatch("[!-~]+", text):
        raise UnusableAnswer(f"the token server {server} answered without a token")
    return Token(text, max(raw.expires_in or 0.0, SHORTEST_LIFE_SECONDS))


def _as_wanted(
    request: Request, visit: Visit, wanted: tuple[Challenge, ...], tokens: TokenSource, refusal: Response | None
) -> Generator[Request, Response, Response]:
    challenge = wanted[0]
    if challenge.scheme == BASIC:
        if visit.credential is None:
            return refusal or (yield request)
        return (yield _with(request, _basic(visit.credential)))
    query = _query(challenge, visit)
    token = tokens(query, "")
    answer = yield _with(request, f"Bearer {token}")
    anew = challenges(answer)
    if answer.status == 401 and (not anew or _are_same(anew, wanted, visit)):
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
    say_so = f'say so in the settings file (--config): [registry."{name}"] token_server = "{realm.authority}"'
    is_allowed = is_named(realm, visit.registry, visit.token_server)
    if not is_allowed and not may_ask(realm, visit.registry):
        is_never = realm.scheme == "http" and visit.registry.scheme == "https"
        raise UnusableAnswer(
            f"{name} names the token server {server}, which is not a public https host",
            hint="" if is_never else f"if it is the right one, {say_so}",
        )
    if credential and not is_allowed and not may_show_login(realm, visit.registry):
        raise LoginWithheld(
            f"{name} wants the login from {credential.source} shown to the token server {server}",
            hint=f"a login is shown only to hosts of the registry's own domain; if that one is its too, {say_so}",
        )
    return TokenQuery(realm, challenge.parameters.get("service", ""), _scopes(challenge, visit), credential)


def _scopes(challenge: Challenge, visit: Visit) -> tuple[str, ...]:
    return scopes_to_pull(visit.reference.repository, challenge.parameters.get("scope", ""))


def _are_same(some: tuple[Challenge, ...], others: tuple[Challenge, ...], visit: Visit) -> bool:
    """Whether two refusals want the same of this visit."""
    return remembered(some) == remembered(others) and _scopes(some[0], visit) == _scopes(others[0], visit)


def _basic(credential: Credential) -> str:
    return basic(credential.username, credential.password)


def _with(request: Request, authorization: str) -> Request:
    return msgspec.structs.replace(request, headers={**request.headers, "Authorization": authorization})
