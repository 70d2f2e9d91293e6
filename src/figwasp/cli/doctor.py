"""`figwasp doctor`: what a pass needs, and what mends what is missing."""

import sys
from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

import msgspec
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from figwasp import __version__, wiring
from figwasp.cli import output, passes, pasting
from figwasp.cli.screen import Colour, Screen
from figwasp.cli.watching import shows_progress, watched
from figwasp.cli.wire import Wire
from figwasp.core.diagnosis import Check, Diagnosis, State, Topic
from figwasp.core.meter import SILENT
from figwasp.core.remedy import Remedy
from figwasp.core.yaml_text import lines as yaml_lines
from figwasp.errors import printable
from figwasp.settings.reading import read_settings
from figwasp.settings.values import Flags

SCHEMA: Final = "figwasp/doctor.v1"

_COLOURS = {
    State.OK: Colour.GOOD,
    State.PROBLEM: Colour.BAD,
    State.HINT: Colour.DOUBT,
    State.SKIPPED: Colour.QUIET,
}
_ALL_RIGHTS = "figwasp manifests cronjob prints a Role with all of these, and what installs Figwasp with it"
_STATE_WIDTH = max(map(len, State))
_TOPIC_WIDTH = max(map(len, Topic))


class RemedyPart(Wire, frozen=True, kw_only=True):
    """What mends it, in words; a rule for a Role or ClusterRole; commands of a shell, one after the other."""

    words: str
    rule: dict[str, Any] | UnsetType = UNSET
    commands: tuple[str, ...] = ()


class CheckPart(Wire, frozen=True, kw_only=True):
    """One thing: `state` is ok, problem, hint or skipped; there is no `remedy` where there is nothing to do."""

    topic: str
    state: str
    text: str
    remedy: RemedyPart | UnsetType = UNSET


class DoctorDocument(Wire, frozen=True, kw_only=True):
    """A whole check-up. Within a version fields and topics are only added."""

    schema: Literal["figwasp/doctor.v1"]
    figwasp: str
    exit_code: int
    counts: dict[str, int]
    checks: tuple[CheckPart, ...]


def run(flags: Flags, environment: Mapping[str, str], *, form: str, no_color: bool) -> int:
    """
    Look at everything, write what was found as text or JSON, and give the exit code.

    Raises:
        UsageError: the settings are wrong.
        KubeconfigError: there is no usable way to reach a cluster.
    """
    passes.note_misspelt(environment)
    kinds = wiring.workload_kinds()
    settings = read_settings(flags, environment, wiring.kind_names(kinds))
    with (
        watched(timings=False, progress=shows_progress(environment, sys.stderr)) as tally,
        wiring.checkup(settings, kinds, environment, meter := tally or SILENT) as ready,
        passes.ends_on_signals(ready.deadline) as caught,
    ):
        diagnosis = _for_pasting(ready.checkup.run(ready.selection, ready.deadline, meter), flags)
    code = 128 + caught[0] if caught else diagnosis.exit_code
    screen = Screen.of_stdout(environment, no_color=no_color)
    lines = json_lines(diagnosis, code) if form == "json" else text_lines(diagnosis, screen)
    return output.write(lines, code)


def _for_pasting(diagnosis: Diagnosis, flags: Flags) -> Diagnosis:
    def pasted(check: Check) -> Check:
        commands = tuple(pasting.pasted(each, flags) for each in check.remedy.commands)
        return replace(check, remedy=replace(check.remedy, commands=commands))

    return Diagnosis(tuple(map(pasted, diagnosis.checks)))


def text_lines(diagnosis: Diagnosis, screen: Screen) -> Iterator[str]:
    """Give a line for each thing, what mends it below, and a summary."""
    for check in diagnosis.checks:
        # What is painted has no width of its own, so the word is padded first.
        state = screen.paint(f"{check.state:{_STATE_WIDTH}}", _COLOURS[check.state])
        indent = f"{'':{_STATE_WIDTH}}  {check.topic:{_TOPIC_WIDTH}}  "
        first, *rest = screen.wrap(printable(check.text), first=indent, rest=" " * len(indent))
        yield state + first[_STATE_WIDTH:]
        yield from rest
        yield from _remedy_lines(check.remedy, screen)
    if _has_no_right(diagnosis):
        yield from screen.wrap(_ALL_RIGHTS, first="→ ", rest="  ")
    yield f"{_counted(len(diagnosis.checks), 'check')}: {', '.join(_ends(diagnosis))}"


def json_lines(diagnosis: Diagnosis, exit_code: int) -> Iterator[str]:
    """Give the same as one JSON document."""
    document = DoctorDocument(
        schema=SCHEMA,
        figwasp=__version__,
        exit_code=exit_code,
        counts={str(state): number for state, number in diagnosis.counts.items()},
        checks=tuple(map(_part, diagnosis.checks)),
    )
    yield msgspec.json.format(msgspec.json.encode(document), indent=2).decode()


def _has_no_right(diagnosis: Diagnosis) -> bool:
    """Whether nothing at all may be done, as before Figwasp is installed."""
    states = [each.state for each in diagnosis.checks if each.topic is Topic.PERMISSION]
    return states.count(State.PROBLEM) > 1 and State.OK not in states


def _ends(diagnosis: Diagnosis) -> Iterator[str]:
    for state, number in diagnosis.counts.items():
        if number:
            yield _counted(number, state) if state in {State.PROBLEM, State.HINT} else f"{number} {state}"


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _part(check: Check) -> CheckPart:
    remedy = check.remedy
    part: RemedyPart | UnsetType = UNSET
    if remedy.words:
        rule = UNSET if remedy.rule is None else remedy.rule
        part = RemedyPart(words=remedy.words, rule=rule, commands=remedy.commands)
    return CheckPart(topic=str(check.topic), state=str(check.state), text=check.text, remedy=part)


def _remedy_lines(remedy: Remedy, screen: Screen) -> Iterator[str]:
    if not remedy.words:
        return
    more = ":" if remedy.rule or remedy.commands else ""
    yield from screen.wrap(printable(remedy.words) + more, first="  → ", rest="    ")
    if remedy.rule:
        yield from (f"      {line}" for line in yaml_lines([remedy.rule]))
        yield "    or:"
    # Whole, however wide the screen is: they are there to be pasted.
    yield from (f"      {printable(command)}" for command in remedy.commands)
