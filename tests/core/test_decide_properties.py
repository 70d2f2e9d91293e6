"""What is true of every decision, whatever the findings and the record."""

from hypothesis import given
from hypothesis import strategies as st

from figwasp.core.decision import Leave, Restart
from figwasp.core.finding import Finding
from figwasp.core.record import Move, Record
from figwasp.core.verdict import Verdict
from figwasp.core.workload import RolloutState
from tests.core.deciding import STALE, UNKNOWN, settled
from tests.factories import finding, move, pair, record

any_finding = st.builds(
    finding,
    st.sampled_from(Verdict),
    container=st.sampled_from(["web", "side", "init"]),
    named=st.sampled_from(["b", "c"]),
    would_pull=st.booleans(),
    is_waiting=st.booleans(),
    equal=st.sampled_from([(), (pair(),), (pair("a", "c"),)]),
)
any_findings = st.lists(any_finding, min_size=1, max_size=3, unique_by=lambda each: each.container).map(tuple)
any_move = st.builds(move, st.sampled_from(["b", "c"]), seen=st.booleans())
any_record = st.builds(
    record,
    st.dictionaries(st.sampled_from(["web", "side", "gone"]), any_move),
    template=st.sampled_from(["template-1", "t"]),
)
any_rollout = st.sampled_from(RolloutState)


def is_blocked(found: Finding, old: Record) -> bool:
    entry: Move | None = old.valid_moves("template-1").get(found.container)
    return entry is not None and entry.to == str(found.named) and not entry.seen


@given(any_findings, any_record, any_rollout)
def test_only_a_stale_container_that_would_pull_and_is_not_blocked_restarts(
    findings: tuple[Finding, ...], old: Record, rollout: RolloutState
) -> None:
    decision = settled(*findings, record=old, rollout=rollout)
    because = decision.because if isinstance(decision, Restart) else ()

    assert all(each.verdict is STALE and each.would_pull and not is_blocked(each, old) for each in because)


@given(any_findings.filter(lambda each: all(one.verdict is not STALE for one in each)), any_record, any_rollout)
def test_what_is_only_unknown_or_current_is_never_restarted(
    findings: tuple[Finding, ...], old: Record, rollout: RolloutState
) -> None:
    assert isinstance(settled(*findings, record=old, rollout=rollout), Leave)


@given(any_findings, any_record)
def test_no_decision_is_restarted_for_twice(findings: tuple[Finding, ...], old: Record) -> None:
    first = settled(*findings, record=old)

    assert isinstance(first, Leave) or isinstance(settled(*findings, record=first.record), Leave)


@given(any_findings, any_record)
def test_a_second_look_learns_nothing_new(findings: tuple[Finding, ...], old: Record) -> None:
    first = settled(*findings, record=old)

    assert settled(*findings, record=first.record).record == first.record


@given(any_findings, any_record)
def test_what_is_unknown_or_not_converging_is_never_silent(findings: tuple[Finding, ...], old: Record) -> None:
    decision = settled(*findings, record=old)
    is_told = isinstance(decision, Restart) or decision.why.needs_attention

    assert is_told or not any(each.verdict is UNKNOWN and each.would_pull and not each.is_waiting for each in findings)


@given(any_findings, any_record)
def test_a_decision_keeps_no_entry_of_a_container_that_is_gone(findings: tuple[Finding, ...], old: Record) -> None:
    decision = settled(*findings, record=old)
    names = {each.container for each in findings}

    assert decision.record is old or set(decision.record.containers) <= names
