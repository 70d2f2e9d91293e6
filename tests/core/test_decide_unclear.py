"""What stays unclear though all was read, as decisions keep it on record. Labels: tags name `b`, pods run `a`."""

from figwasp.core.decision import Why
from tests.core.deciding import STALE, UNKNOWN, left, restarted, settled
from tests.factories import finding, pair, record

LACKS = (*pair(), "", "lacks", "linux/arm64")
LACKED = (*pair("a", "old"), "", "lacks", "linux/arm64")


def test_what_stays_unclear_is_kept() -> None:
    kept = left(settled(finding(UNKNOWN, unclear=(LACKS,)), record=record(unclear=(LACKED,))))

    assert (Why.UNKNOWN, (LACKS,)) == (kept.why, kept.record.unclear)


def test_what_is_unclear_on_record_is_not_written_again() -> None:
    old = record(unclear=(LACKED, LACKS))

    assert left(settled(finding(UNKNOWN, unclear=(LACKS,)), record=old)).record is old


def test_nothing_unclear_is_forgotten_while_a_tag_could_not_be_resolved() -> None:
    findings = (finding(UNKNOWN, named=""), finding(UNKNOWN, container="side", unclear=(LACKS,)))

    assert left(settled(*findings, record=record(unclear=(LACKED,)))).record.unclear == (LACKED, LACKS)


def test_a_restart_leaves_nothing_unclear_on_record() -> None:
    both = (finding(STALE), finding(UNKNOWN, container="side", unclear=(LACKS,)))

    assert restarted(settled(*both, record=record(unclear=(LACKS,)))).record.unclear == ()
