"""
Report → one document, which `plan` and `explain` write as JSON or YAML and draw as tables and text.

Its form is part of what users rely on: `docs/schema/report.v1.json` is made from these types. Within a version fields
are only added.
"""

from typing import Final, Literal

from msgspec import UNSET, UnsetType, field

from figwasp import __version__
from figwasp.cli.timings import TimingsPart
from figwasp.cli.wire import Wire
from figwasp.core.decision import Leave
from figwasp.core.finding import Finding
from figwasp.core.moment import write_time
from figwasp.core.report import Failed, Left, Outcome, Report, Restarted, WouldRestart, end_of
from figwasp.core.workload import Container, RunningContainer, Workload
from figwasp.errors import FigwaspError

SCHEMA: Final = "figwasp/report.v1"


class ErrorPart(Wire, frozen=True, kw_only=True):
    """What went wrong, and what to do about it (empty where there is nothing to say)."""

    message: str
    hint: str = ""


class PodPart(Wire, frozen=True, kw_only=True):
    """A pod of the current revision; `node` is empty while it has none."""

    name: str
    node: str
    pull_policy: str


class RunsPart(Wire, frozen=True, kw_only=True):
    """What some pods run: the image ID as their nodes report it (empty: nothing yet), and the digest in it."""

    image_id: str = field(name="imageID")
    digest: str
    pods: tuple[PodPart, ...]


class RegistryPart(Wire, frozen=True, kw_only=True):
    """What the tag names now."""

    digest: str
    media_type: str


class ContainerPart(Wire, frozen=True, kw_only=True):
    """
    A container of the pod template, init containers included.

    `verdict` is current, stale, unknown or exempt, and empty where it was not judged because the workload was left
    before; `rule` is the name of the rule that gave it. `login` names the pull secret whose login was used.
    """

    name: str
    image: str
    pull_policy: str
    runs: tuple[RunsPart, ...] = ()
    registry: RegistryPart | None = None
    login: str = ""
    verdict: str = ""
    rule: str = ""
    why: str = ""
    hint: str = ""
    would_pull: bool = False
    is_reason: bool = False
    """Whether the workload is to be restarted for it."""


class WorkloadPart(Wire, frozen=True, kw_only=True):
    """
    A workload, and what came of it.

    `decision` is restarted, would_restart, failed, not_judged, left or current; `reason` is a word or two for why one
    was left, and `waitsSince` and `waitsUntil` from when and until when a restart waits that is due (empty where
    none does). `obstacle` is what would keep whoever asked from restarting it. `outage` says why a restart leaves no
    pod for a while, empty where some are always there.
    """

    namespace: str
    kind: str
    name: str
    decision: str
    reason: str = ""
    why: str = ""
    hint: str = ""
    obstacle: ErrorPart | None = None
    replicas: int = 0
    rollout: str = ""
    rollout_detail: str = ""
    outage: str = ""
    waits_since: str = ""
    waits_until: str = ""
    containers: tuple[ContainerPart, ...] = ()


class NotePart(Wire, frozen=True, kw_only=True):
    """Something that was not looked at, such as a kind that may not be listed; a failure where it was asked for."""

    message: str
    hint: str = ""
    is_failure: bool = False
    kinds: tuple[str, ...] = ()


class Document(Wire, frozen=True, kw_only=True):
    """
    A whole report. `failure` is set where the pass ended before any workload was known.

    `timings` is there where it was asked for.
    """

    schema: Literal["figwasp/report.v1"]
    figwasp: str
    started: str
    finished: str
    selected: str
    exit_code: int
    failure: ErrorPart | None
    counts: dict[str, int]
    workloads: tuple[WorkloadPart, ...]
    notes: tuple[NotePart, ...] = ()
    timings: TimingsPart | UnsetType = UNSET


