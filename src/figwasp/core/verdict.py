"""Verdicts, and the rules that give them, by the names and in the words that people are shown."""

from enum import StrEnum


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
    DIFFERS_ON_RECORD = "differs-on-record"
    CONTENT_GONE = "content-gone"
    NO_IMAGE = "no-image"
    PLATFORMS_DIFFER = "platforms-differ"
    NOT_ANSWERED = "not-answered"
    NO_STATUS = "no-status"
    UNREADABLE_ID = "unreadable-id"
    REWRITTEN = "rewritten"
    SHORT_NAME = "short-name"
    PINNED = "pinned"
    VOLUME = "volume"
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
    Rule.DIFFERS_ON_RECORD: (
        Verdict.STALE,
        "An earlier pass found that it differs, and wrote that into figwasp/record. A restart compares again before.",
    ),
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
        "An admission webhook has the pods run another image than the template names, and no tag to follow is known.",
    ),
    Rule.SHORT_NAME: (
        Verdict.UNKNOWN,
        "The template names no registry, and the node pulled from another than Docker Hub, as CRI-O may be told to.",
    ),
    Rule.PINNED: (Verdict.EXEMPT, "The template names a digest, so there is no tag to follow."),
    Rule.VOLUME: (
        Verdict.EXEMPT,
        "The image is a volume's: nodes do not report which one they mounted. A restart needs it to be there, though.",
    ),
    Rule.INVALID: (Verdict.UNKNOWN, "The template's image is not a valid reference."),
}
"""What each rule says, and the verdict that it gives."""
