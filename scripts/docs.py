"""
Write, or with --check compare, the parts of the documentation that are made from the code.

    .venv/bin/python scripts/docs.py [--check]

A page says where such a part belongs by a pair of marks: <!-- made: NAME --> and <!-- end -->. Files that are made
whole are in `WHOLE`.
"""

import ast
import os
import re
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

import click
import msgspec

from figwasp.cli.doctor import DoctorDocument
from figwasp.cli.document import Document
from figwasp.cli.events import NoteEvent, OutcomeEvent, SummaryEvent
from figwasp.cli.manifests import CronJobFlags, lines
from figwasp.cli.program import COMMANDS, program
from figwasp.cli.resolving import Resolved
from figwasp.cli.timings import TimingsEvent
from figwasp.core.verdict import RULES
from figwasp.kube.rbac import Needs, permissions
from figwasp.settings.file import KEYS
from figwasp.settings.variables import VARIABLES
from figwasp.wiring import workload_kinds

TREE: Final = Path(__file__).parent.parent
PACKAGES: Final = ("src/figwasp", "testbed", "bench", "scripts")
PAGES: Final = {
    "README.md": ("rights", "settings"),
    "docs/configuration.md": ("registry-settings",),
    "docs/rules.md": ("rules",),
}
"""The pages, and what is made in each."""

WHOLLY_MADE: Final = ("docs/schema",)
"""Folders in which nothing else is."""

