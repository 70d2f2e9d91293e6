"""What a person reads of a report."""

import pytest
from msgspec.structs import replace

from figwasp.cli.render import error_lines, text_lines
from figwasp.core.decision import Restart, Why
from figwasp.core.record import Record
from figwasp.core.report import Failed, Note, Outcome, Restarted
from figwasp.errors import FigwaspError, Forbidden
from tests.cli.reports import finding, key, left, report, restarted
from tests.factories import workload


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
