"""What one pass asks registries and the cluster, each question once, answers and failures alike."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import suppress
from datetime import datetime
from types import MappingProxyType
from typing import TypeVar

from msgspec.structs import replace

from figwasp.app.aside import Aside
from figwasp.app.fan_out import fan_out
from figwasp.app.memo import Memo
from figwasp.core.contents import Node
from figwasp.core.credential import ANONYMOUS, Entry, Keyring, Login, Secret, login_hosts
from figwasp.core.deadline import Deadline
from figwasp.core.digest import Digest
from figwasp.core.duration import write_duration
from figwasp.core.finding import Answer
from figwasp.core.manifest import LARGEST, USUAL_SIZE, Build, Index, Manifest, Platform, parse_build, parse_manifest
from figwasp.core.meter import SILENT, Meter, Step
from figwasp.core.ports import Cluster, Resolver
from figwasp.core.reference import Reference
from figwasp.core.workload import Workload
from figwasp.errors import AccessDenied, FigwaspError, InternalError, LargeAnswer, TagNotFound, UnusableAnswer

WIDTH = 16
"""Requests under way at a time to one registry, and for pull secrets."""

REGISTRIES_SHARE = 0.8
"""How much of a pass's time tags may take; what registries said in it must still be judged, and acted on."""

MOST_MANIFESTS = 100
"""Manifests that are read to judge one workload; the largest indexes that are in use list some twenty platforms."""

MOST_ELSEWHERE = 16
"""Other repositories of the pass, and of pods beside it, that are asked for what is gone from its own."""

MOST_PARTS = 8192
"""Parts of indexes that are kept at a time; what is let go of is read again where it is wanted again."""

MOST_OF_SECRETS = 6 * 1024 * 1024
"""Bytes, about, that what is kept of pull secrets takes at a time; likewise."""

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
Question = tuple[Reference, Login]
SecretName = tuple[str, str]


