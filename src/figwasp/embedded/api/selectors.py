"""What selects objects at the small API server: a namespace, labels, fields."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from figwasp.embedded.api.status import bad_request

Matches = Callable[[dict[str, Any]], bool]
"""Tells whether an object is selected."""

_KEY = r"[A-Za-z0-9._/-]+"
_SET = re.compile(rf"({_KEY})\s+(in|notin)\s+\(([^()]*)\)")
_EQUAL = re.compile(rf"({_KEY})\s*(==|=|!=)\s*([A-Za-z0-9._-]*)")
_FIELD = re.compile(rf"({_KEY})\s*(==|=|!=)\s*([^,=!]*)")
_FIELDS = ("metadata.name", "metadata.namespace")
_INVOLVED = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
_MORE_FIELDS = {
    "pods": ("spec.nodeName", "status.phase"),
    "events": (*(f"involvedObject.{field}" for field in _INVOLVED), "reason", "type", "reportingComponent", "source"),
    "secrets": ("type",),
    "namespaces": ("status.phase",),
    "nodes": ("spec.unschedulable",),
}
_CORE = {"events", "namespaces", "nodes", "pods", "secrets"}
"""Resources for which a field that they lack is refused in other words."""

_EXISTS = re.compile(rf"(!?)\s*({_KEY})")


def key_of(namespace: str, name: str) -> str:
    """The key of an object in its resource."""
    return f"{namespace}/{name}" if namespace else name


def selector(query: Mapping[str, str], plural: str, namespace: str = "") -> Matches:
    """
    The selector of a list or watch by the query's labels and fields, and of one namespace (empty: any).

    Raises:
        Refusal: one of them is malformed (400).
    """
    labels = label_selector(query.get("labelSelector", ""))
    fields = field_selector(query.get("fieldSelector", ""), plural)

    def matches(item: dict[str, Any]) -> bool:
        return namespace in ("", item["metadata"].get("namespace")) and labels(item) and fields(item)

    return matches


def label_selector(text: str) -> Matches:
    """
    Parse a label selector: `a=b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`, joined by commas.

    Raises:
        Refusal: it is none (400).
    """
    requirements = [_label_requirement(part.strip()) for part in re.split(r",(?![^()]*\))", text) if text]
    return lambda item: all(matches(item["metadata"].get("labels") or {}) for matches in requirements)


def _label_requirement(part: str) -> Callable[[dict[str, str]], bool]:
    if found := _SET.fullmatch(part):
        key, operator, listed = found.groups()
        values = {value.strip() for value in listed.split(",")}
        # As the real one has it, an object without the label is "not in" the set.
        return lambda labels: (labels.get(key) in values) == (operator == "in")
    if found := _EQUAL.fullmatch(part):
        name, sign, value = found.groups()
        return lambda labels: (labels.get(name) == value) == (sign != "!=")
    if found := _EXISTS.fullmatch(part):
        absent, wanted = found.groups()
        return lambda labels: (wanted in labels) != bool(absent)
    raise bad_request("unable to parse requirement: found '', expected: ',' or ')'")


def field_selector(text: str, plural: str) -> Matches:
    """
    Parse a field selector of `=`, `==` and `!=`; the fields are those of the metadata, and a few more of some.

    Raises:
        Refusal: it is none, or of a field by which objects of `plural` cannot be selected (400).
    """
    requirements = []
    for part in text.split(",") if text else ():
        found = _FIELD.fullmatch(part.strip())
        if found is None:
            raise bad_request(f"invalid selector: '{part}'; can't understand '{part}'")
        path, sign, value = found.groups()
        if path not in (*_FIELDS, *_MORE_FIELDS.get(plural, ())):
            listed = ", ".join(f'"{field}"' for field in _FIELDS)
            unknown = f'"{path}" is not a known field selector: only {listed}'
            raise bad_request(f"field label not supported: {path}" if plural in _CORE else unknown)
        requirements.append((path.split("."), sign != "!=", value))
    return lambda item: all((_field(item, path) == value) == wanted for path, wanted, value in requirements)


def _field(item: Any, path: list[str]) -> str:
    for name in path:
        item = item.get(name) if isinstance(item, dict) else None
    return "" if item is None else str(item).lower() if isinstance(item, bool) else str(item)


def selected_name(text: str) -> str:
    """The one name that a field selector allows, which RBAC then judges by, or ""."""
    found = re.search(r"(?:^|,)\s*metadata\.name==?([^,!=]+)", text)
    return found[1] if found else ""
