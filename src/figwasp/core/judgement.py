"""Judgements of running images, and how several of them make one."""

import re
from collections.abc import Iterable

from msgspec import Struct
from msgspec.structs import replace

from figwasp.core.digest import Digest, ImageId
from figwasp.core.verdict import Rule, Verdict
from figwasp.core.workload import PlatformLimits
from figwasp.errors import FigwaspError


class Running(Struct, frozen=True):
    """
    One image ID, and the nodes and limits of the pods that report it.

    `is_failed` tells that their roll-out failed and none of them is ready, so that they may well have been given an
    image for another platform; `since` (RFC 3339) when the first of them was made, empty if that is not known.
    """

    image_id: ImageId
    limits: PlatformLimits
    nodes: tuple[str, ...]
    is_failed: bool = False
    since: str = ""


class Proof(Struct, frozen=True):
    """An earlier pass proved what runs to be the same content as `digest`, for the pods in `scopes`."""

    digest: Digest
    scopes: tuple[str, ...]


class Judgement(Struct, frozen=True):
    """
    A verdict, the rule that gave it and, in words, the fact that decided.

    `is_usable` is false where a restart would meet new content that cannot be had, or not for the platform that runs.
    `scopes` says for which pods an equality of content was proven (see `Running`), so that it can be kept: `ANYWHERE`
    for all; nothing where there is nothing to keep. `unclear` is what `recalled` makes the same judgement of, where all
    was read and it would be the same at each pass.
    """

    verdict: Verdict
    rule: Rule
    why: str
    hint: str = ""
    is_usable: bool = True
    scopes: tuple[str, ...] = ()
    unclear: tuple[str, ...] = ()


ANYWHERE = ""
"""The scope of an equality that holds on every platform."""

TELL_PLATFORM = 'allow Figwasp to "get" nodes (ClusterRole), or give the pod a nodeSelector for kubernetes.io/arch'
_WHICH_NODE = "the tag's new index differs for some platforms only, and the platform of the node is not known"
_WHICH_IMAGE = "the tag's new index differs for some of the images that a node may have chosen from"
_REPLACE = "a node does not tell which of them it runs: restart the workload yourself if it should follow"


def same_content(*scopes: str) -> Judgement:
    """Judge as current what has another digest; `scopes` as in `Judgement`."""
    return Judgement(Verdict.CURRENT, Rule.SAME_CONTENT, "it runs the same content under another digest", scopes=scopes)


BY_WHAT_RUNS = "lacks by what runs"
_LACKS = {"lacks": "push the image for that platform too", BY_WHAT_RUNS: TELL_PLATFORM}


def lacks(platforms: Iterable[str], kind: str = "lacks") -> Judgement:
    """Judge as unknown, since new pods could not start on `platforms`; `BY_WHAT_RUNS` if only that tells them."""
    unclear = (kind, *platforms)
    why = f"what the tag names now has no image for {', '.join(unclear[1:])}, which runs it"
    return Judgement(Verdict.UNKNOWN, Rule.NO_IMAGE, why, _LACKS[kind], is_usable=False, unclear=unclear)


def not_answered(error: FigwaspError, *, is_usable: bool = True) -> Judgement:
    """Judge as unknown, since something could not be read."""
    return Judgement(Verdict.UNKNOWN, Rule.NOT_ANSWERED, str(error), error.hint, is_usable=is_usable)


def no_config(error: FigwaspError) -> Judgement:
    """Judge as unknown, since the config of the one new image could not be read."""
    why = f"the config of the image that the tag names cannot be read: {error}"
    return Judgement(Verdict.UNKNOWN, Rule.NOT_ANSWERED, why, error.hint, is_usable=False)


def any_platform(judgements: Iterable[Judgement]) -> Judgement:
    """Put the platforms together that may be running, where no node tells which one does: they must agree."""
    return _agreed(judgements, "nodes")


def any_image(judgements: Iterable[Judgement]) -> Judgement:
    """Put the images together that one node may have chosen, by what it does not tell: they must agree."""
    return _agreed(judgements, "images")


def _agreed(judgements: Iterable[Judgement], which: str) -> Judgement:
    judged = list(judgements)
    if len({each.verdict for each in judged}) == 1:
        return judged[0]
    differing = _differing(which, "usable" if all(each.is_usable for each in judged) else "lacking")
    return replace(differing, unclear=()) if any(map(_may_pass, judged)) else differing


_DIFFER = {"nodes": (_WHICH_NODE, TELL_PLATFORM), "images": (_WHICH_IMAGE, _REPLACE)}


def _differing(which: str, new: str) -> Judgement:
    why, hint = _DIFFER[which]
    is_usable = new == "usable"
    return Judgement(
        Verdict.UNKNOWN, Rule.PLATFORMS_DIFFER, why, hint, is_usable=is_usable, unclear=("differ", which, new)
    )


def _may_pass(judgement: Judgement) -> bool:
    """Whether it is unknown only as long as something cannot be read."""
    return judgement.verdict is Verdict.UNKNOWN and not judgement.unclear


def recalled(unclear: tuple[str, ...]) -> Judgement | None:
    """Give the judgement that `Judgement.unclear` was written down for; None for what was not written by us."""
    match unclear:
        case ("differ", ("nodes" | "images") as which, ("usable" | "lacking") as new):
            judgement = _differing(which, new)
        case (kind, *platforms) if kind in _LACKS and all(map(_PLATFORM.fullmatch, platforms)):
            judgement = lacks(platforms, kind)
        case _:
            return None
    return replace(judgement, why=f"{judgement.why} (on record)")


_PLATFORM = re.compile("[a-z0-9._-]{1,40}(/[a-z0-9._-]{1,40}){0,2}")


def every_node(judged: list[Judgement]) -> Judgement:
    """Give the one that decides where all of them hold: what a restart would break comes first."""
    for wanted in (
        [each for each in judged if not each.is_usable],
        [each for each in judged if each.verdict is Verdict.STALE],
        sorted((each for each in judged if each.verdict is Verdict.UNKNOWN), key=_may_pass, reverse=True),
    ):
        if wanted:
            return wanted[0]
    return judged[0]


def narrower(some: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Give those scopes that hold for fewer pods, of two that hold for the same group: platforms, limits, all."""
    return max(some, other, key=lambda scopes: (any("/" in each for each in scopes), scopes != (ANYWHERE,)))
