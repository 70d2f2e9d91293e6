"""Choose whether a workload is restarted now, and say why: the rules over findings, state and record."""

from collections.abc import Iterable, Mapping
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace

from figwasp.core.digest import parse_image_id
from figwasp.core.duration import write_duration
from figwasp.core.finding import Answer, Finding
from figwasp.core.record import Equality, Move, Record, Sighting
from figwasp.core.restraint import UNRESTRAINED, Restraint, Wait, write_time
from figwasp.core.verdict import Rule, Verdict
from figwasp.core.workload import (
    RESTART_OWNED_ANNOTATION,
    RolloutState,
    Strategy,
    Workload,
    WorkloadKey,
)
from figwasp.errors import FigwaspError


class Why(StrEnum):
    """Why a workload is left as it is: the owner's wish, its state, or doubt."""

    IGNORED = "its owner wants it left alone"
    OWNED = "another controller owns it and may undo a restart"
    ON_DELETE = "its update strategy is OnDelete, so a restart would replace no pod"
    PARTITION = "its partition keeps all its pods, so a restart would replace none"
    PAUSED = "its roll-outs are paused"
    SCALED_TO_ZERO = "it has 0 replicas"
    IN_PROGRESS = "a roll-out is in progress"
    PINNED = "its images are pinned by digest"
    DELETING = "it is being deleted"
    DESELECTED = "it is no longer selected"
    CURRENT = "up to date"
    PENDING = "it is to be restarted, but this pass has restarted as many as it may"
    SETTLING = "its tag has moved, and is given time to settle"
    RESTARTED_LATELY = "it is to be restarted again, but not yet"
    VOLUMES = "its containers are up to date; what image its volumes have, nodes do not report"
    PULL_POLICY = "its pull policy keeps the image that the node has"
    NO_STATUS = "its pods have not reported what they run yet"
    NO_REVISION = "which pods belong to its current revision could not be told"
    FAILED_WITH_IT = "its last roll-out failed with the very image that its tag names"
    NOT_CONVERGING = "it was restarted for this image, and its pods do not follow"
    INCOMPLETE = "its tag has moved, but another image that a restart would pull could not be checked"
    UNKNOWN = "it could not be judged"

    @property
    def word(self) -> str:
        """The reason in a word or two, for counting."""
        return self.name.lower().replace("_", " ")

    @property
    def needs_attention(self) -> bool:
        """Whether somebody should look at it (exit code 1), since it is not a wish or a passing state."""
        return self in _NEEDING_ATTENTION

    @property
    def is_waiting(self) -> bool:
        """Whether a restart is due, and a later pass will do it of itself."""
        return self in _WAITING

    @property
    def is_lasting(self) -> bool:
        """Whether nothing will change before somebody does something, though the workload was asked for."""
        return self in _LASTING


_WAITING = frozenset({Why.PENDING, Why.SETTLING, Why.RESTARTED_LATELY})
_LASTING = frozenset({Why.OWNED, Why.ON_DELETE, Why.PARTITION, Why.PULL_POLICY})
_NEEDING_ATTENTION = frozenset({Why.NO_REVISION, Why.FAILED_WITH_IT, Why.NOT_CONVERGING, Why.INCOMPLETE, Why.UNKNOWN})


class Restart(Struct, frozen=True):
    """The workload is to be restarted for the `because` findings; `record` is to be written with it."""

    workload: Workload
    findings: tuple[Finding, ...]
    because: tuple[Finding, ...]
    record: Record

    @property
    def key(self) -> WorkloadKey:
        """Which workload."""
        return self.workload.key


class Leave(Struct, frozen=True):
    """
    The workload stays as it is.

    `detail` and `hint` say more than `why` where there is more to say. `record` is what was learned and is worth
    keeping; it is the workload's own where nothing was. `wait` is from when and until when a restart waits that is
    due.
    """

    workload: Workload
    why: Why
    detail: str
    hint: str
    findings: tuple[Finding, ...]
    record: Record
    wait: Wait | None = None

    @property
    def key(self) -> WorkloadKey:
        """Which workload."""
        return self.workload.key

    @property
    def words(self) -> str:
        """The reason with its detail, in a sentence."""
        if self.why is Why.UNKNOWN and self.detail:
            return self.detail
        return f"{self.why}: {self.detail}" if self.detail else str(self.why)


