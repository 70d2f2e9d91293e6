"""What objects have to look like, as far as the server itself reads them; the rest is kept as it was sent."""

from collections.abc import Mapping
from typing import Any, Final, Generic, TypeVar

import msgspec
from msgspec import Struct

from figwasp.embedded.api.resources import Json, Resource

_Spec = TypeVar("_Spec")
_Map = dict[str, str] | None
_Maps = list[dict[str, Any]] | None


class _Metadata(Struct, rename="camel"):
    name: str | None = None
    generate_name: str | None = None
    namespace: str | None = None
    uid: str | None = None
    resource_version: str | None = None
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    labels: _Map = None
    annotations: _Map = None
    owner_references: _Maps = None
    finalizers: list[str] | None = None


class _Container(Struct):
    name: str = ""
    image: str = ""
    env: _Maps = None
    ports: _Maps = None


class _Pod(Struct, rename="camel"):
    containers: list[_Container] | None = None
    init_containers: list[_Container] | None = None
    volumes: _Maps = None
    node_selector: _Map = None


class _Template(Struct):
    metadata: _Metadata | None = None
    spec: _Pod | None = None


class _Requirement(Struct):
    key: str
    operator: str
    values: list[str] | None = None


class _Selector(Struct, rename="camel"):
    match_labels: _Map = None
    match_expressions: list[_Requirement] | None = None


class _Strategy(Struct, rename="camel"):
    type: str | None = None
    rolling_update: dict[str, Any] | None = None


class _Workload(Struct):
    replicas: int | None = None
    selector: _Selector | None = None
    template: _Template | None = None
    strategy: _Strategy | None = None


class _Condition(Struct):
    type: str
    status: str


class _Status(Struct):
    conditions: list[_Condition] | None = None


class _Attributes(Struct):
    namespace: str = ""
    verb: str = ""
    group: str = ""
    resource: str = ""
    subresource: str = ""
    name: str = ""
    path: str = ""


class _Question(Struct, rename="camel"):
    resource_attributes: _Attributes | None = None
    non_resource_attributes: _Attributes | None = None
    namespace: str | None = None


class _Object(Struct, Generic[_Spec]):
    metadata: _Metadata | None = None
    spec: _Spec | None = None
    status: _Status | None = None


_OTHER: Final = _Object[dict[str, Any]]
_SHAPES: Mapping[str, Any] = {
    **dict.fromkeys(("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "Scale"), _Object[_Workload]),
    **dict.fromkeys(("SelfSubjectAccessReview", "SelfSubjectRulesReview"), _Object[_Question]),
    "Pod": _Object[_Pod],
}
for _each in (*_SHAPES.values(), _OTHER):
    msgspec.json.Decoder(_each)  # threads must not be the first to look at a type: decision 2


def problem_of(resource: Resource, value: Json) -> str:
    """What keeps an object from being one of `resource`; empty where nothing does."""
    if (found := (value.get("kind"), value.get("apiVersion"))) != (resource.kind, resource.api_version):
        return f"it is of kind {found[0]} in {found[1]}"
    try:
        msgspec.convert(value, _SHAPES.get(resource.kind, _OTHER))
    except msgspec.ValidationError as error:
        return f"json: cannot unmarshal: {error}"
    return ""
