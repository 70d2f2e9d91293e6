"""Medians, spread, goals, and the tables that show them."""

from pathlib import Path

import msgspec
import pytest

from bench import report
from bench.figures import Goal, Result, Row, Run, Spread, ratio
from bench.installed import TREE
from bench.report import Machine
from bench.scenarios import pages


def row(*walls: float, program: str = "figwasp", heads: int = 3) -> Row:
    """A program's runs, which took so long."""
    runs = (
        Run(
            wall_seconds=wall,
            cpu_seconds=0.5,
            peak_mb=20.0,
            api_requests={"list pods": 4, "list deployments": 2},
            api_seconds={"list pods": wall / 2},
            registry_requests={"HEAD": heads},
        )
        for wall in walls
    )
    return Row(program=program, runs=tuple(runs), api_bytes=1_500_000)


MACHINE = Machine(cores=2, processor="a processor", load=0.0, versions={"etcd": "3.6.4"})


def test_the_middle_of_an_even_number_of_runs_is_between_two() -> None:
    assert Spread(2.5, 1.0, 9.0) == Spread.over([9.0, 1.0, 2.0, 3.0])


def test_a_figure_shows_its_ends_only_where_they_differ() -> None:
    assert "2.00 (1.00-4.00)" == Spread.over([1.0, 2.0, 4.0]).text(2)
    assert "1,003" == Spread.over([1003, 1003]).text(0)


def test_a_ratio_is_the_middle_one_of_runs_that_followed_each_other() -> None:
    assert 0.5 == ratio(row(1.0, 20.0, 3.0), row(2.0, 40.0, 1.0))


def test_requests_are_added_up_over_all_resources() -> None:
    assert 6 == row(1.0).api.median
    assert (3, 0) == (row(1.0).registry("HEAD").median, row(1.0).registry("GET").median)


@pytest.mark.parametrize(("measured", "said"), [(2.0, "met"), (2.01, "**not met**")])
def test_a_goal_that_is_missed_is_told(measured: float, said: str) -> None:
    goal = Goal(what="wall, s", measured=measured, most=2.0)

    text = report.markdown(Result(name="one", title="One", rows=(row(1.0),), goals=(goal,)))

    assert f"* wall, s: {measured:.2f}, to be at most 2.00: {said}\n" in text


def test_a_table_has_a_line_for_each_program() -> None:
    text = report.markdown(Result(name="one", title="One", rows=(row(1.0, 2.0), row(9.0, program="peer"))))

    assert "| figwasp | 1.50 (1.00-2.00) | 0.50 | 20.0 | 6 | 1.5 | 3 HEAD |" in text.splitlines()
    assert "| peer | 9.00 | 0.50 | 20.0 | 6 | 1.5 | 3 HEAD |" in text.splitlines()


def test_the_server_s_part_of_the_time_is_told_by_request() -> None:
    assert "0.50 list pods" == report.made_of(row(1.0))
    assert "" == report.made_of(row(0.001))


def test_only_the_places_of_what_was_measured_are_written_anew() -> None:
    page = "a\n<!-- bench: one -->\nold\n<!-- end -->\nb\n<!-- bench: two -->\nkept\n<!-- end -->\n"

    written = report.put_into(page, [Result(name="one", title="One", rows=(row(1.0),))], MACHINE)

    assert "old" not in written
    assert "| figwasp | 1.00 |" in written
    assert "2 cores of a processor, idle before; etcd 3.6.4." in written
    assert written.endswith("b\n<!-- bench: two -->\nkept\n<!-- end -->\n")
    assert written == report.put_into(written, [Result(name="one", title="One", rows=(row(1.0),))], MACHINE)


def test_a_machine_that_was_busy_is_said_to_have_been() -> None:
    assert "1.5 of them busy with other things before" in Machine(cores=2, processor="p", load=1.5, versions={}).text


def test_every_scenario_has_its_place_on_the_page() -> None:
    page = (TREE / "docs" / "performance.md").read_text()

    measured = ("start", "one", "one-far", "thousand", "thousand-with-history", "stale", "few", "far", "ten-thousand")
    for name in (*measured, "thousand-on-old-etcd"):
        assert f"<!-- bench: {name} -->\n" in page


def test_a_page_that_is_begun_counts() -> None:
    assert 2 + 23 + 4 == pages(1000, 11_001, 2000)


def test_results_of_other_scenarios_are_kept_beside_new_ones(tmp_path: Path) -> None:
    for name, wall in (("one", 1.0), ("two", 2.0), ("one", 3.0)):
        report.keep([Result(name=name, title=name, rows=(row(wall),))], MACHINE, tmp_path)

    kept = msgspec.json.decode((tmp_path / "results.json").read_bytes(), type=dict[str, report.Kept])
    assert {"one": 3.0, "two": 2.0} == {name: each.result.rows[0].wall.median for name, each in kept.items()}


def test_results_in_a_form_of_earlier_days_are_replaced(tmp_path: Path) -> None:
    (tmp_path / "results.json").write_text('{"results": []}')

    file = report.keep([Result(name="one", title="One", rows=(row(1.0),))], MACHINE, tmp_path)

    assert ["one"] == [*msgspec.json.decode(file.read_bytes(), type=dict[str, report.Kept])]
