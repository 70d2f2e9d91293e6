"""`figwasp resolve`: what an image's tag names now."""

from collections.abc import Iterator, Mapping
from typing import Final, Literal

import msgspec

from figwasp import wiring
from figwasp.app.asking import Named, ask, login_of
from figwasp.app.lookups import Lookups
from figwasp.cli import output, passes
from figwasp.cli.screen import Screen
from figwasp.cli.wire import Wire
from figwasp.core.credential import ANONYMOUS, Login
from figwasp.core.deadline import Deadline
from figwasp.core.manifest import Index, Manifest, Platform, parse_config
from figwasp.core.ports import Resolver
from figwasp.core.reference import Reference
from figwasp.core.resolution import Resolution
from figwasp.errors import AccessDenied, FigwaspError, InvalidReference, UsageError, printable, shorten
from figwasp.settings.reading import read_settings
from figwasp.settings.values import Flags, Settings

SCHEMA: Final = "figwasp/resolve.v1"


class ChildPart(Wire, frozen=True, kw_only=True):
    """An image of an index; `platform` is empty for what is none, such as an attestation."""

    platform: str
    digest: str


class Resolved(Wire, frozen=True, kw_only=True):
    """
    What a reference names now.

    `children` are empty for a single image, whose `config` is then set, and whose `platform` is where it was asked for,
    by that config. `problem` says why what lies under the digest
    could not be read. `login` names the pull secret that was used. `requests` are those that were sent, by method.
    """

    schema: Literal["figwasp/resolve.v1"]
    reference: str
    digest: str
    media_type: str
    config: str = ""
    platform: str = ""
    children: tuple[ChildPart, ...] = ()
    login: str
    problem: str = ""
    requests: dict[str, int]


def resolve(
    image: str, flags: Flags, environment: Mapping[str, str], *, platform: str, workload: str, form: str
) -> int:
    """
    Ask what `image` names, as anybody or with the logins of `workload`, and write it; gives the exit code.

    Raises:
        UsageError: the reference, the platform or the workload is none.
        FigwaspError: it could not be told what it names.
    """
    kinds = wiring.workload_kinds()
    targets = (workload,) if workload else ()
    if "," in workload:
        raise UsageError([f'--as takes one workload, not "{shorten(workload, 80)}"'])
    passes.note_misspelt(environment)
    flags = msgspec.structs.replace(flags, targets=targets, everything=not targets)
    settings = read_settings(flags, environment, wiring.kind_names(kinds))
    reference, wanted = _reference(image), _platform(platform)
    with wiring.registries(settings, environment) as resolver:
        deadline = wiring.pass_deadline(settings)
        login = _login(reference, settings, environment, resolver, deadline) if targets else ANONYMOUS
        try:
            named = ask(reference, login, resolver, deadline)
        except AccessDenied as error:
            if targets:
                raise
            raise AccessDenied(str(error), hint="--as KIND/NAME asks with the logins of a workload") from error
        if wanted and isinstance(named.content, Manifest):
            _check_platform(named.resolution, named.content, wanted, resolver, deadline)
        resolved = _resolved(named, wanted, resolver.asked)
    if wanted and isinstance(named.content, Index) and not resolved.children:
        has = ", ".join(str(each.platform) for each in named.content.images)
        raise FigwaspError(f"{reference} has no image for {wanted} (it has {has or 'none'})")
    lines = _json(resolved) if form == "json" else _text(resolved, Screen.of_stdout(environment))
    return output.write(lines, 1 if resolved.problem else 0)


def _login(
    reference: Reference,
    settings: Settings,
    environment: Mapping[str, str],
    resolver: Resolver,
    deadline: Deadline,
) -> Login:
    kinds = wiring.workload_kinds()
    with wiring.cluster(settings, environment) as connected:
        selection = settings.selection(connected.namespace)
        reader = wiring.Reader(connected.client, kinds)
        lookups = Lookups(reader, resolver, deadline, settings.shared_secrets)
        return login_of(selection, reference, reader, lookups, deadline)


def _reference(image: str) -> Reference:
    try:
        return Reference.parse(image)
    except InvalidReference as error:
        raise UsageError([str(error)], hint=error.hint) from error


def _platform(text: str) -> Platform | None:
    if not text:
        return None
    parts = text.split("/")
    if len(parts) not in {2, 3} or not all(parts):
        raise UsageError([f'"{text}" is no platform: say os/architecture, such as linux/amd64 or linux/arm/v7'])
    return Platform.normal(*parts)


def _resolved(named: Named, wanted: Platform | None, requests: Mapping[str, int]) -> Resolved:
    content, resolution = named.content, named.resolution
    children = content.children if isinstance(content, Index) else ()
    return Resolved(
        schema=SCHEMA,
        reference=str(resolution.reference),
        digest=str(resolution.digest),
        media_type=resolution.media_type,
        config=str(content.config) if isinstance(content, Manifest) else "",
        platform=str(wanted) if wanted and isinstance(content, Manifest) else "",
        children=tuple(
            ChildPart(platform=str(each.platform or ""), digest=str(each.digest))
            for each in children
            if wanted is None or each.platform == wanted
        ),
        login=resolution.login.source,
        problem=str(named.problem or ""),
        requests=dict(requests),
    )


def _check_platform(
    resolution: Resolution, content: Manifest, wanted: Platform, resolver: Resolver, deadline: Deadline
) -> None:
    """Make sure that a single image is for the platform that is wanted: its config says for which one it was built."""
    single = f"{resolution.reference} is a single image"
    config = resolution.reference.at(content.config)
    try:
        built = parse_config(resolver.config(config, resolution.login, deadline))
    except FigwaspError as error:
        raise FigwaspError(f"{single}, whose platform could not be read: {error}", hint=error.hint) from error
    if built is None:
        raise FigwaspError(f"{single}, whose config does not say for which platform it is")
    if built != wanted:
        raise FigwaspError(f"{single} for {built}, not for {wanted}")


def _json(resolved: Resolved) -> Iterator[str]:
    yield msgspec.json.format(msgspec.json.encode(resolved), indent=2).decode()


def _text(resolved: Resolved, screen: Screen) -> Iterator[str]:
    facts = [
        ("digest", resolved.digest),
        ("media type", resolved.media_type),
        ("config", resolved.config),
        ("platform", resolved.platform),
        ("login", resolved.login),
        ("not read", resolved.problem),
        ("requests", ", ".join(f"{count} {method}" for method, count in resolved.requests.items())),
    ]
    yield printable(resolved.reference)
    for what, text in facts:
        if text:
            yield from screen.wrap(printable(text), first=f"  {what:<11} ", rest=" " * 14)
    width = max((len(each.platform) for each in resolved.children), default=0)
    for number, each in enumerate(resolved.children):
        yield printable(f"  {'' if number else 'platforms':<11} {each.platform or '(none)':{width}}  {each.digest}")
