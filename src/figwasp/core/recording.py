"""What a pass writes into a workload's record: what it learned, and what it restarts the workload for."""

from collections.abc import Container, Iterable, Mapping
from typing import TypeVar

from msgspec.structs import replace

from figwasp.core.digest import parse_image_id
from figwasp.core.finding import Finding
from figwasp.core.record import Difference, Equality, Move, Record, Repeat, Sighting, Unclear, beginning
from figwasp.core.verdict import Verdict
from figwasp.core.workload import Workload


def record_findings(
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
    is_known = all(
        {*each.equal} <= {*record.equal} and {*each.differ} <= {*record.differ} and {*each.unclear} <= {*record.unclear}
        for each in findings
    )
    seen = _still_waiting(record, workload.template_hash, findings) | dict(sightings or {})
    if not followed and is_known and seen == record.sightings:
        return record
    names = [each.name for each in workload.containers]
    kept = {name: move for name, move in (moves | followed).items() if name in names}
    learned = Record(
        template=workload.template_hash,
        containers=kept,
        equal=_equalities(record, findings),
        sightings=seen,
        differ=_still_named((*record.differ, *(pair for each in findings for pair in each.differ)), findings),
        repeats=_repeats(record, findings, kept),
        unclear=_still_named((*record.unclear, *(each for one in findings for each in one.unclear)), findings),
    ).fitting()
    return record if replace(learned, template=record.template) == record else learned


def _still_waiting(record: Record, template: str, findings: Iterable[Finding]) -> dict[str, Sighting]:
    """Give the moves on record that are not known to be over; all of them where nothing was judged."""
    waits = {each.container: each.verdict in {Verdict.STALE, Verdict.UNKNOWN} for each in findings}
    if not waits:
        return record.sightings  # what is held is not written to, whatever it says of an earlier template
    return {name: each for name, each in record.valid_sightings(template).items() if waits.get(name)}


def record_restart(workload: Workload, findings: tuple[Finding, ...]) -> Record:
    """
    Give the record to write with a restart: a move of every container that it pulls anew.

    Also of one that could not be judged: where its pods do not follow, a second restart would pull the same.
    """
    learned = record_findings(workload, findings)
    moves = learned.valid_moves(workload.template_hash)
    names = [each.name for each in workload.containers]
    pulled = [each for each in findings if each.would_pull and each.verdict in {Verdict.STALE, Verdict.UNKNOWN}]
    new = {each.container: Move(running_digests(each), str(each.named)) for each in pulled}
    times = {each.container: workload.record.restarts(each.container, each.named) for each in pulled}
    again = {name: Repeat(beginning(new[name].to), before + 1) for name, before in times.items() if before}
    kept = {name: move for name, move in (moves | new).items() if name in names}
    return Record(
        template=workload.template_hash,
        containers=kept,
        equal=_equalities(learned, findings),
        sightings={name: each for name, each in learned.sightings.items() if name not in new},
        repeats=_repeats(learned, findings, kept) | again,
    ).fitting()


def _repeats(record: Record, findings: Iterable[Finding], kept: Container[str]) -> dict[str, Repeat]:
    """
    Keep how many restarts there were for what tags name, or may name: where they were not resolved.

    A single one is told by the move, unless that is void and not among those that are `kept`.
    """
    found = {each.container: (record.repeat(each.container), each.named) for each in findings}
    return {
        name: repeat
        for name, (repeat, named) in found.items()
        if repeat and (named is None or repeat.is_of(named)) and (repeat.times > 1 or name not in kept)
    }


def _equalities(record: Record, findings: Iterable[Finding]) -> tuple[Equality, ...]:
    """
    Keep the pairs whose tag digest some container's tag still names (or may name: it was not resolved).

    Also those of what runs and is not up to date: where it is gone by the next pass, they are what is left.
    """
    findings = tuple(findings)
    named = _named(findings)
    moved = [each for each in findings if each.verdict in {Verdict.UNKNOWN, Verdict.STALE}]
    runs = {digest for each in moved for digest in running_digests(each)}
    pairs = dict.fromkeys((*record.equal, *(pair for each in findings for pair in each.equal)))
    return tuple(pair for pair in pairs if named is None or pair[1] in named or pair[0] in runs)


P = TypeVar("P", Difference, Unclear)


def _still_named(pairs: Iterable[P], findings: Iterable[Finding]) -> tuple[P, ...]:
    """Keep those whose tag digest some container's tag still names (or may name: it was not resolved), each once."""
    named = _named(findings)
    return tuple(pair for pair in dict.fromkeys(pairs) if named is None or pair[1] in named)


def _named(findings: Iterable[Finding]) -> set[str] | None:
    """Every digest that the tags name; None where one was not resolved."""
    findings = tuple(findings)
    if not all(each.named or each.verdict is Verdict.EXEMPT for each in findings):
        return None
    return {str(each.named) for each in findings if each.named}


def running_digests(finding: Finding) -> tuple[str, ...]:
    """Every digest that pods of a container run, each once."""
    read = [parse_image_id(each) for each in finding.running]
    return tuple(dict.fromkeys(str(each.digest) for each in read if each))
