"""What one pass asks registries and the cluster, each question once, answers and failures alike."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from types import MappingProxyType

from figwasp.app.fan_out import fan_out
from figwasp.app.memo import Memo
from figwasp.core.credential import ANONYMOUS, Entry, Keyring, Login
from figwasp.core.deadline import Deadline
from figwasp.core.finding import Answer
from figwasp.core.manifest import Index, Manifest, Platform, parse_config, parse_manifest
from figwasp.core.meter import SILENT, Meter, Step
from figwasp.core.ports import Cluster, Resolver
from figwasp.core.reference import Reference
from figwasp.core.workload import Workload
from figwasp.errors import FigwaspError, UnusableAnswer

WIDTH = 16
"""Requests under way at a time to one registry."""

MOST_MANIFESTS = 100
"""Manifests that are read to judge one workload; the largest indexes that are in use list some twenty platforms."""

MOST_ELSEWHERE = 16
"""Other repositories that are asked for what is gone from its own."""

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
        self._secrets: Memo[SecretName, tuple[Entry, ...] | FigwaspError] = Memo()
        self._answers: Memo[Question, Answer] = Memo()
        self._asked: tuple[Question, ...] = ()
        self._manifests: Memo[Question, Manifest | Index | FigwaspError] = Memo()
        self._builds: Memo[Question, Platform | FigwaspError | None] = Memo()
        self._platforms: Memo[str, Platform | None] = Memo()

    def read_secrets(self, workloads: Iterable[Workload]) -> None:
        """Read the pull secrets of `workloads`, several at a time."""
        names = list(dict.fromkeys((each.key.namespace, name) for each in workloads for name in each.pull_secrets))
        fan_out(self.secret, names, lane=lambda name: name[0], width=WIDTH, deadline=self._deadline)

    def resolve_all(self, questions: Iterable[Question]) -> None:
        """Ask what each reference names, several at a time for each registry."""
        distinct = list(dict.fromkeys(questions))
        self._asked = tuple(distinct)
        self.meter.expect(Step.REFERENCES, len(distinct))
        fan_out(self.resolve, distinct, lane=lambda each: each[0].registry, width=WIDTH, deadline=self._deadline)

    def resolve(self, question: Question) -> Answer:
        """Tell what the tag of a reference names now, or why that is not known."""
        return self._answers.get(question, lambda: self._ask(question))

    def _ask(self, question: Question) -> Answer:
        try:
            return self._resolver.resolve(*question, self._deadline)
        except FigwaspError as error:
            return _kept(error)
        finally:
            self.meter.did(Step.REFERENCES)

    def why_no_login(self, workload: Workload) -> str:
        """Say what the workload's pull secrets hold, none of which has a login for an image that wants one."""
        found: list[str] = []
        for name in workload.pull_secrets:
            entries = self.secret((workload.key.namespace, name))
            hosts = ", ".join(dict.fromkeys(each.host for each in entries)) if isinstance(entries, tuple) else ""
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
                raise found
            entries.extend(found)
        return Keyring.of(tuple(entries))

    def login(self, keyring: Keyring, reference: Reference) -> Login:
        """
        Choose from a workload's keyring for `reference`; what all workloads share comes last.

        Raises:
            FigwaspError: the keyring has nothing for it, and what is shared could not be read.
        """
        own = keyring.login(reference.name)
        if reference.registry not in self._shared_secrets:
            return own
        shared = self.secret(self._shared_secrets[reference.registry])
        if isinstance(shared, FigwaspError):
            if own.candidates:
                return own
            raise shared
        candidates = (*own.candidates, *Keyring.of(shared).login(reference.name).candidates)
        return Login(tuple(dict.fromkeys(candidates)))

    def secret(self, name: SecretName) -> tuple[Entry, ...] | FigwaspError:
        """Read the logins of one pull secret, or tell why that cannot be done."""

        def ask() -> tuple[Entry, ...] | FigwaspError:
            try:
                return self._cluster.pull_secret(*name, self._deadline)
            except FigwaspError as error:
                return _kept(error)

        return self._secrets.get(name, ask)

    def manifest(self, question: Question) -> Manifest | Index:
        """Read what a reference pins by digest; raises a FigwaspError where that cannot be had."""

        def ask() -> Manifest | Index | FigwaspError:
            try:
                return parse_manifest(self._resolver.manifest(*question, self._deadline))
            except FigwaspError as error:
                return _kept(error)

        answer = self._manifests.get(question, ask)
        if isinstance(answer, FigwaspError):
            raise answer
        return answer

    def elsewhere(self, gone: Reference) -> tuple[Question, Manifest | Index] | None:
        """Look for the digest of `gone` in at most `MOST_ELSEWHERE` of the other repositories that were asked."""
        if gone.digest is None:
            return None
        others = ((reference.at(gone.digest), login) for reference, login in self._asked if reference.name != gone.name)
        for question in list(dict.fromkeys(others))[:MOST_ELSEWHERE]:
            with suppress(FigwaspError):
                return question, self.manifest(question)
        return None

    def built_for(self, question: Question) -> Platform | None:
        """Tell which platform a config, pinned by digest, is for; raises a FigwaspError where it cannot be had."""

        def ask() -> Platform | FigwaspError | None:
            try:
                return parse_config(self._resolver.config(*question, self._deadline))
            except FigwaspError as error:
                return _kept(error)

        answer = self._builds.get(question, ask)
        if isinstance(answer, FigwaspError):
            raise answer
        return answer

    def platform(self, node: str) -> Platform | None:
        """Tell a node's platform, None where it cannot be told."""
        return self._platforms.get(node, lambda: self._cluster.node_platform(node, self._deadline))


def _kept(error: FigwaspError) -> FigwaspError:
    """Let go of what an error was raised from: its frames hold whole answers, and it is kept for the whole pass."""
    error.__traceback__ = error.__cause__ = error.__context__ = None
    return error


class KeyedContents:
    """The contents that a workload can see: looked up with the logins of its own keyring."""

    def __init__(self, lookups: Lookups, keyring: Keyring) -> None:
        self._lookups = lookups
        self._keyring = keyring
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
        """Look for the digest of `gone` in the pass's other repositories, with the logins that they were asked with."""
        found = self._lookups.elsewhere(gone)
        if found is None:
            return None
        (reference, login), content = found
        self._borrowed[reference.name] = login
        return reference, content

    def built_for(self, config: Reference) -> Platform | None:
        """Tell for which platform the image was built whose config `config` pins by digest."""
        return self._lookups.built_for((config, self.login(config)))

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

    def platform(self, node: str) -> Platform | None:
        """Tell a node's platform, None where it cannot be told."""
        return self._lookups.platform(node)