def hold(workload: Workload) -> Leave | None:
    """Give the reason that needs neither pods nor a registry, so that neither is asked; None if there is none."""
    if workload.is_deleting:
        return _leave(workload, Why.DELETING)
    if workload.ignored:
        return _leave(workload, Why.IGNORED, detail=f"it is annotated {workload.ignored}")
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
    return None


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
        if (waiting := _waiting(workload, findings, because, restraint)) is not None:
            return waiting
        return Restart(workload, findings, because, _restarted(workload, findings))
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
            record = _learned(workload, findings, sightings)
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
        if workload.rollout is RolloutState.FAILED:
            return _leave(workload, Why.FAILED_WITH_IT, findings, detail=named, hint="push a fix under the same tag")
        return _leave(workload, Why.NOT_CONVERGING, findings, detail=named, hint=hint)
    unknown = [each for each in findings if each.verdict is Verdict.UNKNOWN]
    doubtful = [each for each in unknown if not each.is_waiting]
    if doubtful:
        return _leave(workload, Why.UNKNOWN, findings, about=doubtful[0])
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
    move = workload.record.valid_moves(workload.template_hash).get(finding.container)
    was_restarted_for = move is not None and move.to == str(finding.named)
    if workload.rollout is RolloutState.FAILED:
        return was_restarted_for or str(finding.named) in _digests(finding)
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
    return Leave(workload, why, detail, hint, findings, _learned(workload, findings))


def _learned(
    workload: Workload, findings: Iterable[Finding], sightings: Mapping[str, Sighting] | None = None
) -> Record:
    """
    Add what this pass proved, else give the record as it was.

    That is: equal contents; that pods followed the last move; and that the tag has moved on since, so that a later
    return to the same digest is another move. Of moves that wait, `sightings` are written down, and those forgotten
    that the pods run by now.
    """
    record = workload.record
    moves = record.valid_moves(workload.template_hash)
    followed = {
        each.container: Move(moves[each.container].origins, str(each.named), seen=True)
        for each in findings
        if each.verdict is Verdict.CURRENT and each.named and each.container in moves and not moves[each.container].seen
    }
    proven = [pair for each in findings for pair in each.equal if pair not in record.equal]
    seen = _still_waiting(record, workload.template_hash, findings) | dict(sightings or {})
    if not followed and not proven and seen == record.sightings:
        return record
    names = [each.name for each in workload.containers]
    kept = {name: move for name, move in (moves | followed).items() if name in names}
    learned = Record(workload.template_hash, kept, _equalities(record, findings), seen).fitting()
    return record if replace(learned, template=record.template) == record else learned


def _still_waiting(record: Record, template: str, findings: Iterable[Finding]) -> dict[str, Sighting]:
    """Give the moves on record that are not known to be over; all of them where nothing was judged."""
    waits = {each.container: each.verdict in {Verdict.STALE, Verdict.UNKNOWN} for each in findings}
    if not waits:
        return record.sightings  # what is held is not written to, whatever it says of an earlier template
    return {name: each for name, each in record.valid_sightings(template).items() if waits.get(name)}


def _restarted(workload: Workload, findings: tuple[Finding, ...]) -> Record:
    """
    Give the record to write with a restart: a move of every container that it pulls anew.

    Also of one that could not be judged: where its pods do not follow, a second restart would pull the same.
    """
    learned = _learned(workload, findings)
    moves = learned.valid_moves(workload.template_hash)
    names = [each.name for each in workload.containers]
    pulled = [each for each in findings if each.would_pull and each.verdict in {Verdict.STALE, Verdict.UNKNOWN}]
    new = {each.container: Move(_digests(each), str(each.named)) for each in pulled}
    kept = {name: move for name, move in (moves | new).items() if name in names}
    waiting = {name: each for name, each in learned.sightings.items() if name not in new}
    return Record(workload.template_hash, kept, _equalities(learned, findings), waiting).fitting()


def _equalities(record: Record, findings: Iterable[Finding]) -> tuple[Equality, ...]:
    """Keep the pairs whose tag digest some container's tag still names (or may name: it was not resolved)."""
    findings = tuple(findings)
    named = {str(each.named) for each in findings if each.named}
    is_complete = all(each.named or each.verdict is Verdict.EXEMPT for each in findings)
    pairs = dict.fromkeys((*record.equal, *(pair for each in findings for pair in each.equal)))
    return tuple(pair for pair in pairs if not is_complete or pair[1] in named)


def _digests(finding: Finding) -> tuple[str, ...]:
    read = [parse_image_id(each) for each in finding.running]
    return tuple(dict.fromkeys(str(each.digest) for each in read if each))
