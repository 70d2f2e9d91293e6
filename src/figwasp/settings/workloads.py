"""Which workloads are meant: their names, their namespaces and their kinds."""

import re
from collections.abc import Mapping, Sequence

from figwasp.core.names import DNS_LABEL, DNS_NAME
from figwasp.core.workload import TARGET_LABEL
from figwasp.errors import shorten
from figwasp.settings.values import Flags
from figwasp.settings.variables import KIND, NAMESPACE, TARGETS

Kinds = Mapping[str, frozenset[str]]
"""The kinds that can be restarted, by name, and what people call each besides."""


def read_which(
    flags: Flags, environment: Mapping[str, str], kinds: Kinds, problems: list[str]
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...], tuple[str, ...]]:
    """Read their names (with their kinds), their namespaces, and the kinds of those that are not named."""
    targets = _targets(_asked(flags, environment, kinds, problems), kinds, problems)
    namespaces = _namespaces(flags, environment, problems)
    if targets and len(namespaces) > 1:
        problems.append(f"a named workload is in one namespace, not in {' and '.join(namespaces)}")
    # As with the label: whoever names workloads means them, whatever the environment says of all the others.
    wanted = _kinds(flags.kinds or (() if targets else (environment.get(KIND, ""),)), kinds, problems)
    if flags.kinds and not _listed(flags.kinds):
        problems.append("-k was given an empty kind: name one, or leave it out for every kind")
    return targets, namespaces, wanted


def _asked(flags: Flags, environment: Mapping[str, str], kinds: Kinds, problems: list[str]) -> list[str]:
    """What the arguments name, else the environment, unless the workloads are selected in another way."""
    asked = [each for argument in flags.targets for each in argument.split(",") if each]
    if flags.targets and not asked:
        # Most often a variable of the shell that is not set: it must not mean every labelled workload.
        problems.append("an empty name was given: name a workload, or nothing to use the label " + TARGET_LABEL)
    if len(flags.targets) > 1 and (kind := _kind(flags.targets[0], kinds)):
        meant = f"{kind}/{flags.targets[1]}"
        problems.append(f'"{shorten(flags.targets[0], 80)}" is a kind, not a name: did you mean {shorten(meant, 80)}?')
    is_selected = bool(flags.label or flags.everything or flags.kinds)
    if not flags.targets and not is_selected and not flags.all_namespaces and TARGETS in environment:
        asked = [each for each in map(str.strip, environment[TARGETS].split(",")) if each]
        if not asked:
            problems.append(
                f"{TARGETS} is set but empty: name a Deployment, or unset it to use the label {TARGET_LABEL}"
            )
    return asked


def parse_target(text: str, kinds: Kinds) -> tuple[str, str]:
    """
    Read `name` (a Deployment) or `kind/name` → (kind, name).

    Raises:
        ValueError: says what is wrong and what the kinds are.
    """
    kind, slash, name = text.rpartition("/")
    kind = kind.lower() if slash else "deployment"
    shown = shorten(text, 80)
    if not name or "/" in kind:
        raise ValueError(f'"{shown}" names no workload: say NAME or KIND/NAME, such as deployment/web')
    if not re.fullmatch(DNS_NAME, name):
        raise ValueError(
            f'"{shown}" cannot be the name of a workload: names are lower case, of letters, digits, - and .'
        )
    if known := _kind(kind, kinds):
        return known, name
    raise ValueError(f'"{shown}": Figwasp cannot restart a {kind} (kinds: {", ".join(kinds)})')


def _kind(text: str, kinds: Kinds) -> str:
    """The kind that is called so, empty for none."""
    return next((known for known, aliases in kinds.items() if text.lower() in {known, *aliases}), "")


def parse_kinds(asked: Sequence[str], kinds: Kinds) -> tuple[str, ...]:
    """
    Read kinds by any of their names, several with commas between.

    Raises:
        ValueError: one is none of `kinds`, which it names.
    """
    found: dict[str, None] = {}
    for text in _listed(asked):
        known = _kind(text, kinds)
        if not known:
            raise ValueError(f'"{shorten(text, 80)}": Figwasp cannot restart that (kinds: {", ".join(kinds)})')
        found[known] = None
    return tuple(found)


def _namespaces(flags: Flags, environment: Mapping[str, str], problems: list[str]) -> tuple[str, ...]:
    namespaces = _listed(flags.namespaces or (environment.get(NAMESPACE, ""),))
    if flags.namespaces and not namespaces:
        problems.append("-n was given an empty name: name a namespace, or leave it out for the context's")
    problems += [
        f'"{shorten(each, 80)}" cannot be the name of a namespace'
        for each in (() if flags.all_namespaces else namespaces)
        if not re.fullmatch(DNS_LABEL, each)
    ]
    return namespaces


def _listed(texts: Sequence[str]) -> tuple[str, ...]:
    """Take apart what has commas in it; each once, in order."""
    parts = (part.strip() for text in texts for part in text.split(","))
    return tuple(dict.fromkeys(part for part in parts if part))


def _kinds(asked: Sequence[str], kinds: Kinds, problems: list[str]) -> tuple[str, ...]:
    try:
        return parse_kinds(asked, kinds)
    except ValueError as error:
        problems.append(str(error))
        return ()


def _targets(asked: Sequence[str], kinds: Kinds, problems: list[str]) -> tuple[tuple[str, str], ...]:
    targets: dict[tuple[str, str], None] = {}
    for each in asked:
        try:
            targets[parse_target(each, kinds)] = None
        except ValueError as error:
            problems.append(str(error))
    return tuple(targets)
