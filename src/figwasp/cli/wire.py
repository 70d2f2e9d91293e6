"""What the documents that programs read have in common."""

from datetime import datetime

from msgspec import Struct


class Wire(Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of all parts of a document: their fields are in camelCase, as in Kubernetes' objects."""


def moment(at: datetime) -> str:
    """Write a moment in UTC as Kubernetes does, to the millisecond."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
