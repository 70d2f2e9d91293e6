"""A list of objects, whole or in pages."""

import base64
import binascii
from collections.abc import Mapping
from typing import Final

import msgspec
from msgspec import Struct

from figwasp.embedded.api.collection import Kept, within
from figwasp.embedded.api.resources import Json, Resource
from figwasp.embedded.api.selectors import selector
from figwasp.embedded.api.status import bad_request


class _Token(Struct):
    """A continue token; the real server's has the same three fields. From `rv` -1 the list is the latest one."""

    v: str
    rv: int
    start: str = ""


_TOKENS: Final = msgspec.json.Decoder(_Token)  # threads must not be the first to decode a type: decision 2


def start_of(query: Mapping[str, str]) -> tuple[str, int]:
    """
    The key from which on a list is asked for, and the version at which it was begun (0: it begins now).

    Raises:
        Refusal: limit or token are none (400).
    """
    if not query.get("limit", "0").removeprefix("-").isdecimal():
        raise bad_request(f'strconv.ParseInt: parsing "{query["limit"]}": invalid syntax')
    return _parse_token(query["continue"]) if query.get("continue") else ("", 0)


def page_of(resource: Resource, kept: Kept, version: int, namespace: str, query: Mapping[str, str]) -> Json:
    """
    The list that a query asks for.

    Raises:
        Refusal: a selector is malformed (400).
    """
    matches = selector(query, resource.plural)
    at, end = within(kept, namespace, start_of(query)[0])
    limit = max(int(query.get("limit", "0")), 0) or end - at
    found: list[tuple[str, Json]] = []
    # One more than the page holds, which tells that there is another page.
    while at < end and len(found) <= limit:
        if matches(kept[at][1]):
            found.append(kept[at])
        at += 1
    metadata: Json = {"resourceVersion": str(version)}
    if len(found) > limit:
        metadata["continue"] = token(version, found[limit - 1][0] + "\0")
        if not query.get("labelSelector") and not query.get("fieldSelector"):
            metadata["remainingItemCount"] = 1 + end - at
    items = [
        {name: value for name, value in item.items() if name not in ("apiVersion", "kind")} for _, item in found[:limit]
    ]
    return {"kind": f"{resource.kind}List", "apiVersion": resource.api_version, "metadata": metadata, "items": items}


def token(version: int, start: str) -> str:
    """A continue token."""
    encoded = msgspec.json.encode(_Token("meta.k8s.io/v1", version, start))
    return base64.urlsafe_b64encode(encoded).decode().rstrip("=")


def _parse_token(text: str) -> tuple[str, int]:
    try:
        decoded = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        read = _TOKENS.decode(decoded)
    except (binascii.Error, msgspec.MsgspecError, UnicodeDecodeError):
        raise bad_request("invalid continue token: continue key is not valid") from None
    if not read.start:
        problem = f"continue key is not valid: encoded start key empty (version {read.v})"
        raise bad_request(f"invalid continue token: {problem}")
    return read.start, read.rv