class Lookups:
    """
    The answers of one pass; every method may be called from several threads.

    `shared_secrets` are pull secrets for every workload's images of a registry, by registry.
    """

    def __init__(
        self,
        cluster: Cluster,
        resolver: Resolver,
        deadline: Deadline,
        shared_secrets: Mapping[str, SecretName] = MappingProxyType({}),
        meter: Meter = SILENT,
    ) -> None:
        self.meter = meter
        """Is told of what is asked."""
        self._cluster = cluster
        self._resolver = resolver
        self._deadline = deadline
        self._shared_secrets = shared_secrets
        self._secrets: Memo[SecretName, tuple[Entry, ...] | FigwaspError] = Memo(_size, MOST_OF_SECRETS)
        self._missing: set[SecretName] = set()
        self._logins: dict[tuple[tuple[str, Secret], ...], Login] = {}
        self._answers: Memo[Question, Answer] = Memo()
        self._second_answers: Memo[Question, Answer] = Memo()
        self.asked: tuple[Question, ...] = ()
        """Every tag that the pass asked for."""
        self.bugs: list[InternalError] = []
        """What nobody foresaw while something was asked."""
        self._manifests: Memo[Question, Manifest | Index | FigwaspError] = Memo(_parts, MOST_PARTS)
        self._large = Aside()
        """Reads, and takes apart, what is larger than usual."""
        self._builds: Memo[Question, Build | FigwaspError] = Memo()
        self._nodes: Memo[str, Node | FigwaspError | None] = Memo()
        self._repositories: Memo[str, Mapping[Digest, tuple[Reference, ...]] | FigwaspError] = Memo()

    def read_secrets(self, workloads: Iterable[Workload]) -> None:
        """Read the pull secrets of `workloads`, several at a time."""
        names = list(dict.fromkeys((each.key.namespace, name) for each in workloads for name in each.pull_secrets))

        def ahead(name: SecretName) -> None:
            self._tried(lambda: self.secret(name))  # and gives none: together they may be more than is kept

        fan_out(ahead, names, lane=lambda _: "", width=WIDTH, deadline=self._deadline)

    def resolve_all(self, questions: Iterable[Question]) -> None:
        """
        Ask what each reference names, several at a time for each registry.

        What has no answer when most of the pass's time is over has none for this pass: the rest is for those that have.
        """
        distinct = list(dict.fromkeys(map(self._shared, questions)))
        self.asked = tuple(distinct)
        self.meter.expect(Step.REFERENCES, len(distinct))
        deadline = self._deadline.share(
            REGISTRIES_SHARE,
            lambda seconds: f"no answer in the {write_duration(round(seconds))} that a pass has for registries",
        )
        ends = fan_out(
            self.resolve, distinct, lane=lambda each: each[0].registry, width=WIDTH, deadline=deadline, last_words=0.0
        )
        for question, end in zip(distinct, ends, strict=True):
            self._answers.give_up(question, end)

    def resolve(self, question: Question) -> Answer:
        """Tell what the tag of a reference names now, or why that is not known."""

        def ask(question: Question) -> Answer:
            try:
                return self._ask(question)
            finally:
                self.meter.did(Step.REFERENCES)

        return _named(self._for_all(self._answers, question, ask), question)

    def resolve_again(self, question: Question, *, is_late: bool = False) -> Answer:
        """Tell what the tag names when it is asked for a second time: once, unless it is late and that may be old."""
        if is_late:
            return self._ask(question)
        return _named(self._for_all(self._second_answers, question, self._ask), question)

    def _shared(self, question: Question) -> Question:
        """The same question by the login of whoever asked first with that user name and password."""
        reference, login = question
        return reference, self._logins.setdefault(login.proofs, login)

    def _for_all(
        self, memo: Memo[Question, T | FigwaspError], question: Question, ask: Callable[[Question], T | FigwaspError]
    ) -> T | FigwaspError:
        """
        Give the answer that all have by the same user name and password, of whatever pull secret: copies are many.

        A refusal is asked for by each secret, since it names that.
        """
        shared = self._shared(question)
        answer = memo.get(shared, lambda: ask(shared))
        if shared != question and isinstance(answer, AccessDenied):
            return memo.get(question, lambda: ask(question))
        return answer

    def _ask(self, question: Question) -> Answer:
        return self._tried(
            lambda: self._read(lambda largest: self._resolver.resolve(*question, self._deadline, largest))
        )

    def _tried(self, ask: Callable[[], T]) -> T | FigwaspError:
        """Give what `ask` gives, or why it failed: a bug of ours, too, is the failure of this one question alone."""
        try:
            return ask()
        except FigwaspError as error:
            return error.again()
        except Exception as error:  # noqa: BLE001 - see above
            bug = InternalError(error)
            self.bugs.append(bug)
            return bug

    def _once(self, memo: Memo[K, T | FigwaspError], key: K, ask: Callable[[], T]) -> T:
        """Give what `ask` gives, or raise why it failed, however often it is wanted."""
        return _given(memo.get(key, lambda: self._tried(ask)))

    def _once_for_all(
        self, memo: Memo[Question, T | FigwaspError], question: Question, ask: Callable[[Question], T]
    ) -> T:
        """Do the same for what all have by the same user name and password."""
        return _given(self._for_all(memo, question, lambda each: self._tried(lambda: ask(each))))

    def why_no_login(self, workload: Workload) -> str:
        """Say what the workload's pull secrets hold, none of which has a login for an image that wants one."""
        found: list[str] = []
        for name in workload.pull_secrets:
            entries = self.secret((workload.key.namespace, name))
            hosts = login_hosts(entries) if isinstance(entries, tuple) else ""
            holds = f"has logins for {hosts} only" if hosts else "does not exist, or holds no login"
            found.append(f"secret {workload.key.namespace}/{name} {holds}")
        return "; ".join(found)

    def keyring(self, workload: Workload) -> Keyring:
        """
        Collect the logins of the workload's pull secrets.

        Raises:
            FigwaspError: one of them could not be read; the kubelet would not go on without it either.
        """
        entries: list[Entry] = []
        for name in workload.pull_secrets:
            found = self.secret((workload.key.namespace, name))
            if isinstance(found, FigwaspError):
                raise found.again()
            entries.extend(found)
        return Keyring.of(tuple(entries))

    def login(self, keyring: Keyring, reference: Reference) -> Login:
        """
        Choose from a workload's keyring for `reference`; what all workloads share is for where it has no login at all.

        It never stands in for one that is refused: nothing shows that the kubelet has another, and could follow.

        Raises:
            FigwaspError: the keyring has no login for it, and what is shared could not be read.
        """
        own = keyring.login(reference.name)
        if own.candidates or reference.registry not in self._shared_secrets:
            return own
        shared = self.secret(self._shared_secrets[reference.registry])
        if isinstance(shared, FigwaspError):
            raise shared.again()
        return Keyring.of(shared).login(reference.name)

    def secret(self, name: SecretName) -> tuple[Entry, ...] | FigwaspError:
        """Read the logins of one pull secret, or tell why that cannot be done."""

        def ask() -> tuple[Entry, ...]:
            found = self._cluster.pull_secret(*name, self._deadline)
            if found is None:
                self._missing.add(name)
            return found or ()  # as the kubelet: a missing secret is passed over

        return self._secrets.get(name, lambda: self._tried(ask))

    def gone(self, workload: Workload) -> tuple[str, ...]:
        """Name the secrets that the workload's pods were given as they were made, and that there are no more."""
        return tuple(name for name in workload.given_secrets if self._is_missing((workload.key.namespace, name)))

    def _is_missing(self, name: SecretName) -> bool:
        self.secret(name)
        return name in self._missing

    def manifest(self, question: Question) -> Manifest | Index:
        """Read what a reference pins by digest; raises a FigwaspError where that cannot be had."""

        def ask(question: Question) -> Manifest | Index:
            return self._read(
                lambda largest: parse_manifest(self._resolver.manifest(*question, self._deadline, largest))
            )

        return self._once_for_all(self._manifests, question, ask)

    def first(
        self, digest: Digest, places: Iterable[Question], *, likely: str = ""
    ) -> tuple[Question, Manifest | Index] | None:
        """
        Look for `digest` in the repositories of at most `MOST_ELSEWHERE` references; None if none of them has it.

        One that lets nobody in there does not have it for us. Where `likely` names a registry, others are a guess, and
        nobody waits for one of them that is in trouble.

        Raises:
            FigwaspError: none of those that answered has it, and another did not answer: it may have it.
        """
        questions = dict.fromkeys((reference.at(digest), login) for reference, login in places)
        silent: FigwaspError | None = None
        for question in list(questions)[:MOST_ELSEWHERE]:
            try:
                return question, self.manifest(question)
            except (TagNotFound, AccessDenied):
                continue
            except FigwaspError as error:
                if likely in {"", question[0].registry}:
                    silent = error.again()
        if silent is not None:
            raise silent.again()
        return None

    def repositories(self, namespace: str) -> Mapping[Digest, tuple[Reference, ...]]:
        """List by which repositories the pods of a namespace name what they run; raises where that cannot be done."""

        def ask() -> Mapping[Digest, tuple[Reference, ...]]:
            return self._large.run(lambda: self._cluster.repositories(namespace, self._deadline), self._deadline)

        return self._once(self._repositories, namespace, ask)

    def built(self, question: Question) -> Build:
        """Tell for what and when an image was built by its config; raises a FigwaspError where it cannot be had."""

        def ask(question: Question) -> Build:
            return self._read(lambda largest: parse_build(self._resolver.config(*question, self._deadline, largest)))

        return self._once_for_all(self._builds, question, ask)

    def _read(self, read: Callable[[int], T]) -> T:
        """Give what `read` makes of at most so many bytes."""
        try:
            return read(USUAL_SIZE)
        except LargeAnswer:
            return self._large.run(lambda: read(LARGEST), self._deadline)

    def node(self, name: str) -> Node | None:
        """Tell what a node tells of itself, None where it cannot be asked; raises a FigwaspError where that failed."""

        def ask() -> Node | None:
            return self._cluster.node(name, self._deadline)

        return self._once(self._nodes, name, ask)


