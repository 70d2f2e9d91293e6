"""One pass over the selected workloads: observe → compare → decide → act."""

import threading
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import TypeVar

from msgspec import Struct

from figwasp.app.fan_out import fan_out
from figwasp.app.lookups import KeyedContents, Lookups, Question, SecretName
from figwasp.core.credential import ANONYMOUS, Keyring
from figwasp.core.deadline import Deadline
from figwasp.core.decide import decide, doubt, hold
from figwasp.core.decision import Leave, Restart, Why
from figwasp.core.digest import Digest
from figwasp.core.finding import Answer, find, watched
from figwasp.core.meter import SILENT, Meter, Phase, Step
from figwasp.core.ports import Cluster, Observed, Resolver, Restarter, Timer
from figwasp.core.reference import Reference
from figwasp.core.report import Failed, Left, Note, Outcome, Report
from figwasp.core.resolution import Resolution
from figwasp.core.restraint import UNRESTRAINED, Restraint
from figwasp.core.workload import Selection, Workload
from figwasp.errors import AccessDenied, Conflict, DeadlineExceeded, FigwaspError, InternalError, ObjectNotFound

ATTEMPTS = 3
"""How often a workload that others keep changing is decided anew in one pass."""

WIDTH = 8
"""Workloads that are judged at a time whose images are of the same registries; and restarts at a time."""


class Sweep:
    """A pass, ready to run: the same for every command."""

    def __init__(
        self,
        *,
        cluster: Cluster,
        restarter: Restarter,
        resolver: Resolver,
        clock: Timer,
        restraint: Restraint = UNRESTRAINED,
        shared_secrets: Mapping[str, SecretName] = MappingProxyType({}),
    ) -> None:
        """`restraint` needs no time: it is told what the clock says."""
        self._restraint = restraint
        self._cluster = cluster
        self._restarter = restarter
        self._resolver = resolver
        self._clock = clock
        self._shared_secrets = shared_secrets

    def run(self, selection: Selection, deadline: Deadline, meter: Meter = SILENT) -> Report:
        """Look at every selected workload and restart those that are stale. Failures are in the report."""
        lookups = Lookups(self._cluster, self._resolver, deadline, self._shared_secrets, meter)
        started = self._clock.now()
        failure: FigwaspError | None = None
        outcomes: list[Outcome] = []
        notes: tuple[Note, ...] = ()
        try:
            with meter.during(Phase.READING):
                observed = self._cluster.observe(selection, deadline)
            notes = (*observed.notes, *self._why_nothing(selection, observed, deadline))
            outcomes += [Failed(key, error) for key, error in observed.failures]
            with meter.during(Phase.JUDGING):
                outcomes += self._conclude_all(observed.workloads, selection, lookups, deadline)
        except FigwaspError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - a pass ends with a report, whatever we did wrong
            failure = InternalError(error)
        return Report(
            started=started,
            finished=self._clock.now(),
            outcomes=tuple(sorted(outcomes, key=lambda each: each.key)),
            notes=notes,
            selected=str(selection),
            failure=failure,
            bugs=tuple(
                each for each in (failure, *_errors(outcomes), *lookups.bugs) if isinstance(each, InternalError)
            ),
        )

    def _why_nothing(self, selection: Selection, observed: Observed, deadline: Deadline) -> tuple[Note, ...]:
        if observed.workloads:
            return ()
        from figwasp.app.missing import why_nothing  # noqa: PLC0415 - a pass has something to look at, as a rule

        return why_nothing(self._cluster, selection, observed, deadline)

    def _conclude_all(
        self, workloads: Sequence[Workload], selection: Selection, lookups: Lookups, deadline: Deadline
    ) -> list[Outcome]:
        meter = lookups.meter
        open_ones = [each for each in workloads if hold(each) is None]
        meter.expect(Step.WORKLOADS, len(workloads))
        with meter.during(Phase.SECRETS):
            lookups.read_secrets(each for each in open_ones if watched(each))
        with meter.during(Phase.REGISTRIES):
            lookups.resolve_all(question for each in open_ones for question in _questions(each, lookups))
        restrained = _Restrained(self._clock, self._restraint)
        one = _Conclusion(self._cluster, self._restarter, restrained, lookups, selection, deadline)
        # What is held needs no answer of anybody's, so that it is told even where the time went by with the others.
        held = [one.conclude(each) for each in workloads if hold(each) is not None]
        if self._restraint.max_restarts is None and not self._restraint.spacing:
            return held + _each(one.conclude, open_ones, deadline)
        from figwasp.app.pace import Pace, rationed  # noqa: PLC0415 - where somebody says how many, or how fast

        # What was restarted last comes last, so that one whose tag moves all the time takes no place from the others.
        in_turn = sorted(open_ones, key=lambda each: (each.restarted_at, each.key))
        prepared = _each(one.prepare, in_turn, deadline)
        pace = Pace(self._restraint, self._clock, deadline, workloads, is_trial=self._restarter.is_trial)
        return held + list(rationed(prepared, self._restraint.max_restarts, pace, one.restart))


