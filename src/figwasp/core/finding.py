"""What is known of one container over all its pods, and how it came to be known."""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from figwasp.core.compare import Running, compare
from figwasp.core.contents import Contents
from figwasp.core.digest import Digest, ImageId
from figwasp.core.record import Equality, Record, equality
from figwasp.core.reference import Reference
from figwasp.core.resolution import Resolution
from figwasp.core.verdict import Judgement, Rule, Verdict
from figwasp.core.workload import Container, PlatformLimits, PullPolicy, RunningContainer, Workload
from figwasp.errors import FigwaspError, InvalidReference

Answer = Resolution | FigwaspError
"""What asking for a container's tag gave: what it names, or why that is not known."""


class Finding(Struct, frozen=True, kw_only=True):
    """
    The judgement of one container.

    `running` are the image IDs that its pods report, `named` is what the tag names (None where that is not known), as
    the registry said it to `login` (names the secret, never what it holds).
    `would_pull` tells whether a restart makes a node ask the registry again for what is stale (or, where nothing is
    stale, for any pod). `is_waiting` tells that nothing is wrong, but a node has not reported an image yet. `equal`
    are the equalities of content that were proven in this pass. `is_usable` is false where a restart would meet new
    content that cannot be had, or not for every platform that runs.
    """

    container: str
    image: str
    running: tuple[str, ...] = ()
    named: Digest | None = None
    media_type: str = ""
    login: str = ""
    verdict: Verdict
    rule: Rule
    why: str
    hint: str = ""
    would_pull: bool
    is_waiting: bool = False
    is_usable: bool = True
    equal: tuple[Equality, ...] = ()


def watched(workload: Workload) -> tuple[tuple[str, Reference], ...]:
    """Which containers' tags have to be asked for, as (container, reference), in template order."""
    return tuple(
        (each.name, each.reference)
        for each in workload.containers
        if each.reference is not None and not each.reference.is_pinned
    )


def find(workload: Workload, answers: Mapping[str, Answer], contents: Contents) -> tuple[Finding, ...]:
    """
    Judge every container of the template, in its order.

    `answers` go by container name and have every container that `watched` names; `contents` is asked only where
    digests differ and no equality is on record.
    """
    running = workload.running or ()
    return tuple(
        _find(each, _pods(running, each.name), answers, workload.record, contents) for each in workload.containers
    )


def _pods(running: tuple[RunningContainer, ...], container: str) -> tuple[RunningContainer, ...]:
    """The pods' containers of one name, in an order that does not depend on the API server's."""
    found = [each for each in running if each.container == container]
    return tuple(sorted(found, key=lambda each: (each.reported, each.image, each.pull_policy, each.node, each.pod)))


def _find(
    container: Container,
    pods: tuple[RunningContainer, ...],
    answers: Mapping[str, Answer],
    record: Record,
    contents: Contents,
) -> Finding:
    policies = {pod.pull_policy for pod in pods} or {container.pull_policy}
    finding = Finding(
        container=container.name,
        image=container.image,
        running=tuple(dict.fromkeys(pod.reported for pod in pods if pod.reported)),
        verdict=Verdict.UNKNOWN,
        rule=Rule.INVALID,
        why=container.problem,
        would_pull=PullPolicy.ALWAYS in policies,
    )
    if container.reference is None:
        return finding
    if container.reference.is_pinned:
        why = "it is pinned by digest"
        return replace(finding, verdict=Verdict.EXEMPT, rule=Rule.PINNED, why=why, would_pull=False)
    answer = answers[container.name]
    if isinstance(answer, FigwaspError):
        login = contents.login(container.reference).source
        return replace(finding, rule=Rule.NOT_ANSWERED, why=str(answer), hint=answer.hint, login=login)
    finding = replace(finding, named=answer.digest, media_type=answer.media_type, login=answer.login.source)
    if not pods:
        return replace(finding, rule=Rule.NO_STATUS, why="no pod has reported what it runs yet", is_waiting=True)
    judged = [(group, _judge(group, container.reference, answer.digest, record, contents)) for group in _groups(pods)]
    finding = replace(
        finding,
        is_usable=all(judgement.is_usable for _, judgement in judged),
        equal=tuple(each for group, judgement in judged for each in _equalities(group, answer.digest, judgement)),
    )
    unusable = [(group, judgement) for group, judgement in judged if not judgement.is_usable]
    stale = [(group, judgement) for group, judgement in judged if judgement.verdict is Verdict.STALE]
    unknown = [(group, judgement) for group, judgement in judged if judgement.verdict is Verdict.UNKNOWN]
    if stale and not unusable:
        # A pod that would pull again decides: another that keeps its old image does not hold up the first.
        group, worst = next((each for each in stale if each[0].pull_policy is PullPolicy.ALWAYS), stale[0])
        would_pull = group.pull_policy is PullPolicy.ALWAYS
        return _judged(replace(finding, would_pull=would_pull), worst)
    if unknown:
        # What a restart would break on is told first, then what is wrong, then what is only not there yet.
        group, worst = next((each for each in [*unusable, *unknown] if each[0].reported), unknown[0])
        why, hint = worst.why, worst.hint
        return replace(finding, rule=worst.rule, why=why, hint=hint, is_waiting=not group.reported)
    return _judged(finding, judged[0][1])


