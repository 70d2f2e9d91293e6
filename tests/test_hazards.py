"""The page of hazards: that it has all of them, and that what it says guards against them is there."""

import ast
import re
from pathlib import Path

import pytest

TREE = Path(__file__).parent.parent
PAGE = (TREE / "docs/hazards.md").read_text()
SECTIONS = {int(number): text for number, text in re.findall(r"(?ms)^## (\d+)\. (.*?)(?=^## |\Z)", PAGE)}
NAMED = sorted(set(re.findall(r"`(tests/\S+?)::(\w+)`", PAGE)))
OPEN = [number for number, text in SECTIONS.items() if "Not yet:" in text]


def test_all_hazards_are_there_in_their_order() -> None:
    assert list(range(1, 29)) == list(SECTIONS)


@pytest.mark.parametrize(("path", "name"), NAMED)
def test_a_test_that_is_named_exists(path: str, name: str) -> None:
    found = ast.parse((TREE / path).read_text()).body
    functions = {each.name for each in found if isinstance(each, ast.FunctionDef)}
    cases = {str(target.id) for each in found if isinstance(each, ast.Assign) for target in _names(each)}

    assert name in functions | cases


@pytest.mark.parametrize("number", SECTIONS)
def test_every_hazard_names_a_test_or_says_what_happens_today(number: int) -> None:
    assert "::test_" in SECTIONS[number] or number in OPEN


@pytest.mark.parametrize("number", OPEN)
def test_what_is_not_guarded_is_listed_among_what_is_not_known(number: int) -> None:
    architecture = (TREE / "docs/architecture.md").read_text()
    unknown = architecture.partition("## What is not known yet")[2].partition("\n## ")[0]

    assert re.search(rf"\(hazards? [\d,\sand]*\b{number}\b", unknown)


def _names(assignment: ast.Assign) -> list[ast.Name]:
    return [each for each in assignment.targets if isinstance(each, ast.Name)]
