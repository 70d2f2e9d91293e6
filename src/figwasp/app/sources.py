"""Whether what the selected workloads name can be had, as a node would get it: pull secrets, registries, images."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from figwasp.app.lookups import Lookups, Question, SecretName
from figwasp.core.credential import login_hosts
from figwasp.core.deadline import Deadline
from figwasp.core.diagnosis import Check, State, Topic
from figwasp.core.finding import Answer, watched
from figwasp.core.ports import Cluster
from figwasp.core.reference import Reference
from figwasp.core.remedy import NOTHING_TO_DO, Remedy, log_in, make_secret
from figwasp.core.resolution import Resolution
from figwasp.core.workload import Workload
from figwasp.errors import (
    AccessDenied,
    DeadlineExceeded,
    FigwaspError,
    Forbidden,
    LoginWithheld,
    PullSecretError,
    RateLimited,
    RegistryUnreachable,
    TagNotFound,
)

_HOLDS_LOGINS = frozenset({"kubernetes.io/dockerconfigjson", "kubernetes.io/dockercfg"})


_SAID_SOMETHING = (Resolution, AccessDenied, TagNotFound, RateLimited)


class InspectedCluster(Cluster, Protocol):
    """A cluster whose secrets can be looked at more closely than a pass does."""

    def secret_type(self, namespace: str, name: str, deadline: Deadline) -> str | None:
        """Tell of which type a secret is, None where there is none. Raises as `pull_secret` does."""
        ...


class Sources:
    """The pull secrets, registries and images of some workloads; each is asked for once."""

    def __init__(
        self, seen: Sequence[Workload], cluster: InspectedCluster, lookups: Lookups, deadline: Deadline
    ) -> None:
        self._seen = seen
        self._cluster = cluster
        self._lookups = lookups
        self._deadline = deadline
        self._users: dict[Question, list[tuple[Workload, str]]] = {}
        """Which containers ask which question, as (workload, container)."""
        self._missing: set[SecretName] = set()
        self._without_login: list[tuple[Workload, FigwaspError]] = []

    def check(self) -> Iterator[Check]:
        """Look at the secrets, then at the registries, then at the images."""
        self._lookups.read_secrets(self._seen)
        for workload in self._seen:
            self._collect(workload)
        self._lookups.resolve_all(self._users)
        answers = {question: self._lookups.resolve(question) for question in self._users}
        yield from self._secrets()
        silent = _silent(answers)
        yield from self._registries(answers, silent)
        yield from self._images({each: answers[each] for each in answers if each[0].registry not in silent})

    def _collect(self, workload: Workload) -> None:
        try:
            keyring = self._lookups.keyring(workload)
            asked = [(name, (each, self._lookups.login(keyring, each))) for name, each in watched(workload)]
        except FigwaspError as error:
            self._without_login.append((workload, error))
            return
        for container, question in asked:
            self._users.setdefault(question, []).append((workload, container))

    def _secrets(self) -> Iterator[Check]:
        users: dict[SecretName, tuple[Workload, str]] = {}
        for workload in self._seen:
            host = next((each.reference.registry for each in workload.containers if each.reference), "")
            for secret in workload.pull_secrets:
                users.setdefault((workload.key.namespace, secret), (workload, host))
        for name, (user, host) in users.items():
            found = self._lookups.secret(name)
            if isinstance(found, Forbidden):
                yield Check(Topic.SECRET, State.SKIPPED, f"{_called(name)} may not be read")
            elif isinstance(found, PullSecretError):
                yield Check(Topic.SECRET, State.PROBLEM, str(found), make_secret(*name, host, is_there=True))
            elif isinstance(found, FigwaspError):
                yield Check(Topic.SECRET, State.PROBLEM, str(found), Remedy(words=found.hint))
            elif hosts := login_hosts(found):
                yield Check(Topic.SECRET, State.OK, f"{_called(name)} has logins for {hosts}")
            else:
                yield self._empty_secret(name, user, host)

    def _empty_secret(self, name: SecretName, user: Workload, host: str) -> Check:
        try:
            kind = self._cluster.secret_type(*name, self._deadline)
        except FigwaspError as error:
            return Check(Topic.SECRET, State.PROBLEM, str(error), Remedy(words=error.hint))
        if kind is None:
            self._missing.add(name)
            text = f"{_called(name)} does not exist; nodes go on without it"
            return Check(Topic.SECRET, State.HINT, text, make_secret(*name, host))
        if kind in _HOLDS_LOGINS:
            return Check(Topic.SECRET, State.HINT, f"{_called(name)} has no login in it")
        text = f"{_called(name)} is of type {kind}, in which nodes look for no login"
        # Not made anew: it may be there for something else.
        return Check(Topic.SECRET, State.PROBLEM, text, log_in(user, host))

    def _registries(self, answers: dict[Question, Answer], silent: dict[str, FigwaspError]) -> Iterator[Check]:
        for registry in dict.fromkeys(reference.registry for reference, _ in answers):
            asked = [question for question in answers if question[0].registry == registry]
            if error := silent.get(registry):
                users = [user for question in asked for user in self._users[question]]
                text = f"{error} ({_used_by(users)})"
                yield Check(Topic.REGISTRY, State.PROBLEM, text, Remedy(words=error.hint))
            elif any(isinstance(answers[question], _SAID_SOMETHING) for question in asked):
                yield Check(Topic.REGISTRY, State.OK, f"{registry} answers")

    def _images(self, answers: dict[Question, Answer]) -> Iterator[Check]:
        for (reference, login), answer in answers.items():
            users = self._users[reference, login]
            if isinstance(answer, FigwaspError):
                text = f"{answer} ({_used_by(users)})"
                yield Check(Topic.IMAGE, State.PROBLEM, text, self._remedy(reference, answer, users[0][0]))
            else:
                text = f"{reference.familiar} is {answer.digest.short} with {_with(login.source)} ({_used_by(users)})"
                yield Check(Topic.IMAGE, State.OK, text)
        for workload in self._seen:
            for each in workload.containers:
                if each.reference is None:
                    text = f"{each.problem} ({_used_by([(workload, each.name)])})"
                    yield Check(Topic.IMAGE, State.PROBLEM, text)
        for workload, error in self._without_login:
            yield Check(Topic.IMAGE, State.SKIPPED, f"the images of {workload.key} were not asked for: {error}")

    def _remedy(self, reference: Reference, error: FigwaspError, workload: Workload) -> Remedy:
        login = self._lookups.login(self._lookups.keyring(workload), reference)
        if not isinstance(error, AccessDenied) or isinstance(error, LoginWithheld):
            return Remedy(words=error.hint) if error.hint else NOTHING_TO_DO
        if not login.candidates:
            names = [(workload.key.namespace, name) for name in workload.pull_secrets]
            missing = next((name for name in names if name in self._missing), None)
            return make_secret(*missing, reference.registry) if missing else log_in(workload, reference.registry)
        for name in workload.pull_secrets:
            entries = self._lookups.secret((workload.key.namespace, name))
            # Made anew, a secret has this one login: said only where no other is lost by it.
            if isinstance(entries, tuple) and len(entries) == 1 and entries[0].credential in login.candidates:
                return make_secret(workload.key.namespace, name, reference.registry, is_there=True)
        return Remedy(words=error.hint)


def _silent(answers: dict[Question, Answer]) -> dict[str, FigwaspError]:
    """The registries of which nothing came but that they give no answer, and the first reason."""
    by_registry: dict[str, list[Answer]] = {}
    for (reference, _), answer in answers.items():
        by_registry.setdefault(reference.registry, []).append(answer)
    silent: dict[str, FigwaspError] = {}
    for registry, all_answers in by_registry.items():
        none = [each for each in all_answers if isinstance(each, RegistryUnreachable | DeadlineExceeded)]
        if len(none) == len(all_answers):
            silent[registry] = none[0]
    return silent


def _called(name: SecretName) -> str:
    return f"secret {'/'.join(name)}"


def _with(source: str) -> str:
    return source if source == "no login" else f"the login from {source}"


def _used_by(users: Sequence[tuple[Workload, str]]) -> str:
    workload, container = users[0]
    more = f" and {len(users) - 1} more" if len(users) > 1 else ""
    return f"container {container} of {workload.key}{more}"
