"""Digests of content, and the image IDs by which nodes report what a container runs."""

import re

from msgspec import Struct

from figwasp.errors import InvalidDigest

HEX_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
"""The registered algorithms and the length of their lower-case hexadecimal text (OCI image-spec, descriptor.md)."""


def is_hexadecimal(text: str) -> bool:
    """Whether `text` is lower-case hexadecimal, or empty."""
    return _HEXADECIMAL.issuperset(text)


_HEXADECIMAL = frozenset("0123456789abcdef")


class Digest(Struct, frozen=True, order=True):
    """The name of content by its hash. `str()` gives the canonical text, such as `sha256:…`."""

    algorithm: str
    hex: str

    @classmethod
    def parse(cls, text: str) -> "Digest":
        """
        Read `algorithm:hex`.

        Raises:
            InvalidDigest: unknown algorithm, wrong length, or not lower-case hexadecimal.
        """
        algorithm, colon, hexadecimal = text.partition(":")
        if not colon:
            raise InvalidDigest(text, "there is no algorithm before a colon")
        length = HEX_LENGTHS.get(algorithm)
        if length is None:
            raise InvalidDigest(text, f"the algorithm is none of {', '.join(HEX_LENGTHS)}")
        if len(hexadecimal) != length:
            raise InvalidDigest(text, f"{algorithm} has {length} hexadecimal digits, this has {len(hexadecimal)}")
        if not is_hexadecimal(hexadecimal):
            raise InvalidDigest(text, "it is not lower-case hexadecimal")
        return cls(algorithm, hexadecimal)

    @classmethod
    def of(cls, content: bytes, algorithm: str = "sha256") -> "Digest":
        """Compute the digest of `content`."""
        import hashlib  # noqa: PLC0415 - 4 ms that most passes need not spend

        return cls(algorithm, hashlib.new(algorithm, content).hexdigest())

    def names(self, content: bytes) -> bool:
        """Whether this is the digest of `content`."""
        return self == Digest.of(content, self.algorithm)

    @property
    def short(self) -> str:
        """The first 12 hexadecimal digits, for people."""
        return self.hex[:12]

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.hex}"


class ImageId(Struct, frozen=True):
    """
    What a node says that a container runs (`status.containerStatuses[].imageID`).

    `repository` is the name that the runtime put before the digest; it may belong to another image with
    the same content, and is empty where the node reports the bare ID of an image in its own store.
    `is_local` tells that no registry can be asked for the digest: a bare ID, or the made-up repository of an
    imported image.
    """

    repository: str
    digest: Digest
    is_local: bool


def parse_image_id(text: str) -> ImageId | None:
    """
    Read an image ID as containerd, CRI-O and cri-dockerd write it; None where it says nothing usable.

    Source: containerd internal/cri/server/container_status.go, cri-o internal/storage/image_id.go,
    cri-dockerd core/naming.go.
    """
    prefix = next((each for each in ("docker-pullable://", "docker://") if text.startswith(each)), "")
    repository, at, digest = text.removeprefix(prefix).rpartition("@")
    if "@" in repository or (at and not repository):
        return None
    if len(digest) == HEX_LENGTHS["sha256"]:
        digest = f"sha256:{digest}"  # CRI-O prints the bare image ID without its algorithm
    try:
        return ImageId(repository, Digest.parse(digest), is_local=not repository or _is_imported(repository))
    except InvalidDigest:
        return None


def _is_imported(repository: str) -> bool:
    # `ctr images import --digests` without a base name records docker.io/library/import-2025-01-01@sha256:…
    if "import-" not in repository:
        return False
    return re.fullmatch(r"(docker\.io/library/)?import-\d{4}-\d{2}-\d{2}", repository) is not None
