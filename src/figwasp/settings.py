"""Environment and flags → what a pass needs; reports all problems at once."""

import os
import re
from collections.abc import Mapping, Sequence

from msgspec import Struct

from figwasp.core.duration import parse_duration
from figwasp.core.workload import TARGET_LABEL, Selection
from figwasp.errors import UsageError, shorten

TARGETS = "FIGWASP_TARGET_DEPLOYMENT"
NAMESPACE = "FIGWASP_TARGET_NAMESPACE"
CLIENT_TIMEOUT = "FIGWASP_CLIENT_TIMEOUT"
PASS_TIMEOUT = "FIGWASP_PASS_TIMEOUT"  # noqa: S105 - a time, not a password
REGISTRY_CA = "FIGWASP_REGISTRY_CA"
LOG_FORMAT = "FIGWASP_LOG_FORMAT"


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
    Variable(NAMESPACE, "`-n`, `-A`", "the context's, else `default`", "where the workloads are"),
    Variable(CLIENT_TIMEOUT, "", "30s", "bounds each request"),
    Variable(PASS_TIMEOUT, "", "5m", "bounds the whole pass, which ends with its report all the same"),
    Variable(
        REGISTRY_CA,
        "`--registry-ca`",
        "",
        "CA certificates (PEM) to trust for registries, besides the system's; files with `:` between",
    ),
    Variable(LOG_FORMAT, "`--log-format`", "text", "`text`, or `json`: one object a line (`once` only)"),
    Variable(
        "KUBECONFIG",
        "`--kubeconfig`, `--context`",
        "the pod's service account, else `~/.kube/config`",
        "how the cluster is reached",
    ),
)
"""Every variable of ours; `SSL_CERT_FILE`, `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` are read as Go programs do."""

DEFAULTS = {each.name: each.default for each in VARIABLES}

DNS_LABEL = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
"""What names of namespaces look like (RFC 1123)."""

DNS_NAME = rf"(?=.{{1,253}}\Z){DNS_LABEL}(\.{DNS_LABEL})*"
"""What names of most other objects look like."""

LOG_FORMATS = ("text", "json")

Kinds = Mapping[str, frozenset[str]]
"""The kinds that can be restarted, by name, and what people call each besides."""


class Flags(Struct, frozen=True, kw_only=True):
    """What the command line gave; empty where it did not."""

    targets: tuple[str, ...] = ()
    namespace: str = ""
    all_namespaces: bool = False
    label: str = ""
    everything: bool = False
    kubeconfig: str = ""
    context: str = ""
    impersonate: str = ""
    registry_ca: tuple[str, ...] = ()
    log_format: str = ""


class Settings(Struct, frozen=True, kw_only=True):
    """
    All that one pass needs to know.

    `namespace` is empty where neither flag nor environment names one: the context's, or `default`, is then meant.
    `label` is a label selector, empty where workloads are named or all are meant. `impersonate` names the user as whom
    the cluster is asked; empty for whoever we are.
    """

    targets: tuple[tuple[str, str], ...]
    namespace: str
    all_namespaces: bool
    label: str
    client_timeout_seconds: float
    pass_timeout_seconds: float
    kubeconfig: str
    context: str
    impersonate: str
    registry_ca: tuple[str, ...]
    log_format: str

    def selection(self, context_namespace: str) -> Selection:
        """Which workloads the pass looks at, once it is known which namespace the cluster's context names."""
        namespace = "" if self.all_namespaces else self.namespace or context_namespace or "default"
        return Selection(namespace=namespace, targets=self.targets, label=self.label)


def read_settings(flags: Flags, environment: Mapping[str, str], kinds: Kinds) -> Settings:
    """
    Put flags and environment together; a flag wins over its variable.

    Raises:
        UsageError: names every problem.
    """
    problems = _contradictions(flags)
    asked = [each for argument in flags.targets for each in argument.split(",") if each]
    if flags.targets and not asked:
        # Most often a variable of the shell that is not set: it must not mean every labelled workload.
        problems.append("an empty name was given: name a workload, or nothing to use the label " + TARGET_LABEL)
    if len(flags.targets) > 1 and (kind := _kind(flags.targets[0], kinds)):
        meant = f"{kind}/{flags.targets[1]}"
        problems.append(f'"{shorten(flags.targets[0], 80)}" is a kind, not a name: did you mean {shorten(meant, 80)}?')
    is_selected = bool(flags.label or flags.everything)
    if not flags.targets and not is_selected and not flags.all_namespaces and TARGETS in environment:
        asked = [each.strip() for each in environment[TARGETS].split(",")]
        if not any(asked):
            problems.append(
                f"{TARGETS} is set but empty: name a Deployment, or unset it to use the label {TARGET_LABEL}"
            )
        asked = [each for each in asked if each]
    targets = _targets(asked, kinds, problems)
    namespace = flags.namespace or environment.get(NAMESPACE, "")
    if namespace and not flags.all_namespaces and not re.fullmatch(DNS_LABEL, namespace):
        problems.append(f'"{shorten(namespace, 80)}" cannot be the name of a namespace')
    client = _duration(environment, CLIENT_TIMEOUT, problems)
    whole = _duration(environment, PASS_TIMEOUT, problems)
    log_format = flags.log_format or environment.get(LOG_FORMAT) or DEFAULTS[LOG_FORMAT]
    if log_format not in LOG_FORMATS:
        problems.append(f'{LOG_FORMAT}: "{log_format}" is none of {", ".join(LOG_FORMATS)}')
    ca_files = flags.registry_ca or tuple(filter(None, environment.get(REGISTRY_CA, "").split(":")))
    problems += [
        f"{path}: no such file to read CA certificates from" for path in ca_files if not os.access(path, os.R_OK)
    ]
    if problems:
        raise UsageError(problems)
    return Settings(
        targets=targets,
        namespace=namespace,
        all_namespaces=flags.all_namespaces,
        label="" if targets or flags.everything else flags.label or TARGET_LABEL,
        client_timeout_seconds=client,
        pass_timeout_seconds=whole,
        kubeconfig=flags.kubeconfig,
        context=flags.context,
        impersonate=flags.impersonate,
        registry_ca=ca_files,
        log_format=log_format,
    )


def _contradictions(flags: Flags) -> list[str]:
    """What the command line says at once and cannot mean."""
    ways = {"names": bool(flags.targets), "-l": bool(flags.label), "--all": flags.everything}
    given = [way for way, is_given in ways.items() if is_given]
    problems = [f"workloads are selected by {' and by '.join(given)}: give one of them"] if len(given) > 1 else []
    if flags.all_namespaces and flags.namespace:
        problems.append("-n names one namespace and -A means all: give one of them")
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


def _targets(asked: Sequence[str], kinds: Kinds, problems: list[str]) -> tuple[tuple[str, str], ...]:
    targets: dict[tuple[str, str], None] = {}
    for each in asked:
        try:
            targets[parse_target(each, kinds)] = None
        except ValueError as error:
            problems.append(str(error))
    return tuple(targets)


def _duration(environment: Mapping[str, str], name: str, problems: list[str]) -> float:
    try:
        return parse_duration(environment.get(name) or DEFAULTS[name])
    except ValueError as error:
        problems.append(f"{name}: {error}")
        return 0.0