def document(report: Report, exit_code: int) -> Document:
    """Write a report down as a document."""
    return Document(
        schema=SCHEMA,
        figwasp=__version__,
        started=_time(report.started.isoformat(timespec="milliseconds")),
        finished=_time(report.finished.isoformat(timespec="milliseconds")),
        selected=report.selected,
        exit_code=exit_code,
        failure=_error(report.failure),
        counts={str(end): number for end, number in report.counts.items()},
        workloads=tuple(map(_workload, report.outcomes)),
        notes=tuple(
            NotePart(message=each.words, hint=each.hint, is_failure=each.is_failure, kinds=each.kinds)
            for each in report.notes
        ),
    )


def _workload(outcome: Outcome) -> WorkloadPart:
    key, decision = outcome.key, str(end_of(outcome))
    if isinstance(outcome, Failed):
        why, hint = str(outcome.error), outcome.error.hint
        return WorkloadPart(
            namespace=key.namespace, kind=key.kind, name=key.name, decision=decision, why=why, hint=hint
        )
    reason, why, hint = _leave(outcome.decision, outcome.note) if isinstance(outcome, Left) else ("", "", "")
    workload = outcome.decision.workload
    wait = outcome.decision.wait if isinstance(outcome, Left) else None
    return WorkloadPart(
        namespace=key.namespace,
        kind=key.kind,
        name=key.name,
        decision=decision,
        reason=reason,
        why=why or "; ".join([*(f"{each.container}: {each.why}" for each in _because(outcome)), *_outage(workload)]),
        hint=hint,
        obstacle=_error(outcome.obstacle) if isinstance(outcome, WouldRestart) else None,
        replicas=workload.replicas,
        rollout="paused" if workload.is_paused else str(workload.rollout),
        rollout_detail="" if workload.is_paused else workload.rollout_detail,
        outage=workload.outage,
        waits_since=write_time(wait.since) if wait else "",
        waits_until=write_time(wait.until) if wait else "",
        containers=tuple(_container(each, workload, outcome) for each in workload.containers),
    )


def _leave(decision: Leave, note: str) -> tuple[str, str, str]:
    return decision.why.word, "; ".join(filter(None, (decision.words, note))), decision.hint


def _outage(workload: Workload) -> list[str]:
    return [f"an outage: {workload.outage}"] if workload.outage else []


def _because(outcome: Outcome) -> tuple[Finding, ...]:
    return outcome.decision.because if isinstance(outcome, Restarted | WouldRestart) else ()


def _container(container: Container, workload: Workload, outcome: Restarted | WouldRestart | Left) -> ContainerPart:
    runs = _runs([each for each in workload.running or () if each.container == container.name])
    finding = next((each for each in outcome.decision.findings if each.container == container.name), None)
    name, image, policy = container.name, container.image, str(container.pull_policy)
    if finding is None:
        return ContainerPart(name=name, image=image, pull_policy=policy, runs=runs)
    named = finding.named
    return ContainerPart(
        name=name,
        image=image,
        pull_policy=policy,
        runs=runs,
        registry=RegistryPart(digest=str(named), media_type=finding.media_type) if named else None,
        login=finding.login,
        verdict=str(finding.verdict),
        rule=str(finding.rule),
        why=finding.why,
        hint=finding.hint,
        would_pull=finding.would_pull,
        is_reason=finding in _because(outcome),
    )


def _runs(running: list[RunningContainer]) -> tuple[RunsPart, ...]:
    """Group pods by what they run, in the order of the image IDs."""
    grouped: dict[str, list[RunningContainer]] = {}
    for each in sorted(running, key=lambda one: (one.reported, one.pod)):
        grouped.setdefault(each.reported, []).append(each)
    return tuple(
        RunsPart(
            image_id=reported,
            digest=str(group[0].image_id.digest) if group[0].image_id else "",
            pods=tuple(PodPart(name=each.pod, node=each.node, pull_policy=str(each.pull_policy)) for each in group),
        )
        for reported, group in grouped.items()
    )


def _error(error: FigwaspError | None) -> ErrorPart | None:
    return None if error is None else ErrorPart(message=str(error), hint=error.hint)


def _time(text: str) -> str:
    return text.replace("+00:00", "Z")
