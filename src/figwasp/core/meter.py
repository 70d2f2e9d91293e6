"""Where a pass tells what it is doing. Nobody listens unless somebody wants to know where the time goes."""

from contextlib import AbstractContextManager, nullcontext
from enum import StrEnum

from msgspec import Struct


class Phase(StrEnum):
    """What a pass spends its time on. Where several are under way at once, the one that began last counts."""

    START = "start"
    READING = "reading"
    SECRETS = "secrets"
    REGISTRIES = "registries"
    JUDGING = "judging"
    RESTARTING = "restarting"


class Step(StrEnum):
    """Something of which there are many, and which are done one after the other."""

    WORKLOADS = "workloads"
    REFERENCES = "references"
    RESTARTS = "restarts"


class Exchange(Struct, frozen=True, eq=False):
    """
    One request under way. `kubernetes` is what the API server is asked, as verb and resource; empty for other hosts.

    Each is its own: two that look alike are not the same one.
    """

    host: str
    method: str
    kubernetes: str = ""


class Meter:
    """
    Is told what a pass does, and listens to nothing. Any number of threads may tell it.

    What listens overrides all of it.
    """

    def during(self, phase: Phase) -> AbstractContextManager[None]:  # noqa: ARG002 - for those who listen
        """Say that `phase` is under way until the context ends; several threads may say it of one phase."""
        return nullcontext()

    def expect(self, step: Step, number: int) -> None:
        """Say how many of `step` there will be."""

    def did(self, step: Step) -> None:
        """Say that one more of `step` is done."""

    def began(self, exchange: Exchange) -> None:
        """Say that a request is to be sent, once there is a connection."""

    def sent(self, exchange: Exchange, sent: int, received: int) -> None:
        """Say that a request was sent, and how many bytes went each way; once more where it had to be sent again."""

    def ended(self, exchange: Exchange) -> None:
        """Say that nothing more is to come of a request, for good or ill."""

    def connected(self, host: str) -> None:
        """Say that a connection to `host` was made."""

    def repeats(self, host: str, seconds: float) -> None:
        """Say that `host` is to be asked again after `seconds`."""


SILENT = Meter()
