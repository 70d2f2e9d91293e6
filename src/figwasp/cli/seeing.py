"""`figwasp plan` and `figwasp explain`: the same pass as `figwasp once`, by a restarter that only tries."""

from collections.abc import Iterator, Mapping

import msgspec
from msgspec.structs import replace

from figwasp import wiring
from figwasp.cli import output, passes, pasting
from figwasp.cli.document import Document, document
from figwasp.cli.explanation import explanation_lines
from figwasp.cli.screen import Screen
from figwasp.cli.table import table_lines
from figwasp.cli.timings import timings as timings_part
from figwasp.settings.values import Flags


def see(
    flags: Flags,
    environment: Mapping[str, str],
    *,
    form: str,
    no_color: bool,
    timings: bool = False,
    explains: bool = False,
) -> int:
    """
    Try a pass and write what came of it; gives the exit code, 3 where something would be restarted.

    `form` is table, wide, text (an explanation), json or yaml. `explains` has it asked why a roll-out is stuck.

    Raises:
        UsageError: the settings are wrong.
        KubeconfigError: there is no usable way to reach a cluster.
    """
    ran = passes.run_pass(flags, environment, wiring.DryRunRestarter, timings=timings, explains=explains)
    screen = Screen.of_stdout(environment, no_color=no_color)
    report = _for_pasting(document(ran.report, ran.code), flags)
    is_for_programs = form in {"json", "yaml"}
    if is_for_programs and ran.count is not None:
        report = replace(report, timings=timings_part(ran.count))
    lines = (
        table_lines(report, screen, wide=form == "wide", everywhere=flags.all_namespaces, hints=_hints(flags))
        if form in {"table", "wide"}
        else _lines(report, form, screen, pasting.own_options(flags))
    )
    code = output.write(lines, ran.code)
    if not is_for_programs:
        output.write_timings(ran.count)
    return code


def _for_pasting(report: Document, flags: Flags) -> Document:
    workloads = [replace(each, hint=pasting.pasted(each.hint, flags)) for each in report.workloads]
    return replace(report, workloads=tuple(workloads))


def _lines(report: Document, form: str, screen: Screen, options: str) -> Iterator[str]:
    match form:
        case "json":
            yield msgspec.json.format(msgspec.json.encode(report), indent=2).decode()
        case "yaml":
            yield msgspec.yaml.encode(report).decode().rstrip()
        case _:
            yield from explanation_lines(report, screen, options)


def _hints(flags: Flags) -> list[str]:
    """What else could be selected."""
    hints = [] if flags.everything else ["--all: labelled or not"]
    return hints if flags.all_namespaces else [*hints, "-n: in another namespace, -A: in every one"]
