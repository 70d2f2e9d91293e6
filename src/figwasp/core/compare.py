"""
Compare what a container runs with what its tag names now.

A digest that differs proves little: nodes report the digest of an index, of a platform's manifest or of a config, and
may go on naming an older index with the same content. Only configs tell whether content differs, for the platform
that runs. What cannot be proven is UNKNOWN, and unknown never restarts.
"""

from collections.abc import Iterable
from contextlib import suppress
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from figwasp.core.credential import Login
from figwasp.core.digest import Digest, ImageId
from figwasp.core.manifest import Child, Index, Manifest, Platform
from figwasp.core.reference import Reference
from figwasp.core.workload import PlatformLimits
from figwasp.errors import FigwaspError, InvalidManifest, InvalidReference, TagNotFound


class Verdict(StrEnum):
    """What is known of a container."""

    CURRENT = "current"
    STALE = "stale"
    UNKNOWN = "unknown"
    EXEMPT = "exempt"
    """Nothing to watch: the template pins the image by digest."""


class Rule(StrEnum):
    """
    Which rule gave a verdict, by the name that people and programs are shown.

    The words of each are in `RULES`.
    """

    SAME_DIGEST = "same-digest"
    IN_INDEX = "in-index"
    SAME_CONTENT = "same-content"
    ON_RECORD = "on-record"
    OTHER_CONTENT = "other-content"
    CONTENT_GONE = "content-gone"
    NO_IMAGE = "no-image"
    PLATFORMS_DIFFER = "platforms-differ"
    NOT_ANSWERED = "not-answered"
    NO_STATUS = "no-status"
    UNREADABLE_ID = "unreadable-id"
    REWRITTEN = "rewritten"
    PINNED = "pinned"
    INVALID = "invalid"


RULES: dict[Rule, tuple[Verdict, str]] = {
    Rule.SAME_DIGEST: (Verdict.CURRENT, "The node reports the very digest that the tag names."),
    Rule.IN_INDEX: (
        Verdict.CURRENT,
        "The tag names an index, and the node reports the digest of a platform's manifest in it.",
    ),
    Rule.SAME_CONTENT: (
        Verdict.CURRENT,
        "The digests differ, but for the platform that runs both have the same config: a restart would change nothing.",
    ),
    Rule.ON_RECORD: (
        Verdict.CURRENT,
        "An earlier pass proved that the two digests have the same content, and wrote it into figwasp/record.",
    ),
    Rule.OTHER_CONTENT: (Verdict.STALE, "The config that the tag names now is not the one that runs."),
    Rule.CONTENT_GONE: (
        Verdict.STALE,
        "What runs is in the registry no more, neither in the tag's repository nor where the node says it came from.",
    ),
    Rule.NO_IMAGE: (
        Verdict.UNKNOWN,
        "What the tag names now has no image for a platform that runs it: new pods could not start there.",
    ),
    Rule.PLATFORMS_DIFFER: (
        Verdict.UNKNOWN,
        "The content changed for some platforms only, and it is not known which of them runs.",
    ),
    Rule.NOT_ANSWERED: (
        Verdict.UNKNOWN,
        "The registry, or the secret with the login for it, did not give what was needed. Unknown never restarts.",
    ),
    Rule.NO_STATUS: (Verdict.UNKNOWN, "The node has not reported an image yet: the pod is still starting, say."),
    Rule.UNREADABLE_ID: (Verdict.UNKNOWN, "The node reports an image ID that is none."),
    Rule.REWRITTEN: (
        Verdict.UNKNOWN,
        "The pods run another image than the template names, so an admission webhook changes them.",
    ),
    Rule.PINNED: (Verdict.EXEMPT, "The template names a digest, so there is no tag to follow."),
    Rule.INVALID: (Verdict.UNKNOWN, "The template's image is not a valid reference."),
}
"""What each rule says, and the verdict that it gives."""


class Judgement(Struct, frozen=True):
    """
    A verdict, the rule that gave it and, in words, the fact that decided.

    `is_usable` is false where a restart would meet new content that cannot be had, or not for the platform that runs.
    `scopes` says for which pods an equality of content was proven (see `Running`), so that it can be kept: `ANYWHERE`
    for all; nothing where there is nothing to keep.
    """

    verdict: Verdict
    rule: Rule
    why: str
    hint: str = ""
    is_usable: bool = True
    scopes: tuple[str, ...] = ()


ANYWHERE = ""
"""The scope of an equality that holds on every platform."""


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

    def login(self, reference: Reference) -> Login:
        """Tell with which login the repository of `reference` is asked."""
        ...

    def platform(self, node: str) -> Platform | None:
        """Tell a node's platform, None where it cannot be told."""
        ...


class Running(Struct, frozen=True):
    """One image ID, and the nodes and limits of the pods that report it."""

    image_id: ImageId
    limits: PlatformLimits
    nodes: tuple[str, ...]