def _named(answer: Answer, question: Question) -> Answer:
    """Let an answer name the pull secret of whoever asked."""
    if isinstance(answer, FigwaspError):
        return answer
    return replace(answer, login=answer.login.named_as(question[1]))


def _given(answer: T | FigwaspError) -> T:
    if isinstance(answer, FigwaspError):
        raise answer.again()
    return answer


def _parts(answer: Manifest | Index | FigwaspError) -> int:
    return len(answer.children) if isinstance(answer, Index) else 0


def _size(answer: tuple[Entry, ...] | FigwaspError) -> int:
    return sum(each.size for each in answer) if isinstance(answer, tuple) else 0


class KeyedContents:
    """The contents that a workload of `namespace` can see: looked up with the logins of its own keyring."""

    def __init__(self, lookups: Lookups, keyring: Keyring, namespace: str) -> None:
        self._lookups = lookups
        self._keyring = keyring
        self._namespace = namespace
        self._read: set[Reference] = set()
        self._borrowed: dict[str, Login] = {}

    def manifest(self, reference: Reference) -> Manifest | Index:
        """Read what `reference` pins by digest; raises an UnusableAnswer beyond `MOST_MANIFESTS`."""
        self._read.add(reference)
        if len(self._read) > MOST_MANIFESTS:
            raise UnusableAnswer(
                f"{reference.name} lists more images than are looked at for one workload ({MOST_MANIFESTS})"
            )
        return self._lookups.manifest((reference, self._login(reference)))

    def elsewhere(self, gone: Reference) -> tuple[Reference, Manifest | Index] | None:
        """
        Look for the digest of `gone` in the repositories that pods of the namespace name for that very digest.

        That is by our own login. Then in the pass's other repositories, with the logins that they were asked with.
        Raises a FigwaspError where the pods cannot be listed, or one that may have it does not answer: one that such a
        pod names, or that lies in the same registry.
        """
        if gone.digest is None:
            return None
        found = self._lookups.first(gone.digest, self._beside(gone.digest, gone.name))
        if found is None:
            asked = [each for each in self._lookups.asked if each[0].name != gone.name]
            found = self._lookups.first(gone.digest, asked, likely=gone.registry)
        if found is None:
            return None
        (reference, login), content = found
        self._borrowed[reference.name] = login
        return reference, content

    def _beside(self, digest: Digest, own: str) -> Iterator[Question]:
        """Where else than in the repository `own` the pods of the namespace have a digest from."""
        for reference in self._lookups.repositories(self._namespace).get(digest, ()):
            if reference.name != own:
                with suppress(FigwaspError):
                    yield reference, self._login(reference)

    def built_for(self, config: Reference) -> Platform | None:
        """Tell for which platform the image was built whose config `config` pins by digest."""
        return self._lookups.built((config, self.login(config))).platform

    def built_at(self, config: Reference) -> datetime | None:
        """Tell when the image was built whose config `config` pins by digest."""
        return self._lookups.built((config, self.login(config))).created

    def login(self, reference: Reference) -> Login:
        """Tell with which login the repository of `reference` is asked."""
        try:
            return self._login(reference)
        except FigwaspError:
            return ANONYMOUS

    def _login(self, reference: Reference) -> Login:
        if reference.name in self._borrowed:
            return self._borrowed[reference.name]
        return self._lookups.login(self._keyring, reference)

    def node(self, name: str) -> Node | None:
        """Tell what a node tells of itself, None where it cannot be asked."""
        return self._lookups.node(name)
