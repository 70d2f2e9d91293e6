"""Flags and environment → what a pass needs; reports all problems at once."""

import os
import re
from collections.abc import Callable, Mapping
from typing import TypeVar

from figwasp.core.duration import parse_duration
from figwasp.core.registry_settings import RegistrySettings
from figwasp.core.restraint import NO_TIME, Restraint, parse_delay, parse_rate
from figwasp.core.workload import TARGET_LABEL
from figwasp.errors import UsageError, shorten
from figwasp.settings.values import Flags, Settings
from figwasp.settings.variables import (
    CLIENT_TIMEOUT,
    CONFIG,
    DEFAULTS,
    LOG_FORMAT,
    LOG_FORMATS,
    MAX_RESTARTS,
    MIN_INTERVAL,
    PASS_TIMEOUT,
    REGISTRY_CA,
    RESTART_RATE,
    SETTLE,
)
from figwasp.settings.workloads import Kinds, read_which

T = TypeVar("T")


def read_settings(
    flags: Flags, environment: Mapping[str, str], kinds: Kinds, *, reads_log_format: bool = False
) -> Settings:
    """
    Put flags and environment together; a flag wins over its variable.

    `reads_log_format` tells that the command has a log, whose format must then be one that there is.

    Raises:
        UsageError: names every problem.
    """
    problems = _contradictions(flags)
    targets, namespaces, wanted = read_which(flags, environment, kinds, problems)
    settings = Settings(
        targets=targets,
        namespaces=namespaces,
        kinds=wanted,
        all_namespaces=flags.all_namespaces,
        restraint=_restraint(flags, environment, problems),
        label=_label(flags, problems, are_any_named=bool(targets)),
        client_timeout_seconds=_duration(environment, CLIENT_TIMEOUT, problems),
        pass_timeout_seconds=_duration(environment, PASS_TIMEOUT, problems),
        kubeconfig=flags.kubeconfig,
        context=flags.context,
        impersonate=flags.impersonate,
        log_format=_log_format(flags, environment, problems if reads_log_format else []),
        registry_ca=_ca_files(flags, environment, problems),
        registries=_registries(flags, environment, problems),
    )
    if problems:
        raise UsageError(problems)
    return settings


def _contradictions(flags: Flags) -> list[str]:
    """What the command line says at once and cannot mean."""
    ways = {"names": bool(flags.targets), "-l": bool(flags.label), "--all": flags.everything}
    given = [way for way, is_given in ways.items() if is_given]
    problems = [f"workloads are selected by {' and by '.join(given)}: give one of them"] if len(given) > 1 else []
    if flags.all_namespaces and flags.namespaces:
        problems.append("-n names a namespace and -A means all: give one of them")
    if flags.kinds and flags.targets:
        problems.append("a named workload has its kind in KIND/NAME: give that instead of -k")
    if flags.all_namespaces and flags.targets:
        problems.append("a named workload is in one namespace: give -n instead of -A")
    return problems


def _restraint(flags: Flags, environment: Mapping[str, str], problems: list[str]) -> Restraint:
    return Restraint(
        max_restarts=_read(_count, flags.max_restarts, environment, MAX_RESTARTS, problems),
        spacing=_read(parse_rate, flags.restart_rate, environment, RESTART_RATE, problems) or NO_TIME,
        min_interval=_read(parse_delay, flags.min_interval, environment, MIN_INTERVAL, problems) or NO_TIME,
        settle=_read(parse_delay, flags.settle, environment, SETTLE, problems) or NO_TIME,
    )


def _read(
    parse: Callable[[str], T], flag: str | None, environment: Mapping[str, str], name: str, problems: list[str]
) -> T | None:
    """Read the option that is called as its variable, else the variable; None where neither is set, or it is empty."""
    text = (environment.get(name) or None) if flag is None else flag
    try:
        return None if text is None else parse(text)
    except ValueError as error:
        option = "--" + name.removeprefix("FIGWASP_").replace("_", "-").lower()
        problems.append(f"{name if flag is None else option}: {error}")
        return None


def _count(text: str) -> int:
    if not re.fullmatch("[1-9][0-9]{0,8}", text):
        raise ValueError(f'"{shorten(text, 80)}" is not a number of workloads: say 1 or more')
    return int(text)


def _label(flags: Flags, problems: list[str], *, are_any_named: bool) -> str:
    if flags.label:
        from figwasp.core.selector import check_selector  # noqa: PLC0415 - a pass without -l needs none

        try:
            check_selector(flags.label)
        except ValueError as error:
            problems.append(f'-l "{shorten(flags.label, 80)}" is no label selector: {error}')
    return "" if are_any_named or flags.everything else flags.label or TARGET_LABEL


def _log_format(flags: Flags, environment: Mapping[str, str], problems: list[str]) -> str:
    chosen = log_format(flags, environment)
    if chosen not in LOG_FORMATS:
        problems.append(f'{LOG_FORMAT}: "{shorten(chosen, 80)}" is none of {", ".join(LOG_FORMATS)}')
    return chosen


def log_format(flags: Flags, environment: Mapping[str, str]) -> str:
    """Give the format of the log that is asked for, be there one of that name or not."""
    return flags.log_format or environment.get(LOG_FORMAT) or DEFAULTS[LOG_FORMAT]


def _ca_files(flags: Flags, environment: Mapping[str, str], problems: list[str]) -> tuple[str, ...]:
    files = flags.registry_ca or tuple(filter(None, environment.get(REGISTRY_CA, "").split(":")))
    problems += [f"{path}: no such file to read CA certificates from" for path in files if not os.access(path, os.R_OK)]
    return files


def _registries(flags: Flags, environment: Mapping[str, str], problems: list[str]) -> Mapping[str, RegistrySettings]:
    path = flags.config or environment.get(CONFIG)
    if not path:
        return {}
    from figwasp.settings.file import read_settings_file  # noqa: PLC0415 - few have one, and it loads a parser

    try:
        return read_settings_file(path)
    except UsageError as error:
        problems += error.problems
        return {}


def _duration(environment: Mapping[str, str], name: str, problems: list[str]) -> float:
    try:
        return parse_duration(environment.get(name) or DEFAULTS[name])
    except ValueError as error:
        problems.append(f"{name}: {error}")
        return 0.0
