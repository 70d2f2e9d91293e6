"""What names of objects look like, as the API server has it (apimachinery, pkg/util/validation)."""

import re

import pytest

from figwasp.core.names import DNS_LABEL, DNS_NAME

GOOD = ["web", "w", "0", "web-1", "a.b", "a--b.c-d", "w" * 63]
LONG = ["w" * 64, "w" * 253, "a." + "w" * 251]
BAD = [
    "",
    "-web",
    "web-",
    ".web",
    "web.",
    "a..b",
    "Web",
    "a_b",
    "a/b",
    "web\n",
    "\N{ARABIC-INDIC DIGIT ONE}",
    "w" * 254,
]


@pytest.mark.parametrize("name", GOOD + LONG)
def test_what_an_object_may_be_called_is_a_name(name: str) -> None:
    assert re.fullmatch(DNS_NAME, name)


@pytest.mark.parametrize("name", BAD)
def test_what_no_object_may_be_called_is_none(name: str) -> None:
    assert not re.fullmatch(DNS_NAME, name)
    assert not re.fullmatch(DNS_LABEL, name)


@pytest.mark.parametrize("name", [*LONG, "a.b"])
def test_a_namespace_has_one_part_of_63_characters_at_most(name: str) -> None:
    assert not re.fullmatch(DNS_LABEL, name)