def compare(tag: Reference, named: Digest, running: Running, contents: Contents) -> Judgement:
    """
    Judge one running image against `named`, the digest that `tag` names now.

    Costs no look-up if the digests are equal; else one of the new content, one or two of the old, and two for each
    platform on which their manifests differ. Nodes are asked for only where platforms do not agree.
    """
    if running.image_id.digest == named:
        return Judgement(Verdict.CURRENT, Rule.SAME_DIGEST, "it runs what the tag names")
    try:
        new = contents.manifest(tag.at(named))
    except FigwaspError as error:
        return Judgement(Verdict.UNKNOWN, Rule.NOT_ANSWERED, str(error), error.hint, is_usable=False)
    if isinstance(new, Index) and not new.images:
        why = "the tag names an index without any image that could run"
        return Judgement(Verdict.UNKNOWN, Rule.NO_IMAGE, why, is_usable=False)
    if isinstance(new, Index) and any(child.digest == running.image_id.digest for child in new.children):
        why = "it runs a manifest of the index that the tag names"
        return Judgement(Verdict.CURRENT, Rule.IN_INDEX, why, scopes=(ANYWHERE,))
    try:
        return _Comparison(tag, new, running, contents).judge()
    except FigwaspError as error:
        return Judgement(Verdict.UNKNOWN, Rule.NOT_ANSWERED, str(error), error.hint)


class _Comparison:
    """One image ID and new content that do not have a digest in common."""

    def __init__(self, tag: Reference, new: Manifest | Index, running: Running, contents: Contents) -> None:
        self._tag = tag
        self._new = new
        self._running = running
        self._contents = contents

    def judge(self) -> Judgement:
        digest = self._running.image_id.digest
        if self._running.image_id.is_local:
            return self._by_config(digest, f"the node's own image {digest.short} is not what the tag names")
        try:
            repository, old = self._old()
        except TagNotFound:
            return self._stale(Rule.CONTENT_GONE, _GONE)
        if isinstance(old, Manifest):
            return self._by_config(old.config, _MOVED)
        return self._by_platform(repository, old)

    def _old(self) -> tuple[Reference, Manifest | Index]:
        """Read what runs, from the tag's repository or the one that the node names; TagNotFound if it is gone."""
        own = self._tag.at(self._running.image_id.digest)
        try:
            return own, self._contents.manifest(own)
        except FigwaspError:
            other = _other_repository(self._tag, self._running.image_id)
            if other is not None:
                with suppress(FigwaspError):
                    return other, self._contents.manifest(other)
            raise  # the tag's own repository decides what the failure means

    def _by_config(self, config: Digest, stale: str) -> Judgement:
        """
        Judge a config (or an ID of the node's own) whose platform is not known.

        A config names its own platform: if the new content has it at all, it has it for the platform that runs.
        """
        if isinstance(self._new, Manifest):
            return (
                _same(ANYWHERE) if config == self._new.config else Judgement(Verdict.STALE, Rule.OTHER_CONTENT, stale)
            )
        unread: dict[Child, FigwaspError] = {}
        for child in _allowed(self._new, self._running.limits):
            try:
                if config == _config(self._tag, child, self._contents):
                    return _same(ANYWHERE)
            except FigwaspError as error:
                unread[child] = error
        judgement = self._stale(Rule.OTHER_CONTENT, stale)
        relevant = [error for child, error in unread.items() if self._may_run(child)]
        if judgement.verdict is Verdict.STALE and relevant:
            return Judgement(Verdict.UNKNOWN, Rule.NOT_ANSWERED, str(relevant[0]), relevant[0].hint, is_usable=False)
        return judgement

    def _stale(self, rule: Rule, why: str) -> Judgement:
        """Judge as stale, if the new content has an image for every platform that is known to run."""
        if isinstance(self._new, Manifest):
            return Judgement(Verdict.STALE, rule, why)
        allowed = _allowed(self._new, self._running.limits)
        if not allowed:
            return _lacks(sorted(self._running.limits.architectures or self._running.limits.os or ()))
        known = [self._contents.platform(node) for node in self._running.nodes]
        lacking = {str(node) for node in known if node and not any(_fits(node, child) for child in allowed)}
        return _lacks(sorted(lacking)) if lacking else Judgement(Verdict.STALE, rule, why)

    def _may_run(self, child: Child) -> bool:
        known = [self._contents.platform(node) for node in self._running.nodes]
        return any(node is None or _fits(node, child) for node in known)

    def _by_platform(self, repository: Reference, old: Index) -> Judgement:
        """Judge an index, by every platform on which it may be running."""
        limits = self._running.limits
        candidates = _allowed(old, limits) or list(old.images)
        if not candidates:
            return Judgement(Verdict.UNKNOWN, Rule.NO_IMAGE, "what it runs is an index without any image")
        if all(self._has_manifest(child) for child in old.images):
            return _same(ANYWHERE)
        on = {child: self._on_platform(repository, old, child) for child in candidates}
        together = _together(on.values())
        if together.verdict is not Verdict.UNKNOWN or len({child.platform for child in candidates}) == 1:
            if together.verdict is Verdict.CURRENT:
                return _same(ANYWHERE if len(candidates) == len(old.images) else str(limits))
            return together
        return self._by_node(on)

    def _by_node(self, on: dict[Child, Judgement]) -> Judgement:
        """Judge each node's platform by itself: the same index may be current on one node and stale on another."""
        platforms = [self._contents.platform(node) for node in self._running.nodes]
        judged = []
        for platform in platforms:
            fitting = [each for child, each in on.items() if platform and _fits(platform, child)]
            judged.append(_together(fitting or on.values()))
        for wanted in (
            [each for each in judged if not each.is_usable],
            [each for each in judged if each.verdict is Verdict.STALE],
            [each for each in judged if each.verdict is Verdict.UNKNOWN],
        ):
            if wanted:
                return wanted[0]
        return _same(*sorted({str(platform) for platform in platforms}))

    def _has_manifest(self, child: Child) -> bool:
        return any(each.digest == child.digest for each in self._counterparts(child))

    def _counterparts(self, child: Child) -> list[Child]:
        """The new index's images for the same platform: usually one, but there may be one for each compression."""
        new = self._new.images if isinstance(self._new, Index) else ()
        return [each for each in new if each.platform == child.platform]

    def _on_platform(self, repository: Reference, old: Index, child: Child) -> Judgement:
        if self._has_manifest(child):
            return _same()
        counterparts = self._counterparts(child)
        if isinstance(self._new, Index) and not counterparts:
            return _lacks([str(child.platform)])
        try:
            new = [_config(self._tag, each, self._contents) for each in counterparts or (self._new,)]
        except FigwaspError as error:
            return Judgement(Verdict.UNKNOWN, Rule.NOT_ANSWERED, str(error), error.hint, is_usable=False)
        try:
            if _config(repository, child, self._contents) in new:
                return _same()
            others = [each for each in old.images if each.platform != child.platform]
            if isinstance(self._new, Manifest) and any(
                self._new.config == _config(repository, each, self._contents) for each in others
            ):
                return _lacks([str(child.platform)])  # the new image is the old one of another platform
        except TagNotFound:
            return Judgement(Verdict.STALE, Rule.CONTENT_GONE, _GONE)
        except FigwaspError as error:
            return Judgement(Verdict.UNKNOWN, Rule.NOT_ANSWERED, str(error), error.hint)
        return Judgement(Verdict.STALE, Rule.OTHER_CONTENT, _MOVED)


