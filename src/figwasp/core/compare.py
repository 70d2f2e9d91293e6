"""
Compare what a container runs with what its tag names now.

A digest that differs proves little: nodes report the digest of an index, of a platform's manifest or of a config, and
may go on naming an older index with the same content. Only configs tell whether content differs, for the platform
that runs. What cannot be proven is UNKNOWN, and unknown never restarts.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

from msgspec.structs import replace

from figwasp.core.configs import Configs
from figwasp.core.contents import Contents, allowed, chosen, fits, opened, other_repository, runners
from figwasp.core.digest import Digest
from figwasp.core.judgement import (
    ANYWHERE,
    BY_WHAT_RUNS,
    Judgement,
    Proof,
    Running,
    any_image,
    any_platform,
    every_node,
    lacks,
    narrower,
    no_config,
    not_answered,
    same_content,
)
from figwasp.core.manifest import Child, Index, Manifest, Platform
from figwasp.core.moment import read_time
from figwasp.core.reference import Reference
from figwasp.core.verdict import Rule, Verdict
from figwasp.core.workload import PlatformLimits
from figwasp.errors import FigwaspError, NotCached, TagNotFound


def compare(
    tag: Reference, named: Digest, running: Running, contents: Contents, proven: Callable[[], Iterable[Proof]] = tuple
) -> Judgement:
    """
    Judge one running image against `named`, the digest that `tag` names now.

    Costs no look-up if the digests are equal; else one of the new content, one or two of the old, and two for each
    platform on which they may differ. Nodes are asked for only where platforms do not agree, and before a restart;
    `proven` only where what runs is gone.
    """
    if running.image_id.digest == named:
        return Judgement(Verdict.CURRENT, Rule.SAME_DIGEST, "it runs what the tag names")
    try:
        new = contents.manifest(tag.at(named))
        if isinstance(new, Index):
            new = opened(new, tag, contents)
    except FigwaspError as error:
        return not_answered(error, is_usable=False)
    if isinstance(new, Index) and not new.images:
        why = "the tag names an index without any image that could run"
        return Judgement(Verdict.UNKNOWN, Rule.NO_IMAGE, why, is_usable=False)
    try:
        return _Comparison(tag, named, new, running, contents).judge(proven)
    except FigwaspError as error:
        return not_answered(error)


class _Comparison:
    """One image ID and new content that do not have a digest in common."""

    def __init__(
        self, tag: Reference, named: Digest, new: Manifest | Index, running: Running, contents: Contents
    ) -> None:
        self._tag = tag
        self._named = named
        self._new = new
        self._new_images = new.images if isinstance(new, Index) else ()
        self._running = running
        self._contents = contents
        self._ran: Reference | None = None
        """The config of the one image that runs, where that is known."""
        self._configs = Configs(contents)
        self._chosen: dict[Platform, list[Child]] = {}

    def judge(self, proven: Callable[[], Iterable[Proof]]) -> Judgement:
        digest = self._running.image_id.digest
        if isinstance(self._new, Index):
            held = [child for child in self._new.children if child.digest == digest]
            if held:
                return self._as_held(self._new, held)
        if self._running.image_id.is_local:
            return self._by_image_of(digest, f"the node's own image {digest.short} is not what the tag names")
        try:
            found = self._old()
        except FigwaspError as failure:
            if (judged := self._by_proof(failure, proven) or self._in_stores()) is not None:
                return judged
            elsewhere = self._elsewhere(failure)
            if elsewhere is None:
                return self._gone(failure)
            found = elsewhere
        return self._by_content(*found)

    def _by_content(self, repository: Reference, old: Manifest | Index) -> Judgement:
        if isinstance(old, Manifest):
            self._ran = repository.at(old.config)
            return self._by_image_of(old, _MOVED)
        return self._by_platform(repository, opened(old, repository, self._contents))

    def _by_proof(self, failure: FigwaspError, proven: Callable[[], Iterable[Proof]]) -> Judgement | None:
        """
        Judge what is gone by other content that was proven to be the same while it was there; None where none is left.

        Runtimes go on naming the first of many indexes with one content, and registries clean the oldest up.
        """
        if not isinstance(failure, TagNotFound):
            return None
        for proof in proven():
            with suppress(TagNotFound):
                judged = self._by_content(self._tag, self._contents.manifest(self._tag.at(proof.digest)))
                return replace(judged, scopes=narrower(judged.scopes, proof.scopes))
        return None

    def _old(self) -> tuple[Reference, Manifest | Index]:
        """
        Read what runs, from the tag's repository or the one that the node names.

        Raises:
            TagNotFound: it is gone from there.
            FigwaspError: the tag's own repository could not tell, and the other did not have it.
        """
        own = self._tag.at(self._running.image_id.digest)
        try:
            return own, self._contents.manifest(own)
        except FigwaspError:
            other = other_repository(self._tag, self._running.image_id)
            if other is not None:
                with suppress(FigwaspError):
                    return other, self._contents.manifest(other)
            raise  # the tag's own repository decides what the failure means

    def _elsewhere(self, failure: FigwaspError) -> tuple[Reference, Manifest | Index] | None:
        """
        Look for what is gone in other repositories; None where it is gone for good.

        CRI-O pairs every repository of an image with every digest of it, also where no registry has that pair.
        Source: cri-o internal/storage/image.go, makeRepoDigests.
        """
        if not isinstance(failure, TagNotFound):
            raise failure.again()
        return self._contents.elsewhere(self._tag.at(self._running.image_id.digest))

    def _in_stores(self) -> Judgement | None:
        """
        Judge as current where the nodes have what runs and what the tag names for one image; None where they do not.

        What a node proves holds for the others of its platform, unless those may differ in what a Node does not tell.
        """
        proven: set[Platform] = set()
        unproven: set[Platform] = set()
        for name in self._running.nodes:
            node = self._contents.node(name)
            if node is None:
                return None
            is_one = node.has_as_one(self._running.image_id.digest, self._names(node.platform))
            if not is_one and node.platform.variant:
                return None
            (proven if is_one else unproven).add(node.platform)
        if not proven or unproven - proven:
            return None
        return same_content(*sorted(str(each) for each in proven if not each.variant))

    def _names(self, platform: Platform) -> list[Digest]:
        """Every digest by which a node of `platform` may know what the tag names."""
        return [self._named, *(each.digest for each in chosen(self._new_images, platform))]

    def _gone(self, failure: FigwaspError) -> Judgement:
        """
        Judge what no registry has; but a cache may only not have been able to ask for it.

        Harbor then names its own copy of an index instead, without the platforms that nobody pulled through it. That
        was built before the pods that run it: what was built later is something else.

        Source: harbor src/controller/proxy/manifestcache.go, updateManifestList; goharbor/harbor#23750.
        """
        stale = self._stale(Rule.CONTENT_GONE, _GONE)
        since = read_time(self._running.since)
        if stale.verdict is not Verdict.STALE or since is None or not isinstance(failure, NotCached):
            return stale
        built = (self._contents.built_at(self._tag.at(each.config)) for each in self._likely())
        if all(each is not None and each > since for each in built):
            return stale
        return replace(not_answered(failure), hint=f"{failure.hint}; if it is none, restart the pods yourself")

    def _likely(self) -> Iterator[Manifest]:
        """The new images that pods may get."""
        if isinstance(self._new, Manifest):
            yield self._new
            return
        on = [chosen(self._new_images, node) if node else self._new_images for node in self._nodes()]
        for child in allowed(dict.fromkeys(child for images in on for child in images), self._running.limits):
            yield self._configs.of(self._tag, child)

    def _as_held(self, new: Index, held: list[Child]) -> Judgement:
        """Judge what the new index holds: it may be the image of another platform, pushed by itself before."""
        same = Judgement(
            Verdict.CURRENT, Rule.IN_INDEX, "it runs a manifest of the index that the tag names", scopes=(ANYWHERE,)
        )
        if any(child.platform is None or child.is_index for child in held):
            return same
        if not any(child in new.images for child in held):
            # The index has another image for that platform before it, which is what a node is given.
            return self._by_image_of(self._configs.of(self._tag, held[0]), _MOVED)
        other = f"it runs the image for {held[0].platform}, and the tag has another for the node's platform"
        return self._by_image(
            new,
            lambda child: child in held or not self._is_there(child),
            same,
            Judgement(Verdict.STALE, Rule.OTHER_CONTENT, other),
        )

    def _by_image_of(self, old: Manifest | Digest, moved: str) -> Judgement:
        """Judge one image, or an ID of the node's own."""
        stale = Judgement(Verdict.STALE, Rule.OTHER_CONTENT, moved)
        if isinstance(self._new, Index):
            return self._by_image(
                self._new, lambda child: self._configs.of(self._tag, child).has(old), same_content(ANYWHERE), stale
            )
        if self._new.has(old):
            return same_content(ANYWHERE)
        return self._unless_misbuilt(self._new, stale)

    def _stale(self, rule: Rule, why: str) -> Judgement:
        """Judge as stale, if the new content has an image for every platform that is known to run, and it is there."""
        stale = Judgement(Verdict.STALE, rule, why)
        if isinstance(self._new, Index):
            return self._by_image(self._new, self._is_there, stale, stale)
        return self._unless_misbuilt(self._new, stale)

    def _by_image(self, new: Index, is_it: Callable[[Child], bool], same: Judgement, stale: Judgement) -> Judgement:
        """Judge by whether one of the images that a pod may get is the one that runs."""
        images = allowed(new.images, self._running.limits)

        def on(node: Platform | None) -> Judgement:
            candidates = self._reached(images) if node is None else chosen(new.images, node)
            unread: list[FigwaspError] = []
            for child in candidates:
                try:
                    if is_it(child):
                        return same
                except FigwaspError as error:
                    unread.append(error.again())
            if unread:
                return not_answered(unread[0], is_usable=False)
            if candidates:
                return stale
            return lacks([str(self._runs_on())], BY_WHAT_RUNS) if node is None else lacks([str(node)])

        if not images:
            return lacks(sorted(self._running.limits.architectures or self._running.limits.os or ()))
        if len({child.platform for child in images}) == 1 and on(None).verdict is Verdict.CURRENT:
            return same
        return every_node([on(node) for node in self._nodes()])

    def _reached(self, images: list[Child]) -> list[Child]:
        """Which of `images` an unknown node may be given: what it runs tells its platform, if nothing else does."""
        runs = self._runs_on()
        if runs is None or self._running.limits.architectures is not None:
            return images
        nodes = runners([Child(self._named, runs)])
        found = {each for node in nodes for each in chosen(images, node)}
        return [each for each in images if each in found]

    def _runs_on(self) -> Platform | None:
        """For which platform the one image was built that runs; None where that cannot be told, or for sure."""
        with suppress(FigwaspError):
            return self._contents.built_for(self._ran) if self._ran and not self._running.is_failed else None
        return None

    def _is_there(self, child: Child) -> bool:
        """Whether the new index's image can be pulled: an index may outlive what it lists; raises if it cannot."""
        return bool(self._configs.of(self._tag, child))

    def _unless_misbuilt(self, new: Manifest, stale: Judgement) -> Judgement:
        """
        Judge as stale, if the one new image was built for the platform that runs.

        Runtimes do not look at that: they start an image that no index holds on any node, where it then fails. What
        runs tells the platform, if a roll-out that failed did not bring it; nodes are asked only if it does not agree.
        """
        built = None
        with suppress(FigwaspError):
            try:
                built = self._contents.built_for(self._tag.at(new.config))
            except TagNotFound as error:
                return no_config(error)  # nobody could pull it, on whatever node
        runs = self._runs_on() if built else None
        limits = self._running.limits
        if built and runs and fits(built, runs) and allowed([Child(new.config, built)], limits):
            return stale
        nodes = [each for each in self._nodes() if each]
        if nodes or limits != PlatformLimits():
            return self._misbuilt(new, nodes) or stale
        if built and runs:
            return lacks([str(runs)], BY_WHAT_RUNS)
        return stale  # there is nothing to compare it with, which does not hold up a restart

    def _misbuilt(self, new: Manifest, nodes: Iterable[Platform]) -> Judgement | None:
        """Tell why the one new image would not run on such nodes; None if it would, or its config does not say."""
        limits = self._running.limits
        try:
            built = self._contents.built_for(self._tag.at(new.config))
        except FigwaspError as error:
            return no_config(error)
        if built is None:
            return None
        lacking = {str(node) for node in nodes if not fits(built, node)}
        if not allowed([Child(new.config, built)], limits):
            lacking |= limits.architectures or limits.os or frozenset()
        return lacks(sorted(lacking)) if lacking else None

    def _nodes(self) -> list[Platform | None]:
        """The platforms of the pods' nodes; None for those that cannot be told."""
        nodes = [self._contents.node(name) for name in self._running.nodes]
        return list(dict.fromkeys(None if node is None else node.platform for node in nodes)) or [None]

    def _by_platform(self, repository: Reference, old: Index) -> Judgement:
        """Judge an index, by every platform of a node that may be running it."""
        if not old.images:
            return Judgement(Verdict.UNKNOWN, Rule.NO_IMAGE, "what it runs is an index without any image")
        everywhere = {node: chosen(old.images, node) for node in runners(old.images)}
        if all(self._has_manifest(child, node) for node, images in everywhere.items() for child in images):
            return same_content(ANYWHERE)
        limits = self._running.limits
        within = {node: images for node, images in everywhere.items() if limits.allow(node)} or everywhere
        on = {
            node: any_image(self._on_platform(repository, child, node) for child in images)
            for node, images in within.items()
        }
        together = any_platform(on.values())
        if together.verdict is Verdict.CURRENT:
            return same_content(ANYWHERE if len(within) == len(everywhere) else str(limits))
        if together.verdict is not Verdict.UNKNOWN or len(on) == 1:
            return together
        return self._by_node(on)

    def _by_node(self, on: dict[Platform, Judgement]) -> Judgement:
        """Judge each node's platform by itself: the same index may be current on one node and stale on another."""
        nodes = self._nodes()
        worst = every_node([on[node] if node in on else any_platform(on.values()) for node in nodes])
        if worst.verdict is not Verdict.CURRENT:
            return worst
        return same_content(*sorted({str(node) for node in nodes}))

    def _has_manifest(self, child: Child, node: Platform) -> bool:
        return any(each.digest == child.digest for each in self._counterparts(child, node))

    def _counterparts(self, child: Child, node: Platform) -> list[Child]:
        """
        What a node would be given now that runs `child`: the image for the same platform (Windows has several).

        An image for an older processor gives way to the first one for the node's own.
        """
        if node not in self._chosen:
            self._chosen[node] = chosen(self._new_images, node)
        images, was_older = self._chosen[node], child.platform and child.platform.architecture != node.architecture
        own = [each for each in images if each.platform and each.platform.architecture == node.architecture]
        return own if own and was_older else [each for each in images if each.platform == child.platform]

    def _on_platform(self, repository: Reference, child: Child, node: Platform) -> Judgement:
        if self._has_manifest(child, node):
            return same_content()
        new, counterparts = self._new, self._counterparts(child, node)
        if isinstance(new, Index) and not counterparts:
            return lacks([str(child.platform)])
        try:
            if isinstance(new, Manifest):
                images = [new]
            else:
                images = [self._configs.of(self._tag, each) for each in counterparts]
        except FigwaspError as error:
            return not_answered(error, is_usable=False)
        stale = Judgement(Verdict.STALE, Rule.OTHER_CONTENT, _MOVED)
        try:
            if self._configs.of(repository, child) in images:
                return same_content()
        except TagNotFound:
            stale = Judgement(Verdict.STALE, Rule.CONTENT_GONE, _GONE)
        except FigwaspError as error:
            return not_answered(error)
        if isinstance(new, Manifest) and child.platform:
            return self._misbuilt(new, [child.platform]) or stale
        return stale


_MOVED = "the tag names other content now"
_GONE = "what it runs is gone from the registry, and the tag names something else"
