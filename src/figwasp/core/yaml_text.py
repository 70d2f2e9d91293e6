"""Values → YAML as a person would write it, with comments; what a library of YAML cannot write."""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

# Not what YAML 1.1 or 1.2 reads as a number, a boolean or nothing; and never `: `, ` #` or a colon at the end.
_PLAIN: Final = re.compile(r"[A-Za-z/](?:[\w./@+-]|:(?=[\w./@+-]))*", re.ASCII)
_RESERVED: Final = {"true", "false", "yes", "no", "on", "off", "null", "y", "n"}


class Noted(Struct, frozen=True):
    """A value, and what is said of it in a comment above it, a line each."""

    value: Any
    notes: tuple[str, ...]


def documents(values: Iterable[Any]) -> Iterator[str]:
    """Give the lines of a stream of documents."""
    for index, value in enumerate(values):
        if index:
            yield "---"
        yield from lines(value)


def lines(value: Any, indent: int = 0) -> Iterator[str]:
    """Give the lines of a mapping or a list; lists of nothing but texts and numbers are written in one."""
    pad = " " * indent
    entries = value.items() if isinstance(value, Mapping) else ((None, each) for each in value)
    for key, entry in entries:
        notes, inner = (entry.notes, entry.value) if isinstance(entry, Noted) else ((), entry)
        yield from (f"{pad}# {note}" for note in notes)
        if key is None:
            first, *rest = lines(inner, indent + 2) if _is_block(inner) else [f"{pad}  {_inline(inner)}"]
            yield f"{pad}- {first.lstrip()}"
            yield from rest
        elif _is_block(inner):
            yield f"{pad}{_inline(key)}:"
            yield from lines(inner, indent + 2)
        else:
            yield f"{pad}{_inline(key)}: {_inline(inner)}"


def plain(value: Any) -> Any:
    """Give the value itself, without any notes."""
    if isinstance(value, Noted):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {key: plain(each) for key, each in value.items()}
    return [plain(each) for each in value] if isinstance(value, list | tuple) else value


def _is_block(value: Any) -> bool:
    if isinstance(value, Mapping):
        return bool(value)
    return isinstance(value, list | tuple) and any(isinstance(each, Mapping | list | tuple | Noted) for each in value)


def _inline(value: Any) -> str:
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_inline, value))}]"
    if isinstance(value, str) and _PLAIN.fullmatch(value) and value.lower() not in _RESERVED:
        return value
    return msgspec.json.encode(value).decode()
