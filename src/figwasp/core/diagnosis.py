"""What a check-up found: one value for each thing that was looked at, in order, and the exit code that follows."""

from collections import Counter
from enum import StrEnum

from msgspec import Struct

from figwasp.core.remedy import NOTHING_TO_DO, Remedy


class State(StrEnum):
    """How it stands with one thing."""

    OK = "ok"
    PROBLEM = "problem"
    HINT = "hint"
    """It works, and could be better."""
    SKIPPED = "skipped"
    """It could not be looked at, because of a problem that is told of elsewhere."""


class Topic(StrEnum):
    """What is looked at."""

    API_SERVER = "API server"
    PERMISSION = "permission"
    WORKLOAD = "workload"
    SECRET = "secret"  # noqa: S105 - a word, not a password
    REGISTRY = "registry"
    IMAGE = "image"
    CLOCK = "clock"
    PULL_POLICY = "pull policy"


class Check(Struct, frozen=True):
    """How it stands with one thing, in words, and what mends it."""

    topic: Topic
    state: State
    text: str
    remedy: Remedy = NOTHING_TO_DO


class Diagnosis(Struct, frozen=True):
    """All that was found, in the order in which a person would mend it."""

    checks: tuple[Check, ...]

    @property
    def counts(self) -> dict[State, int]:
        """How many things stand how."""
        counted = Counter(each.state for each in self.checks)
        return {state: counted[state] for state in State}

    @property
    def exit_code(self) -> int:
        """1 where there is a problem, or something could not be looked at."""
        return 1 if self.counts[State.PROBLEM] or self.counts[State.SKIPPED] else 0