def _judged(finding: Finding, judgement: Judgement) -> Finding:
    return replace(finding, verdict=judgement.verdict, rule=judgement.rule, why=judgement.why, hint=judgement.hint)


def _equalities(group: "_Group", named: Digest, judgement: Judgement) -> list[Equality]:
    if group.image_id is None or judgement.verdict is not Verdict.CURRENT:
        return []
    return [equality(group.image_id.digest, named, scope) for scope in judgement.scopes]


class _Group(Struct, frozen=True):
    """Pods that report the same and are judged once."""

    reported: str
    image_id: ImageId | None
    image: str
    pull_policy: PullPolicy
    limits: PlatformLimits
    nodes: tuple[str, ...]


def _groups(pods: tuple[RunningContainer, ...]) -> tuple[_Group, ...]:
    grouped: dict[tuple[str, str, PullPolicy, PlatformLimits], tuple[ImageId | None, dict[str, None]]] = {}
    for pod in pods:
        key = (pod.reported, pod.image, pod.pull_policy, pod.limits)
        grouped.setdefault(key, (pod.image_id, {}))[1][pod.node] = None
    return tuple(
        _Group(reported, image_id, image, policy, limits, tuple(nodes))
        for (reported, image, policy, limits), (image_id, nodes) in grouped.items()
    )


def _judge(group: _Group, tag: Reference, named: Digest, record: Record, contents: Contents) -> Judgement:
    if not group.reported:
        return Judgement(Verdict.UNKNOWN, Rule.NO_STATUS, "a pod has not reported what it runs yet")
    if group.image_id is None:
        why = f'a node reports an image ID that says nothing: "{group.reported[:100]}"'
        return Judgement(Verdict.UNKNOWN, Rule.UNREADABLE_ID, why)
    if _is_proven_equal(group, group.image_id.digest, named, record, contents):
        why = "it runs the same content under another digest (on record)"
        return Judgement(Verdict.CURRENT, Rule.ON_RECORD, why)
    judgement = compare(tag, named, Running(group.image_id, group.limits, group.nodes), contents)
    if judgement.verdict is Verdict.STALE and not _is_image(group.image, tag):
        return Judgement(
            Verdict.UNKNOWN,
            Rule.REWRITTEN,
            f'its pods run "{group.image[:200]}" instead, so something changes them as they are created',
            "find the admission webhook that rewrites images",
        )
    return judgement


def _is_proven_equal(group: _Group, running: Digest, named: Digest, record: Record, contents: Contents) -> bool:
    if record.proves_equal(running, named, str(group.limits)):
        return True
    scopes = {each[2] for each in record.equal if len(each) == 3 and each[:2] == equality(running, named)}
    if not scopes:
        return False
    platforms = [contents.platform(node) for node in group.nodes]
    return all(platform is not None and str(platform) in scopes for platform in platforms)


def _is_image(text: str, tag: Reference) -> bool:
    try:
        return Reference.parse(text) == tag
    except InvalidReference:
        return False
