"""
The record: what Figwasp restarted a workload for, kept on the workload so that every later pass knows it.

It lies in the annotation `figwasp/record` of the workload's own metadata (changing it rolls nothing out), as JSON.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from figwasp.core.digest import Digest

RECORD_ANNOTATION = "figwasp/record"
RESTARTED_AT_ANNOTATION = "figwasp/restartedAt"
OUR_PREFIX = "figwasp/"
LONGEST_RECORD = 4096
_LONGEST_READ = 4 * LONGEST_RECORD
"""Room for white space, which people may add."""

MOST_RESTARTS = 3
"""For one digest of a container's tag, whatever becomes of its pods and its template in between: no loop is longer."""


class Move(Struct, frozen=True, rename={"origins": "from"}):
    """
    The last move of a container's tag that the workload was restarted for.

    `seen` tells whether all its pods were since found to run `to`, or the same content under an older name.
    """

    origins: tuple[str, ...]
    to: str
    seen: bool = False


class Sighting(Struct, frozen=True):
    """
    What a container's tag was seen to name, and by which time first, where the restart for it waits.

    `to` is a digest, or its beginning where whole ones do not fit.
    """

    to: str
    since: str

    def is_of(self, named: Digest) -> bool:
        """Whether this is what the tag names."""
        return self.to in {str(named), beginning(str(named))}


class Repeat(Struct, frozen=True):
    """How many times a workload was restarted for what a container's tag names; `to` is the digest's beginning."""

    to: str
    times: int

    def is_of(self, named: Digest | None) -> bool:
        """Whether this is what the tag names."""
        return self.to == beginning(str(named))


def beginning(digest: str) -> str:
    """Shorten a digest to what tells it from others of one container."""
    algorithm, colon, text = digest.partition(":")
    return f"{algorithm}{colon}{text[:12]}"


_TEMPLATE_LENGTH = 64
"""Room for the template's hash, which is written last."""

Equality = tuple[str, ...]
Difference = tuple[str, str]
Unclear = tuple[str, ...]


class Record(Struct, frozen=True, omit_defaults=True):
    """
    All that a later pass must know. An empty record is the usual one.

    `equal` holds the proven equalities of content: (running digest, tag's digest), and a third text where that holds
    for some pods only, those of a platform or with a node selector. `differ` holds those that were found to differ, so
    that what stays nevertheless is not compared at every pass; and `unclear` those of which nothing can be told, though
    all was read: a third text says for which pods, and what follows why. `sightings` are the moves, by container, that
    are given time to settle, and `repeats` those that more than one restart was for.
    """

    template: str = ""
    containers: dict[str, Move] = {}
    equal: tuple[Equality, ...] = ()
    sightings: dict[str, Sighting] = {}
    differ: tuple[Difference, ...] = ()
    repeats: dict[str, Repeat] = {}
    unclear: tuple[Unclear, ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Record":
        """Read the annotation; anything that is not a record of ours counts as none, since people may edit it."""
        if len(text) > _LONGEST_READ:
            return cls()  # an annotation has room for so much that it would hold up all the others
        try:
            record = _RECORDS.decode(text)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return cls()
        is_whole = all(len(each) in {2, 3} for each in record.equal) and all(len(each) > 3 for each in record.unclear)
        return record if is_whole else cls()

    def text(self) -> str:
        """The annotation's text."""
        return msgspec.json.encode(self).decode()

    def fitting(self) -> "Record":
        """
        What of it fits into 4 KiB.

        What is unclear is left out first, then differences, the newest equalities, all origins, moves.

        Moves that are to settle stay, by the beginning of their digests if need be: what is forgotten would wait anew.

        The newest, since a full record must not be another one at each pass. Those that no tag names any more are
        dropped before.
        """
        kept = self
        while len(msgspec.json.encode(kept)) > LONGEST_RECORD - _TEMPLATE_LENGTH:
            if kept.unclear:
                kept = msgspec.structs.replace(kept, unclear=kept.unclear[:-1])
            elif kept.differ:
                kept = msgspec.structs.replace(kept, differ=kept.differ[:-1])
            elif kept.equal:
                kept = msgspec.structs.replace(kept, equal=kept.equal[:-1])
            elif any(move.origins for move in kept.containers.values()):
                bare = {name: msgspec.structs.replace(move, origins=()) for name, move in kept.containers.items()}
                kept = msgspec.structs.replace(kept, containers=bare)
            elif (short := _shortened(kept.sightings)) != kept.sightings:
                kept = msgspec.structs.replace(kept, sightings=short)
            elif kept.containers:
                kept = msgspec.structs.replace(kept, containers=dict(list(kept.containers.items())[1:]))
            elif kept.repeats:
                kept = msgspec.structs.replace(kept, repeats=dict(list(kept.repeats.items())[:-1]))
            else:
                kept = msgspec.structs.replace(kept, sightings=dict(list(kept.sightings.items())[:-1]))
        return kept

    def valid_sightings(self, template: str) -> dict[str, Sighting]:
        """The moves that are given time to settle, unless the pod template is another one now."""
        return self.sightings if template == self.template else {}

    def valid_moves(self, template: str) -> dict[str, Move]:
        """The moves by container, none if they were made for another pod template."""
        return self.containers if self.template == template else {}

    def scopes(self, running: Digest, tag: Digest) -> frozenset[str]:
        """Give the scopes in which the two digests were proven to name the same content, `ANYWHERE` for all of them."""
        pair = (str(running), str(tag))
        return frozenset("".join(each[2:]) for each in self.equal if each[:2] == pair)

    def why_unclear(self, running: Digest, tag: Digest, scope: str | None) -> tuple[tuple[str, ...], ...]:
        """Give every reason on record why nothing can be told of two digests for such pods, other versions' too."""
        about = (str(running), str(tag), scope)
        return tuple(each[3:] for each in self.unclear if each[:3] == about)

    def repeat(self, container: str) -> Repeat | None:
        """Tell how often it was restarted, as far as that is kept, for what a container's tag named the last time."""
        move = self.containers.get(container)
        return self.repeats.get(container) or (Repeat(beginning(move.to), 1) if move else None)

    def restarts(self, container: str, named: Digest | None) -> int:
        """Tell how many times the workload was restarted for what a container's tag names, as far as that is kept."""
        repeat = self.repeat(container)
        return repeat.times if repeat and repeat.is_of(named) else 0


_RECORDS: Final = msgspec.json.Decoder(Record)  # threads must not be the first to decode a type: decision 2


def _shortened(sightings: Mapping[str, Sighting]) -> dict[str, Sighting]:
    return {name: Sighting(beginning(each.to), each.since) for name, each in sightings.items()}


def equality(running: Digest, tag: Digest, scope: str = "") -> Equality:
    """Write down that two digests name the same content, everywhere or in `scope`."""
    return (str(running), str(tag), scope) if scope else (str(running), str(tag))


def template_hash(template: Mapping[str, Any]) -> str:
    """Hash a pod template (as read from the API, JSON) without our own annotations."""
    import hashlib  # noqa: PLC0415 - 4 ms that most passes need not spend

    metadata = dict(template.get("metadata") or {})
    annotations = metadata.pop("annotations", None) or {}
    foreign = {key: value for key, value in annotations.items() if not key.startswith(OUR_PREFIX)}
    if foreign:
        metadata["annotations"] = foreign
    canonical = msgspec.json.encode({**template, "metadata": metadata}, order="deterministic")
    return hashlib.sha256(canonical).hexdigest()[:32]
