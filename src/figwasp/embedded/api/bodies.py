"""The objects that requests bring along, checked as far as the server looks at them."""

import re
from typing import Any, Final

import msgspec
from msgspec import Struct

from figwasp.embedded.api.resources import Json, Resource
from figwasp.embedded.api.shapes import problem_of
from figwasp.embedded.api.status import bad_request, invalid, other_error, unknown_format

_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
_NO_NAME = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and"
    f" end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{_NAME.pattern}')"
)
_POLICIES = ("Foreground", "Background", "Orphan")


class Preconditions(Struct, frozen=True, rename="camel"):
    """What has to be so for a deletion; empty: anything."""

    uid: str = ""
    resource_version: str = ""


class DeleteOptions(Struct, frozen=True, rename="camel"):
    """The body of a deletion."""

    propagation_policy: str = "Background"
    grace_period_seconds: int | None = None
    dry_run: tuple[str, ...] = ()
    preconditions: Preconditions = Preconditions()


def read_object(resource: Resource, body: bytes, content_type: str) -> Json:
    """
    Read the object that was sent.

    Raises:
        Refusal: it is no JSON object, of another kind, or does not look like one of its kind.
    """
    if content_type not in ("", "application/json"):
        raise unknown_format()
    try:
        sent = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError:
        raise bad_request(
            f"the object provided is unrecognized (must be of type {resource.kind}): couldn't get version/kind"
        ) from None
    kind, api_version = sent.get("kind", resource.kind), sent.get("apiVersion", resource.api_version)
    if (kind, api_version) != (resource.kind, resource.api_version):
        version = str(api_version).rpartition("/")[2]
        why = f"converting ({version}.{kind}) to ({resource.group or 'core'}.{resource.kind}): unknown conversion"
        raise bad_request(f'{kind} in version "{version}" cannot be handled as a {resource.kind}: {why}')
    if problem := problem_of(resource, {**sent, "kind": kind, "apiVersion": api_version}):
        raise bad_request(f'{kind} in version "{resource.version}" cannot be handled as a {kind}: {problem}')
    return sent


def require_place(sent: Json, namespace: str, name: str) -> Json:
    """
    Answer an object that is to be at this place.

    Raises:
        Refusal: it says that it is another (400).
    """
    metadata = _metadata(sent)
    sent_name = metadata.get("name", "")
    if not sent_name:
        raise bad_request(f"the name of the object ({name} based on URL) was undeterminable: name must be provided")
    if sent_name != name:
        raise bad_request(f"the name of the object ({sent_name}) does not match the name on the URL ({name})")
    _require_namespace(metadata, namespace)
    return {**sent, "metadata": metadata}


def require_new(resource: Resource, sent: Json, namespace: str) -> Json:
    """
    Answer an object that is to be created.

    Raises:
        Refusal: it has no name that one can have, or is of another namespace.
    """
    metadata = _metadata(sent)
    _require_namespace(metadata, namespace)
    if metadata.get("resourceVersion"):
        raise other_error("resourceVersion should not be set on objects to be created")
    name, beginning = metadata.get("name", ""), metadata.get("generateName", "")
    if not name and not beginning:
        why = "Required value: name or generateName is required"
        raise invalid(resource.kind, resource.group, "", ("metadata.name", "FieldValueRequired", why))
    if not _NAME.fullmatch(name or f"{beginning}x"):
        why = f'Invalid value: "{name or beginning}": {_NO_NAME}'
        field = "metadata.name" if name else "metadata.generateName"
        raise invalid(resource.kind, resource.group, name, (field, "FieldValueInvalid", why))
    return {**sent, "metadata": metadata}


_OPTIONS: Final = msgspec.json.Decoder(DeleteOptions)  # threads must not be the first to decode a type: decision 2


def read_delete_options(body: bytes) -> DeleteOptions:
    """
    Read the options of a deletion, none of which need be there.

    Raises:
        Refusal: they are none.
    """
    try:
        options = _OPTIONS.decode(body or b"{}")
    except msgspec.MsgspecError as error:
        raise other_error(f"couldn't get version/kind; json parse error: {error}") from None
    if options.propagation_policy not in _POLICIES:
        known = ", ".join(f'"{each}"' for each in (*_POLICIES, "nil"))
        why = f'Unsupported value: "{options.propagation_policy}": supported values: {known}'
        raise invalid("DeleteOptions", "meta.k8s.io", "", ("propagationPolicy", "FieldValueNotSupported", why))
    return options


def _metadata(sent: Json) -> Json:
    """An object's metadata without what is null, which is as if it were not there."""
    return {key: value for key, value in (sent.get("metadata") or {}).items() if value is not None}


def _require_namespace(metadata: Json, namespace: str) -> None:
    if metadata.get("namespace", namespace) != namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")
