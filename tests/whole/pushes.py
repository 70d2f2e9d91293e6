"""What a team pushes: content for two platforms, in every form that names it."""

import json
from dataclasses import dataclass, replace
from typing import Any, Final

from figwasp.embedded.registry.images import OCI_INDEX, OCI_MANIFEST, image
from figwasp.embedded.registry.server import Registry, digest_of

ARCHITECTURES: Final = ("amd64", "arm64")


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """
    Content, by a letter for each platform: an index, or without `arm` a single manifest.

    Another `build` is another digest of the same content.
    """

    amd: str
    arm: str = ""
    build: int = 0

    def only_of(self, repository: str) -> "Push":
        """The same with content that no other repository has."""
        own = f"{repository} {self.arm}" if self.arm else ""
        return replace(self, amd=f"{repository} {self.amd}", arm=own)

    def put(self, registry: Registry, repository: str, tag: str) -> str:
        """Push it; the digest that the tag names then."""
        for child in self._children:
            registry.put(repository, "", child)
        return registry.put(repository, tag, self._whole, OCI_INDEX if self.arm else OCI_MANIFEST)

    @property
    def named(self) -> dict[str, dict[str, str]]:
        """Every digest that it brings, and for each what a node of an architecture runs by it: a config's digest."""
        if not self.arm:
            return {digest_of(self._whole): dict.fromkeys(ARCHITECTURES, _config_of(self._whole))}
        configs = [_config_of(child) for child in self._children]
        children = {digest_of(child): dict.fromkeys(ARCHITECTURES, _config_of(child)) for child in self._children}
        return {**children, digest_of(self._whole): dict(zip(ARCHITECTURES, configs, strict=True))}

    @property
    def _children(self) -> tuple[bytes, ...]:
        contents = zip((self.amd, self.arm), ARCHITECTURES, strict=True)
        return tuple(image(f"{letter} for {name}".encode()) for letter, name in contents) if self.arm else ()

    @property
    def _whole(self) -> bytes:
        annotations = {"build": str(self.build)}
        if not self.arm:
            return image(f"{self.amd} for amd64".encode(), annotations=annotations)
        manifests = [_descriptor(child, name) for child, name in zip(self._children, ARCHITECTURES, strict=True)]
        return json.dumps(
            {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests, "annotations": annotations}
        ).encode()


def _descriptor(child: bytes, architecture: str) -> dict[str, Any]:
    platform = {"os": "linux", "architecture": architecture}
    return {"mediaType": OCI_MANIFEST, "digest": digest_of(child), "size": len(child), "platform": platform}


def _config_of(manifest: bytes) -> str:
    return str(json.loads(manifest)["config"]["digest"])
