"""Choose whether a workload is restarted now, and say why: the rules over findings, state and record."""

from collections.abc import Mapping

from msgspec.structs import replace

from figwasp.core.decision import Leave, Restart, Why
from figwasp.core.duration import write_duration
from figwasp.core.finding import Answer, Finding
from figwasp.core.moment import write_time
from figwasp.core.record import MOST_RESTARTS, Sighting
from figwasp.core.recording import record_findings, record_restart, running_digests
from figwasp.core.restraint import UNRESTRAINED, Restraint
from figwasp.core.verdict import Rule, Verdict
from figwasp.core.workload import IGNORE_ANNOTATION, RESTART_OWNED_ANNOTATION, RolloutState, Strategy, Workload
from figwasp.errors import FigwaspError


def hold(workload: Workload) -> Leave | None:
    """Give the reason that needs neither pods nor a registry, so that neither is asked; None if there is none."""
    if workload.is_deleting:
        return _leave(workload, Why.DELETING)
    if workload.ignored:
        hint = f"kubectl annotate {workload.key.target} {IGNORE_ANNOTATION}- -n {workload.key.namespace}"
        return _leave(workload, Why.IGNORED, detail=f"it is annotated {workload.ignored}", hint=hint)
    if workload.owned_by:
        hint = f'change its owner, or annotate it {RESTART_OWNED_ANNOTATION}: "true"'
        return _leave(workload, Why.OWNED, detail=workload.owned_by, hint=hint)
    if workload.strategy is Strategy.ON_DELETE:
        hint = "set its updateStrategy to RollingUpdate, or delete its pods yourself"
        return _leave(workload, Why.ON_DELETE, hint=hint)
    if workload.strategy is Strategy.KEEPS_ALL and workload.replicas:
        return _leave(workload, Why.PARTITION, hint=f"set a partition below its {workload.replicas} replicas")
    if workload.is_paused:
        return _leave(
            workload, Why.PAUSED, hint=f"kubectl rollout resume {workload.key.target} -n {workload.key.namespace}"
        )
    if workload.replicas == 0:
        return _leave(workload, Why.SCALED_TO_ZERO, detail=workload.rollout_detail if _is_settled(workload) else "")
    if workload.rollout is RolloutState.IN_PROGRESS:
        return _leave(workload, Why.IN_PROGRESS, detail=workload.rollout_detail)
    if all(each.is_pinned for each in workload.containers):
        return _leave(workload, Why.PINNED)
    if workload.rollout is RolloutState.STALLED:
        return _stalled(workload)
    return None


def _stalled(workload: Workload, findings: tuple[Finding, ...] = ()) -> Leave:
    pods = f"kubectl get pods -o wide -n {workload.key.namespace}"
    hint = f"see which of its pods are not ready, or do not end, and whether their nodes are ready: {pods}"
    return _leave(workload, Why.STALLED, findings, detail=workload.rollout_detail, hint=hint)


def _is_settled(workload: Workload) -> bool:
    return workload.rollout is RolloutState.SETTLED


def pend(decision: Restart, reason: str = "") -> Leave:
    """
    Put a restart off to the next pass, because this one has done as many as it may; nothing is written down.

    `reason` says why it may do no more, where that is not the number.
    """
    moved = ", ".join(f"{each.container}: {each.image}" for each in decision.because)
    detail = f"{moved}; {reason}" if reason else moved
    return Leave(decision.workload, Why.PENDING, detail, "", decision.findings, decision.workload.record)


def doubt(decision: Restart, container: str, second: Answer) -> Leave:
    """Leave a workload after all, since the tag of a container did not name the same when it was asked for again."""
    why, hint = "the registry does not answer the same twice", "its replicas disagree, or the tag has just moved"
    if isinstance(second, FigwaspError):
        why, hint = f"asked again before the restart: {second}", second.hint
    findings = tuple(
        replace(each, verdict=Verdict.UNKNOWN, rule=Rule.NOT_ANSWERED, why=why, hint=hint)
        if each.container == container
        else each
        for each in decision.findings
    )
    workload = decision.workload
    return Leave(workload, Why.UNKNOWN, f"{container}: {why}", hint, findings, workload.record)


def decide(workload: Workload, findings: tuple[Finding, ...], restraint: Restraint = UNRESTRAINED) -> Restart | Leave:
    """
    Choose whether `workload` is restarted now. Pure: the same arguments give the same decision.

    `findings` has one for each container of the template, in its order. `restraint` has the time: now.
    """
    if (held := hold(workload)) is not None:
        return held
    if workload.running is None:
        return _leave(workload, Why.NO_REVISION, detail=workload.rollout_detail)
    stale = [each for each in findings if each.verdict is Verdict.STALE and each.would_pull]
    blocked = [each for each in stale if _is_blocked(workload, each)]
    because = tuple(each for each in stale if each not in blocked)
    if because:
        unresolved = [each for each in findings if each.would_pull and (each.named is None or not each.is_usable)]
        if unresolved:
            return _leave(workload, Why.INCOMPLETE, findings, about=unresolved[0])
        if workload.rollout is RolloutState.UNREADY:
            return _stalled(workload, findings)
        if (waiting := _waiting(workload, findings, because, restraint)) is not None:
            return waiting
        return Restart(workload, findings, because, record_restart(workload, findings))
    return _left(workload, findings, blocked)


