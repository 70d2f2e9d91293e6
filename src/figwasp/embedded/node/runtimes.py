"""
How the runtimes name what a container runs: the forms of `image` and `imageID` in a pod's status.

Source: containerd internal/cri/server/container_status.go; cri-o server/container_create.go and
internal/storage/image.go; cri-dockerd core/naming.go, core/convert.go and core/container_status.go.
"""

import enum

from msgspec import Struct

from figwasp.core.digest import Digest
from figwasp.core.reference import Reference
from figwasp.embedded.node.images import ImageStore


class Named(Struct, frozen=True):
    """An image as a container's status names it."""

    image: str
    image_id: str


class Runtime(enum.Enum):
    """A container runtime; its value is what its container IDs begin with."""

    CONTAINERD = "containerd"
    CRI_O = "cri-o"
    CRI_DOCKERD = "docker"

    def at_creation(self, images: ImageStore, reference: Reference, config: Digest) -> Named:
        """What is kept of the image as its container is created; only CRI-O reports it ever after."""
        found = images.combinations(config)
        return Named(str(reference), str(found[0]) if found else config.hex)

    def names(self, images: ImageStore, config: Digest) -> list[str]:
        """All names of an image that the runtime lists: those with digests come first."""
        by_digest = images.combinations(config) if self is Runtime.CRI_O else images.digests(config)
        found = [*by_digest, *images.tags(config)]
        return [each.familiar if self is Runtime.CRI_DOCKERD else str(each) for each in found]

    def now(self, images: ImageStore, config: Digest, created: Named) -> Named:
        """
        What the container's status says now.

        containerd and cri-dockerd look it up anew each time, by the config digest: so it may name another repository
        with the same content, keeps the smallest of several digests for ever, and changes without a restart.
        """
        match self:
            case Runtime.CONTAINERD:
                return containerd(images, config)
            case Runtime.CRI_O:
                return created
            case Runtime.CRI_DOCKERD:
                return cri_dockerd(images, config)


def containerd(images: ImageStore, config: Digest) -> Named:
    """The smallest `repository@digest` in string order, else the config digest; the smallest tag, else the same."""
    tags, digests = images.tags(config), images.digests(config)
    return Named(str(tags[0]) if tags else str(config), str(digests[0]) if digests else str(config))


def cri_dockerd(images: ImageStore, config: Digest) -> Named:
    """The same by Docker's familiar names, and with a scheme that tells whether a registry knows the digest."""
    tags, digests = images.tags(config), images.digests(config)
    image_id = f"docker-pullable://{digests[0].familiar}" if digests else f"docker://{config}"
    return Named(tags[0].familiar if tags else str(config), image_id)
