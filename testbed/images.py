"""
Images as bytes: manifests, configs and layers made here, so that each differs exactly as wanted.

Made without a tool: an image is a tar and two JSON documents, and tests need ones that no tool makes.

Source: OCI image-spec (manifest.md, config.md, image-index.md); Docker image manifest v2, schema 2.
"""

import functools
import gzip
import hashlib
import io
import json
import shutil
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path

from testbed.errors import TestbedError
from testbed.part import SEARCH_PATH

# A shell that ends at once when asked to, because pid 1 ignores a signal that it does not handle.
SLEEP_FOREVER = ("/bin/sh", "-c", "trap 'exit 0' TERM INT; sleep infinity & wait")

NO_SUCH_PROGRAM = ("/no/such/program",)
"""An entrypoint with which no container ever starts."""

_PROGRAMS = ("cat", "echo", "env", "ls", "sh", "sleep", "true", "wget")


class Style(Enum):
    """Whose media types a manifest has: (index, manifest, config, layer)."""

    OCI = (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.oci.image.layer.v1.tar+gzip",
    )
    DOCKER = (
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
        "application/vnd.docker.container.image.v1+json",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
    )


@dataclass(frozen=True, slots=True)
class Blob:
    """Bytes under their digest."""

    data: bytes

    @property
    def digest(self) -> str:
        """As `sha256:…`."""
        return "sha256:" + hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """One platform's image: its manifest, and the blobs that the manifest names."""

    manifest: Blob
    media_type: str
    config: Blob
    layers: tuple[Blob, ...]
    platform: str

    @property
    def digest(self) -> str:
        """The manifest's digest."""
        return self.manifest.digest


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """An image index (Docker: manifest list) and its children, which may be indexes themselves."""

    manifest: Blob
    media_type: str
    children: tuple["Image | Index", ...]

    @property
    def digest(self) -> str:
        """The index's own digest."""
        return self.manifest.digest


def image(
    content: str = "1",
    *,
    platform: str = "linux/amd64",
    entrypoint: Sequence[str] = SLEEP_FOREVER,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    style: Style = Style.OCI,
) -> Image:
    """
    A busybox that runs `entrypoint`. The same arguments give the same bytes.

    Other `content` (the text of the file /content) is another layer, config and manifest; other `labels` are
    another config and manifest of the same layers; other `annotations` (OCI only) are another manifest of the same
    config. `platform` is os/arch or os/arch/variant; the program inside is this machine's in any case.
    """
    _, manifest_type, config_type, layer_type = style.value
    layers = (_busybox_layer(), _content_layer(content))
    config = _json_blob(
        {
            "created": "2026-01-01T00:00:00Z",
            **_platform(platform),
            "config": {"Entrypoint": list(entrypoint), "Env": ["PATH=/bin"], "Labels": dict(labels or {})},
            "rootfs": {"type": "layers", "diff_ids": [_diff_id(layer) for layer in layers]},
            "history": [{"created_by": "testbed"} for _ in layers],
        }
    )
    manifest = _json_blob(
        {
            "schemaVersion": 2,
            "mediaType": manifest_type,
            "config": _descriptor(config_type, config),
            "layers": [_descriptor(layer_type, layer) for layer in layers],
            **({"annotations": dict(annotations)} if annotations else {}),
        }
    )
    return Image(manifest=manifest, media_type=manifest_type, config=config, layers=layers, platform=platform)


def respaced(original: Image) -> Image:
    """The same image by another manifest, which differs in white space only."""
    return replace(original, manifest=Blob(original.manifest.data + b"\n"))


def attestation(subject: Image) -> Image:
    """
    The child that BuildKit adds to an index for each image: no image, platform unknown/unknown.

    Source: BuildKit, docs/attestations/attestation-storage.md.
    """
    _, manifest_type, config_type, _ = Style.OCI.value
    layer = _json_blob({"_type": "https://in-toto.io/Statement/v0.1", "subject": [{"digest": subject.digest}]})
    config = _json_blob(
        {"os": "unknown", "architecture": "unknown", "rootfs": {"type": "layers", "diff_ids": [layer.digest]}}
    )
    manifest = _json_blob(
        {
            "schemaVersion": 2,
            "mediaType": manifest_type,
            "config": _descriptor(config_type, config),
            "layers": [_descriptor("application/vnd.in-toto+json", layer)],
        }
    )
    return Image(
        manifest=manifest, media_type=manifest_type, config=config, layers=(layer,), platform="unknown/unknown"
    )


