"""
Whole passes against everything that may happen between and during them: a wrong restart is the worst of all bugs.

Aspects: all kinds · pushes of new and of old content, in all forms, on two platforms and three runtimes · tags that
move back · content that two repositories share · images that crash · tags, manifests and repositories that are
deleted · private repositories, by Basic and by token, with right, wrong, rotated and missing logins · pods that are
replaced · machines that are drained · pull policies · caches before the machines that are behind, each by itself · a
registry or an API server in trouble, answers
that are lost · undone and replaced templates · roll-outs under way, and those that fail · workloads that are ignored,
paused, scaled to nothing, kept by strategy or partition, deleted and made again · others who write meanwhile · two
passes at a time · plans.

What must hold is told by `Ledger`: at most one restart for each (template, container, move of the tag), never one of
what is current, held, rolling out or not known, always one of what is stale and may be restarted, and never an error of
our own.
"""

import threading
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from figwasp.core.decision import Why
from figwasp.core.report import Left, Outcome, Report, Restarted, WouldRestart
from figwasp.embedded.api.server import Fault
from figwasp.embedded.node.node import Runtime
from figwasp.kube.restarter import DryRunRestarter
from tests.objects import Json
from tests.whole.choices import (
    API_TROUBLES,
    BEHIND,
    CRASHES,
    DOORS,
    INDEXES,
    KINDS,
    MACHINES,
    NAMES,
    ONE_REPOSITORY,
    REGISTRY_TROUBLES,
    SINGLE_MANIFESTS,
)
from tests.whole.doors import REPOSITORIES, Door
from tests.whole.holds import HOLDS, HOLDS_OF
from tests.whole.ledger import Ledger
from tests.whole.pushes import Push
from tests.whole.workloads import PLURALS, WORKLOADS, held, runs
from tests.whole.world import World


