"""
The bit of Kubernetes' binary format that is needed for questions about one's own rights: kubectl asks in no other.

Source: kubernetes apimachinery, pkg/runtime/serializer/protobuf; k8s.io/api/authorization/v1/generated.proto.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from figwasp.embedded.api.resources import Json, Resource
from figwasp.embedded.api.status import bad_request

CONTENT_TYPE = "application/vnd.kubernetes.protobuf"

_MAGIC = b"k8s\0"
_RAW, _SPEC = 2, 2

_Schema = Mapping[int, tuple[str, "_Schema | None"]]
"""Names of fields by their number, with the schema of those that are messages; None: a string."""

_RESOURCE_NAMES = ("namespace", "verb", "group", "version", "resource", "subresource", "name")
_RESOURCE: _Schema = {number: (name, None) for number, name in enumerate(_RESOURCE_NAMES, start=1)}
_PATH: _Schema = {1: ("path", None), 2: ("verb", None)}
_SPECS: Mapping[str, _Schema] = {
    "SelfSubjectAccessReview": {1: ("resourceAttributes", _RESOURCE), 2: ("nonResourceAttributes", _PATH)},
    "SelfSubjectRulesReview": {1: ("namespace", None)},
}


def read_review(resource: Resource, body: bytes) -> Json:
    """
    Read a review: its spec, as in JSON.

    Raises:
        Refusal: it is none (400).
    """
    try:
        raw = dict(_fields(body.removeprefix(_MAGIC))).get(_RAW, b"")
        return {"spec": _message(dict(_fields(raw)).get(_SPEC, b""), _SPECS.get(resource.kind, {}))}
    except (IndexError, ValueError):
        raise bad_request(f"the body of the request is no {resource.kind} in the binary format") from None


def _message(data: bytes, schema: _Schema) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for number, value in _fields(data):
        if number in schema:
            name, inner = schema[number]
            found[name] = value.decode() if inner is None else _message(value, inner)
    return found


def _fields(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The numbers and contents of a message's fields; numbers in it are passed over."""
    at = 0
    while at < len(data):
        key, at = _varint(data, at)
        size, at = _varint(data, at)
        match key & 7:
            case 0:
                continue
            case 2 if at + size <= len(data):
                yield key >> 3, data[at : at + size]
                at += size
            case other:
                raise ValueError(other)


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of seven bits a byte, least ones first, and where it ends."""
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value, at
