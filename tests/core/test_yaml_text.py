from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from figwasp.core.yaml_text import Noted, documents, lines, plain

TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12) | st.sampled_from(
    [
        "yes",
        "No",
        "null",
        "~",
        "1e3",
        "0x1",
        "-",
        "a:",
        "a: b",
        "a #b",
        "#",
        "on",
        ".inf",
        "2026-01-01",
        "x:y",
        "=",
        "<<",
    ]
)
SCALARS = TEXTS | st.integers() | st.booleans() | st.none()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3), max_leaves=12
)


@given(st.dictionaries(TEXTS, VALUES, min_size=1, max_size=4))
def test_what_is_written_reads_back_as_the_same(value: dict[str, Any]) -> None:
    text = "\n".join(lines(value))

    assert value == yaml.safe_load(text)


@pytest.mark.parametrize("value", [{"rules": [Noted({"verbs": ["get"]}, ("one", "two"))]}, {"a": Noted([1], ("why",))}])
def test_notes_are_comments_that_change_nothing(value: dict[str, Any]) -> None:
    text = "\n".join(lines(value))

    assert plain(value) == yaml.safe_load(text)


def test_a_note_stands_above_what_it_is_about() -> None:
    rule = Noted({"apiGroups": [""], "verbs": ["get", "list"]}, ("list: to see",))

    assert ["rules:", "  # list: to see", '  - apiGroups: [""]', "    verbs: [get, list]"] == list(
        lines({"rules": [rule]})
    )


def test_documents_are_kept_apart() -> None:
    text = "\n".join(documents([{"kind": "Role"}, {"kind": "CronJob"}]))

    assert [{"kind": "Role"}, {"kind": "CronJob"}] == list(yaml.safe_load_all(text))


def test_nothing_stands_before_the_first_document() -> None:
    assert ["kind: Role", "---", "kind: CronJob"] == list(documents([{"kind": "Role"}, {"kind": "CronJob"}]))