_PART: Final = re.compile(r"(<!-- made: (?P<name>[a-z-]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_WIDTH: Final = 100


def settings() -> str:
    """The table of environment variables."""
    rows = [("Variable", "Option", "Default", ""), ("---",) * 4]
    rows += [
        (f"`{each.name}`", each.option, f"`{each.default}`" if each.default.isalnum() else each.default, each.meaning)
        for each in VARIABLES
    ]
    return "".join(f"| {' | '.join(row)} |\n".replace("  ", " ") for row in rows)


def registry_settings() -> str:
    """The table of what can be set for one registry."""
    rows = "".join(f"| `{each.name}` | {each.kind} | {each.default} | {each.meaning} |\n" for each in KEYS)
    return "| Key | Value | Default | |\n| --- | --- | --- | --- |\n" + rows.replace("|  |", "| |")


def rules() -> str:
    """The table of rules."""
    rows = "".join(f"| `{rule}` | {verdict} | {words} |\n" for rule, (verdict, words) in RULES.items())
    return f"| Rule | Verdict | |\n| --- | --- | --- |\n{rows}"


def rights() -> str:
    """The table of what the API server must allow, and why."""
    kinds = workload_kinds()
    named = permissions(Needs(targets=tuple((kind.name, "web") for kind in kinds)), kinds)
    reasons = {(each.resource, each.verb): each.why for each in named}
    rows = "| Resource | Verb | Needed to | |\n| --- | --- | --- | --- |\n"
    for each in permissions(Needs(nodes=True), kinds):
        key = (each.resource, each.verb)
        only = "" if key in reasons else "only where none is named"
        note = "optional, in a ClusterRole" if each.is_optional else only
        note = "or get; `resourceNames` works" if each.resource == "secrets" else note
        rows += f"| `{each.resource}` | {each.verb} | {reasons.get(key, each.why)} | {note} |\n".replace("  ", " ")
    return rows


def command_line() -> str:
    """A page with the help of every command, as it is printed."""
    names = [name for group in COMMANDS.values() for name in group]
    parts = [_help("figwasp", program)]
    for name in names:
        command = program.get_command(click.Context(program), name)
        assert command is not None  # noqa: S101 - a test of its own says so
        parts.append(_help(f"figwasp {name}", command))
        if isinstance(command, click.Group):
            parts += [_help(f"figwasp {name} {each}", command.commands[each]) for each in sorted(command.commands)]
    return "# Commands\n\nMade by `scripts/docs.py` from what `--help` prints.\n\n" + "\n".join(parts)


def _help(title: str, command: click.Command) -> str:
    context = click.Context(command, info_name=title, terminal_width=_WIDTH, max_content_width=_WIDTH)
    context.help_option_names = ["-h", "--help"]
    return f"## {title}\n\n```\n{command.get_help(context)}\n```\n"


def cronjob() -> str:
    """The manifests as they are without further options."""
    return "".join(f"{line}\n" for line in lines(CronJobFlags(image="registry.example.com/figwasp:3")))


def modules() -> str:
    """A page with a line for each module: the first of its docstring."""
    folders = sorted({path.parent for top in PACKAGES for path in (TREE / top).rglob("*.py")})
    parts = ["# Modules\n\nMade by `scripts/docs.py` from what each module says of itself.\n"]
    for folder in sorted(folders, key=lambda each: [each.relative_to(TREE).parts[0] != "src", each]):
        title = f"## {folder.relative_to(TREE)}\n\n"
        package = folder / "__init__.py"
        about = f"{_first_line(package)}\n\n" if package.exists() else ""
        rows = [f"| `{each.name}` | {_first_line(each)} |\n" for each in sorted(folder.glob("*.py")) if each != package]
        parts.append(title + about + "".join(["| Module | |\n| --- | --- |\n", *rows] if rows else []))
    return "\n".join(each.rstrip() + "\n" for each in parts)


def _first_line(module: Path) -> str:
    text = ast.get_docstring(ast.parse(module.read_text()))
    return (text or "").partition("\n")[0].replace("|", "\\|")


def schema(*kinds: type[msgspec.Struct]) -> str:
    """The JSON schema of a document that is of one of some kinds."""
    anyof, parts = msgspec.json.schema_components(kinds)
    whole = {**(anyof[0] if len(kinds) == 1 else {"anyOf": anyof}), "$defs": parts}
    return msgspec.json.format(msgspec.json.encode(whole), indent=2).decode() + "\n"


PARTS: Final[dict[str, Callable[[], str]]] = {
    "settings": settings,
    "registry-settings": registry_settings,
    "rules": rules,
    "rights": rights,
}
WHOLE: Final[dict[str, Callable[[], str]]] = {
    "docs/commands.md": command_line,
    "docs/cronjob.yaml": cronjob,
    "docs/modules.md": modules,
    "docs/schema/doctor.v1.json": lambda: schema(DoctorDocument),
    "docs/schema/log.v1.json": lambda: schema(OutcomeEvent, NoteEvent, SummaryEvent, TimingsEvent),
    "docs/schema/report.v1.json": lambda: schema(Document),
    "docs/schema/resolve.v1.json": lambda: schema(Resolved),
    "docs/schema/timings.v1.json": lambda: schema(TimingsEvent),
}


def made() -> Iterator[tuple[Path, str]]:
    """Every file that holds something made, and what it should hold."""
    for name, make in WHOLE.items():
        yield TREE / name, make()
    for name in PAGES:
        page = TREE / name
        yield page, _PART.sub(lambda part: part[1] + PARTS[part["name"]]() + part[3], page.read_text())


def problems() -> Iterator[str]:
    """What no `make docs` mends: a page without a mark, a file that nothing makes."""
    for name, parts in PAGES.items():
        marked = [part["name"] for part in _PART.finditer((TREE / name).read_text())]
        yield from (f"{name} has no <!-- made: {each} --> … <!-- end -->" for each in parts if each not in marked)
    for folder in WHOLLY_MADE:
        found = (str(each.relative_to(TREE)) for each in sorted((TREE / folder).iterdir()))
        yield from (f"{each} is made by nothing: remove it" for each in found if each not in WHOLE)


def main(arguments: list[str]) -> int:
    """Write or compare."""
    os.environ.pop("COLUMNS", None)
    wrong = list(problems())
    stale = [(path, text) for path, text in made() if not path.exists() or path.read_text() != text]
    if arguments == ["--check"]:
        wrong += [f"{path.relative_to(TREE)} is not what the code says: make docs" for path, _ in stale]
    else:
        for path, text in stale:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            print(f"wrote {path.relative_to(TREE)}")
    for each in wrong:
        print(each, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
