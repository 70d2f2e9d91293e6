"""What went wrong with a request to the API server: answers and broken connections as our errors."""

import re
from typing import Final

import msgspec
from msgspec import Struct

from figwasp.errors import (
    AnswerLost,
    ApiUnreachable,
    Conflict,
    ConnectionFailed,
    Forbidden,
    KubernetesError,
    ObjectNotFound,
    Unauthenticated,
    UnknownAuthority,
    UnknownResource,
    shorten,
)
from figwasp.kube.access import Access
from figwasp.kube.resource import Resource

_REFUSED: Final = r'User "(?P<user>[^"]*)" cannot .* (?:in the namespace "[^"]*"|at the cluster scope)'

_WANTS_TLS: Final = b"Client sent an HTTP request to an HTTPS server"
"""What Go's server answers, without a status object, where it is spoken to by plain HTTP (net/http, server.go)."""

_LONGEST_LINE: Final = 256

_WEBHOOK: Final = "failed calling webhook"
"""What an update failed by before anything was stored."""


class _Details(Struct):
    name: str = ""


class _Status(Struct):
    kind: str = ""
    message: str = ""
    details: _Details | None = None


_STATUSES: Final = msgspec.json.Decoder(_Status)  # threads must not be the first to decode a type: decision 2


def refusal(status: int, body: bytes, verb: str, resource: Resource, access: Access) -> KubernetesError:
    """The error for an answer that is not a success; `verb` is RBAC's."""
    said = _parse(body)
    detail = f": {shorten(said.message)}" if said.message else ""
    match status:
        case 401:
            return Unauthenticated(
                f"the API server does not accept the login of {access.described} (401)",
                hint="the token may have expired or belong to another cluster"
                if access.in_cluster
                else "log in to the cluster again",
            )
        case 403:
            return _forbidden(said, verb, resource)
        case 404 if resource.name and said.details and said.details.name:
            return ObjectNotFound(
                f"there is no {resource.singular} {resource.name}{resource.where}",
                hint="check the name and the namespace",
            )
        case 404:
            return UnknownResource(
                f"the API server knows no {resource.plural} of {resource.api}{_beyond(said)}",
                hint=f"does kubectl get {resource.plural} find them? A proxy before the API server may hide them",
            )
        case 409:
            return Conflict(f"{resource} changed since it was read (409)")
        case _ if status >= 500 and verb == "update" and _WEBHOOK not in said.message:
            # Also where the API server itself says so: etcd may have taken a change whose answer came too late.
            return AnswerLost(f"the API server failed to answer the update of {resource} ({status}){detail}")
        case _ if status == 429 or status >= 500:
            problem = "asks for fewer requests" if status == 429 else "failed"
            return ApiUnreachable(f"the API server {problem}: {verb} {resource} ({status}){detail}")
        case 400 if _WANTS_TLS in body[:_LONGEST_LINE]:
            return ApiUnreachable(
                f"the API server speaks TLS, and {access.server} does not", hint="say https:// in the kubeconfig"
            )
        case _:
            return KubernetesError(f"the API server refused to {verb} {resource} ({status}){detail}")


def broken(error: ConnectionFailed, verb: str, resource: Resource, access: Access) -> KubernetesError:
    """The error for a request that got no answer, or half of one."""
    if error.sent and verb == "update":
        return AnswerLost(f"no answer to the update of {resource} from {error.host}: {error.problem}")
    hint = error.hint
    if isinstance(error, UnknownAuthority):
        hint = hint or "the cluster's certificate-authority must be the one that signed the API server's certificate"
    elif access.in_cluster:
        hint = hint or "does a network policy keep this pod from the API server?"
    else:
        hint = hint or f"is the cluster of {access.described} up, and can this machine reach it?"
    return ApiUnreachable(f"no answer from the API server {error.host}: {error.problem}", hint=hint)


def concerns_all(error: KubernetesError) -> bool:
    """Whether nothing else would be answered either: the API server cannot be reached, or does not know who we are."""
    return isinstance(error, Unauthenticated) or isinstance(error.__cause__, ConnectionFailed)


def unexpected(error: msgspec.ValidationError, resource: Resource) -> KubernetesError:
    """The error for an answer that is JSON, and not what was asked for."""
    return KubernetesError(f"the API server's answer for {resource} is not as expected: {error}")


def unusable(error: Exception, resource: Resource, access: Access) -> KubernetesError:
    """The error for an answer of the wrong form; `error` is the decoder's."""
    if isinstance(error, msgspec.ValidationError):
        return unexpected(error, resource)
    return KubernetesError(
        f"the API server's answer for {resource} is not JSON",
        hint=f"is {access.server} a Kubernetes API server? A proxy or a login page may stand before it",
    )


def _forbidden(said: _Status, verb: str, resource: Resource) -> KubernetesError:
    words = re.search(_REFUSED, said.message)
    if words is None and said.kind == "Status" and verb == "update":
        # Not RBAC but an admission webhook or policy: a rule would not help.
        return KubernetesError(f"the API server refused to update {resource} (403): {shorten(said.message)}")
    if words is None:
        detail = said.message
    else:
        reason = said.message[words.end() :].lstrip(": ")
        detail = f"as {words['user']}" + (f": {reason}" if reason else "")
    return Forbidden(
        verb=verb,
        resource=resource.plural,
        group=resource.group,
        namespace=resource.namespace,
        name=resource.name,
        detail=detail,
    )


def _beyond(said: _Status) -> str:
    return "" if said.kind == "Status" else ", or is none at all (404)"


def _parse(body: bytes) -> _Status:
    try:
        return _STATUSES.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return _Status()