_MOVED = "the tag names other content now"
_GONE = "what it runs is gone from the registry, and the tag names something else"


def _same(*scopes: str) -> Judgement:
    return Judgement(Verdict.CURRENT, Rule.SAME_CONTENT, "it runs the same content under another digest", scopes=scopes)


def _together(judgements: Iterable[Judgement]) -> Judgement:
    """Put platforms together of which it is not known which one runs: they must agree."""
    judged = list(judgements)
    if len({each.verdict for each in judged}) == 1:
        return judged[0]
    return Judgement(
        Verdict.UNKNOWN,
        Rule.PLATFORMS_DIFFER,
        "the tag's new index differs for some platforms only, and the platform of the node is not known",
        'allow Figwasp to "get" nodes (ClusterRole), or give the pod a nodeSelector for kubernetes.io/arch',
        is_usable=all(each.is_usable for each in judged),
    )


def _other_repository(tag: Reference, image_id: ImageId) -> Reference | None:
    try:
        named = Reference.parse(image_id.repository).at(image_id.digest)
    except InvalidReference:
        return None
    return None if named.name == tag.name else named


def _config(repository: Reference, content: Child | Manifest | Index, contents: Contents) -> Digest:
    found = contents.manifest(repository.at(content.digest)) if isinstance(content, Child) else content
    if isinstance(found, Index):
        raise InvalidManifest(f"an index in {repository.name} holds another index, which is not looked into yet")
    return found.config


def _allowed(index: Index, limits: PlatformLimits) -> list[Child]:
    return [child for child in index.images if child.platform and limits.allow(child.platform)]


def _fits(node: Platform, child: Child) -> bool:
    # A Node tells its operating system and architecture, never a variant.
    image = child.platform
    return image is not None and (node.os, node.architecture) == (image.os, image.architecture)


def _lacks(platforms: list[str]) -> Judgement:
    return Judgement(
        Verdict.UNKNOWN,
        Rule.NO_IMAGE,
        f"what the tag names now has no image for {', '.join(platforms)}, which runs it",
        "push the image for that platform too",
        is_usable=False,
    )