T = TypeVar("T")


def _each(task: Callable[[Workload], T], workloads: Sequence[Workload], deadline: Deadline) -> list[T | Failed]:
    ended = fan_out(task, workloads, lane=_registries, width=WIDTH, deadline=deadline)
    return [
        Failed(workload.key, FigwaspError(f"not checked to the end: {end}"))
        if isinstance(end, DeadlineExceeded)
        else end
        for workload, end in zip(workloads, ended, strict=True)
    ]


def _registries(workload: Workload) -> str:
    """All that may hold a workload up: one that is slow, or sends much, is not to hold up those of others."""
    return " ".join(sorted({each.reference.registry for each in workload.containers if each.reference}))


def _errors(outcomes: Sequence[Outcome]) -> list[FigwaspError]:
    return [each.error for each in outcomes if isinstance(each, Failed)]


def _questions(workload: Workload, lookups: Lookups) -> list[Question]:
    def questions() -> list[Question]:
        keyring = lookups.keyring(workload)
        return [(reference, lookups.login(keyring, reference)) for _, reference in watched(workload)]

    found = _guarded(workload, questions)
    return [] if isinstance(found, Failed) else found  # it is told where the workload is concluded


def _guarded(workload: Workload, act: Callable[[], T]) -> T | Failed:
    try:
        return act()
    except FigwaspError as error:
        return Failed(workload.key, error)
    except Exception as error:  # noqa: BLE001 - a bug of ours must not keep the others from being served
        return Failed(workload.key, InternalError(error))


class _Restrained(Struct, frozen=True):
    """What makes restarts wait, and the clock that tells how long."""

    clock: Timer
    restraint: Restraint

    def now(self) -> Restraint:
        """What makes restarts wait now."""
        return self.restraint.at(self.clock.now())


