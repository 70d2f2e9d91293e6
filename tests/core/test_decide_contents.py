"""
What a decision keeps on record of contents that were compared, so that no later pass reads them again.

Aspects: equalities · differences. Labels: tags name `b`, pods run `a`.
"""

import pytest

from figwasp.core.decision import Why
from figwasp.core.verdict import Verdict
from tests.core.deciding import (
    CURRENT,
    EXEMPT,
    STALE,
    UNKNOWN,
    UNRESOLVED,
    left,
    restarted,
    settled,
)
from tests.factories import finding, move, pair, record

# Equalities


def test_content_that_was_proven_equal_is_kept() -> None:
    assert left(settled(finding(CURRENT, equal=(pair(),)))).record == record(equal=(pair(),))


def test_content_that_was_proven_equal_is_kept_beside_a_restart() -> None:
    side = finding(CURRENT, container="side", named="c", equal=(pair("a", "c"),))

    assert restarted(settled(finding(STALE), side)).record.equal == (pair("a", "c"),)


def test_an_equality_on_record_is_not_written_again() -> None:
    kept = record(equal=(pair(),))

    assert left(settled(finding(CURRENT, equal=(pair(),)), record=kept)).record is kept


def test_an_equality_that_is_proven_again_is_no_reason_to_write_though_another_is_outlived() -> None:
    kept = record(equal=(pair(), pair("a", "old")))

    assert left(settled(finding(CURRENT, equal=(pair(),)), record=kept)).record is kept


def test_an_equality_with_what_a_tag_named_before_is_forgotten_with_the_next_change() -> None:
    kept = record(equal=(pair("a", "old"),))

    assert left(settled(finding(CURRENT, equal=(pair(),)), record=kept)).record.equal == (pair(),)


def test_an_equality_with_what_another_container_names_is_kept() -> None:
    kept = record(equal=(pair("a", "c"),))
    decision = left(settled(finding(equal=(pair(),)), finding(container="side", named="c"), record=kept))

    assert decision.record.equal == (pair("a", "c"), pair())


def test_no_equality_is_forgotten_while_a_tag_could_not_be_resolved() -> None:
    kept = record(equal=(pair("a", "c"),))
    decision = left(settled(finding(equal=(pair(),)), UNRESOLVED, record=kept))

    assert decision.record.equal == (pair("a", "c"), pair())


@pytest.mark.parametrize(
    ("verdict", "kept"), [(UNKNOWN, (pair("a", "old"),)), (STALE, (pair("a", "old"),)), (CURRENT, ())]
)
def test_an_equality_of_what_runs_is_kept_while_it_is_not_up_to_date(
    verdict: Verdict, kept: tuple[tuple[str, str], ...]
) -> None:
    """It may be gone by the next pass, and is then known by what it was the same as, should the tag name that again."""
    findings = (finding(verdict, would_pull=False), finding(CURRENT, container="side", equal=(pair("c", "b"),)))
    decision = settled(*findings, record=record(equal=(pair("a", "old"),)))

    assert left(decision).record.equal == (*kept, pair("c", "b"))


def test_content_that_differed_and_is_proven_equal_by_now_is_kept_as_equal() -> None:
    """What was gone, say, and lies in the registry again."""
    old = record(differ=(pair(),))

    assert left(settled(finding(CURRENT, equal=(pair(),)), record=old)).record.equal == (pair(),)


# Differences


def test_what_was_found_to_differ_and_stays_nevertheless_is_kept() -> None:
    kept = left(settled(finding(STALE, would_pull=False, differ=(pair(),))))

    assert (Why.PULL_POLICY, (pair(),)) == (kept.why, kept.record.differ)


def test_a_difference_on_record_is_not_written_again() -> None:
    old = record(differ=(pair(),))

    assert left(settled(finding(STALE, would_pull=False, differ=(pair(),)), record=old)).record is old


def test_a_difference_from_what_a_tag_named_before_is_forgotten_with_the_next_change() -> None:
    old = record(differ=(pair("a", "old"),))

    assert left(settled(finding(STALE, would_pull=False, differ=(pair(),)), record=old)).record.differ == (pair(),)


def test_no_difference_is_forgotten_while_a_tag_could_not_be_resolved() -> None:
    old = record(differ=(pair("a", "old"),))
    findings = (finding(UNKNOWN, named=""), finding(STALE, container="side", would_pull=False, differ=(pair(),)))

    assert left(settled(*findings, record=old)).record.differ == (pair("a", "old"), pair())


def test_a_restart_leaves_no_difference_on_record() -> None:
    assert restarted(settled(finding(STALE, differ=(pair(),)), record=record(differ=(pair(),)))).record.differ == ()


def test_a_pinned_image_keeps_no_equality() -> None:
    kept = record(equal=(pair("a", "old"),))
    pinned = finding(EXEMPT, container="side", named="", would_pull=False)

    assert left(settled(finding(equal=(pair(),)), pinned, record=kept)).record.equal == (pair(),)


def test_an_equality_survives_a_change_of_the_template() -> None:
    kept = record({"web": move("z")}, template="another", equal=(pair(),))
    decision = left(settled(finding(equal=(pair("c"), pair())), record=kept))

    assert decision.record == record(equal=(pair(), pair("c")))
