"""Variables that look like ours and are none: a setting by a wrong name would not hold, and nobody would know."""

import difflib
import re
import sys
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final

import msgspec

from figwasp.cli.wire import moment
from figwasp.settings.variables import DEFAULTS, OWN

_SERVICE_LINK: Final = re.compile(r"_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT(_\d+_(TCP|UDP|SCTP)(_\w+)?)?)$")
"""
What the kubelet sets for a Service called figwasp, or figwasp-something.

Source: kubernetes, pkg/kubelet/envvars.
"""

_NEAR: Final = 0.7


def write_notes(environment: Mapping[str, str], log_format: str, now: datetime) -> None:
    """Write them to standard error, as lines of a log in that format."""
    for why in notes(environment):
        line = f"figwasp: {why}"
        if log_format == "json":
            from figwasp.cli.events import NoteEvent  # noqa: PLC0415 - hardly anybody misspells one

            note = NoteEvent(time=moment(now), level="warning", event="note", why=why)
            line = msgspec.json.encode(note).decode()
        print(line, file=sys.stderr)  # noqa: T201 - whoever set it


def notes(environment: Mapping[str, str]) -> Iterator[str]:
    """Tell of each what was probably meant; what is like none of ours is somebody else's."""
    known = {each.removeprefix(OWN): each for each in DEFAULTS if each.startswith(OWN)}
    for name in sorted(each for each in environment if each.startswith(OWN) and each not in DEFAULTS):
        near = difflib.get_close_matches(name.removeprefix(OWN), known, n=1, cutoff=_NEAR)
        if near and not _SERVICE_LINK.search(name):
            yield f"there is no setting {name} (did you mean {known[near[0]]}?)"
