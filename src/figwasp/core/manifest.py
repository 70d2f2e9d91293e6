"""Manifests, indexes and configs: bytes from a registry → which configs and platforms they name."""

from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec
from msgspec import Struct

from figwasp.core.digest import Digest
from figwasp.core.moment import read_time
from figwasp.errors import InvalidDigest, InvalidManifest

DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
DOCKER_INDEX = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST_TYPES = (DOCKER_MANIFEST, OCI_MANIFEST)
INDEX_TYPES = (DOCKER_INDEX, OCI_INDEX)

IMAGE_CONFIG_TYPES = (
    "application/vnd.oci.image.config.v1+json",
    "application/vnd.docker.container.image.v1+json",
    "application/octet-stream",  # Docker before 1.10, which containerd still runs
    "",
)
"""The config types of images; charts, signatures and other artifacts have others, and no runtime can run them."""

_UNPACKED: Final = ("application/vnd.oci.image.layer.", "application/vnd.docker.image.rootfs.")
"""How the types of all layers begin that runtimes unpack, and that a config must therefore name one by one."""

ACCEPT = f"{DOCKER_MANIFEST}, {DOCKER_INDEX}, {OCI_MANIFEST}, {OCI_INDEX}, */*"
"""
What every manifest request sends: containerd's own set, since registries answer a different digest to another one.

Source: containerd core/remotes/docker/resolver.go, NewResolver.
"""

T = TypeVar("T")

LARGEST: Final = 4 * 1024 * 1024
"""
The most bytes of a manifest, or a config, that are read.

It is what registries take (distribution-spec, "Pushing manifests"); containerd reads no more either.
"""

USUAL_SIZE: Final = 256 * 1024
"""More bytes than manifests and configs have that are in use; what is larger is read one at a time."""

MOST_CHILDREN = 1024
"""How many parts one index may have; the largest that are in use have some sixty."""

_MOST_COMMAS: Final = 64 * MOST_CHILDREN
"""How many commas an index or a list of layers may have, before it is taken apart: a million zeros cost memory too."""


class Platform(Struct, frozen=True, order=True):
    """An operating system and processor; `variant` is empty where the architecture has just one."""

    os: str
    architecture: str
    variant: str = ""

    @classmethod
    def normal(cls, os: str, architecture: str, variant: str = "") -> "Platform":
        """Build a platform by its usual names, without the variants that mean nothing (containerd's database.go)."""
        architecture, variant = architecture.lower(), variant.lower()
        architecture, implied = _ALIASES.get(architecture, (architecture, None))
        variant = variant if implied is None else implied
        if architecture in {"arm", "arm64"} and variant.isdecimal():
            variant = f"v{variant}"
        if (architecture, variant) in {("arm64", "v8"), ("amd64", "v1")}:
            variant = ""
        if (architecture, variant) == ("arm", ""):
            variant = "v7"
        return cls(os.lower(), architecture, variant)

    def __str__(self) -> str:
        return "/".join(filter(None, (self.os, self.architecture, self.variant)))


_ALIASES: dict[str, tuple[str, str | None]] = {
    "i386": ("386", ""),
    "x86_64": ("amd64", None),
    "x86-64": ("amd64", None),
    "aarch64": ("arm64", None),
    "armhf": ("arm", "v7"),
    "armel": ("arm", "v6"),
}


class Child(Struct, frozen=True):
    """
    One part of an index; `platform` is None where it is no image that runs, or the index does not say for which.

    `is_index` tells that it is another index, `is_unstated` that it is a manifest of which the index gives no platform.
    An attestation is neither: its platform is stated, as `unknown/unknown`.
    """

    digest: Digest
    platform: Platform | None
    is_index: bool = False
    is_unstated: bool = False

    @property
    def states_nothing(self) -> bool:
        """Whether it may be for any platform, as far as the index says."""
        return self.is_unstated or (self.is_index and self.platform is None)


class Manifest(Struct, frozen=True):
    """
    One image for one platform. Its `config` digest identifies the content: configs name the layers' content.

    But not that of layers which runtimes do not unpack, such as WebAssembly's: `apart` tells these, all in one.

    Source: containerd core/images/mediatypes.go, IsLayerType, and core/unpack/unpacker.go.
    """

    config: Digest
    apart: Digest | None = None

    def has(self, content: "Manifest | Digest") -> bool:
        """Whether its content is that of another manifest, or what a node knows by the digest of a config."""
        return self == content if isinstance(content, Manifest) else self.config == content


class Index(Struct, frozen=True):
    """Several images under one digest, in the index's order."""

    children: tuple[Child, ...]

    @property
    def images(self) -> tuple[Child, ...]:
        """
        The children that can run somewhere: those that name a platform (attestations name `unknown/unknown`).

        The first of each platform, which is the one that a node is given; but all of them for Windows, of which a node
        is given the one for its own version.

        Source: containerd core/images/image.go, Manifest.
        """
        found: dict[Platform | Digest, Child] = {}
        for child in self.children:
            if child.platform and not child.is_index:
                found.setdefault(child.digest if child.platform.os == "windows" else child.platform, child)
        return tuple(found.values())


class _PlatformJson(Struct):
    os: str = ""
    architecture: str = ""
    variant: str = ""


class _DescriptorJson(Struct):
    digest: str
    mediaType: str = ""  # noqa: N815 - the specification's spelling
    platform: _PlatformJson | None = None


