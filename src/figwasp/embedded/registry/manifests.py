"""
Manifests and tags over HTTP, as docker-registry 2.8 has them.

Source: OCI distribution-spec; docker-registry where it says nothing, or where docker-registry does otherwise.
"""

import json
import re
from typing import Final
from urllib.parse import quote

import msgspec
from msgspec import Struct

from figwasp.embedded.registry.answers import JSON, refusal, refusals, wrong_digest
from figwasp.embedded.registry.contents import Contents, Manifest, Repository
from figwasp.embedded.registry.http import Answer, Asked
from figwasp.embedded.registry.images import DOCKER_LIST, DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST

TARGET: Final = r"\w[\w.-]{0,127}|[a-z0-9]+:[0-9a-f]+"
_NOT_ACCEPTED: Final = {
    OCI_MANIFEST: "OCI manifest found, but accept header does not support OCI manifests",
    OCI_INDEX: "OCI index found, but accept header does not support OCI indexes",
}
_MEDIA_TYPES: Final = (OCI_MANIFEST, OCI_INDEX, DOCKER_MANIFEST, DOCKER_LIST)
_LARGEST_BYTES: Final = 4 * 1024 * 1024
_NUMBER: Final = re.compile("[0-9]{1,9}")


class _Descriptor(Struct, rename="camel"):
    digest: str
    urls: list[str] | None = None


class _Pushed(Struct, rename="camel"):
    """What a registry looks at in a manifest or index before it keeps it."""

    media_type: str = ""
    config: _Descriptor | None = None
    layers: list[_Descriptor] = []
    manifests: list[_Descriptor] = []


_PUSHES: Final = msgspec.json.Decoder(_Pushed)  # threads must not be the first to decode a type: decision 2


class Manifests:
    """Reads and writes the manifests of all repositories."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents

    def get(self, repository: str, target: str, asked: Asked, _body: bytes) -> Answer:
        """Serve a manifest; which one, hangs on what is accepted (but never on */*)."""
        known = self._contents.of(repository)
        found = known.find(target)
        if found is None:
            detail = {"Name": repository, "Revision": target} if ":" in target else {"Tag": target}
            return refusal(404, "MANIFEST_UNKNOWN", "manifest unknown", detail)
        accepted = {each.partition(";")[0].strip() for each in asked.header("Accept").split(",")}
        if found.media_type in _NOT_ACCEPTED.keys() - accepted:
            return refusal(404, "MANIFEST_UNKNOWN", _NOT_ACCEPTED[found.media_type])
        if found.media_type == DOCKER_LIST and DOCKER_LIST not in accepted and ":" not in target:
            found = known.manifests[_for_amd64(found.content)]
        headers = {"Content-Type": found.media_type, "Docker-Content-Digest": found.digest}
        return Answer(status=200, headers=headers, body=found.content)

    def put(self, repository: str, target: str, asked: Asked, body: bytes) -> Answer:
        """Keep a manifest of which everything is there, and let the tag name it."""
        if len(body) > _LARGEST_BYTES:
            return refusal(400, "MANIFEST_INVALID", "manifest invalid", "http: request body too large")
        media_type = asked.header("Content-Type").partition(";")[0].strip()
        pushed = _read(media_type, body)
        if pushed is None:
            return refusal(400, "MANIFEST_INVALID", "manifest invalid", {})
        manifest = Manifest(media_type, body)
        if ":" in target and target != manifest.digest:
            return wrong_digest()
        known = self._contents.of(repository)
        if missing := _missing(pushed, known):
            message = "blob unknown to registry"
            return refusals(400, *(("MANIFEST_BLOB_UNKNOWN", message, digest) for digest in missing))
        digest = self._contents.made(repository).put(manifest, "" if ":" in target else target)
        location = f"{asked.origin}/v2/{repository}/manifests/{digest}"
        return Answer(status=201, headers={"Location": location, "Docker-Content-Digest": digest})

    def delete(self, repository: str, target: str, _asked: Asked, _body: bytes) -> Answer:
        """Delete by digest, and all tags with it; docker-registry 2.8 deletes no single tag."""
        if ":" not in target:
            return wrong_digest()
        if not self._contents.of(repository).delete(target):
            return refusal(404, "MANIFEST_UNKNOWN", "manifest unknown")
        return Answer(status=202)

    def tags(self, repository: str, _target: str, asked: Asked, _body: bytes) -> Answer:
        """List the tags in their order, in pages where they are asked for (which docker-registry 2.8 does not know)."""
        known = self._contents.of(repository)
        if not known.had_tags:
            detail = {"name": repository}
            return refusal(404, "NAME_UNKNOWN", "repository name not known to registry", detail)
        last, number = asked.query.get("last", ""), asked.query.get("n", "")
        tags = sorted(tag for tag in known.tags if tag > last)
        headers = {"Content-Type": JSON}
        if _NUMBER.fullmatch(number) and 0 < int(number) < len(tags):
            tags = tags[: int(number)]
            following = f"/v2/{repository}/tags/list?n={number}&last={quote(tags[-1])}"
            headers["Link"] = f'<{following}>; rel="next"'
        body = json.dumps({"name": repository, "tags": tags or None}).encode() + b"\n"
        return Answer(status=200, headers=headers, body=body)


def _read(media_type: str, body: bytes) -> _Pushed | None:
    """What was pushed, or None where it is not what its media type says."""
    try:
        pushed = _PUSHES.decode(body)
    except msgspec.DecodeError:
        return None
    # OCI image-spec: mediaType may be left out, which Docker's manifests may not do.
    named = pushed.media_type or (media_type if media_type in _NOT_ACCEPTED else "")
    is_complete = pushed.config is not None or media_type in {OCI_INDEX, DOCKER_LIST}
    return pushed if media_type in _MEDIA_TYPES and named == media_type and is_complete else None


def _missing(pushed: _Pushed, known: Repository) -> list[str]:
    """The digests that a manifest names and the repository lacks, but for layers that lie elsewhere (`urls`)."""
    blobs = [*([pushed.config] if pushed.config else []), *(each for each in pushed.layers if not each.urls)]
    lacking = [each.digest for each in blobs if each.digest not in known.blobs]
    return lacking + [each.digest for each in pushed.manifests if each.digest not in {*known.manifests, *known.blobs}]


def _for_amd64(manifest_list: bytes) -> str:
    """The digest that docker-registry answers to those who know no manifest lists."""
    listed = json.loads(manifest_list)["manifests"]
    digests = [each["digest"] for each in listed if each["platform"] == {"os": "linux", "architecture": "amd64"}]
    return str(digests[0])
