"""What the documents that programs read have in common."""

from msgspec import Struct


class Wire(Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of all parts of a document: their fields are in camelCase, as in Kubernetes' objects."""
