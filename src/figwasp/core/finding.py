"""What is known of one container over all its pods, and how it came to be known."""

from collections.abc import Callable, Iterator
from contextlib import suppress

from msgspec import Struct
from msgspec.structs import replace

from figwasp.core.compare import compare
from figwasp.core.contents import Contents
from figwasp.core.digest import Digest
from figwasp.core.group import Group, grouped
from figwasp.core.judgement import ANYWHERE, Judgement, Proof, Running, recalled
from figwasp.core.record import Difference, Equality, Unclear, equality
from figwasp.core.reference import Reference
from figwasp.core.resolution import Resolution
from figwasp.core.verdict import Rule, Verdict
from figwasp.core.workload import Container, PullPolicy, RunningContainer, Workload
from figwasp.errors import FigwaspError, InvalidDigest

Answer = Resolution | FigwaspError
"""What asking for a container's tag gave: what it names, or why that is not known."""

Ask = Callable[[Reference], Answer]
"""Asks what a tag names; the answer is the same for a whole pass."""


class Finding(Struct, frozen=True, kw_only=True):
    """
    The judgement of one container.

    `running` are the image IDs that its pods report, `named` is what the tag names (None where that is not known), as
    the registry said it to `login` (names the secret, never what it holds).
    `would_pull` tells whether a restart makes a node ask the registry again for what is stale (or, where nothing is
    stale, for any pod). `is_waiting` tells that nothing is wrong, but a node has not reported an image yet. `equal` and
    `differ` are the equalities and differences of content that were proven in this pass, and `unclear` what was found
    to stay unknown as long as nothing moves. `is_usable` is false where a restart would meet new content that cannot be
    had, or not for every platform that runs.
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
    differ: tuple[Difference, ...] = ()
    unclear: tuple[Unclear, ...] = ()


def watched(workload: Workload) -> tuple[tuple[str, Reference], ...]:
    """
    Which tags have to be asked for, as (container, reference), in template order.

    That is the template's, or those that pods were changed to follow.
    """
    found: dict[tuple[str, Reference], None] = {}
    for each in workload.containers:
        if each.reference is not None and not each.reference.is_pinned:
            groups = grouped(_pods(workload, each.name), each.reference)
            found |= dict.fromkeys((each.name, tag) for tag in [group.follows for group in groups] or [each.reference])
    return tuple(found)


def find(workload: Workload, ask: Ask, contents: Contents, *, afresh: bool = False) -> tuple[Finding, ...]:
    """
    Judge every container of the template, in its order.

    `ask` tells what a tag names; it is asked for those that `watched` names, and now and then for others. `contents` is
    asked only where digests differ and nothing about them is on record. `afresh` has all but equalities proven anew, as
    a restart needs: it must be known that the new content is there.
    """
    return tuple(_Container(workload, each, ask, contents, afresh=afresh).find() for each in workload.containers)


def _pods(workload: Workload, container: str) -> list[RunningContainer]:
    return [each for each in workload.running or () if each.container == container]


class _Judged(Struct, frozen=True):
    """A group's judgement, and the answer of the tag that it was compared with."""

    group: Group
    answer: Answer
    judgement: Judgement
    scope: str | None = None
    """For which pods a judgement holds that is unclear; None where that could not be read."""