class _Conclusion:
    """Brings single workloads to their outcomes."""

    def __init__(
        self,
        cluster: Cluster,
        restarter: Restarter,
        restrained: _Restrained,
        lookups: Lookups,
        selection: Selection,
        deadline: Deadline,
    ) -> None:
        self._cluster = cluster
        self._restarter = restarter
        self._restrained = restrained
        self._lookups = lookups
        self._selection = selection
        self._deadline = deadline
        self._restarts = threading.Semaphore(WIDTH)

    def conclude(self, workload: Workload) -> Outcome:
        """Judge, decide and act; one workload's failure is its outcome and never ends the pass for the others."""
        return self._counted(workload, lambda: self._carry_out(self._decide(workload)))

    def prepare(self, workload: Workload) -> Restart | Outcome:
        """Do the same up to a restart, which is only decided on."""
        return self._counted(workload, lambda: self._short_of_restart(workload))

    def restart(self, decision: Restart) -> Outcome:
        """Act on what was decided, or decide anew if the workload has changed since."""
        return _guarded(decision.workload, lambda: self._carry_out(decision))

    def _counted(self, workload: Workload, act: Callable[[], T]) -> T | Failed:
        ended = _guarded(workload, act)
        self._lookups.meter.did(Step.WORKLOADS)
        return ended

    def _short_of_restart(self, workload: Workload) -> Restart | Outcome:
        decision = self._decide(workload)
        return decision if isinstance(decision, Restart) else self._carry_out(decision)

    def _carry_out(self, decision: Restart | Leave) -> Outcome:
        workload = decision.workload
        for _ in range(ATTEMPTS):
            try:
                return self._act(workload, decision)
            except (Conflict, ObjectNotFound) as changed:
                again = self._cluster.observe(self._only(workload), self._deadline)
                gone = all(isinstance(error, ObjectNotFound) for _, error in again.failures)
                if not again.workloads and gone and not self._selection.targets:
                    return Left(Leave(workload, Why.DESELECTED, "", "", (), workload.record))
                for _, error in again.failures:
                    raise error from changed
                (workload,) = again.workloads
                decision = self._decide(workload)
        raise Conflict(
            f"{workload.key.target} changed {ATTEMPTS} times while it was looked at", hint="the next pass tries again"
        )

    def _only(self, workload: Workload) -> Selection:
        return Selection(
            namespaces=(workload.key.namespace,),
            targets=((workload.key.kind, workload.key.name),),
            label=self._selection.label,
        )

    def _decide(self, workload: Workload) -> Restart | Leave:
        if (held := hold(workload)) is not None:
            return held
        decision = self._judge(workload)
        # Where all is well it does not matter which logins new pods would have.
        is_well = isinstance(decision, Leave) and not decision.why.needs_attention
        if is_well or not (gone := self._lookups.gone(workload)):
            return decision
        from figwasp.app.new_pods import as_new_pods, cannot_tell  # noqa: PLC0415 - hardly ever needed

        renewed = as_new_pods(workload, gone, self._cluster, self._deadline)
        if renewed is not None:
            return self._judge(renewed)
        if isinstance(decision, Leave):
            return decision
        doubtful = cannot_tell(workload, gone)
        return decide(workload, find(workload, lambda _: doubtful, self._contents(workload, Keyring())))

    def _judge(self, workload: Workload) -> Restart | Leave:
        try:
            keyring = self._lookups.keyring(workload)
        except FigwaspError as error:
            refused = error
            return decide(workload, find(workload, lambda _: refused, self._contents(workload, Keyring())))
        contents = self._contents(workload, keyring)
        restraint = self._restrained.now()

        def ask(tag: Reference) -> Answer:
            return self._answer(workload, tag, keyring)

        decision = decide(workload, find(workload, ask, contents), restraint)
        if isinstance(decision, Restart) and (workload.record.differ or workload.record.unclear):
            return decide(workload, find(workload, ask, contents, afresh=True), restraint)
        return decision

    def _contents(self, workload: Workload, keyring: Keyring) -> KeyedContents:
        return KeyedContents(self._lookups, keyring, workload.key.namespace)

    def _answer(self, workload: Workload, reference: Reference, keyring: Keyring) -> Answer:
        try:
            login = self._lookups.login(keyring, reference)
        except FigwaspError as error:
            return error
        answer = self._lookups.resolve((reference, login))
        if isinstance(answer, AccessDenied):
            if login.candidates:
                return self._beside_what_anybody_gets(answer, reference)
            if workload.pull_secrets:
                return AccessDenied(str(answer), hint=self._lookups.why_no_login(workload))
        return answer

    def _beside_what_anybody_gets(self, refused: AccessDenied, reference: Reference) -> AccessDenied:
        """Tell what is answered without the login, which proves nothing: the kubelet goes on with no other either."""
        public = self._lookups.resolve((reference, ANONYMOUS))
        if isinstance(public, FigwaspError):
            return refused
        text = f"{refused}; anybody gets it without a login, as {public.digest.short}"
        return AccessDenied(text, hint=refused.hint)

    def _act(self, workload: Workload, decision: Restart | Leave) -> Outcome:
        if isinstance(decision, Restart):
            with self._lookups.meter.during(Phase.RESTARTING):
                if (doubted := self._look_again(workload, decision)) is not None:
                    return Left(doubted)
                with self._deadline.turn(self._restarts):
                    done = self._restarter.restart(decision, self._restrained.clock.now(), self._deadline)
            self._lookups.meter.did(Step.RESTARTS)
            return done
        if decision.record == workload.record:
            return Left(decision)
        try:
            self._restarter.write_record(workload, decision.record, self._deadline)
        except FigwaspError as error:
            if decision.why is Why.SETTLING:
                raise  # it would be seen for the first time at every pass, and never be restarted
            if isinstance(error, Conflict):
                return Left(decision)  # what was learned is learned again by the next pass
            return Left(decision, note=f"what this pass learned could not be kept: {error}")
        return Left(decision)

    def _look_again(self, workload: Workload, decision: Restart) -> Leave | None:
        """Ask again, right before the restart, for the tags that have moved; gives the doubt where they differ now."""
        keyring = self._lookups.keyring(workload)
        moved = {each.container for each in decision.because}
        for container, reference in watched(workload):
            if container in moved:
                question = (reference, self._lookups.login(keyring, reference))
                # Where restarts wait for each other, another's second look may be old by now.
                is_late = bool(self._restrained.restraint.spacing)
                first, second = self._lookups.resolve(question), self._lookups.resolve_again(question, is_late=is_late)
                if isinstance(first, Resolution) and _digest(first) != _digest(second):
                    return doubt(decision, container, second)
        return None


def _digest(answer: Answer) -> Digest | None:
    return answer.digest if isinstance(answer, Resolution) else None
