"""The page of the architecture: that what it points to is there."""

import re
from pathlib import Path

import pytest

TREE = Path(__file__).parent.parent
PAGE = (TREE / "docs/architecture.md").read_text()
EXAMPLES = PAGE.partition("## One file to add one thing")[2].partition("\n## ")[0]
MODULES = sorted(set(re.findall(r"`([a-z0-9_/]+\.py)`", PAGE.replace(EXAMPLES, ""))))
FOLDERS = re.findall(r"(?m)^ {2,4}([a-z]+)/ ", PAGE)


@pytest.mark.parametrize("module", MODULES)
def test_a_module_that_is_named_exists(module: str) -> None:
    assert (TREE / "src/figwasp" / module).exists() or (TREE / module).exists()


def test_every_package_is_in_the_tree_that_is_shown() -> None:
    packages = {each.parent.name for each in (TREE / "src/figwasp").glob("*/**/__init__.py")}

    assert packages == set(FOLDERS)