class _ManifestJson(Struct):
    schemaVersion: int = 0  # noqa: N815 - the specification's spelling
    mediaType: str = ""  # noqa: N815 - as above
    config: _DescriptorJson | None = None
    manifests: msgspec.Raw = msgspec.Raw()  # taken apart once it is known that there are not too many
    layers: msgspec.Raw = msgspec.Raw()
    artifactType: str = ""  # noqa: N815 - as above


class _LayerJson(Struct):
    digest: str = ""
    mediaType: str = ""  # noqa: N815 - as above


class _CreatedJson(Struct):
    created: str = ""


# Threads must not be the first to decode a type: decision 2.
_CREATED: Final = msgspec.json.Decoder(_CreatedJson)
_MANIFESTS: Final = msgspec.json.Decoder(_ManifestJson)
_PARTS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_LAYERS: Final = msgspec.json.Decoder(list[_LayerJson])
_DESCRIPTORS: Final = msgspec.json.Decoder(_DescriptorJson)
_CONFIGS: Final = msgspec.json.Decoder(_PlatformJson)


def parse_manifest(content: bytes) -> Manifest | Index:
    """
    Read a manifest or an index, Docker's or OCI's, by its content.

    Raises:
        InvalidManifest: not JSON, schema 1, of an unknown type, or both a manifest and an index at once
            (which different readers would read differently, CVE-2021-41190).
    """
    raw = _decoded(_MANIFESTS, content)
    if raw.schemaVersion != 2:
        raise InvalidManifest(
            f"it has schema version {raw.schemaVersion}, which no current runtime runs"
            if raw.schemaVersion
            else "it has no schema version, so it is no manifest"
        )
    is_index = bytes(raw.manifests) not in _NOTHING
    if is_index == (raw.config is not None) or (is_index and bytes(raw.layers) not in _NOTHING):
        raise InvalidManifest("it is neither clearly a manifest nor clearly an index")
    if raw.mediaType and raw.mediaType not in (INDEX_TYPES if is_index else MANIFEST_TYPES):
        raise InvalidManifest(f'its media type "{raw.mediaType[:100]}" is not that of an image')
    if raw.config is not None and (raw.artifactType or raw.config.mediaType not in IMAGE_CONFIG_TYPES):
        kind = raw.artifactType or raw.config.mediaType
        raise InvalidManifest(f'it is no image but an artifact of type "{kind[:100]}"')
    try:
        if raw.config is not None:
            return Manifest(Digest.parse(raw.config.digest), _apart(raw.layers))
        return Index(tuple(_child(_decoded(_DESCRIPTORS, each)) for each in _parts(raw.manifests)))
    except InvalidDigest as error:
        raise InvalidManifest(str(error)) from error


def _apart(layers: msgspec.Raw) -> Digest | None:
    """The layers that are not unpacked, as one digest: there may be hundreds of them."""
    found = [] if bytes(layers) in _NOTHING else _listed(_LAYERS, layers, "image")
    apart = [each.digest for each in found if not each.mediaType.startswith(_UNPACKED)]
    return Digest.of(" ".join(apart).encode()) if apart else None


def _listed(decoder: msgspec.json.Decoder[T], content: msgspec.Raw, what: str) -> T:
    if bytes(content).count(b",") > _MOST_COMMAS:
        raise InvalidManifest(f"it has more than {_MOST_COMMAS} commas, which is no {what}")
    return _decoded(decoder, content)


def _parts(manifests: msgspec.Raw) -> list[msgspec.Raw]:
    parts = _listed(_PARTS, manifests, "index of images")
    if len(parts) > MOST_CHILDREN:
        raise InvalidManifest(f"it lists {len(parts)} images, which is more than {MOST_CHILDREN}")
    return parts


_FIRST_IMAGES: Final = datetime(2013, 1, 1, tzinfo=UTC)
"""Builds that are to be the same each time write an earlier date, which says nothing."""


class Build(Struct, frozen=True):
    """For which platform an image was built, and when; each None where its config does not say."""

    platform: Platform | None
    created: datetime | None


def parse_build(content: bytes) -> Build:
    """Read what a config says of how its image was built."""
    try:
        created = read_time(_CREATED.decode(content).created)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        created = None
    return Build(parse_config(content), created if created and created >= _FIRST_IMAGES else None)


def parse_config(content: bytes) -> Platform | None:
    """Read for which platform an image was built from its config; None where that does not say."""
    try:
        return _platform(_CONFIGS.decode(content))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


_NOTHING: Final = {b"", b"null"}


def _decoded(decoder: msgspec.json.Decoder[T], content: bytes | msgspec.Raw) -> T:
    try:
        return decoder.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidManifest(f"it is no manifest: {error}") from error


def _child(descriptor: _DescriptorJson) -> Child:
    digest, stated = Digest.parse(descriptor.digest), descriptor.platform or _PlatformJson()
    if descriptor.mediaType in INDEX_TYPES:
        return Child(digest, _platform(stated), is_index=True)
    if descriptor.mediaType not in (*MANIFEST_TYPES, ""):
        return Child(digest, None)  # runtimes pass over what they do not know
    return Child(digest, _platform(stated), is_unstated=stated == _PlatformJson())


def _platform(stated: _PlatformJson) -> Platform | None:
    if not stated.os or not stated.architecture or "unknown" in (stated.os, stated.architecture):
        return None
    return Platform.normal(stated.os, stated.architecture, stated.variant)
