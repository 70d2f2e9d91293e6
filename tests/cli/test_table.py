"""The table of `figwasp plan` on screens of any width."""

import re
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from figwasp.cli.document import document
from figwasp.cli.screen import Screen
from figwasp.cli.table import table_lines
from figwasp.core.decision import Leave, Restart, Why
from figwasp.core.record import Record
from figwasp.core.report import Failed, Left, Outcome, Report, WouldRestart
from figwasp.core.verdict import Verdict
from figwasp.errors import FigwaspError, Forbidden
from tests.factories import container, finding, key, pod, workload

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
TWO = (container("web"), container("proxy"))
PODS = (pod(), pod(container="proxy"))


def restart() -> WouldRestart:
    stale = finding(Verdict.STALE, why="the tag names other content now")
    other = finding(container="proxy", why="it runs what the tag names")
    return WouldRestart(Restart(workload(containers=TWO, running=PODS), (stale, other), (stale,), Record()))


def left(why: Why, *, detail: str = "", hint: str = "", name: str = "api") -> Left:
    return Left(Leave(workload(name=name, running=(pod(),)), why, detail, hint, (finding(),), Record()))


def drawn(*outcomes: Outcome, width: int | None = None, colours: bool = False, wide: bool = False) -> list[str]:
    report = Report(started=START, finished=START, outcomes=outcomes, selected="web in namespace shop")
    return list(table_lines(document(report, 0), Screen(width, has_colours=colours), wide=wide))


def test_a_workload_is_named_once_and_every_container_has_a_row() -> None:
    _, web, proxy, summary = drawn(restart())

    assert (
        "deployment/web  web        web:1  aaaaaaaaaaaa  bbbbbbbbbbbb  restart   the tag names other content now" == web
    )
    assert "                proxy      web:1  aaaaaaaaaaaa  bbbbbbbbbbbb            it runs what the tag names" == proxy
    assert "1 workload in namespace shop: 1 would be restarted" == summary


def test_columns_stand_below_their_names() -> None:
    head, *rows, _ = drawn(restart(), left(Why.CURRENT))

    assert {head.index("DECISION")} == {rows[0].index("restart"), rows[2].index("current")}
    assert {head.index("WHY")} == {rows[0].index("the tag"), rows[2].index("up to date")}


@pytest.mark.parametrize("width", [20, 40, 72, 80, 100, 120, 200])
@pytest.mark.parametrize("wide", [False, True])
def test_no_line_is_wider_than_the_screen(width: int, *, wide: bool) -> None:
    lines = drawn(restart(), left(Why.UNKNOWN, detail="web: a reason of many words " * 9), width=width, wide=wide)
    longest = max(len(word) for line in lines for word in line.split())

    assert [] == [line for line in lines if len(line) > max(width, longest + 17)]


def test_on_a_narrow_screen_the_reason_stands_below() -> None:
    _, web, why, *_ = drawn(restart(), width=80)

    assert "restart" == web.split()[-1]
    assert "  the tag names other content now" == why


def test_on_a_very_narrow_screen_there_are_no_columns() -> None:
    assert [
        "deployment/web: restart",
        "  web (web:1) runs aaaaaaaaaaaa,",
        "    registry bbbbbbbbbbbb",
        "  the tag names other content now",
    ] == drawn(restart(), width=40)[:4]


def test_what_to_do_stands_below_its_workload() -> None:
    lines = drawn(left(Why.PAUSED, hint="kubectl rollout resume"), restart())

    assert "  → kubectl rollout resume" == lines[2]


def test_a_failure_has_a_row_too() -> None:
    _, row, hint, _ = drawn(Failed(key(), FigwaspError("it broke", hint="mend it")))

    assert ["deployment/web", "-", "-", "-", "-", "failed", "it", "broke"] == row.split()
    assert "  → mend it" == hint


def test_what_keeps_one_from_restarting_is_told_with_what_to_add() -> None:
    obstacle = Forbidden(verb="update", resource="deployments", group="apps", namespace="shop")

    (hint,) = [line for line in drawn(replace(restart(), obstacle=obstacle)) if "→" in line]

    assert "not allowed to update deployments in namespace shop" in hint
    assert obstacle.hint in hint


def test_namespaces_are_named_where_there_are_several() -> None:
    elsewhere = Failed(key("db", namespace="data"), FigwaspError("it broke"))

    assert ["shop/deployment/api", "data/deployment/db"] == [
        line.split()[0] for line in drawn(left(Why.CURRENT), elsewhere)[1:-1]
    ]


def test_colours_change_no_column() -> None:
    plain = drawn(restart(), left(Why.CURRENT))
    coloured = drawn(restart(), left(Why.CURRENT), colours=True)

    stripped = [_without_colours(line) for line in coloured]
    assert plain == stripped
    assert stripped != coloured


def _without_colours(line: str) -> str:
    return re.sub(r"\033\[[0-9;]*m", "", line)


def test_text_from_elsewhere_cannot_forge_a_line_or_a_colour() -> None:
    evil = Failed(key(), FigwaspError("a\nb\033[31mc", hint="x\ny"))

    assert [] == [line for line in drawn(evil) if "\n" in line or "\033" in line]
