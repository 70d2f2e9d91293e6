"""Values with sensible defaults, so that a test names only what it is about."""

from msgspec import Struct

from figwasp.core.digest import Digest, parse_image_id
from figwasp.core.finding import Finding
from figwasp.core.manifest import Child, Index, Manifest, Platform
from figwasp.core.record import Difference, Equality, Move, Record, Repeat, Unclear, beginning
from figwasp.core.reference import Reference
from figwasp.core.verdict import Rule, Verdict
from figwasp.core.workload import (
    Container,
    PlatformLimits,
    PullPolicy,
    RolloutState,
    RunningContainer,
    Strategy,
    Workload,
    WorkloadKey,
)
from figwasp.errors import InvalidReference

IMAGE = "registry.example/shop/web:1"
TEMPLATE = "template-1"
ANYWHERE = PlatformLimits()


def digest(label: str = "a") -> Digest:
    """A digest: the same for the same label; a single hexadecimal digit is repeated, so that it can be recognised."""
    return Digest("sha256", label * 64) if label in set("0123456789abcdef") else Digest.of(label.encode())


def reference(text: str = IMAGE) -> Reference:
    """A reference from its text."""
    return Reference.parse(text)


def running(label: str = "a", image: str = IMAGE) -> str:
    """An image ID as containerd writes it."""
    return f"{reference(image).name}@{digest(label)}"


def platform(text: str = "linux/amd64") -> Platform:
    """A platform from its text."""
    return Platform.normal(*text.split("/"))


class Image(Struct, frozen=True):
    """A manifest for one platform: the label of its own digest, and that of its config's."""

    manifest: str
    config: str

    @property
    def content(self) -> Manifest:
        """What the registry holds for it."""
        return Manifest(digest(self.config))


def image(manifest: str = "c", config: str = "f") -> Image:
    """An image for one platform."""
    return Image(manifest, config)


def index(images: dict[str, Image]) -> Index:
    """An index of `images` by platform, such as `linux/amd64`; `unknown/unknown` is an attestation."""
    return Index(
        tuple(
            Child(digest(each.manifest), None if text.startswith("unknown") else platform(text))
            for text, each in images.items()
        )
    )


def container(name: str = "web", image: str = IMAGE, pull_policy: PullPolicy = PullPolicy.ALWAYS) -> Container:
    """A container of the pod template."""
    parsed, problem = None, ""
    try:
        parsed = Reference.parse(image)
    except InvalidReference as error:
        problem = str(error)
    return Container(
        name=name,
        image=image,
        reference=parsed,
        problem=problem,
        pull_policy=pull_policy,
        is_init=False,
        is_volume=name.startswith("volume/"),
    )


def pod(
    reported: str | None = None,
    *,
    name: str = "web-1",
    container: str = "web",
    image: str = IMAGE,
    pull_policy: PullPolicy = PullPolicy.ALWAYS,
    is_ready: bool = True,
    node: str = "node-1",
    limits: PlatformLimits = ANYWHERE,
) -> RunningContainer:
    """One container of one pod; without `reported` it runs `running("a")` of its image."""
    image_id = running("a", image) if reported is None else reported
    return RunningContainer(
        pod=name,
        container=container,
        image=image,
        pull_policy=pull_policy,
        reported=image_id,
        image_id=parse_image_id(image_id) if image_id else None,
        is_ready=is_ready,
        node=node,
        limits=limits,
    )


def key(name: str = "web", *, namespace: str = "shop", kind: str = "deployment") -> WorkloadKey:
    """The name of a workload."""
    return WorkloadKey(namespace, kind, name)


def workload(
    *,
    name: str = "web",
    containers: tuple[Container, ...] | None = None,
    running: tuple[RunningContainer, ...] | None = (),
    record: Record | None = None,
    rollout: RolloutState = RolloutState.SETTLED,
    rollout_detail: str = "",
    template_hash: str = TEMPLATE,
    is_paused: bool = False,
    replicas: int = 1,
    is_deleting: bool = False,
    strategy: Strategy = Strategy.REPLACES,
    ignored: str = "",
    owned_by: str = "",
    outage: str = "",
    restarted_at: str = "",
) -> Workload:
    """A settled Deployment with one container, `web`."""
    return Workload(
        key=key(name),
        resource_version="1",
        containers=(container(),) if containers is None else containers,
        pull_secrets=(),
        is_paused=is_paused,
        replicas=replicas,
        rollout=rollout,
        rollout_detail=rollout_detail,
        template_hash=template_hash,
        record=Record() if record is None else record,
        running=running,
        is_deleting=is_deleting,
        strategy=strategy,
        ignored=ignored,
        owned_by=owned_by,
        outage=outage,
        restarted_at=restarted_at,
    )


def finding(
    verdict: Verdict = Verdict.CURRENT,
    *,
    container: str = "web",
    running: tuple[str, ...] | None = None,
    named: str = "b",
    rule: Rule = Rule.OTHER_CONTENT,
    why: str = "because",
    hint: str = "",
    would_pull: bool = True,
    is_waiting: bool = False,
    equal: tuple[Equality, ...] = (),
    differ: tuple[Difference, ...] = (),
    unclear: tuple[Unclear, ...] = (),
) -> Finding:
    """A finding of a tag that names `digest(named)`; an empty `named` means that it could not be resolved."""
    return Finding(
        container=container,
        image=IMAGE,
        running=(f"registry.example/shop/web@{digest('a')}",) if running is None else running,
        named=digest(named) if named else None,
        verdict=verdict,
        rule=rule,
        why=why,
        hint=hint,
        would_pull=would_pull,
        is_waiting=is_waiting,
        equal=equal,
        differ=differ,
        unclear=unclear,
    )


def move(to: str = "b", *, origins: tuple[str, ...] = ("a",), seen: bool = False) -> Move:
    """A move of a tag, from and to the digests with these labels."""
    return Move(tuple(str(digest(each)) for each in origins), str(digest(to)), seen)


def record(
    containers: dict[str, Move] | None = None,
    *,
    template: str = TEMPLATE,
    equal: tuple[Equality, ...] = (),
    differ: tuple[Difference, ...] = (),
    repeats: dict[str, Repeat] | None = None,
    unclear: tuple[Unclear, ...] = (),
) -> Record:
    """A record made for the pod template of `workload()`."""
    return Record(template, containers or {}, equal, differ=differ, repeats=repeats or {}, unclear=unclear)


def repeat(label: str, times: int) -> Repeat:
    """So many restarts for a tag that names `digest(label)`, as a record keeps them."""
    return Repeat(beginning(str(digest(label))), times)


def pair(running: str = "a", named: str = "b") -> tuple[str, str]:
    """Digests that were proven to name the same content, as a record keeps them."""
    return str(digest(running)), str(digest(named))
