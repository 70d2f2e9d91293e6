"""
Blobs and their uploads over HTTP, as docker-registry 2.8 has them.

An upload's address changes with every piece: who goes on has to use the Location that came last.

Source: OCI distribution-spec, "Pushing blobs". A POST with a digest begins an upload like any other, which the
specification allows and docker-registry does.
"""

from typing import Final

from figwasp.embedded.registry.answers import refusal, wrong_digest
from figwasp.embedded.registry.contents import Contents, digest_of
from figwasp.embedded.registry.http import Answer, Asked

DIGEST: Final = r"[a-z0-9]+:[0-9a-f]+"
UPLOAD: Final = r"[0-9a-f-]*"


class Blobs:
    """Reads and writes the blobs of all repositories."""

    def __init__(self, contents: Contents) -> None:
        self._contents = contents

    def get(self, repository: str, digest: str, _asked: Asked, _body: bytes) -> Answer:
        """Serve a blob."""
        found = self._contents.of(repository).blobs.get(digest)
        if found is None:
            return refusal(404, "BLOB_UNKNOWN", "blob unknown to registry", digest)
        headers = {"Content-Type": "application/octet-stream", "Docker-Content-Digest": digest}
        return Answer(status=200, headers=headers, body=found)

    def delete(self, repository: str, digest: str, _asked: Asked, _body: bytes) -> Answer:
        """Take a blob from this repository."""
        if self._contents.of(repository).blobs.pop(digest, None) is None:
            return refusal(404, "BLOB_UNKNOWN", "blob unknown to registry")
        return Answer(status=202)

    def start(self, repository: str, _upload: str, asked: Asked, _body: bytes) -> Answer:
        """Begin an upload, or take the blob from another repository that has it."""
        known = self._contents.made(repository)
        mounted, source = asked.query.get("mount", ""), asked.query.get("from", "")
        found = self._contents.of(source).blobs.get(mounted)
        if found is not None:
            known.blobs[mounted] = found
            return _stored(repository, mounted, asked)
        upload = known.start_upload()
        return _under_way(202, repository, upload, 0, asked)

    def status(self, repository: str, upload: str, asked: Asked, _body: bytes) -> Answer:
        """Tell how much has come."""
        found = self._upload(repository, upload, asked)
        return found if isinstance(found, Answer) else _under_way(204, repository, upload, len(found), asked)

    def append(self, repository: str, upload: str, asked: Asked, body: bytes) -> Answer:
        """Take a piece."""
        found = self._upload(repository, upload, asked)
        if isinstance(found, Answer):
            return found
        if asked.header("Content-Type") not in {"", "application/octet-stream"}:
            return refusal(500, "UNKNOWN", "unknown error", {})
        found += body
        return _under_way(202, repository, upload, len(found), asked)

    def finish(self, repository: str, upload: str, asked: Asked, body: bytes) -> Answer:
        """Take the last piece, which may be empty or all of it, and keep the blob."""
        found = self._upload(repository, upload, asked)
        if isinstance(found, Answer):
            return found
        digest = asked.query.get("digest", "")
        if not digest:
            return wrong_digest("digest missing")
        found += body
        content = bytes(found)
        if digest != digest_of(content):
            return wrong_digest({"Digest": digest})
        known = self._contents.made(repository)
        del known.uploads[upload]
        known.put_blob(content)
        return _stored(repository, digest, asked)

    def cancel(self, repository: str, upload: str, asked: Asked, _body: bytes) -> Answer:
        """Throw away what has come."""
        found = self._upload(repository, upload, asked)
        if isinstance(found, Answer):
            return found
        del self._contents.made(repository).uploads[upload]
        return Answer(status=204, headers={"Docker-Upload-UUID": upload})

    def _upload(self, repository: str, upload: str, asked: Asked) -> bytearray | Answer:
        if upload and "_state" not in asked.query:
            return refusal(404, "BLOB_UPLOAD_INVALID", "blob upload invalid", {})
        found = self._contents.of(repository).uploads.get(upload)
        if found is None:
            return refusal(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry", {})
        if asked.query["_state"] != str(len(found)):
            return refusal(404, "BLOB_UPLOAD_INVALID", "blob upload invalid")
        return found


def _under_way(status: int, repository: str, upload: str, length: int, asked: Asked) -> Answer:
    headers = {
        "Location": f"{asked.origin}/v2/{repository}/blobs/uploads/{upload}?_state={length}",
        "Docker-Upload-UUID": upload,
        "Range": f"0-{max(length - 1, 0)}",
    }
    return Answer(status=status, headers=headers)


def _stored(repository: str, digest: str, asked: Asked) -> Answer:
    location = f"{asked.origin}/v2/{repository}/blobs/{digest}"
    return Answer(status=201, headers={"Location": location, "Docker-Content-Digest": digest})
