"""The three kinds of patches: JSON merge patch, strategic merge patch, JSON patch."""

from collections.abc import Callable
from typing import Any

import msgspec

from figwasp.embedded.api import strategic
from figwasp.embedded.api.resources import Json
from figwasp.embedded.api.status import bad_request, does_not_apply, other_error, unknown_patch


def read_patch(content_type: str, body: bytes) -> Callable[[Json], Json]:
    """
    Read a patch; what comes back applies it to an object, and raises Refusal where it cannot.

    Raises:
        Refusal: the type is another, as that of server-side apply (415), or the body is no patch (400).
    """
    match content_type.partition(";")[0].strip():
        case "application/merge-patch+json":
            patch = _decode(body, dict, "error decoding patch: ")
            return lambda old: _merged(old, patch)
        case "application/strategic-merge-patch+json":
            wanted = _decode(body, dict, "")
            return lambda old: _strategic(old, wanted)
        case "application/json-patch+json":
            steps = _decode(body, list, "error decoding patch: ")
            return lambda old: _stepped(old, steps)
    raise unknown_patch()


def _decode(body: bytes, kind: type, prefix: str) -> Any:
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise bad_request(f"{prefix}{error}") from None
    if not isinstance(found, kind):
        was = "array" if isinstance(found, list) else "object" if isinstance(found, dict) else "string"
        wanted = "map[string]interface {}" if kind is dict else "[]handlers.jsonPatchOp"
        raise bad_request(f"{prefix}json: cannot unmarshal {was} into Go value of type {wanted}")
    if isinstance(found, list) and not all(isinstance(step, dict) for step in found):
        raise bad_request(f"{prefix}json: cannot unmarshal into Go value of type handlers.jsonPatchOp")
    return found


def _strategic(old: Json, patch: Json) -> Json:
    try:
        return strategic.merged(old, patch)
    except (AttributeError, TypeError):
        raise other_error("the patch holds a list or an object where it is to hold another type") from None


def _merged(old: Any, patch: Any) -> Any:
    """Source: RFC 7396, "MergePatch"."""
    if not isinstance(patch, dict):
        return patch
    new = dict(old) if isinstance(old, dict) else {}
    for key, value in patch.items():
        if value is None:
            new.pop(key, None)
        else:
            new[key] = _merged(new.get(key), value)
    return new


def _stepped(old: Json, steps: list[Any]) -> Json:
    """Source: RFC 6902, "Operations"."""
    new: Any = {"": msgspec.json.decode(msgspec.json.encode(old))}
    try:
        for step in steps:
            _step(new, step)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError):
        raise does_not_apply() from None
    if not isinstance(new[""], dict):
        raise does_not_apply()
    return new[""]


def _step(root: Any, step: dict[str, Any]) -> None:
    path = step["path"]
    match step["op"]:
        case "add":
            _add(root, path, step["value"])
        case "remove":
            _take(root, path)
        case "replace":
            # As the server has it, what is not there in an object is added.
            parent, last = _find(root, path)
            parent[last] = step["value"]
        case "move":
            _add(root, path, _take(root, step["from"]))
        case "copy":
            parent, last = _find(root, step["from"])
            _add(root, path, msgspec.json.decode(msgspec.json.encode(parent[last])))
        case "test":
            parent, last = _find(root, path)
            if parent[last] != step["value"]:
                raise ValueError(path)
        case other:
            raise ValueError(other)


def _find(root: Any, path: str) -> tuple[Any, Any]:
    """The parent of what a path names, and its key or index there."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")]
    for part in parts[:-1]:
        root = root[_index(root, part)] if isinstance(root, list) else root[part]
    return root, _index(root, parts[-1]) if isinstance(root, list) else parts[-1]


def _index(values: list[Any], part: str) -> int:
    if part == "-":
        return len(values)
    if not part.isdecimal():
        raise ValueError(part)
    return int(part)


def _add(root: Any, path: str, value: Any) -> None:
    parent, last = _find(root, path)
    if not isinstance(parent, list):
        parent[last] = value
    elif 0 <= last <= len(parent):
        parent.insert(last, value)
    else:
        raise IndexError(last)


def _take(root: Any, path: str) -> Any:
    parent, last = _find(root, path)
    return parent.pop(last)