def index(
    *children: Image | Index,
    annotations: Mapping[str, str] | None = None,
    style: Style = Style.OCI,
    platforms: bool = True,
) -> Index:
    """
    An index of the children, in their order. It states no platform for an index in it.

    An attestation's descriptor names the image before it, as BuildKit writes it.

    Other `annotations` (OCI only) are another index of the same children. Without `platforms` it states none at all,
    as `umoci` and `skopeo` write indexes.
    """
    media_type, *_ = style.value
    descriptors = []
    for number, child in enumerate(children):
        descriptor = _descriptor(child.media_type, child.manifest)
        if isinstance(child, Image) and platforms:
            descriptor["platform"] = _platform(child.platform)
        if isinstance(child, Image) and child.platform.startswith("unknown") and number:
            descriptor["annotations"] = {
                "vnd.docker.reference.digest": children[number - 1].digest,
                "vnd.docker.reference.type": "attestation-manifest",
            }
        descriptors.append(descriptor)
    manifest = _json_blob(
        {
            "schemaVersion": 2,
            "mediaType": media_type,
            "manifests": descriptors,
            **({"annotations": dict(annotations)} if annotations else {}),
        }
    )
    return Index(manifest=manifest, media_type=media_type, children=children)


def archive(content: Image, name: str) -> bytes:
    """
    An OCI archive of one image under its full name, as `docker save` and `ctr images import` know it.

    Source: OCI image-spec, image-layout.md; containerd's import takes the name from its own annotation.
    """
    descriptor = _descriptor(content.media_type, content.manifest)
    descriptor |= {"platform": _platform(content.platform), "annotations": {"io.containerd.image.name": name}}
    tar = _Tar()
    tar.add("oci-layout", b'{"imageLayoutVersion":"1.0.0"}', mode=0o644)
    tar.add("index.json", _json_blob({"schemaVersion": 2, "manifests": [descriptor]}).data, mode=0o644)
    for blob in (content.manifest, content.config, *content.layers):
        tar.add(f"blobs/sha256/{blob.digest.removeprefix('sha256:')}", blob.data, mode=0o644)
    return tar.content()


def _platform(text: str) -> dict[str, str]:
    return dict(zip(("os", "architecture", "variant"), text.split("/"), strict=False))


def _descriptor(media_type: str, blob: Blob) -> dict[str, object]:
    return {"mediaType": media_type, "digest": blob.digest, "size": len(blob.data)}


def _json_blob(document: Mapping[str, object]) -> Blob:
    return Blob(json.dumps(document, indent=1).encode())


@functools.cache
def _busybox_layer() -> Blob:
    busybox = shutil.which("busybox", path=SEARCH_PATH)
    if busybox is None:
        raise TestbedError("images need busybox-static, which is not installed")
    tar = _Tar()
    tar.add("bin/busybox", Path(busybox).read_bytes(), mode=0o755)
    for program in _PROGRAMS:
        tar.link(f"bin/{program}", "busybox")
    return tar.layer()


@functools.cache
def _diff_id(layer: Blob) -> str:
    return Blob(gzip.decompress(layer.data)).digest


@functools.cache
def _content_layer(content: str) -> Blob:
    tar = _Tar()
    tar.add("content", content.encode(), mode=0o644)
    return tar.layer()


class _Tar:
    """A tar without times and owners, so that the same files are the same bytes."""

    def __init__(self) -> None:
        self._bytes = io.BytesIO()
        self._tar = tarfile.TarFile(fileobj=self._bytes, mode="w")

    def add(self, name: str, data: bytes, *, mode: int) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = len(data), mode
        self._tar.addfile(entry, io.BytesIO(data))

    def link(self, name: str, target: str) -> None:
        entry = tarfile.TarInfo(name)
        entry.type, entry.linkname = tarfile.SYMTYPE, target
        self._tar.addfile(entry)

    def content(self) -> bytes:
        self._tar.close()
        return self._bytes.getvalue()

    def layer(self) -> Blob:
        return Blob(gzip.compress(self.content(), compresslevel=1, mtime=0))