class Passes(RuleBasedStateMachine):
    """Two workloads on two machines, and what may become of them."""

    @initialize(machines=MACHINES, first=INDEXES, web=KINDS, app=KINDS)
    def begin(self, machines: Sequence[tuple[str, Runtime]], first: Push, web: str, app: str) -> None:
        self.has_arm = any(architecture == "arm64" for architecture, _ in machines)
        self.world = World(machines, first, {"web": web, "app": app})
        self.workloads = self.world.workloads
        self.ledgers = {name: Ledger(self.world, name) for name in WORKLOADS}

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.close()

    # What a team does.

    @rule(repository=ONE_REPOSITORY, what=INDEXES, behind=BEHIND)
    def push_an_index(self, repository: str, what: Push, behind: Collection[int]) -> None:
        self.world.behind = behind
        self.world.push(repository, what)

    @precondition(lambda self: not self.has_arm)
    @rule(repository=ONE_REPOSITORY, what=SINGLE_MANIFESTS, behind=BEHIND)
    def push_a_manifest(self, repository: str, what: Push, behind: Collection[int]) -> None:
        self.world.behind = behind
        self.world.push(repository, what)

    @rule(repository=ONE_REPOSITORY, what=CRASHES)
    def push_what_crashes(self, repository: str, what: Push) -> None:
        self.world.push(repository, what)

    @rule(repository=ONE_REPOSITORY, what=st.sampled_from(["tag", "children", "old", "all"]), cache_too=st.booleans())
    def delete_from_the_registry(self, repository: str, what: str, cache_too: bool) -> None:
        self.world.delete_from_registry(repository, what, cache_too=cache_too)

    @rule(door=DOORS)
    def want_logins(self, door: Door) -> None:
        self.world.guard(door)

    @rule(password=st.sampled_from(["", "one", "two"]))
    def give_a_login(self, password: str) -> None:
        self.world.give(password)

    @rule(name=NAMES, how=st.sampled_from(["template", "pull policy", "undone", "replaced"]), settles=st.booleans())
    def change_a_workload(self, name: str, how: str, settles: bool) -> None:
        if self.workloads.find(name) is None:
            return
        ledger, stamp = self.ledgers[name], {"changed": str(self.version)}
        match how:
            case "template":
                self.world.edit_template(name, lambda it: it["metadata"].update(annotations=stamp))
            case "pull policy":
                self._set_policy(name, "IfNotPresent" if ledger.policy == "Always" else "Always")
            case "undone":
                self.world.edit_template(name, lambda it: _drop(it, "figwasp/restartedAt"))
            case _:
                self.workloads.edit(name, lambda it: _drop(it, "figwasp/record"))
                ledger.lose_record()
        if how in {"template", "pull policy"}:
            ledger.change_template()
        self._go_on(settles)

    @rule(name=NAMES, kind=KINDS)
    def delete_a_workload_or_make_it_again(self, name: str, kind: str) -> None:
        if self.workloads.find(name) is None:
            self.ledgers[name] = Ledger(self.world, name)
            self.workloads.deploy(name, kind)
            self.world.settle()
        else:
            self.world.delete_workload(name)

    @rule(name=NAMES, number=st.integers(0, 4))
    def hold_a_workload(self, name: str, number: int) -> None:
        if self.workloads.find(name) is not None:
            ways = HOLDS_OF[self.workloads.kinds[name]]
            self._hold(name, ways[number % len(ways)])
            self.world.settle()

    @rule(name=NAMES)
    def release_a_workload(self, name: str) -> None:
        self._release(name)
        self.world.settle()

    # What happens to it.

    @rule(name=NAMES, number=st.integers(0, 1), settles=st.booleans())
    def replace_a_pod(self, name: str, number: int, settles: bool) -> None:
        self.world.end_pod(name, number)
        self._go_on(settles)

    @rule(number=st.integers(0, 1), settles=st.booleans())
    def drain_a_machine(self, number: int, settles: bool) -> None:
        self.world.drain(number)
        self._go_on(settles)

    @rule()
    def use_all_machines(self) -> None:
        self.world.use_all_machines()
        self.world.settle()

    @rule()
    def let_the_caches_catch_up(self) -> None:
        self.world.behind = ()
        self.world.catch_up()

    @rule()
    def let_a_second_pass(self) -> None:
        self.world.let_pass(1)

    @rule()
    def let_hours_pass(self) -> None:
        self.world.let_hours_pass()

    # Passes.

    @rule(by_name=st.booleans(), times=st.integers(1, 3), settles=st.booleans())
    def make_passes(self, by_name: bool, times: int, settles: bool) -> None:
        for _ in range(times):
            (report,) = self._watched(lambda: [self.world.sweep(by_name=by_name)], is_sure=True, settles=settles)
            assert report.failure is None

    @rule(repository=ONE_REPOSITORY, what=INDEXES, behind=BEHIND.filter(bool))
    def make_passes_after_a_push_that_a_cache_does_not_have(
        self, repository: str, what: Push, behind: Collection[int]
    ) -> None:
        self.push_an_index(repository, what, behind=behind)
        self.make_passes(by_name=False, times=3, settles=True)

    @rule(repository=ONE_REPOSITORY, how=st.sampled_from(REGISTRY_TROUBLES))
    def make_a_pass_while_the_registry_fails(self, repository: str, how: dict[str, Any]) -> None:
        self.world.break_registry(repository, **how)
        self._watched(lambda: [self.world.sweep()], unanswered={repository})
        self.world.break_registry(repository)

    @rule(trouble=API_TROUBLES, times=st.integers(1, 4), by_name=st.booleans())
    def make_a_pass_while_the_api_fails(self, trouble: tuple[str, str, Fault], times: int, by_name: bool) -> None:
        verb, plural, fault = trouble
        for each in PLURALS.values() if plural == "workloads" else [plural]:
            self.world.api.fault(verb, each, fault, times=times)
        self._watched(lambda: [self.world.sweep(by_name=by_name)])

    @rule(name=NAMES, times=st.integers(1, 4), way=st.sampled_from(["labels", "paused", "ignored"]))
    def make_a_pass_while_others_write(self, name: str, times: int, way: str) -> None:
        if self.workloads.find(name) is None:
            return

        def change(one: Json) -> None:
            one["metadata"]["labels"]["changed"] = str(self.version)
            if way == "ignored":
                one["metadata"].setdefault("annotations", {})["figwasp/ignore"] = "true"
            elif way == "paused" and one["kind"] == "Deployment":
                one["spec"]["paused"] = True

        since = self.version
        self.world.api.before(
            "update", self.workloads.plural(name), lambda: self.workloads.edit(name, change), times=times
        )
        self._watched(lambda: [self.world.sweep()])
        if held(self.workloads.get(name)):
            assert 0 == self.world.restarts(name, since), "it was restarted, held as it was"
            self._release(name)
            self.world.settle()

    @rule()
    def make_two_passes_at_a_time(self) -> None:
        both = threading.Barrier(2)

        def meet() -> None:
            with suppress(threading.BrokenBarrierError):
                both.wait(0.2)

        for plural in {self.workloads.plural(name) for name in WORKLOADS}:
            self.world.api.before("update", plural, meet, times=2)
        with ThreadPoolExecutor(2) as threads:
            self._watched(lambda: [*threads.map(lambda _: self.world.sweep(), range(2))])

    @rule()
    def plan_and_make_a_pass(self) -> None:
        self.world.pause()
        before = self.world.objects()
        plan = self.world.sweep(restarter=DryRunRestarter)
        changed = [(old, new) for old, new in zip(before, self.world.objects(), strict=True) if old != new]
        assert not changed, f"a plan changed something: {changed}"

        (report,) = self._watched(lambda: [self.world.sweep()], is_sure=True)
        assert _ends(plan, WouldRestart) == _ends(report, Restarted)

    @rule()
    def let_all_be_well_again(self) -> None:
        self._mend()
        self.make_passes(by_name=False, times=2, settles=True)
        for name, ledger in self.ledgers.items():
            assert ledger.is_at_rest, f"{name} does not run, well as all is: {self.workloads.get(name)}"
            assert not ledger.must, f"{name} is stale, and was not restarted"

    # What must hold.

    def _watched(
        self,
        passes: Callable[[], list[Report]],
        *,
        is_sure: bool = False,
        settles: bool = True,
        unanswered: Collection[str] = (),
    ) -> list[Report]:
        """Make passes, and hold against the ledgers what they did; some may hear nothing of some repositories."""
        self.world.pause()
        ledgers = {name: self.ledgers[name] for name in self.workloads.there()}
        for ledger in ledgers.values():
            ledger.note_sight(is_sure=False)
        stale, must = ({name: getattr(each, which) for name, each in ledgers.items()} for which in ("stale", "must"))
        may = {name: each.may(unanswered) for name, each in ledgers.items()}
        expected = {name: self._expected(name, must[name]) for name in ledgers}
        since = self.version
        reports = passes()
        self.world.api.calm()
        for name, ledger in ledgers.items():
            count = self.world.restarts(name, since)
            assert count <= bool(may[name]), f"{name} was restarted {count} times, for {may[name]} at most"
            if is_sure:
                self._check(name, reports[0], expected[name])
            if count:
                because = _because(name, reports) or (may[name] if len(may[name]) == 1 else set())
                assert may[name] >= because, f"{name} was restarted because of {because}, for {may[name]} at most"
                ledger.note_restart(stale[name], because)
            elif is_sure:
                ledger.note_sight(is_sure=True)
        assert not [bug.trace for report in reports for bug in report.bugs]
        self._go_on(settles)
        return reports

    def _expected(self, name: str, must: set[str]) -> set[Why | type[Restarted]]:
        """What a pass without any trouble may say of a workload now; nothing where that is not foreseen here."""
        ledger, one = self.ledgers[name], self.workloads.get(name)
        if how := held(one):
            return {HOLDS[how][0]}
        if self.workloads.is_rolling_out(name):
            return {Why.IN_PROGRESS}
        if must:
            return {Restarted}
        if not ledger.is_at_rest or not self.world.known() >= set(WORKLOADS[name]) or self.world.unprovable(name):
            return set()
        if ledger.stale:
            return {Why.NOT_CONVERGING, Restarted}
        return {Why.PULL_POLICY if self.world.stale(name) else Why.CURRENT}

    def _check(self, name: str, report: Report, expected: set[Why | type[Restarted]]) -> None:
        (outcome,) = [each for each in report.outcomes if each.key.name == name]
        said = Restarted if isinstance(outcome, Restarted) else _why(outcome)
        assert not expected or said in expected, f"{name}: {said}, not {expected}: {outcome}"

    # How it is done.

    def _go_on(self, settles: bool) -> None:
        if settles:
            self.world.settle()
        else:
            self.world.pause()

    def _set_policy(self, name: str, policy: str) -> None:
        self.ledgers[name].policy = policy
        self.world.edit_template(name, lambda it: it["spec"]["containers"][0].update(imagePullPolicy=policy))

    def _hold(self, name: str, how: str) -> None:
        if how == "ignored":
            self.workloads.edit(name, lambda it: it["metadata"].setdefault("annotations", {}).update(_IGNORE))
        else:
            self.workloads.edit(name, lambda it: it["spec"].update(HOLDS[how][1]))

    def _release(self, name: str) -> None:
        if self.workloads.find(name) is None:
            return
        self.workloads.edit(name, lambda it: _drop(it, *_IGNORE))
        back = [HOLDS[how][2] for how in HOLDS_OF[self.workloads.kinds[name]]]
        self.workloads.edit(name, lambda it: [it["spec"].update(each) for each in back])

    def _mend(self) -> None:
        """Have all things as they should be: pullable, allowed and running."""
        self.world.behind = ()
        self.world.use_all_machines()
        for repository in REPOSITORIES:
            now = self.world.tag(repository)
            self.world.push(repository, Push(amd=now.amd, arm=now.arm or now.amd, build=2) if now.crashes else now)
        self.world.give(self.world.door.password)
        for name in WORKLOADS:
            if self.workloads.find(name) is None:
                self.delete_a_workload_or_make_it_again(name, self.workloads.kinds[name])
            self._release(name)
        self.world.let_hours_pass()
        for name in WORKLOADS:
            if not self.ledgers[name].is_at_rest:
                # What a node has, and crashes, would not be pulled again.
                self._set_policy(name, "Always")
                self.ledgers[name].change_template()
                self.world.settle()
                for _ in range(self.workloads.replicas):
                    self._end_pods_that_do_not_run(name)
        self.world.let_hours_pass()

    def _end_pods_that_do_not_run(self, name: str) -> None:
        for number, pod in enumerate(self.workloads.pods(name)):
            if not runs(pod):
                self.world.end_pod(name, number)
        self.world.settle()

    @property
    def version(self) -> int:
        return self.world.version()


_IGNORE = {"figwasp/ignore": "true"}


def _drop(one: Json, *annotations: str) -> None:
    for each in annotations:
        (one["metadata"].get("annotations") or {}).pop(each, None)


def _why(outcome: Outcome) -> Why | Outcome:
    return outcome.decision.why if isinstance(outcome, Left) else outcome


def _ends(report: Report, kind: type[Outcome]) -> set[str]:
    return {each.key.name for each in report.outcomes if isinstance(each, kind)}


def _because(name: str, reports: list[Report]) -> set[str]:
    """The containers for which a workload was restarted; nothing where that was not heard of."""
    found = [each for report in reports for each in report.outcomes if isinstance(each, Restarted)]
    return {finding.container for each in found if each.key.name == name for finding in each.decision.because}


TestPasses = Passes.TestCase
TestPasses.settings = settings(settings.get_profile("whole"))
