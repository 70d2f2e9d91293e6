"""A check-up: all that a pass over the selected workloads needs, each thing looked at once and nothing changed."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Protocol

from figwasp.app.lookups import Lookups, SecretName
from figwasp.app.missing import missing_namespaces
from figwasp.app.rights import Rights, check_permissions
from figwasp.app.sources import InspectedCluster, Sources
from figwasp.core.deadline import Deadline
from figwasp.core.diagnosis import Check, Diagnosis, State, Topic
from figwasp.core.finding import watched
from figwasp.core.meter import SILENT, Meter, Phase
from figwasp.core.permission import Permission
from figwasp.core.ports import Clock, Observed, Resolver
from figwasp.core.remedy import Remedy, pull_always
from figwasp.core.report import Note
from figwasp.core.workload import PullPolicy, Selection, Workload
from figwasp.errors import FigwaspError, Forbidden

LARGEST_SKEW_SECONDS = 60
"""What two clocks may differ by: tokens and certificates count in minutes."""

Needed = Callable[[Selection, frozenset[str]], tuple[Permission, ...]]
"""Tells what a pass over a selection must be allowed to do, but for kinds that it passes over."""


class CheckedCluster(InspectedCluster, Protocol):
    """A cluster whose workloads can be read where their pods cannot."""

    def templates(self, selection: Selection, deadline: Deadline) -> Observed:
        """Read the selected workloads without their pods. Raises as `observe` does."""
        ...


class Checkup:
    """A check-up, ready to run."""

    def __init__(
        self,
        *,
        cluster: CheckedCluster,
        resolver: Resolver,
        rights: Rights,
        needed: Needed,
        clock: Clock,
        shared_secrets: Mapping[str, SecretName] = MappingProxyType({}),
    ) -> None:
        self._cluster = cluster
        self._resolver = resolver
        self._rights = rights
        self._needed = needed
        self._clock = clock
        self._shared_secrets = shared_secrets

    def run(self, selection: Selection, deadline: Deadline, meter: Meter = SILENT) -> Diagnosis:
        """Look at everything. What fails is in the diagnosis, and keeps nothing else from being looked at."""
        try:
            theirs = self._rights.time(deadline)
            ours = self._clock.now()
            caller = self._rights.caller(deadline)
        except FigwaspError as error:
            return Diagnosis((Check(Topic.API_SERVER, State.PROBLEM, str(error), Remedy(words=error.hint)),))
        known_as = f"knows us as {caller}" if caller else "does not say who we are"
        with meter.during(Phase.READING):
            observed, workloads = self._observe(selection, deadline)
        seen = observed.workloads
        needed = self._needed(selection, frozenset(kind for note in observed.notes for kind in note.kinds))
        permissions = list(check_permissions(needed, selection, self._secrets(seen), self._rights, caller, deadline))
        lookups = Lookups(self._cluster, self._resolver, deadline, self._shared_secrets, meter)
        return Diagnosis(
            (
                Check(Topic.API_SERVER, State.OK, f"it answers, and {known_as}"),
                *(each for each in permissions if each.state is not State.HINT),
                *workloads,
                *Sources(seen, self._cluster, lookups, deadline).check(),
                *_clock(theirs, ours),
                *_pull_policies(seen),
                *(each for each in permissions if each.state is State.HINT),
            )
        )

    def _secrets(self, seen: Sequence[Workload]) -> list[SecretName]:
        """Name the pull secrets that a pass reads: the workloads' own, and what they share of the registries in use."""
        used = {reference.registry for each in seen for _, reference in watched(each)}
        own = [(each.key.namespace, name) for each in seen for name in each.pull_secrets]
        return own + [secret for registry, secret in self._shared_secrets.items() if registry in used]

    def _observe(self, selection: Selection, deadline: Deadline) -> tuple[Observed, list[Check]]:
        try:
            observed = self._cluster.observe(selection, deadline)
        except FigwaspError as cause:
            try:
                observed = self._cluster.templates(selection, deadline)
            except FigwaspError as error:
                return Observed(()), [_unread(str(selection), error)]
            problems = [] if isinstance(cause, Forbidden) else [_unread("their pods", cause)]
        else:
            problems = []
        problems += [_unread(str(key), error) for key, error in observed.failures]
        problems += [_passed_over(note) for note in observed.notes]
        if not observed.workloads and not any(each.state is not State.HINT for each in problems):
            missing = missing_namespaces(self._cluster, selection, deadline)
            if missing:
                names = Remedy(words="check the name", commands=("kubectl get namespaces",))
                return observed, [
                    Check(Topic.WORKLOAD, State.PROBLEM, f"there is no namespace {each}", names) for each in missing
                ]
            label = Remedy(words='name one, or label it figwasp/target: "true"')
            nothing = Check(Topic.WORKLOAD, State.HINT, f"nothing is selected: there is no {selection}", label)
            return observed, [nothing, *problems]
        return observed, problems


def _passed_over(note: Note) -> Check:
    state = State.PROBLEM if note.is_failure else State.HINT
    return Check(Topic.WORKLOAD, state, note.words, Remedy(words=note.hint))


def _unread(what: str, error: FigwaspError) -> Check:
    if isinstance(error, Forbidden):
        return Check(Topic.WORKLOAD, State.SKIPPED, f"{what} may not be read")
    return Check(Topic.WORKLOAD, State.PROBLEM, str(error), Remedy(words=error.hint))


def _clock(theirs: datetime | None, ours: datetime) -> Iterator[Check]:
    if theirs is None:
        return
    seconds = round((ours - theirs).total_seconds())
    if abs(seconds) <= LARGEST_SKEW_SECONDS:
        yield Check(Topic.CLOCK, State.OK, "this machine and the API server agree on the time")
        return
    way = "ahead of" if seconds > 0 else "behind"
    text = f"this machine's clock is {abs(seconds)} s {way} the API server's, so tokens and certificates may not hold"
    remedy = Remedy(words="let both keep time", commands=("timedatectl set-ntp true",))
    yield Check(Topic.CLOCK, State.PROBLEM, text, remedy)


def _pull_policies(seen: Iterable[Workload]) -> Iterator[Check]:
    for workload in seen:
        for are_init in (True, False):
            kept = [
                each
                for each in workload.containers
                if each.is_init is are_init and not each.is_volume and each.reference and not each.reference.is_pinned
                if not _pulls(workload, each.name, each.pull_policy)
            ]
            if kept:
                names = tuple(each.name for each in kept)
                policies = " and ".join(dict.fromkeys(each.pull_policy for each in kept))
                text = f"{', '.join(names)} of {workload.key}: a restart does not pull again ({policies})"
                remedy = pull_always(workload.key, names, are_init=are_init)
                yield Check(Topic.PULL_POLICY, State.HINT, text, remedy)
        for each in workload.containers:
            if each.reference and each.reference.is_pinned:
                text = f"{each.name} of {workload.key} is pinned by digest: there is no tag to follow"
                yield Check(Topic.PULL_POLICY, State.HINT, text)


def _pulls(workload: Workload, container: str, in_template: PullPolicy) -> bool:
    """Whether a restart pulls; pods may have another policy than the template, given as they were created."""
    in_pods = {each.pull_policy for each in workload.running or () if each.container == container}
    return PullPolicy.ALWAYS in (in_pods or {in_template})
