"""
The record: what Figwasp restarted a workload for, kept on the workload so that every later pass knows it.

It lies in the annotation `figwasp/record` of the workload's own metadata (changing it rolls nothing out), as JSON.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from msgspec import Struct

from figwasp.core.digest import Digest

RECORD_ANNOTATION = "figwasp/record"
RESTARTED_AT_ANNOTATION = "figwasp/restartedAt"
OUR_PREFIX = "figwasp/"
LONGEST_RECORD = 4096


class Move(Struct, frozen=True, rename={"origins": "from"}):
    """
    The last move of a container's tag that the workload was restarted for.

    `seen` tells whether all its pods were since found to run `to`, or the same content under an older name.
    """

    origins: tuple[str, ...]
    to: str
    seen: bool = False


class Record(Struct, frozen=True, omit_defaults=True):
    """
    All that a later pass must know. An empty record is the usual one.

    `equal` holds pairs (running digest, tag's digest) whose content was proven to be the same.
    """

    template: str = ""
    containers: dict[str, Move] = {}
    equal: tuple[tuple[str, str], ...] = ()

    @classmethod
    def parse(cls, text: str) -> "Record":
        """Read the annotation; anything that is not a record of ours counts as none, since people may edit it."""
        try:
            return msgspec.json.decode(text, type=cls) if text else cls()
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return cls()

    def text(self) -> str:
        """The annotation's text, at most 4 KiB: the oldest equalities are forgotten first, then the oldest origins."""
        kept = self
        while len(encoded := msgspec.json.encode(kept)) > LONGEST_RECORD:
            if kept.equal:
                kept = msgspec.structs.replace(kept, equal=kept.equal[1:])
            elif any(move.origins for move in kept.containers.values()):
                bare = {
                    name: msgspec.structs.replace(move, origins=()) for name, move in kept.containers.items()
                }
                kept = msgspec.structs.replace(kept, containers=bare)
            else:
                kept = msgspec.structs.replace(kept, containers=dict(list(kept.containers.items())[1:]))
        return encoded.decode()

    def blocks(self, container: str, to: Digest, template: str) -> bool:
        """Whether the workload was already restarted for this very move, without its pods ever following."""
        move = self.containers.get(container)
        return move is not None and self.template == template and move.to == str(to) and not move.seen

    def proves_equal(self, running: Digest, tag: Digest) -> bool:
        """Whether the two digests were proven to name the same content."""
        return (str(running), str(tag)) in self.equal

    def for_containers(self, names: Iterable[str], template: str) -> "Record":
        """The part that is still valid: of these containers, and without moves if the template has changed."""
        kept = (
            {name: self.containers[name] for name in names if name in self.containers}
            if self.template == template
            else {}
        )
        return Record(template, kept, self.equal)


def template_hash(template: Mapping[str, Any]) -> str:
    """Hash a pod template (as read from the API, JSON) without our own annotations."""
    metadata = dict(template.get("metadata") or {})
    annotations = metadata.pop("annotations", None) or {}
    foreign = {key: value for key, value in annotations.items() if not key.startswith(OUR_PREFIX)}
    if foreign:
        metadata["annotations"] = foreign
    canonical = msgspec.json.encode({**template, "metadata": metadata}, order="deterministic")
    return hashlib.sha256(canonical).hexdigest()[:32]
