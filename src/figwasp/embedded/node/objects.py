"""What Kubernetes objects have in common: owners, conditions, labels, times."""

import zlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec

Json = dict[str, Any]
"""A JSON object, as the API server keeps it; never changed in place here."""

ALPHABET: Final = "bcdfghjklmnpqrstvwxz2456789"
"""What names are made of, so that they spell no word. Source: apimachinery pkg/util/rand/rand.go."""


def timestamp(seconds: float) -> str:
    """A time since the epoch as objects hold it: RFC 3339 in UTC, whole seconds."""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def seconds_of(text: str) -> float:
    """The reverse of `timestamp`."""
    return datetime.fromisoformat(text).timestamp()


def labels_of(value: Json) -> dict[str, str]:
    """The labels of an object or of a pod template."""
    return (value.get("metadata") or {}).get("labels") or {}


def annotations_of(value: Json) -> dict[str, str]:
    """The annotations of an object or of a pod template."""
    return (value.get("metadata") or {}).get("annotations") or {}


def with_metadata(value: Json, **fields: Any) -> Json:
    """`value` with other fields in its metadata."""
    return {**value, "metadata": {**(value.get("metadata") or {}), **fields}}


def key_of(value: Json) -> str:
    """Namespace and name, as people write them."""
    metadata = value["metadata"]
    return f"{metadata['namespace']}/{metadata['name']}" if "namespace" in metadata else str(metadata["name"])


def owner_reference(owner: Json) -> Json:
    """How a dependent names its controller. Source: apimachinery pkg/apis/meta/v1/controller_ref.go."""
    metadata = owner["metadata"]
    named = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "name": metadata["name"], "uid": metadata["uid"]}
    return {**named, "controller": True, "blockOwnerDeletion": True}


def controller_of(value: Json) -> Json:
    """The reference to the object's controller; empty if it has none."""
    owners = value["metadata"].get("ownerReferences") or ()
    return next((each for each in owners if each.get("controller")), {})


def is_ending(value: Json) -> bool:
    """Whether its deletion was asked for."""
    return "deletionTimestamp" in value["metadata"]


def condition(status: Json, kind: str) -> Json:
    """The condition of that type; empty if there is none."""
    return next((each for each in status.get("conditions") or () if each["type"] == kind), {})


def without_condition(conditions: Iterable[Json], kind: str) -> list[Json]:
    """The conditions but the one of that type."""
    return [each for each in conditions if each["type"] != kind]


def digest_of_json(value: object) -> str:
    """A short text that stands for `value` in names, of the letters of `ALPHABET`."""
    number = zlib.crc32(msgspec.json.encode(value, order="sorted"))
    return "".join(ALPHABET[ord(digit) % len(ALPHABET)] for digit in str(number))


def selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Whether all labels of `selector` are among `labels`."""
    return selector.items() <= labels.items()