class _Container:
    """One container of the template, with all its pods."""

    def __init__(self, workload: Workload, container: Container, ask: Ask, contents: Contents, *, afresh: bool) -> None:
        self._workload = workload
        self._container = container
        self._ask = ask
        self._contents = contents
        self._differ = frozenset[Difference]() if afresh else frozenset(workload.record.differ)
        self._is_afresh = afresh

    def find(self) -> Finding:
        """Judge the container."""
        container, pods = self._container, _pods(self._workload, self._container.name)
        policies = {pod.pull_policy for pod in pods} or {container.pull_policy}
        finding = Finding(
            container=container.name,
            image=container.image,
            running=tuple(dict.fromkeys(sorted(pod.reported for pod in pods if pod.reported))),
            verdict=Verdict.UNKNOWN,
            rule=Rule.INVALID,
            why=container.problem,
            would_pull=PullPolicy.ALWAYS in policies,
        )
        template = container.reference
        if template is None:
            return finding
        if template.is_pinned:
            why = "it is pinned by digest"
            return replace(finding, verdict=Verdict.EXEMPT, rule=Rule.PINNED, why=why, would_pull=False)
        if not pods:
            return self._without_pods(finding, template)
        judged = [self._judge(group, template) for group in grouped(pods, template)]
        for each in judged:
            if isinstance(each.answer, FigwaspError):
                return self._unanswered(finding, each.group.follows, each.answer)
        return _concluded(finding, judged)

    def _without_pods(self, finding: Finding, template: Reference) -> Finding:
        answer = self._ask(template)
        if isinstance(answer, FigwaspError):
            return self._unanswered(finding, template, answer)
        if self._container.is_volume:
            exempt = Judgement(Verdict.EXEMPT, Rule.VOLUME, "nodes do not report which image a volume has")
            return _told(finding, answer, exempt)
        waiting = Judgement(Verdict.UNKNOWN, Rule.NO_STATUS, "no pod has reported what it runs yet")
        return replace(_told(finding, answer, waiting), is_waiting=True)

    def _unanswered(self, finding: Finding, tag: Reference, error: FigwaspError) -> Finding:
        login = self._contents.login(tag).source
        return replace(finding, rule=Rule.NOT_ANSWERED, why=str(error), hint=error.hint, login=login)

    def _judge(self, group: Group, template: Reference) -> _Judged:
        answer = self._ask(group.follows)
        if not isinstance(answer, FigwaspError):
            judgement = self._against(group, answer)
            return _Judged(group, answer, judgement, self._scope(group) if judgement.unclear else None)
        if group.follows != template:
            # A mirror that only nodes may use need not be asked where they run what the template's own tag names.
            instead = self._ask(template)
            if not isinstance(instead, FigwaspError):
                judgement = self._against(group, instead)
                if judgement.verdict is Verdict.CURRENT:
                    return _Judged(group, instead, judgement)
        return _Judged(group, answer, Judgement(Verdict.UNKNOWN, Rule.NOT_ANSWERED, str(answer), answer.hint))

    def _against(self, group: Group, names: Resolution) -> Judgement:
        """Judge the group by what a tag names."""
        if not group.reported:
            return Judgement(Verdict.UNKNOWN, Rule.NO_STATUS, "a pod has not reported what it runs yet")
        if group.image_id is None:
            why = f'a node reports an image ID that says nothing: "{group.reported[:100]}"'
            return Judgement(Verdict.UNKNOWN, Rule.UNREADABLE_ID, why)
        if self._on_record(group, group.image_id.digest, names.digest):
            why = "it runs the same content under another digest (on record)"
            judgement = Judgement(Verdict.CURRENT, Rule.ON_RECORD, why)
        elif (str(group.image_id.digest), str(names.digest)) in self._differ:
            judgement = Judgement(Verdict.STALE, Rule.DIFFERS_ON_RECORD, "the tag names other content now (on record)")
        elif (unclear := self._unclear_on_record(group, group.image_id.digest, names.digest)) is not None:
            judgement = unclear
        else:
            running = Running(group.image_id, group.limits, group.nodes, self._is_failed(group), group.since)
            judgement = compare(
                names.reference, names.digest, running, self._contents, lambda: self._proven(group, running)
            )
        if judgement.verdict is Verdict.STALE:
            judgement = self._if_certain(group, judgement)
        if judgement.verdict is Verdict.UNKNOWN or (group.follows == self._container.reference and not group.is_pinned):
            return judgement
        return replace(judgement, why=f'{judgement.why} (its pods were changed to run "{group.image[:200]}")')

    def _if_certain(self, group: Group, stale: Judgement) -> Judgement:
        """Let a judgement hold only if a restart is certain to bring what the tag names."""
        if not group.is_certain:
            return Judgement(
                Verdict.UNKNOWN,
                Rule.REWRITTEN,
                f'its pods run "{group.image[:200]}" instead, so something changes them as they are created',
                "find the admission webhook that rewrites images",
            )
        if group.is_elsewhere and not self._is_held(group):
            return Judgement(
                Verdict.UNKNOWN,
                Rule.SHORT_NAME,
                f'"{group.image[:200]}" names no registry, and the node names another than Docker Hub: '
                f"{group.reported.partition('@')[0][:200]}",
                "write the image with its registry",
            )
        return stale

    def _is_held(self, group: Group) -> bool:
        """Whether the tag's own repository has what runs."""
        try:
            return group.image_id is not None and bool(self._contents.manifest(group.follows.at(group.image_id.digest)))
        except FigwaspError:
            return False

    def _proven(self, group: Group, running: Running) -> Iterator[Proof]:
        """Give what was proven to be the same content as what runs; the newest first."""
        digest = running.image_id.digest
        others = dict.fromkeys(each[1] for each in reversed(self._workload.record.equal) if each[0] == str(digest))
        for other in others:
            with suppress(InvalidDigest):
                same = Digest.parse(other)
                if scopes := self._on_record(group, digest, same):
                    yield Proof(same, scopes)

    def _unclear_on_record(self, group: Group, running: Digest, named: Digest) -> Judgement | None:
        """Give the judgement of an earlier pass that read all there is and could not tell; None for none."""
        pair = (str(running), str(named))
        if self._is_afresh or pair not in {each[:2] for each in self._workload.record.unclear}:
            return None
        reasons = self._workload.record.why_unclear(running, named, self._scope(group))
        return next(filter(None, map(recalled, reasons)), None)

    def _scope(self, group: Group) -> str | None:
        """What besides digests decides: where pods may run and do, and whether that failed; None if it is not known."""
        try:
            nodes = [self._contents.node(name) for name in group.nodes]
        except FigwaspError:
            return None
        platforms = sorted({"" if node is None else str(node.platform) for node in nodes})
        return f"{group.limits} {','.join(platforms)} {self._is_failed(group):d}"

    def _is_failed(self, group: Group) -> bool:
        """Whether a failed roll-out may have brought what the group runs: elsewhere than on its own nodes, as well."""
        return self._workload.rollout.is_failure and not group.is_ready

    def _on_record(self, group: Group, running: Digest, named: Digest) -> tuple[str, ...]:
        """Give the scopes of the group for which two digests were proven to name the same content; none if not."""
        scopes = self._workload.record.scopes(running, named)
        for scope in (ANYWHERE, str(group.limits)):
            if scope in scopes:
                return (scope,)
        if not scopes:
            return ()
        nodes = [self._contents.node(name) for name in group.nodes]
        platforms = {"" if node is None else str(node.platform) for node in nodes}
        return tuple(sorted(platforms)) if platforms <= scopes else ()


