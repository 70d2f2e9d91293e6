"""What a person, or a log collector, reads of a report."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from figwasp.cli.render import error_lines, json_lines, text_lines
from figwasp.core.decision import Leave, Restart, Why
from figwasp.core.digest import Digest
from figwasp.core.finding import Finding
from figwasp.core.record import Record
from figwasp.core.report import Failed, Left, Note, Outcome, Report, Restarted
from figwasp.core.verdict import Rule, Verdict
from figwasp.core.workload import TARGET_LABEL, Selection, WorkloadKey
from figwasp.errors import FigwaspError, Forbidden
from tests.factories import workload

OLD, NEW = (Digest("sha256", letter * 64) for letter in "ab")
SELECTED = str(Selection(namespaces=("shop",), label=TARGET_LABEL))
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def key(name: str = "web") -> WorkloadKey:
    return WorkloadKey("shop", "deployment", name)


def finding(verdict: Verdict = Verdict.STALE) -> Finding:
    return Finding(
        container="web",
        image="web:1",
        running=(f"registry.test/web@{OLD}",),
        named=NEW,
        verdict=verdict,
        rule=Rule.OTHER_CONTENT,
        why="the tag names other content now",
        would_pull=True,
    )


def restarted() -> Restarted:
    return Restarted(Restart(workload(), (finding(),), (finding(),), Record()))


def left(why: Why, *, detail: str = "", hint: str = "", name: str = "web") -> Left:
    return Left(Leave(workload(name=name), why, detail, hint, (finding(Verdict.CURRENT),), Record()))


def report(*outcomes: Outcome, failure: FigwaspError | None = None) -> Report:
    return Report(
        started=START, finished=START + timedelta(seconds=0.25), outcomes=outcomes, selected=SELECTED, failure=failure
    )


def lines(*outcomes: Outcome, verbose: bool = False) -> list[str]:
    return list(text_lines(report(*outcomes), verbose=verbose))


def test_a_restart_says_what_moved_from_where_to_where() -> None:
    assert [
        "restarted  shop/deployment/web  web: web:1 moved from aaaaaaaaaaaa to bbbbbbbbbbbb",
        "1 workload: 1 restarted (0.25 s)",
    ] == lines(restarted())


def test_a_failure_says_what_to_do() -> None:
    error = Forbidden(verb="update", resource="deployments", group="apps", namespace="shop")

    assert [
        "failed  shop/deployment/web  not allowed to update deployments in namespace shop",
        f"  → {error.hint}",
        "1 workload: 1 failed (0.25 s)",
    ] == lines(Failed(key(), error))


def test_what_could_not_be_judged_is_never_silent() -> None:
    said = lines(left(Why.UNKNOWN, detail="web: registry.test did not answer", hint="is it up?"))

    assert "not judged  shop/deployment/web  web: registry.test did not answer" == said[0]
    assert "  → is it up?" == said[1]


def test_what_nobody_asked_for_and_may_not_be_listed_is_a_line_of_its_own() -> None:
    note = Note("statefulsets were not looked at", "allow it", kinds=("statefulset",))

    said = list(text_lines(replace(report(left(Why.CURRENT)), notes=(note,)), verbose=False))

    assert ["note  statefulsets were not looked at", "1 workload: 1 current (0.25 s)"] == said


def test_what_was_asked_for_and_may_not_be_listed_says_what_to_do() -> None:
    notes = (Note("not allowed to list deployments in namespace b", "add a rule", is_failure=True),)

    said = list(text_lines(replace(report(left(Why.CURRENT)), notes=notes), verbose=False))

    assert ["failed  not allowed to list deployments in namespace b", "  → add a rule"] == said[:2]


def test_an_outage_is_said_with_the_restart_that_is_one() -> None:
    decision = Restart(workload(outage="its only pod ends first"), (finding(),), (finding(),), Record())

    assert "to bbbbbbbbbbbb; an outage: its only pod ends first" in lines(Restarted(decision))[0]


@pytest.mark.parametrize(
    "why", [Why.PENDING, Why.SETTLING, Why.RESTARTED_LATELY, Why.ON_DELETE, Why.PARTITION, Why.OWNED, Why.PULL_POLICY]
)
def test_what_was_asked_for_and_will_not_follow_by_itself_is_told_unasked(why: Why) -> None:
    assert 2 == len(lines(left(why)))


@pytest.mark.parametrize("why", [Why.IGNORED, Why.PAUSED, Why.VOLUMES, Why.IN_PROGRESS])
def test_what_is_left_by_wish_or_for_now_is_told_only_when_asked(why: Why) -> None:
    assert 1 == len(lines(left(why)))


def test_what_is_left_as_it_should_be_is_only_counted() -> None:
    assert ["2 workloads: 1 left (1 paused), 1 current (0.25 s); -v says more"] == lines(
        left(Why.CURRENT), left(Why.PAUSED, name="api")
    )


def test_verbose_tells_of_every_workload_and_container() -> None:
    said = lines(left(Why.CURRENT), verbose=True)

    assert "current  shop/deployment/web  up to date" == said[0]
    assert "    web: web:1 is current: " in said[1]
    assert "(runs aaaaaaaaaaaa, the tag names bbbbbbbbbbbb)" in said[1]


def test_an_empty_selection_says_how_to_select_something() -> None:
    (line,) = lines()

    assert "there is no workload labelled figwasp/target=true in namespace shop" in line


def test_a_pass_that_could_not_begin_says_so() -> None:
    failed = report(failure=FigwaspError("no cluster", hint="give --kubeconfig"))

    assert ["failed  no cluster", "  → give --kubeconfig", "nothing was looked at"] == list(
        text_lines(failed, verbose=False)
    )


def test_json_has_one_object_a_line_and_a_summary_at_the_end() -> None:
    first, summary = (json.loads(line) for line in json_lines(report(restarted()), verbose=False))

    assert ("restarted", "info", "shop", "deployment", "web") == tuple(
        first[each] for each in ("event", "level", "namespace", "kind", "name")
    )
    assert str(NEW) == first["containers"][0]["registry"]
    assert {
        "time": "2026-01-02T03:04:05.250Z",
        "level": "info",
        "event": "summary",
        "workloads": 1,
        "restarted": 1,
        "would_restart": 0,
        "failed": 0,
        "not_judged": 0,
        "left": 0,
        "current": 0,
        "selected": SELECTED,
        "seconds": 0.25,
    } == summary


def test_json_marks_what_needs_attention_as_an_error() -> None:
    levels = [json.loads(line)["level"] for line in json_lines(report(left(Why.UNKNOWN)), verbose=False)]

    assert ["error", "error"] == levels


def test_text_from_elsewhere_cannot_forge_a_line() -> None:
    (line, *_) = error_lines(FigwaspError("a\nfailed  b"))

    assert "\n" not in line


def test_a_tag_that_moved_where_the_pull_policy_keeps_the_image_is_told_unasked() -> None:
    said = lines(left(Why.PULL_POLICY, detail="web (web:1): it moved", hint="set imagePullPolicy: Always"))

    assert (
        "left  shop/deployment/web  its pull policy keeps the image that the node has: web (web:1): it moved" == said[0]
    )
    assert "  → set imagePullPolicy: Always" == said[1]


def test_a_restart_names_the_containers_that_it_will_not_update() -> None:
    kept = replace(finding(), container="kept", would_pull=False)
    decision = Restart(workload(), (finding(), kept), (finding(),), Record())

    assert "not kept: its pull policy keeps the image that the node has" in lines(Restarted(decision))[0]


def test_names_stand_in_a_column() -> None:
    said = lines(left(Why.CURRENT, name="a-longer-name"), left(Why.PAUSED, name="web"), verbose=True)

    assert said[0].index("up to date") == said[2].index("its roll-outs are paused")


def test_an_empty_selection_is_a_warning_in_json() -> None:
    (summary,) = (json.loads(line) for line in json_lines(report(), verbose=False))

    assert ("warning", 0, SELECTED) == (summary["level"], summary["workloads"], summary["selected"])


def test_notes_are_lines_of_json_too() -> None:
    notes = (Note("daemonsets were not looked at", "allow it"), Note("no rights in b", is_failure=True))

    events = [json.loads(each) for each in json_lines(replace(report(), notes=notes), verbose=False)]

    assert [("info", "note"), ("error", "failed"), ("error", "summary")] == [(e["level"], e["event"]) for e in events]
    assert "daemonsets were not looked at" == events[0]["why"]
