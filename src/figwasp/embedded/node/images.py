"""The images that a node has: which references name which content. One image for each config digest."""

from collections.abc import Iterable

from msgspec import Struct

from figwasp.core.digest import Digest
from figwasp.core.reference import Reference


class Pulled(Struct, frozen=True, kw_only=True):
    """
    What a registry gave for `reference`: the digest that it named (of an index or manifest), and what runs of it.

    `program` is the command that its config names, if any.
    """

    reference: Reference
    target: Digest
    manifest: Digest
    config: Digest
    program: str = ""


class ImageStore:
    """
    What was pulled, kept as all runtimes can tell their forms of an image ID from it.

    A tag names one image at a time; a digest goes on naming its image after the tag has moved.

    Source: containerd internal/cri/store/image/image.go; go.podman.io/storage/images.go; Docker's reference store.
    """

    def __init__(self) -> None:
        self._tags: dict[Reference, Digest] = {}
        self._digests: dict[Reference, Digest] = {}
        self._asked_by_digest: set[Reference] = set()
        self._manifests: dict[Digest, set[Digest]] = {}
        self._programs: dict[Digest, str] = {}

    def add(self, pulled: Pulled) -> None:
        """Remember what was pulled."""
        reference = pulled.reference
        by_digest = reference.at(pulled.target)
        self._digests[by_digest] = pulled.config
        self._manifests.setdefault(pulled.config, set()).update((pulled.target, pulled.manifest))
        self._programs[pulled.config] = pulled.program
        if reference.is_pinned:
            self._asked_by_digest.add(by_digest)
        else:
            self._tags[reference] = pulled.config

    def find(self, reference: Reference) -> Digest | None:
        """The config digest of the image that `reference` names on this node; None where it names none."""
        if reference.digest is not None:
            return self._digests.get(reference.at(reference.digest))
        return self._tags.get(reference)

    def program(self, config: Digest) -> str:
        """What a container of the image runs, unless its pod says otherwise."""
        return self._programs.get(config, "")

    def configs(self) -> list[Digest]:
        """Every image that it has."""
        return list(self._programs)

    def tags(self, config: Digest) -> list[Reference]:
        """The tags that name the image now, in string order."""
        return _sorted(reference for reference, named in self._tags.items() if named == config)

    def digests(self, config: Digest) -> list[Reference]:
        """Repository and digest of every pull that brought the image, in string order."""
        return _sorted(reference for reference, named in self._digests.items() if named == config)

    def combinations(self, config: Digest) -> list[Reference]:
        """
        Every repository that names the image, with every digest of it, also where no registry has that pair.

        The digests are those of indexes and of the platform's manifests. Source: cri-o internal/storage/image.go,
        makeRepoDigests.
        """
        asked = {each for each in self._asked_by_digest if self._digests[each] == config}
        pairs = {tag.at(digest) for tag in self.tags(config) for digest in self._manifests.get(config, ())}
        return _sorted(asked | pairs)


def _sorted(references: Iterable[Reference]) -> list[Reference]:
    return sorted(references, key=str)
