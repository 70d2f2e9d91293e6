"""Environment and flags → what a pass needs; reports all problems at once."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from msgspec import Struct

from figwasp.core.duration import parse_duration
from figwasp.core.names import DNS_LABEL, DNS_NAME
from figwasp.core.registry_settings import RegistrySettings
from figwasp.core.restraint import NO_TIME, Restraint, parse_delay, parse_rate
from figwasp.core.workload import TARGET_LABEL, Selection
from figwasp.errors import UsageError, shorten

TARGETS = "FIGWASP_TARGET_DEPLOYMENT"
NAMESPACE = "FIGWASP_TARGET_NAMESPACE"
KIND = "FIGWASP_TARGET_KIND"
MAX_RESTARTS = "FIGWASP_MAX_RESTARTS"
MIN_INTERVAL = "FIGWASP_MIN_INTERVAL"
SETTLE = "FIGWASP_SETTLE"
RESTART_RATE = "FIGWASP_RESTART_RATE"
CLIENT_TIMEOUT = "FIGWASP_CLIENT_TIMEOUT"
PASS_TIMEOUT = "FIGWASP_PASS_TIMEOUT"  # noqa: S105 - a time, not a password
REGISTRY_CA = "FIGWASP_REGISTRY_CA"
CONFIG = "FIGWASP_CONFIG"
LOG_FORMAT = "FIGWASP_LOG_FORMAT"
TIMINGS = "FIGWASP_TIMINGS"


class Variable(Struct, frozen=True):
    """
    An environment variable that is read: the option that beats it, if there is one, and what holds without both.

    `default` is what is read in its place where that is a value, else it says in words what is then done.
    """

    name: str
    option: str
    default: str
    meaning: str


VARIABLES = (
    Variable(
        TARGETS,
        "arguments",
        "the label",
        "names, or `kind/name`, with commas (or blanks, as arguments) between; set but empty is an error",
    ),
    Variable(
        NAMESPACE,
        "`-n`, `-A`",
        "the context's, else `default`",
        "where the workloads are; several with commas between, or `-n` several times",
    ),
    Variable(
        KIND,
        "`-k`",
        "every kind that may be listed",
        "kinds to look at where no workload is named: `deployment`, `statefulset`, `daemonset`, with commas between",
    ),
    Variable(
        MAX_RESTARTS,
        "`--max-restarts`",
        "any number",
        "how many workloads one pass restarts, in the order of their names; the others are left to the next",
    ),
    Variable(
        RESTART_RATE,
        "`--restart-rate`",
        "as fast as it goes",
        "how many workloads are restarted in how long, such as `10/1m`: one after the other, evenly spaced; those for "
        "which a pass has no time are left to the next",
    ),
    Variable(
        MIN_INTERVAL,
        "`--min-interval`",
        "none",
        "the least time between two restarts of one workload, such as `10m`; until then it is left",
    ),
    Variable(
        SETTLE,
        "`--settle`",
        "none",
        "how long a tag must have named the same digest before a restart: the pass that sees it first writes that into "
        "the workload's `figwasp/record`, and a later one restarts",
    ),
    Variable(CLIENT_TIMEOUT, "", "30s", "bounds each request"),
    Variable(PASS_TIMEOUT, "", "5m", "bounds the whole pass, which ends with its report all the same"),
    Variable(
        REGISTRY_CA,
        "`--registry-ca`",
        "",
        "CA certificates (PEM) to trust for registries, besides the system's; files with `:` between",
    ),
    Variable(CONFIG, "`--config`", "", "a file (TOML) with [settings for single registries](docs/configuration.md)"),
    Variable(LOG_FORMAT, "`--log-format`", "text", "`text`, or `json`: one object a line (`once` only)"),
    Variable(TIMINGS, "`--timings`", "", "not empty: say where time and requests went, behind the report"),
    Variable(
        "KUBECONFIG",
        "`--kubeconfig`, `--context`",
        "the pod's service account, else `~/.kube/config`",
        "how the cluster is reached",
    ),
)
"""Every variable of ours; `SSL_CERT_FILE`, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are read as Go programs do."""

DEFAULTS = {each.name: each.default for each in VARIABLES}

LOG_FORMATS = ("text", "json")

T = TypeVar("T")

Kinds = Mapping[str, frozenset[str]]
"""The kinds that can be restarted, by name, and what people call each besides."""


class Flags(Struct, frozen=True, kw_only=True):
    """What the command line gave; empty where it did not."""

    targets: tuple[str, ...] = ()
    namespaces: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    max_restarts: str | None = None
    restart_rate: str | None = None
    min_interval: str | None = None
    settle: str | None = None
    all_namespaces: bool = False
    label: str = ""
    everything: bool = False
    kubeconfig: str = ""
    context: str = ""
    impersonate: str = ""
    registry_ca: tuple[str, ...] = ()
    config: str = ""
    log_format: str = ""


class Settings(Struct, frozen=True, kw_only=True):
    """
    All that one pass needs to know.

    `namespaces` is empty where neither flag nor environment names one: the context's, or `default`, is then meant.
    `kinds` is empty for every kind that may be listed. `label` is a label selector, empty where workloads are named or
    all are meant. `impersonate` names the user as whom the cluster is asked;
    empty for whoever we are.
    """

    targets: tuple[tuple[str, str], ...]
    namespaces: tuple[str, ...]
    kinds: tuple[str, ...]
    all_namespaces: bool
    label: str
    restraint: Restraint
    client_timeout_seconds: float
    pass_timeout_seconds: float
    kubeconfig: str
    context: str
    impersonate: str
    registry_ca: tuple[str, ...]
    log_format: str
    registries: Mapping[str, RegistrySettings] = {}

    @property
    def shared_secrets(self) -> Mapping[str, tuple[str, str]]:
        """The pull secrets (namespace, name) for every workload's images of a registry, by registry."""
        return {host: each.pull_secret for host, each in self.registries.items() if each.pull_secret}

    def selection(self, context_namespace: str) -> Selection:
        """Which workloads the pass looks at, once it is known which namespace the cluster's context names."""
        named = self.namespaces or (context_namespace or "default",)
        namespaces = () if self.all_namespaces else named
        return Selection(namespaces=namespaces, targets=self.targets, kinds=self.kinds, label=self.label)


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
    targets, namespaces, wanted = _which(flags, environment, kinds, problems)
    restraint = Restraint(
        max_restarts=_read(_count, flags.max_restarts, environment, MAX_RESTARTS, problems),
        spacing=_read(parse_rate, flags.restart_rate, environment, RESTART_RATE, problems) or NO_TIME,
        min_interval=_read(parse_delay, flags.min_interval, environment, MIN_INTERVAL, problems) or NO_TIME,
        settle=_read(parse_delay, flags.settle, environment, SETTLE, problems) or NO_TIME,
    )
    if flags.label:
        _check_label(flags.label, problems)
    client = _duration(environment, CLIENT_TIMEOUT, problems)
    whole = _duration(environment, PASS_TIMEOUT, problems)
    log_format = flags.log_format or environment.get(LOG_FORMAT) or DEFAULTS[LOG_FORMAT]
    if reads_log_format and log_format not in LOG_FORMATS:
        problems.append(f'{LOG_FORMAT}: "{shorten(log_format, 80)}" is none of {", ".join(LOG_FORMATS)}')
    ca_files = flags.registry_ca or tuple(filter(None, environment.get(REGISTRY_CA, "").split(":")))
    problems += [
        f"{path}: no such file to read CA certificates from" for path in ca_files if not os.access(path, os.R_OK)
    ]
    registries = _registries(flags.config or environment.get(CONFIG, ""), problems)
    if problems:
        raise UsageError(problems)
    return Settings(
        targets=targets,
        namespaces=namespaces,
        kinds=wanted,
        all_namespaces=flags.all_namespaces,
        label="" if targets or flags.everything else flags.label or TARGET_LABEL,
        restraint=restraint,
        client_timeout_seconds=client,
        pass_timeout_seconds=whole,
        kubeconfig=flags.kubeconfig,
        context=flags.context,
        impersonate=flags.impersonate,
        registry_ca=ca_files,
        log_format=log_format,
        registries=registries,
    )


