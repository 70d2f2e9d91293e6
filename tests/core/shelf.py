"""A registry of values: what can be looked up while a container is compared, and what was."""

from collections.abc import Mapping
from datetime import datetime

from msgspec.structs import replace

from figwasp.core.contents import Node
from figwasp.core.credential import ANONYMOUS, Login
from figwasp.core.digest import Digest
from figwasp.core.manifest import Index, Manifest, Platform
from figwasp.core.reference import Reference
from figwasp.errors import FigwaspError, TagNotFound
from tests.factories import Image, digest, index, platform

OWN = "registry.example/shop/web"


class Shelf:
    """Holds manifests by repository and digest, and nodes; implements `Contents`. What it lacks is a 404."""

    def __init__(self, nodes: Mapping[str, str] | None = None) -> None:
        self.asked: list[tuple[str, Digest]] = []
        self.nodes_asked: list[str] = []
        self._nodes = {name: Node(platform(text)) for name, text in (nodes or {}).items()}
        self.configs_asked: list[tuple[str, Digest]] = []
        self._held: dict[tuple[str, Digest], Manifest | Index | FigwaspError] = {}
        self._built: dict[Digest, Platform | FigwaspError] = {}
        self._created: dict[Digest, datetime] = {}

    def holds(self, label: str, images: Image | dict[str, Image], repository: str = OWN) -> "Shelf":
        """Put an image, or an index with all its images, under `digest(label)`."""
        if isinstance(images, Image):
            return self.answers(label, images.content, repository)
        for text, each in images.items():
            self.answers(each.manifest, each.content, repository)
            if not text.startswith("unknown"):
                self.built(each.config, text)
        return self.answers(label, index(images), repository)

    def answers(self, label: str, answer: Manifest | Index | FigwaspError, repository: str = OWN) -> "Shelf":
        """Give `answer` when `digest(label)` is looked up."""
        self._held[repository, digest(label)] = answer
        return self

    def built(self, label: str, answer: str | FigwaspError) -> "Shelf":
        """Let the config `digest(label)` say for which platform its image was built; others say nothing."""
        self._built[digest(label)] = platform(answer) if isinstance(answer, str) else answer
        return self

    def manifest(self, reference: Reference) -> Manifest | Index:
        """Look up what `reference` pins by digest."""
        if reference.digest is None:
            raise AssertionError("only digests may be looked up, a tag can move")
        where = (reference.name, reference.digest)
        self.asked.append(where)
        answer = self._held.get(where, TagNotFound(f"{reference} does not exist"))
        if isinstance(answer, FigwaspError):
            raise answer
        return answer

    def built_for(self, config: Reference) -> Platform | None:
        """Tell for which platform a config's image was built."""
        if config.digest is None:
            raise AssertionError("only digests may be looked up, a tag can move")
        self.configs_asked.append((config.name, config.digest))
        answer = self._built.get(config.digest)
        if isinstance(answer, FigwaspError):
            raise answer
        return answer

    def created(self, label: str, at: str) -> "Shelf":
        """Let the config `digest(label)` say when its image was built; others say nothing."""
        self._created[digest(label)] = datetime.fromisoformat(at)
        return self

    def built_at(self, config: Reference) -> datetime | None:
        """Tell when a config's image was built."""
        return self._created.get(config.digest) if config.digest else None

    def elsewhere(self, gone: Reference) -> tuple[Reference, Manifest | Index] | None:
        """Look into the other repositories on the shelf."""
        for (name, pinned), held in self._held.items():
            if pinned == gone.digest and name != gone.name and not isinstance(held, FigwaspError):
                return Reference.parse(f"{name}@{pinned}"), held
        return None

    def login(self, reference: Reference) -> Login:  # noqa: ARG002 - as the protocol has it
        """Everything here is open to all."""
        return ANONYMOUS

    def has_as_one(self, node: str, *labels: str) -> "Shelf":
        """Let a known node have one image by all of the digests with these labels."""
        known = self._nodes[node]
        self._nodes[node] = replace(known, images=(*known.images, frozenset(digest(each) for each in labels)))
        return self

    def node(self, name: str) -> Node | None:
        """Tell what a node tells of itself, None for one that is not known."""
        self.nodes_asked.append(name)
        return self._nodes.get(name)
