"""What the small registry holds: repositories with their manifests, tags, blobs and unfinished uploads."""

import hashlib
import uuid

from msgspec import Struct, field


def digest_of(content: bytes) -> str:
    """The sha256 digest of `content`."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


class Manifest(Struct, frozen=True):
    """A manifest or index, as it was pushed."""

    media_type: str
    content: bytes

    @property
    def digest(self) -> str:
        """The digest of its bytes."""
        return digest_of(self.content)


class Repository(Struct):
    """One repository. Its blobs are its own, as in docker-registry: others have to mount them."""

    manifests: dict[str, Manifest] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    blobs: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, bytearray] = field(default_factory=dict)
    had_tags: bool = False
    """Whether it ever had any, by which docker-registry knows a repository."""

    def find(self, target: str) -> Manifest | None:
        """The manifest that a tag or digest names."""
        return self.manifests.get(self.tags.get(target, target))

    def put(self, manifest: Manifest, tag: str = "") -> str:
        """Store a manifest and let `tag` (if not empty) name it; answers its digest."""
        digest = manifest.digest
        self.manifests[digest] = manifest
        if tag:
            self.tags[tag], self.had_tags = digest, True
        return digest

    def delete(self, digest: str) -> bool:
        """Delete a manifest, and with it every tag that names it; answers whether there was one."""
        self.tags = {tag: named for tag, named in self.tags.items() if named != digest}
        return self.manifests.pop(digest, None) is not None

    def put_blob(self, content: bytes) -> str:
        """Store a blob; answers its digest."""
        digest = digest_of(content)
        self.blobs[digest] = content
        return digest

    def start_upload(self) -> str:
        """Make room for a blob that comes in pieces; answers what the upload is called."""
        upload = str(uuid.uuid4())
        self.uploads[upload] = bytearray()
        return upload


class Contents:
    """All repositories, by their names."""

    def __init__(self) -> None:
        self._repositories: dict[str, Repository] = {}

    def of(self, name: str) -> Repository:
        """The repository, to read from: an empty one if there is none."""
        return self._repositories.get(name) or Repository()

    def made(self, name: str) -> Repository:
        """The repository, to push to."""
        return self._repositories.setdefault(name, Repository())
