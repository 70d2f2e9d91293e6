"""What `figwasp explain` says of a workload: each container in the order in which it is judged, and the decision."""

from collections.abc import Iterator

from figwasp.cli.document import ContainerPart, Document, RunsPart, WorkloadPart
from figwasp.cli.screen import Colour, Screen
from figwasp.cli.table import COLOURS
from figwasp.core.report import End
from figwasp.core.verdict import RULES, Rule, Verdict
from figwasp.errors import printable

_POLICIES = {
    "Always": "a node asks the registry at each start",
    "IfNotPresent": "a node asks the registry only for a tag that it does not have yet",
    "Never": "a node never asks a registry",
}
_VERDICTS = {
    Verdict.CURRENT: Colour.GOOD,
    Verdict.STALE: Colour.NEWS,
    Verdict.UNKNOWN: Colour.DOUBT,
    Verdict.EXEMPT: Colour.QUIET,
}
_DECISIONS = {
    End.RESTARTED: "It was restarted",
    End.WOULD_RESTART: "It would be restarted",
    End.FAILED: "It could not be looked at",
    End.NOT_JUDGED: "It is left, because something could not be told",
    End.LEFT: "It is left as it is",
    End.CURRENT: "It is up to date",
}


def explanation_lines(report: Document, screen: Screen, options: str = "") -> Iterator[str]:
    """Tell of every workload of `report`; `options` are those that another command of ours needs besides."""
    if report.failure is not None:
        yield from _about(screen, "failed", report.failure.message, report.failure.hint)
    elif not report.workloads:
        yield f"nothing is selected: there is no {report.selected}"
    for note in report.notes:
        yield from _about(screen, "failed" if note.is_failure else "note", note.message, note.hint)
    for number, workload in enumerate(report.workloads):
        if number:
            yield ""
        yield from _workload(workload, screen, options)


def _workload(workload: WorkloadPart, screen: Screen, options: str) -> Iterator[str]:
    yield screen.paint(printable(f"{workload.namespace}/{workload.kind}/{workload.name}"), Colour.STRONG)
    if workload.containers:
        pods = f"{workload.replicas} replica{'s' if workload.replicas != 1 else ''}"
        state = f"{workload.rollout}, {workload.rollout_detail}" if workload.rollout_detail else workload.rollout
        yield from _about(screen, "roll-out", f"{state}; {pods}")
        if workload.outage:
            yield from _about(screen, "outage", f"a restart is one: {workload.outage}")
    for each in workload.containers:
        yield ""
        yield from _container(each, screen)
    yield ""
    yield from _decision(workload, screen, options)


def _container(container: ContainerPart, screen: Screen) -> Iterator[str]:
    is_volume = container.rule == Rule.VOLUME
    title = container.name if is_volume else f"container {container.name}"
    yield screen.paint(printable(title), Colour.STRONG)
    yield from _about(screen, "template", container.image)
    yield from _about(screen, "pull policy", f"{container.pull_policy}: {_POLICIES.get(container.pull_policy, '?')}")
    if not container.verdict:
        yield from _about(screen, "not judged", "the workload is left before its pods are read and a registry is asked")
        return
    for runs in container.runs:
        yield from _runs(runs, container, screen)
    if not container.runs and not is_volume:
        yield from _about(screen, "pods", "none of the current revision")
    if container.login:
        yield from _about(screen, "login", container.login)
    if container.registry:
        media_type = f" ({container.registry.media_type})" if container.registry.media_type else ""
        yield from _about(screen, "registry", f"the tag names {container.registry.digest}{media_type}")
    elif container.rule == Rule.NOT_ANSWERED:
        yield from _about(screen, "registry", "no answer that may be believed")
    verdict = screen.paint(container.verdict, _VERDICTS[Verdict(container.verdict)])
    yield from _about(screen, "rule", f"{container.rule}: {RULES[Rule(container.rule)][1]}")
    yield f"  {'verdict':<12} {verdict}"
    yield from _about(screen, "why", container.why, container.hint)


def _runs(runs: RunsPart, container: ContainerPart, screen: Screen) -> Iterator[str]:
    pods = ", ".join(f"{each.name} on {each.node or 'no node yet'}" for each in runs.pods)
    yield from _about(screen, "pods", pods)
    yield from _about(screen, "  report", runs.image_id or "no image yet")
    others = {each.pull_policy for each in runs.pods} - {container.pull_policy}
    if others:
        policies = " and ".join(sorted(others))
        yield from _about(screen, "  policy", f"{policies}, as something changed it when they were created")


def _decision(workload: WorkloadPart, screen: Screen, options: str) -> Iterator[str]:
    end = End(workload.decision)
    yield screen.paint(_DECISIONS[end], COLOURS[end])
    yield from screen.wrap(printable(workload.why), first="  ", rest="  ")
    hint = workload.hint
    if end is End.WOULD_RESTART and workload.obstacle is None:
        # Whole, however wide the screen is: it is there to be pasted.
        yield printable(f"  → figwasp once {workload.kind}/{workload.name} -n {workload.namespace}{options}")
    if workload.obstacle is not None:
        yield from screen.wrap(printable(f"but {workload.obstacle.message}"), first="  ", rest="  ")
        hint = workload.obstacle.hint
    if hint:
        yield from screen.wrap(printable(hint), first="  → ", rest="    ")


def _about(screen: Screen, what: str, text: str, hint: str = "") -> Iterator[str]:
    yield from screen.wrap(printable(text), first=f"  {what:<12} ", rest=" " * 15)
    if hint:
        yield from screen.wrap(printable(hint), first=" " * 15 + "→ ", rest=" " * 17)
