"""What a log collector reads of a report."""

import json

import msgspec
import pytest
from msgspec.structs import replace

from figwasp.cli.events import Event, NoteEvent, OutcomeEvent, SummaryEvent, json_lines
from figwasp.core.decision import Why
from figwasp.core.report import Failed, Note
from figwasp.errors import FigwaspError
from tests.cli.reports import NEW, SELECTED, key, left, report, restarted


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


def test_an_empty_selection_is_a_warning_in_json() -> None:
    (summary,) = (json.loads(line) for line in json_lines(report(), verbose=False))

    assert ("warning", 0, SELECTED) == (summary["level"], summary["workloads"], summary["selected"])


def test_notes_are_lines_of_json_too() -> None:
    notes = (Note("daemonsets were not looked at", "allow it"), Note("no rights in b", is_failure=True))

    events = [json.loads(each) for each in json_lines(replace(report(), notes=notes), verbose=False)]

    assert [("info", "note"), ("error", "failed"), ("error", "summary")] == [(e["level"], e["event"]) for e in events]
    assert "daemonsets were not looked at" == events[0]["why"]


@pytest.mark.parametrize("verbose", [True, False])
def test_every_line_is_of_a_form_that_the_schema_tells(verbose: bool) -> None:
    one = report(restarted(), left(Why.UNKNOWN, hint="look"), left(Why.CURRENT), Failed(key(), FigwaspError("no")))
    notes = (Note("daemonsets were not looked at"), Note("no rights in b", "allow it", is_failure=True))
    failed = report(failure=FigwaspError("no cluster", hint="give --kubeconfig"))
    lines = [*json_lines(replace(one, notes=notes), verbose=verbose), *json_lines(failed, verbose=verbose)]

    forms: list[type[Event]] = [_form(line) for line in lines]

    assert [
        *[OutcomeEvent] * (4 if verbose else 3),
        NoteEvent,
        NoteEvent,
        SummaryEvent,
        NoteEvent,
        SummaryEvent,
    ] == forms
    for line, form in zip(lines, forms, strict=True):
        strict = msgspec.defstruct("Strict", [], bases=(form,), forbid_unknown_fields=True, omit_defaults=True)
        assert line == msgspec.json.encode(msgspec.json.decode(line, type=strict)).decode()


def _form(line: str) -> type[Event]:
    facts = json.loads(line)
    if facts["event"] == "summary":
        return SummaryEvent
    return OutcomeEvent if "name" in facts else NoteEvent
