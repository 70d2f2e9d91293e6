"""
What lies under a digest: the images of an index, whatever it is made of, and which of them a node would run.

Source: containerd core/images/image.go (Manifest) and platforms/compare.go.
"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from figwasp.core.credential import Login
from figwasp.core.digest import Digest, ImageId
from figwasp.core.manifest import MOST_CHILDREN, Child, Index, Manifest, Platform
from figwasp.core.reference import Reference
from figwasp.core.workload import PlatformLimits
from figwasp.errors import InvalidManifest, InvalidReference

DEEPEST = 4
"""How many indexes may lie in one another, the outermost counted."""

MOST_OPENED = 16
"""How many parts of one index are looked into: nested indexes, and those of which it states no platform."""


class Node(Struct, frozen=True):
    """
    What a node tells of itself.

    `images` are those of its store that it knows by several digests, each as these digests: an index that was pulled,
    the platform's manifest in it, and what other repositories call the same. All of them name one content, though only
    for this node's platform; that two digests are not together says nothing, since nodes tell of some images only.

    Source: kubernetes pkg/kubelet/nodestatus/setters.go, Images (the 50 largest images, five names of each); one entry
    is one image ID: containerd internal/cri/store/image/image.go, cri-o internal/storage/image.go, cri-dockerd
    core/convert.go.
    """

    platform: Platform
    images: tuple[frozenset[Digest], ...] = ()

    def has_as_one(self, some: Digest, others: Iterable[Digest]) -> bool:
        """Whether it has `some` and any of `others` for one image."""
        others = frozenset(others)
        return any(some in image and not others.isdisjoint(image) for image in self.images)


class Contents(Protocol):
    """Looks up what the comparison needs beyond digests; each answer is the same for a whole pass."""

    def manifest(self, reference: Reference) -> Manifest | Index:
        """
        Read what `reference` pins by digest, with the login for its own repository.

        Raises:
            TagNotFound: the registry has no such content.
            FigwaspError: it could not be read.
        """
        ...

    def elsewhere(self, gone: Reference) -> tuple[Reference, Manifest | Index] | None:
        """
        Look for the digest of `gone` in the other repositories of this pass, then in those that pods beside it name.

        Runtimes may name content by another repository than the one that has it. None where none of them has it.

        Raises:
            KubernetesError: those pods could not be listed.
        """
        ...

    def built_for(self, config: Reference) -> Platform | None:
        """
        Tell for which platform the image was built whose config `config` pins by digest; None where that says nothing.

        Raises:
            FigwaspError: the config could not be read.
        """
        ...

    def built_at(self, config: Reference) -> datetime | None:
        """Tell when that image was built; None where its config does not say. Raises as `built_for` does."""
        ...

    def login(self, reference: Reference) -> Login:
        """Tell with which login the repository of `reference` is asked."""
        ...

    def node(self, name: str) -> Node | None:
        """Tell what a node tells of itself, None where it cannot be asked."""
        ...


def opened(index: Index, repository: Reference, contents: Contents) -> Index:
    """
    Look into the indexes that `index` holds, and find the platform that it does not state.

    The nested indexes stay among the children, since nodes may report their digests too. So does what no node is given:
    of the parts that state no platform all but the first, which a runtime takes whatever it is for, or for none. Costs
    nothing for an index as tools make them, else one look-up for each nested index and two for an image without a
    platform.

    Raises:
        InvalidManifest: there is more in it than may be looked into, or an index holds itself.
        FigwaspError: a part of it could not be read.
    """
    if not any(child.is_index or child.is_unstated for child in index.children):
        return index
    return Index(tuple(_Opening(repository, contents).children(index, ())))


class _Opening:
    """One index that is being looked into."""

    def __init__(self, repository: Reference, contents: Contents) -> None:
        self._repository = repository
        self._contents = contents
        self._opened = 0
        self._listed = 0

    def children(self, index: Index, above: tuple[Child, ...]) -> Iterator[Child]:
        self._listed += len(index.children)
        if self._listed > MOST_CHILDREN:
            raise InvalidManifest(f"it lists more than {MOST_CHILDREN} images, those of the indexes in it counted too")
        # A node is given what states its platform before what does not, at every depth.
        in_order = sorted(index.children, key=lambda each: each.states_nothing)
        last_resort = next((each for each in in_order if each.states_nothing), None)
        for child in in_order:
            if child.states_nothing and child is not last_resort:
                yield child
            elif child.is_index:
                yield child
                yield from self.children(self._nested(child, above), (*above, child))
            elif child.is_unstated:
                stated = next((each.platform for each in reversed(above) if each.platform), None)
                yield replace(child, platform=stated or self._built_for(child))
            else:
                yield child

    def _nested(self, child: Child, above: tuple[Child, ...]) -> Index:
        if any(each.digest == child.digest for each in above):
            raise InvalidManifest(f"the index {child.digest.short} holds itself")
        if len(above) + 2 > DEEPEST:
            raise InvalidManifest(f"it holds indexes in one another, more than {DEEPEST} deep")
        found = self._read(child)
        if isinstance(found, Manifest):
            raise InvalidManifest(f"the index {child.digest.short} that it holds is a manifest")
        return found

    def _built_for(self, child: Child) -> Platform | None:
        try:
            found = self._read(child)
        except InvalidManifest:
            return None  # a signature, a chart or the like: nothing that runs
        if isinstance(found, Index):
            raise InvalidManifest(f"the manifest {child.digest.short} that it holds is an index")
        return self._contents.built_for(self._repository.at(found.config))

    def _read(self, child: Child) -> Manifest | Index:
        self._opened += 1
        if self._opened > MOST_OPENED:
            raise InvalidManifest(f"it holds more than {MOST_OPENED} parts that would have to be looked into")
        return self._contents.manifest(self._repository.at(child.digest))


_RUNS_TOO = {"amd64": "386", "arm64": "arm"}
"""Whose images a processor runs where there are none of its own."""


def fits(image: Platform, node: Platform) -> bool:
    """Whether a node would run an image of that platform. A Node tells no variant, so none is compared."""
    architectures = (node.architecture, _RUNS_TOO.get(node.architecture))
    return image.os == node.os and image.architecture in architectures


def runners(images: Iterable[Child]) -> list[Platform]:
    """Give the platforms, as Nodes tell them, of all that run any of `images`: those they were built for first."""
    built = [(each.platform.os, each.platform.architecture) for each in images if each.platform]
    newer = {older: own for own, older in _RUNS_TOO.items()}
    also = [(os, newer[architecture]) for os, architecture in built if architecture in newer]
    return list(dict.fromkeys(Platform.normal(*each) for each in [*built, *also]))


def chosen(images: Iterable[Child], node: Platform) -> list[Child]:
    """Which of `images` a node would choose from; several where they differ in what a Node does not tell."""
    fitting = [each for each in images if each.platform and fits(each.platform, node)]
    own = [each for each in fitting if each.platform and each.platform.architecture == node.architecture]
    return own or fitting


def allowed(images: Iterable[Child], limits: PlatformLimits) -> list[Child]:
    """Which of `images` some node may choose on which a pod with such limits may run."""
    candidates = [each for each in images if each.platform and (limits.os is None or each.platform.os in limits.os)]
    if limits.architectures is None:
        return candidates
    systems = {each.platform.os for each in candidates if each.platform}
    nodes = [Platform(os, architecture) for os in systems for architecture in limits.architectures]
    found = {each for node in nodes for each in chosen(candidates, node)}
    return [each for each in candidates if each in found]


def other_repository(tag: Reference, image_id: ImageId) -> Reference | None:
    """Where a node says that it has an image from; None if that is the tag's own repository, or none."""
    try:
        named = Reference.parse(image_id.repository).at(image_id.digest)
    except InvalidReference:
        return None
    return None if named.name == tag.name else named