def _which(
    flags: Flags, environment: Mapping[str, str], kinds: Kinds, problems: list[str]
) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...], tuple[str, ...]]:
    """Read which workloads are meant: their names, their namespaces and their kinds."""
    asked = [each for argument in flags.targets for each in argument.split(",") if each]
    if flags.targets and not asked:
        # Most often a variable of the shell that is not set: it must not mean every labelled workload.
        problems.append("an empty name was given: name a workload, or nothing to use the label " + TARGET_LABEL)
    if len(flags.targets) > 1 and (kind := _kind(flags.targets[0], kinds)):
        meant = f"{kind}/{flags.targets[1]}"
        problems.append(f'"{shorten(flags.targets[0], 80)}" is a kind, not a name: did you mean {shorten(meant, 80)}?')
    is_selected = bool(flags.label or flags.everything or flags.kinds)
    if not flags.targets and not is_selected and not flags.all_namespaces and TARGETS in environment:
        asked = [each.strip() for each in environment[TARGETS].split(",")]
        if not any(asked):
            problems.append(
                f"{TARGETS} is set but empty: name a Deployment, or unset it to use the label {TARGET_LABEL}"
            )
        asked = [each for each in asked if each]
    targets = _targets(asked, kinds, problems)
    namespaces = _namespaces(flags, environment, problems)
    if targets and len(namespaces) > 1:
        problems.append(f"a named workload is in one namespace, not in {' and '.join(namespaces)}")
    # As with the label: whoever names workloads means them, whatever the environment says of all the others.
    wanted = _kinds(flags.kinds or (() if targets else (environment.get(KIND, ""),)), kinds, problems)
    if flags.kinds and not _listed(flags.kinds):
        problems.append("-k was given an empty kind: name one, or leave it out for every kind")
    return targets, namespaces, wanted


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


def _check_label(label: str, problems: list[str]) -> None:
    from figwasp.core.selector import check_selector  # noqa: PLC0415 - a pass without -l needs none

    try:
        check_selector(label)
    except ValueError as error:
        problems.append(f'-l "{shorten(label, 80)}" is no label selector: {error}')


def _targets(asked: Sequence[str], kinds: Kinds, problems: list[str]) -> tuple[tuple[str, str], ...]:
    targets: dict[tuple[str, str], None] = {}
    for each in asked:
        try:
            targets[parse_target(each, kinds)] = None
        except ValueError as error:
            problems.append(str(error))
    return tuple(targets)


def _registries(path: str, problems: list[str]) -> Mapping[str, RegistrySettings]:
    if not path:
        return {}
    from figwasp.settings_file import read_settings_file  # noqa: PLC0415 - few have one, and it loads a parser

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
