"""What a team pushes: content for two platforms, in every form that names it."""

import json
from dataclasses import dataclass
from typing import Any, Final

from figwasp.embedded.registry.images import OCI_INDEX, OCI_MANIFEST, image
from figwasp.embedded.registry.server import Registry, digest_of

ARCHITECTURES: Final = ("amd64", "arm64")


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """
    Content, by a letter for each platform: an index, or without `arm` a single manifest.

    Another `build` is another digest of the same content. What `crashes` ends badly wherever it runs.
    """

    amd: str
    arm: str = ""
    build: int = 0
    crashes: bool = False

    def put(self, registry: Registry, repository: str, tag: str) -> str:
        """Push it; the digest that the tag names then."""
        for config in self._configs:
            registry.put_image(repository, "", config)
        return registry.put(repository, tag, self._whole, OCI_INDEX if self.arm else OCI_MANIFEST)

    @property
    def named(self) -> dict[str, dict[str, str]]:
        """
        Every digest that it brings, and for each what a node of an architecture runs by it: a config's digest.

        The one that the tag names is the last.
        """
        configs = [digest_of(config) for config in self._configs]
        if not self.arm:
            return {digest_of(self._whole): dict.fromkeys(ARCHITECTURES, configs[0])}
        children = {
            digest_of(child): dict.fromkeys(ARCHITECTURES, config)
            for child, config in zip(self._children, configs, strict=True)
        }
        return {**children, digest_of(self._whole): dict(zip(ARCHITECTURES, configs, strict=True))}

    @property
    def _configs(self) -> list[bytes]:
        letters = [self.amd, self.arm] if self.arm else [self.amd]
        run = {"config": {"Cmd": ["false"]}} if self.crashes else {}
        documents = [
            {"os": "linux", "architecture": name, "author": letter, **run}
            for letter, name in zip(letters, ARCHITECTURES, strict=False)
        ]
        return [json.dumps(each).encode() for each in documents]

    @property
    def _children(self) -> list[bytes]:
        return [image(config) for config in self._configs]

    @property
    def _whole(self) -> bytes:
        annotations = {"build": str(self.build)}
        if not self.arm:
            return image(self._configs[0], annotations=annotations)
        manifests = [_descriptor(child, name) for child, name in zip(self._children, ARCHITECTURES, strict=True)]
        return json.dumps(
            {"schemaVersion": 2, "mediaType": OCI_INDEX, "manifests": manifests, "annotations": annotations}
        ).encode()


def _descriptor(child: bytes, architecture: str) -> dict[str, Any]:
    platform = {"os": "linux", "architecture": architecture}
    return {"mediaType": OCI_MANIFEST, "digest": digest_of(child), "size": len(child), "platform": platform}
