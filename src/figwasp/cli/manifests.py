"""`figwasp manifests`: the YAML that installs it."""

import re
from collections.abc import Callable, Iterator, Sequence

from msgspec import Struct

from figwasp import __version__, wiring
from figwasp.cli import output
from figwasp.core.names import DNS_LABEL, DNS_NAME
from figwasp.core.reference import Reference
from figwasp.core.restraint import parse_delay, parse_rate
from figwasp.core.schedule import check_schedule
from figwasp.core.yaml_text import documents
from figwasp.errors import InvalidReference, UsageError, shorten
from figwasp.kube.manifests import LONGEST_NAME, CronJobOptions, cronjob
from figwasp.kube.rbac import Needs
from figwasp.settings.variables import MAX_RESTARTS, MIN_INTERVAL, RESTART_RATE, SETTLE
from figwasp.settings.workloads import Kinds, parse_kinds, parse_target

NO_IMAGE = (
    "--image is missing: no image of this Figwasp is published yet, so build one (make image), push it to a registry "
    "that your nodes can pull from, and name it, such as --image registry.example.com/figwasp:" + __version__
)


class CronJobFlags(Struct, frozen=True, kw_only=True):
    """What the command line of `figwasp manifests cronjob` gave; empty where it did not."""

    targets: tuple[str, ...] = ()
    kinds: tuple[str, ...] = ()
    max_restarts: int = 0
    restart_rate: str = ""
    min_interval: str = ""
    settle: str = ""
    label: bool = False
    schedule: str = "* * * * *"
    timezone: str = ""
    namespace: str = ""
    image: str = ""
    name: str = "figwasp"
    registry_ca: str = ""
    config: str = ""
    nodes: bool = False
    pull_secrets: tuple[str, ...] = ()
    no_pull_secrets: bool = False
    image_pull_secrets: tuple[str, ...] = ()


def run(flags: CronJobFlags) -> int:
    """
    Print the objects as YAML and give the exit code.

    Raises:
        UsageError: something is wrong; names every problem.
    """
    return output.write(lines(flags), 0)


def lines(flags: CronJobFlags) -> Iterator[str]:
    """Give the YAML; raises UsageError at once if something is wrong, naming every problem."""
    kinds = wiring.workload_kinds()
    options = _options(flags, wiring.kind_names(kinds))
    header = [f"# Made by figwasp {__version__} (figwasp manifests cronjob). Apply it with kubectl apply -f."]
    if not options.needs.targets:
        what = " and ".join(f"{each}s" for each in options.needs.kinds) or "workloads of any kind"
        header.append(f'# It looks after {what} labelled figwasp/target: "true" in its namespace.')
    return iter([*header, *documents(cronjob(options, kinds))])


def _options(flags: CronJobFlags, kinds: Kinds) -> CronJobOptions:
    targets, wanted, problems = _targets(flags, kinds)
    problems += _wrong_combinations(flags)
    problems += _wrong_image(flags.image)
    problems += _wrong_names(flags)
    problems += _wrong_times(flags)
    problems += _wrong_limits(flags)
    if problems:
        raise UsageError(problems)
    secrets = None if flags.no_pull_secrets else flags.pull_secrets
    return CronJobOptions(
        name=flags.name,
        image=flags.image,
        schedule=flags.schedule,
        namespace=flags.namespace,
        timezone=flags.timezone,
        registry_ca=flags.registry_ca,
        settings=flags.config,
        image_pull_secrets=flags.image_pull_secrets,
        limits=_limits(flags),
        needs=Needs(targets=targets, kinds=wanted, pull_secrets=secrets, nodes=flags.nodes),
    )


