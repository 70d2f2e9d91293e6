"""
Strategic merge patches: lists of named things are merged by the name, not replaced.

Source: kubernetes apimachinery, pkg/util/strategicpatch/patch.go.
"""

from collections.abc import Sequence
from typing import Any

from figwasp.embedded.api.status import other_error

_MERGE_KEYS = {
    "addresses": "type",
    "conditions": "type",
    "containers": "name",
    "env": "name",
    "ephemeralContainers": "name",
    "hostAliases": "ip",
    "imagePullSecrets": "name",
    "initContainers": "name",
    "ownerReferences": "uid",
    "podIPs": "ip",
    "ports": "containerPort",
    "secrets": "name",
    "taints": "key",
    "topologySpreadConstraints": "topologyKey",
    "volumeDevices": "devicePath",
    "volumeMounts": "mountPath",
    "volumes": "name",
}
"""By the name of a field, which is enough for the resources that the server has."""

_SETS = {"finalizers"}
"""Lists of plain values that are merged."""

_ORDER, _DELETE_FROM, _RETAIN = "$setElementOrder/", "$deleteFromPrimitiveList/", "$retainKeys"


def merged(old: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """
    The object with the patch applied.

    Raises:
        Refusal: an element of a list lacks the key by which it is merged.
    """
    match patch.get("$patch"):
        case "replace":
            return {key: value for key, value in patch.items() if key != "$patch"}
        case "delete":
            return {}
    new = dict(old)
    if _RETAIN in patch:
        new = {key: value for key, value in new.items() if key in patch[_RETAIN]}
    for key, value in patch.items():
        if key.startswith(_DELETE_FROM):
            field = key.removeprefix(_DELETE_FROM)
            new[field] = [each for each in new.get(field) or () if each not in value]
        elif key.startswith(_ORDER) and (field := key.removeprefix(_ORDER)) not in patch and new.get(field):
            new[field] = _merged_list(field, new[field], [], value)
        elif not key.startswith("$"):
            _merge_field(new, key, patch)
    return new


def _merge_field(new: dict[str, Any], key: str, patch: dict[str, Any]) -> None:
    value = patch[key]
    if value is None:
        new.pop(key, None)
    elif isinstance(value, dict):
        old = new.get(key)
        new[key] = merged(old if isinstance(old, dict) else {}, value)
    elif isinstance(value, list) and (key in _MERGE_KEYS or key in _SETS):
        new[key] = _merged_list(key, new.get(key) or [], value, patch.get(_ORDER + key))
        if not new[key]:
            del new[key]
    else:
        new[key] = value


def _merged_list(field: str, old: list[Any], patch: list[Any], order: list[Any] | None) -> list[Any]:
    if field in _SETS:
        return [*old, *(value for value in patch if value not in old)]
    by = _MERGE_KEYS[field]
    if any(item.get("$patch") == "replace" for item in patch):
        return [item for item in patch if "$patch" not in item]
    found = {_key_of(item, by): item for item in old}
    for item in patch:
        key = _key_of(item, by)
        if item.get("$patch") == "delete":
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key, {}), item)
    wanted = [_key_of(item, by) for item in (patch if order is None else order)]
    before = [_key_of(item, by) for item in old]
    return [found[key] for key in _in_order(list(found), wanted, before)]


def _in_order(keys: Sequence[Any], wanted: list[Any], before: list[Any]) -> list[Any]:
    """The keys: those that are wanted in that order, the rest as before, side by side as the server has it."""
    left = [key for key in dict.fromkeys(wanted) if key in keys]
    right = [key for key in keys if key not in left]
    merged_keys = []
    while left and right:
        known = left[0] in before and right[0] in before
        first = not known or before.index(left[0]) < before.index(right[0])
        merged_keys.append((left if first else right).pop(0))
    return [*merged_keys, *left, *right]


def _key_of(item: dict[str, Any], by: str) -> Any:
    if by not in item:
        told = " ".join(f"{key}:{item[key]}" for key in sorted(item))
        raise other_error(f"map: map[{told}] does not contain declared merge key: {by}")
    return item[by]
