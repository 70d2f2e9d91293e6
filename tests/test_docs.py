"""What the documentation takes from the code: schemas that fit the documents, and a check that finds what is stale."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

TREE = Path(__file__).parent.parent
SCHEMAS = sorted((TREE / "docs" / "schema").glob("*.json"))
LOG = TREE / "docs" / "schema" / "log.v1.json"
"""Lines of several kinds, each told by its event."""


@pytest.mark.parametrize("path", SCHEMAS, ids=lambda path: path.name)
def test_a_schema_calls_fields_by_the_names_that_documents_have(path: Path) -> None:
    parts = json.loads(path.read_text())["$defs"].values()
    names = {name for part in parts for name in part.get("properties", ())}

    quoted = {word for part in parts for word in re.findall(r"`([a-zA-Z_]+)`", part.get("description", ""))}
    assert set() == quoted - names


@pytest.mark.parametrize("path", [each for each in SCHEMAS if each != LOG], ids=lambda path: path.name)
def test_a_schema_takes_no_document_of_another_kind_or_version(path: Path) -> None:
    top = json.loads(path.read_text())
    of_document = [part["properties"] for part in top["$defs"].values() if {"schema", "event"} & {*part["properties"]}]

    (kind,) = {json.dumps(each.get("schema") or each["event"]) for each in of_document}
    assert json.loads(kind) in ({"enum": [f"figwasp/{path.stem}"]}, {"enum": [path.stem.partition(".")[0]]})


def _checked(folder: Path, change: Callable[[Path], None]) -> tuple[int, str]:
    """The exit code and words of `scripts/docs.py --check` in a copy of the tree that was changed."""
    for name in ("scripts", "docs", "README.md"):
        copy = shutil.copytree if (TREE / name).is_dir() else shutil.copy
        copy(TREE / name, folder / name)
    for name in ("src", "testbed", "bench"):
        (folder / name).symlink_to(TREE / name)
    change(folder)
    check = [sys.executable, str(folder / "scripts" / "docs.py"), "--check"]
    done = subprocess.run(check, capture_output=True, text=True, check=False, timeout=60)
    return done.returncode, done.stderr


def _without_a_mark(tree: Path) -> None:
    page = tree / "README.md"
    page.write_text(page.read_text().replace("<!-- made: settings -->\n", ""))


def _with_another_default(tree: Path) -> None:
    page = tree / "README.md"
    page.write_text(page.read_text().replace("| `30s` |", "| `31s` |"))


def _with_an_old_schema(tree: Path) -> None:
    shutil.copy(tree / "docs" / "schema" / "report.v1.json", tree / "docs" / "schema" / "report.v0.json")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_with_another_default, "README.md is not what the code says: make docs\n"),
        (_without_a_mark, "README.md has no <!-- made: settings --> … <!-- end -->\n"),
        (_with_an_old_schema, "docs/schema/report.v0.json is made by nothing: remove it\n"),
        (lambda _: None, ""),
    ],
    ids=["another default", "a mark is gone", "a file is left over", "nothing"],
)
def test_what_is_stale_is_found(tmp_path: Path, change: Callable[[Path], None], said: str) -> None:
    assert (int(bool(said)), said) == _checked(tmp_path, change)