def _targets(flags: CronJobFlags, kinds: Kinds) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...], list[str]]:
    targets: dict[tuple[str, str], None] = {}
    problems: list[str] = []
    for each in (part for argument in flags.targets for part in argument.split(",")):
        try:
            targets[parse_target(each, kinds)] = None
        except ValueError as error:
            problems.append(str(error))
    wanted: tuple[str, ...] = ()
    try:
        wanted = parse_kinds(flags.kinds, kinds)
    except ValueError as error:
        problems.append(f"--kind: {error}")
    return tuple(targets), wanted, problems


def _wrong_combinations(flags: CronJobFlags) -> Iterator[str]:
    if flags.targets and flags.label:
        yield "--target and --label exclude each other: either named workloads are looked after, or labelled ones"
    if flags.targets and flags.kinds:
        yield "--target and --kind exclude each other: a named workload has its kind in KIND/NAME"
    if flags.pull_secrets and flags.no_pull_secrets:
        yield "--pull-secret and --no-pull-secrets exclude each other"
    if flags.nodes and not flags.namespace:
        yield "--nodes needs --namespace: a ClusterRoleBinding has to say where the service account is"


def _wrong_image(image: str) -> Iterator[str]:
    if not image:
        yield NO_IMAGE
        return
    try:
        Reference.parse(image)
    except InvalidReference as error:
        yield f"--image: {error}" + (f" ({error.hint})" if error.hint else "")


def _wrong_names(flags: CronJobFlags) -> Iterator[str]:
    if len(flags.name) > LONGEST_NAME or not re.fullmatch(DNS_LABEL, flags.name):
        yield (
            f'--name: "{shorten(flags.name, 80)}" cannot be the name of a CronJob: lower-case letters, digits and -, '
            f"at most {LONGEST_NAME} characters"
        )
    if flags.namespace and not re.fullmatch(DNS_LABEL, flags.namespace):
        yield f'--namespace: "{shorten(flags.namespace, 80)}" cannot be the name of a namespace'
    named: Sequence[tuple[str, str, str]] = (
        *(("--pull-secret", each, "a secret") for each in flags.pull_secrets),
        *(("--image-pull-secret", each, "a secret") for each in flags.image_pull_secrets),
        *([("--registry-ca", flags.registry_ca, "a ConfigMap")] if flags.registry_ca else []),
        *([("--config", flags.config, "a ConfigMap")] if flags.config else []),
    )
    for option, name, what in named:
        if not re.fullmatch(DNS_NAME, name):
            yield f'{option}: "{shorten(name, 80)}" cannot be the name of {what}'


def _limits(flags: CronJobFlags) -> dict[str, str]:
    """The variables that keep restarts back."""
    given = {
        MAX_RESTARTS: str(flags.max_restarts or ""),
        RESTART_RATE: flags.restart_rate,
        MIN_INTERVAL: flags.min_interval,
        SETTLE: flags.settle,
    }
    return {name: value for name, value in given.items() if value}


def _wrong_limits(flags: CronJobFlags) -> Iterator[str]:
    readers: Sequence[tuple[str, str, Callable[[str], object]]] = (
        ("--restart-rate", flags.restart_rate, parse_rate),
        ("--min-interval", flags.min_interval, parse_delay),
        ("--settle", flags.settle, parse_delay),
    )
    for option, text, read in readers:
        try:
            _ = read(text) if text else None
        except ValueError as error:
            yield f"{option}: {error}"


def _wrong_times(flags: CronJobFlags) -> Iterator[str]:
    try:
        check_schedule(flags.schedule)
    except ValueError as error:
        yield f"--schedule: {error}"
    if flags.timezone and not _is_time_zone(flags.timezone):
        yield f'--timezone: "{shorten(flags.timezone, 80)}" is not the name of a time zone, such as Europe/Berlin'


def _is_time_zone(text: str) -> bool:
    """Whether it is the name of one, as far as this machine knows any."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones  # noqa: PLC0415 - hardly ever asked for

    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_+-]*(/[A-Za-z0-9_+-]+)*", text) or text.lower() == "local":
        return False
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, OSError, ValueError):
        return not available_timezones()
    return True
