"""What a registry's refusal, or the lack of an answer, means: one of the errors that Figwasp acts on."""

import re
import ssl
from typing import Final

import msgspec
from msgspec import Struct

from figwasp.core.credential import Credential
from figwasp.core.reference import DOCKER_HUB, Reference
from figwasp.errors import (
    AccessDenied,
    BadResponse,
    ConnectionFailed,
    LargeAnswer,
    NotCached,
    NotTls,
    RateLimited,
    RegistryError,
    RegistryUnreachable,
    TagNotFound,
    TooLarge,
    UnknownAuthority,
    UnusableAnswer,
    shorten,
)
from figwasp.net.http import Response, basic
from figwasp.registry.auth import TokenQuery

IS_IT_UP: Final = "is the registry up, and can it be reached from here?"
_LONGEST_DETAIL: Final = 160
_SHORTEST_TOKEN: Final = 12
"""A user name may be a token, but words of the registry's own are not to be cut out for one like `ann`."""


def refusal(
    answer: Response, reference: Reference, credential: Credential | None, *, is_harbor: bool = False
) -> RegistryError:
    """
    Say what `answer`, whose status is not 200, means for `reference`, asked with `credential`.

    A Harbor may be a cache, and answers 404 too where it could not ask the registry behind it.

    Source: harbor src/server/middleware/repoproxy/proxy.go, ManifestMiddleware ("fallback to local").
    """
    registry, image = reference.registry, image_of(reference)
    why = _why(answer, credential)
    match answer.status:
        case 401 if credential is None:
            return AccessDenied(
                f"{registry} wants a login for {image} {why}, and there is none for it",
                hint=f"add a secret with a login for {registry} to the workload's imagePullSecrets",
            )
        case 401 | 403:
            return AccessDenied(
                f"{registry} refused {image} {why} {_with_login(credential)}", hint=_denied_hint(reference, credential)
            )
        case 404 if is_harbor:
            return NotCached(
                f"{registry} does not have {image} {why}",
                hint="if it is a cache, it may not have reached the registry behind it: the next pass asks again",
            )
        case 404:
            hint = "a private repository looks like this too, where no login is given" if credential is None else ""
            return TagNotFound(f"{registry} does not have {image} {why}", hint=hint)
        case 429:
            return _rate_limited(f"{registry} wants fewer requests {why}", registry, credential)
        case status if status >= 500:
            return RegistryUnreachable(f"{registry} cannot tell about {image} at the moment {why}")
        case _:
            return UnusableAnswer(f"{registry} answered something unexpected about {image} {why}")


def token_refusal(answer: Response, query: TokenQuery, registry: str) -> RegistryError:
    """Say what `answer` of a token server, whose status is not 200, means."""
    server, credential = query.realm.authority, query.credential
    why = _why(answer, credential)
    match answer.status:
        case 401 | 403 if credential is None:
            return AccessDenied(
                f"{server}, the token server of {registry}, gives no token without a login {why}, "
                "and there is none for it",
                hint=f"add a secret with a login for {registry} to the workload's imagePullSecrets",
            )
        case 401 | 403:
            return AccessDenied(
                f"{server}, the token server of {registry}, refused {why} {_with_login(credential)}",
                hint="its user name or password is wrong or has expired",
            )
        case 429:
            text = f"{server}, the token server of {registry}, wants fewer requests {why}"
            return _rate_limited(text, registry, credential)
        case status if status >= 500:
            return RegistryUnreachable(f"{server}, the token server of {registry}, gives no token {why}")
        case _:
            return UnusableAnswer(f"{server}, the token server of {registry}, gives no token {why}")


def no_answer(error: ConnectionFailed | BadResponse, registry: str) -> RegistryError:
    """Say what a failed exchange with a host of `registry` means."""
    if isinstance(error, TooLarge):
        return LargeAnswer(f"{registry}: {error}")
    if isinstance(error, BadResponse):
        return UnusableAnswer(f"{registry}: {error}")
    # Who fails at TLS could be reached.
    hint = error.hint or ("" if isinstance(error.__cause__, ssl.SSLError) else IS_IT_UP)
    if isinstance(error, UnknownAuthority):
        hint = "give the authority that signed it with --registry-ca FILE, or SSL_CERT_FILE"
    if isinstance(error, NotTls):
        hint = 'if that is on purpose, say so in the settings file (--config): [registry."HOST"] plain_http = true'
    return RegistryUnreachable(str(error) if registry in error.host else f"{registry}: {error}", hint=hint)


def image_of(reference: Reference) -> str:
    """The reference as a person writes it, without the registry, which the messages name themselves."""
    return reference.familiar.removeprefix(f"{reference.registry}/")


class _ErrorJson(Struct):
    code: str = ""
    message: str = ""


class _BodyJson(Struct):
    errors: list[_ErrorJson] = []
    code: str = ""
    message: str = ""
    details: str = ""


_BODIES: Final = msgspec.json.Decoder(_BodyJson)  # threads must not be the first to decode a type: decision 2


def _why(answer: Response, credential: Credential | None) -> str:
    """The status and what the body says, as in `(401, DENIED: access forbidden)`."""
    try:
        body = _BODIES.decode(answer.body)
        first = body.errors[0] if body.errors else _ErrorJson(body.code, body.message or body.details)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        first = _ErrorJson()
    code = first.code if re.fullmatch("[A-Za-z0-9_]{1,40}", first.code) else ""
    detail = shorten(_redacted(first.message, credential), _LONGEST_DETAIL)
    said = ": ".join(filter(None, (code, detail)))
    return f"({answer.status}, {said})" if said else f"({answer.status})"


def _redacted(text: str, credential: Credential | None) -> str:
    """A registry may repeat what it was sent; none of that is to be seen."""
    if credential is not None:
        proof = basic(credential.username, credential.password).removeprefix("Basic ")
        token = credential.username if len(credential.username) >= _SHORTEST_TOKEN else ""
        for secret in (proof, credential.password.reveal(), token):
            text = text.replace(secret, "***") if secret else text
    return re.sub(r"(?i)\b(basic|bearer)\s+[!-~]+|\beyJ[\w.-]+", "***", text)


def _with_login(credential: Credential | None) -> str:
    return f"with the login from {credential.source}" if credential else "to anybody without a login"


def _denied_hint(reference: Reference, credential: Credential | None) -> str:
    if credential is None:
        return f"add a secret with a login for {reference.registry} to the workload's imagePullSecrets"
    if reference.registry == "ghcr.io":
        return "a token for ghcr.io needs read:packages"
    return f"check its user name and password, and that it may pull {reference.repository}"


def _rate_limited(text: str, registry: str, credential: Credential | None) -> RateLimited:
    hint = "requests with a login have a limit of their own" if registry == DOCKER_HUB and credential is None else ""
    return RateLimited(text, hint=hint)
