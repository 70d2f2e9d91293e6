"""
Finding out about containers over all their pods.

Tags name `1`; pods run it, `2` (the same content) or `3` (other content).
"""

from collections.abc import Mapping

from figwasp.core.credential import ANONYMOUS
from figwasp.core.finding import Answer, Finding, find
from figwasp.core.record import Record
from figwasp.core.reference import Reference
from figwasp.core.resolution import Resolution
from figwasp.core.workload import Container, PullPolicy, RunningContainer
from tests.core.shelf import Shelf
from tests.factories import IMAGE, container, digest, image, running, workload

ALWAYS, IF_NOT_PRESENT, NEVER = PullPolicy.ALWAYS, PullPolicy.IF_NOT_PRESENT, PullPolicy.NEVER
CURRENT, SAME, OTHER = running("1"), running("2"), running("3")
AMD64, ARM64 = "linux/amd64", "linux/arm64"
MIRROR = "mirror.example/shop/web"
MIRRORED = f"{MIRROR}:1"
PINNED = f"{IMAGE}@{digest('3')}"


def shelf() -> Shelf:
    return Shelf().holds("1", image("1", "f0")).holds("2", image("2", "f0")).holds("3", image("3", "f1"))


def findings(
    *pods: RunningContainer,
    containers: tuple[Container, ...] | None = None,
    answers: Mapping[str, Answer] | None = None,
    record: Record | None = None,
    contents: Shelf | None = None,
    afresh: bool = False,
) -> tuple[Finding, ...]:
    given_workload = workload(containers=containers, running=pods, record=record)
    given_answers = {} if answers is None else answers

    def ask(tag: Reference) -> Answer:
        return given_answers.get(str(tag), Resolution(tag, digest("1"), ANONYMOUS))

    return find(given_workload, ask, contents or shelf(), afresh=afresh)


def found(
    *pods: RunningContainer,
    answer: Answer | None = None,
    record: Record | None = None,
    contents: Shelf | None = None,
    policy: PullPolicy = ALWAYS,
    afresh: bool = False,
) -> Finding:
    (only,) = findings(
        *pods,
        containers=(container(pull_policy=policy),),
        answers={IMAGE: answer} if answer else None,
        record=record,
        contents=contents,
        afresh=afresh,
    )
    return only