def _concluded(finding: Finding, judged: list[_Judged]) -> Finding:
    """Conclude from the judgements of all pods."""
    finding = replace(
        finding,
        would_pull=any(each.group.would_pull for each in judged),
        is_usable=all(each.judgement.is_usable for each in judged),
        equal=tuple(pair for each in judged for pair in _equalities(each)),
        differ=tuple(pair for each in judged for pair in _differences(each)),
        unclear=tuple(each for one in judged for each in _unclear(one)),
    )
    unusable = [each for each in judged if not each.judgement.is_usable]
    stale = [each for each in judged if each.judgement.verdict is Verdict.STALE]
    unknown = [each for each in judged if each.judgement.verdict is Verdict.UNKNOWN]
    if stale and not unusable:
        # A pod that would pull again decides: another that keeps its old image does not hold up the first.
        worst = next((each for each in stale if each.group.would_pull), stale[0])
        return replace(_told(finding, worst.answer, worst.judgement), would_pull=worst.group.would_pull)
    if unknown:
        # What a restart would break on is told first, then what is wrong, then what is only not there yet.
        worst = next((each for each in [*unusable, *unknown] if each.group.reported), unknown[0])
        return replace(_told(finding, worst.answer, worst.judgement), is_waiting=not worst.group.reported)
    return _told(finding, judged[0].answer, judged[0].judgement)


def _told(finding: Finding, answer: Answer, judgement: Judgement) -> Finding:
    finding = replace(finding, verdict=judgement.verdict, rule=judgement.rule, why=judgement.why, hint=judgement.hint)
    if isinstance(answer, FigwaspError):
        return finding
    return replace(finding, named=answer.digest, media_type=answer.media_type, login=answer.login.source)


def _equalities(judged: _Judged) -> list[Equality]:
    group, answer, judgement = judged.group, judged.answer, judged.judgement
    if group.image_id is None or isinstance(answer, FigwaspError) or judgement.verdict is not Verdict.CURRENT:
        return []
    return [equality(group.image_id.digest, answer.digest, scope) for scope in judgement.scopes]


_THOUGH_IT_DIFFERS = {Rule.REWRITTEN, Rule.SHORT_NAME}
"""What leaves a container unknown although its content was found to differ, see `_if_certain`."""


def _differences(judged: _Judged) -> list[Difference]:
    group, answer = judged.group, judged.answer
    differs = judged.judgement.verdict is Verdict.STALE or judged.judgement.rule in _THOUGH_IT_DIFFERS
    if group.image_id is None or isinstance(answer, FigwaspError) or not differs:
        return []
    return [(str(group.image_id.digest), str(answer.digest))]


def _unclear(judged: _Judged) -> list[Unclear]:
    group, answer, unclear = judged.group, judged.answer, judged.judgement.unclear
    if group.image_id is None or isinstance(answer, FigwaspError) or judged.scope is None or not unclear:
        return []
    return [(str(group.image_id.digest), str(answer.digest), judged.scope, *unclear)]