def _waiting(
    workload: Workload, findings: tuple[Finding, ...], because: tuple[Finding, ...], restraint: Restraint
) -> Leave | None:
    """Leave a workload whose restart is due, and has to wait; None where it has not."""
    if restraint.settle:
        earlier = workload.record.valid_sightings(workload.template_hash)
        sightings = {each.container: _sighting(earlier, each, restraint) for each in because}
        waits = {name: wait for name, each in sightings.items() if (wait := restraint.settles(each.since)) is not None}
        last, wait = max(waits.items(), key=lambda each: each[1].until)
        if wait.until > restraint.now:
            named = next(each.named for each in because if each.container == last)
            # A plan writes nothing down, so that it says this each time.
            first = "" if sightings[last] == earlier.get(last) else ", which no earlier pass has written down"
            detail = (
                f"{last}: the tag names {named.short if named else ''} since {write_time(wait.since)}{first}; "
                f"waits until {write_time(wait.until)}"
            )
            record = record_findings(workload, findings, sightings)
            return Leave(workload, Why.SETTLING, detail, "", findings, record, wait)
    if (rest := restraint.rests(workload.restarted_at)) is not None:
        ago = write_duration(max(0.0, (restraint.now - rest.since).total_seconds()))
        detail = f"restarted {ago} ago; waits until {write_time(rest.until)}"
        return replace(_leave(workload, Why.RESTARTED_LATELY, findings, detail=detail), wait=rest)
    return None


def _sighting(sightings: Mapping[str, Sighting], finding: Finding, restraint: Restraint) -> Sighting:
    """Give since when the tag was seen to name what it names: as an earlier pass wrote it down, else from now on."""
    earlier = sightings.get(finding.container)
    if earlier and finding.named and earlier.is_of(finding.named) and restraint.settles(earlier.since) is not None:
        return earlier
    return Sighting(str(finding.named), restraint.first_seen)


def _left(workload: Workload, findings: tuple[Finding, ...], blocked: list[Finding]) -> Leave:
    if blocked:
        hint = (
            "the node probably pulls through a mirror or cache that is behind; once that has the image: "
            f"kubectl rollout restart {workload.key.target} -n {workload.key.namespace}"
        )
        running = ", ".join(each.rpartition(":")[2][:12] for each in blocked[0].running)
        wanted = blocked[0].named.short if blocked[0].named else ""
        named = f"{blocked[0].container}: the tag names {wanted}, the pods run {running}"
        if (times := workload.record.restarts(blocked[0].container, blocked[0].named)) > 1:
            named = f"{named}, after {times} restarts for it"
        if workload.rollout.is_failure:
            return _leave(workload, Why.FAILED_WITH_IT, findings, detail=named, hint="push a fix under the same tag")
        return _leave(workload, Why.NOT_CONVERGING, findings, detail=named, hint=hint)
    unknown = [each for each in findings if each.verdict is Verdict.UNKNOWN]
    doubtful = [each for each in unknown if not each.is_waiting]
    if doubtful:
        return _leave(workload, Why.UNKNOWN, findings, about=doubtful[0])
    # Of a roll-out that is over nothing will report yet what has not: its pods cannot be made, or start nowhere.
    if workload.rollout is RolloutState.STUCK or (unknown and workload.rollout is RolloutState.FAILED):
        return _stalled(workload, findings)
    kept = [each for each in findings if each.verdict is Verdict.STALE]
    if kept:
        detail = f"{kept[0].container} ({kept[0].image}): {kept[0].why}"
        hint = "set imagePullPolicy: Always, so that a restart pulls what the tag names"
        return _leave(workload, Why.PULL_POLICY, findings, detail=detail, hint=hint)
    if unknown:
        return _leave(workload, Why.NO_STATUS, findings, about=unknown[0])
    detail = f"its last roll-out failed: {workload.rollout_detail}" if workload.rollout is RolloutState.FAILED else ""
    if volumes := [each for each in workload.containers if each.is_volume and not each.is_pinned]:
        about = ", ".join(f"{each.name} ({each.image})" for each in volumes)
        return _leave(workload, Why.VOLUMES, findings, detail="; ".join(filter(None, (about, detail))))
    return _leave(workload, Why.CURRENT, findings, detail=detail)


def _is_blocked(workload: Workload, finding: Finding) -> bool:
    """Whether a restart for what the tag names was tried before, so that another could only be one too many."""
    if workload.record.restarts(finding.container, finding.named) >= MOST_RESTARTS:
        return True
    move = workload.record.valid_moves(workload.template_hash).get(finding.container)
    was_restarted_for = move is not None and move.to == str(finding.named)
    if workload.rollout.is_failure:
        return was_restarted_for or str(finding.named) in running_digests(finding)
    return was_restarted_for and move is not None and not move.seen


def _leave(
    workload: Workload,
    why: Why,
    findings: tuple[Finding, ...] = (),
    *,
    about: Finding | None = None,
    detail: str = "",
    hint: str = "",
) -> Leave:
    if about is not None:
        detail, hint = f"{about.container}: {about.why}", about.hint
    return Leave(workload, why, detail, hint, findings, record_findings(workload, findings))
