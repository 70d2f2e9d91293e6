"""Answers as tables, which `kubectl get` asks for and prints as they are, and lists of metadata alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from figwasp.embedded.api.cells import CELLS, default_cells
from figwasp.embedded.api.resources import Json, Resource

_META = "meta.k8s.io/v1"
_WIDE = "*"
_COLUMNS: Mapping[str, str] = {
    "deployments": "Ready,Up-to-date,Available,Age,*Containers,*Images,*Selector",
    "replicasets": "Desired:integer,Current:integer,Ready:integer,Age,*Containers,*Images,*Selector",
    "statefulsets": "Ready,Age,*Containers,*Images",
    "daemonsets": "Desired:integer,Current:integer,Ready:integer,Up-to-date:integer,Available:integer,"
    "Node Selector,Age,*Containers,*Images,*Selector",
    "controllerrevisions": "Controller,Revision,Age",
    "jobs": "Status,Completions,Duration,Age,*Containers,*Images,*Selector",
    "cronjobs": "Schedule,Timezone,Suspend:boolean,Active:integer,Last Schedule,Age,*Containers,*Images,*Selector",
    "pods": "Ready,Status,Restarts,Age,*IP,*Node,*Nominated Node,*Readiness Gates",
    "secrets": "Type,Data,Age",
    "serviceaccounts": "Secrets,Age",
    "nodes": "Status,Roles,Age,Version,*Internal-IP,*External-IP,*OS-Image,*Kernel-Version,*Container-Runtime",
    "namespaces": "Status,Age",
    "leases": "Holder,Age",
}
"""After the name; a star marks those of `-o wide`, and they are strings but where another type is named."""

_EVENT_COLUMNS = "Last Seen,Type,Reason,Object,*Subobject,*Source,Message,*First Seen,*Count,*Name"


def table_of(resource: Resource, value: Json, include: str, now_seconds: float, *, header: bool = True) -> Json:
    """
    A table of an object or a list.

    `include` tells what comes with each row: "None", "Object" or, else, its metadata. `header` is False for all events
    of a watch but the first.
    """
    items, metadata = value.get("items"), value["metadata"]
    if items is None:
        items, metadata = [value], {"resourceVersion": metadata.get("resourceVersion", "")}
    return {
        "kind": "Table",
        "apiVersion": _META,
        "metadata": metadata,
        "columnDefinitions": _columns(resource) if header else None,
        "rows": [_row(resource, item, include, now_seconds) for item in items],
    }


def _row(resource: Resource, item: Json, include: str, now_seconds: float) -> Json:
    cells: Sequence[Any] = CELLS.get(resource.plural, default_cells)(item, now_seconds)
    row = {"cells": list(cells) if resource.plural == "events" else [item["metadata"]["name"], *cells]}
    match include:
        case "None":
            return row
        case "Object":
            return {**row, "object": {"kind": resource.kind, "apiVersion": resource.api_version, **item}}
    return {**row, "object": _metadata_of(item)}


def metadata_of(listed: Json) -> Json:
    """A list in which each object has its metadata only."""
    items = [_metadata_of(item) for item in listed["items"]]
    return {**listed, "kind": "PartialObjectMetadataList", "apiVersion": _META, "items": items}


def _metadata_of(item: Json) -> Json:
    return {"kind": "PartialObjectMetadata", "apiVersion": _META, "metadata": item["metadata"]}


def _columns(resource: Resource) -> list[Json]:
    if resource.plural == "events":
        return [_column(text) for text in _EVENT_COLUMNS.split(",")]
    return [_column("Name"), *(_column(text) for text in _COLUMNS.get(resource.plural, "Age").split(","))]


def _column(text: str) -> Json:
    name, _, kind = text.removeprefix(_WIDE).partition(":")
    return {
        "name": name,
        "type": kind or "string",
        "format": "name" if name == "Name" else "",
        "description": "",
        "priority": int(text.startswith(_WIDE)),
    }
