"""
Whole passes against everything that may happen between and during them: a wrong restart is the worst of all bugs.

Aspects: pushes of new and of old content, in all forms, on two platforms and three runtimes · tags that move back ·
content that two repositories share · pods that are replaced · pull policies · a cache before the nodes that is
behind · a registry or an API server in trouble, answers that are lost · undone and replaced templates · paused and
scaled workloads · others who write meanwhile · two passes at a time · plans.

What must hold is told by `Ledger`: at most one restart for each (template, container, move of the tag), never one of
what is current, always one of what is stale and may be restarted, and never an error of our own.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from figwasp.core.decide import Why
from figwasp.core.report import Failed, Left, Outcome, Report, Restarted, WouldRestart
from figwasp.embedded.api.server import Fault
from figwasp.embedded.node.node import Runtime
from figwasp.kube.restarter import DryRunRestarter
from tests.objects import Json
from tests.whole.ledger import Ledger
from tests.whole.pushes import Push
from tests.whole.world import REPOSITORIES, WORKLOADS, World

LETTERS = st.sampled_from("AB")
BUILDS = st.integers(0, 1)
NAMES = st.sampled_from(sorted(WORKLOADS))
SINGLE_MANIFESTS = st.builds(Push, amd=LETTERS, build=BUILDS)
INDEXES = st.builds(Push, amd=LETTERS, arm=LETTERS, build=BUILDS)
MACHINES = st.tuples(
    st.tuples(st.just("amd64"), st.sampled_from(Runtime)),
    st.tuples(st.sampled_from(["amd64", "arm64"]), st.sampled_from(Runtime)),
)
LOST = [Fault.APPLY_THEN_DROP, Fault.CUT, Fault.BAD_GATEWAY]
API_TROUBLES = st.sampled_from(
    [
        *(("update", "deployments", fault) for fault in (*LOST, Fault.DROP, Fault.INTERNAL_ERROR)),
        ("get", "deployments", Fault.INTERNAL_ERROR),
        ("list", "replicasets", Fault.DROP),
        ("list", "pods", Fault.CUT),
        ("get", "nodes", Fault.INTERNAL_ERROR),
    ]
)
REGISTRY_TROUBLES: list[dict[str, Any]] = [{"status": status} for status in (401, 403, 404, 429, 500)]
REGISTRY_TROUBLES += [{"reset": True}, {"body": b"<html>", "leave_out": ("docker-content-digest",)}]


class Passes(RuleBasedStateMachine):
    """Two Deployments on two machines, and what may become of them."""

    @initialize(machines=MACHINES, first=INDEXES)
    def begin(self, machines: Sequence[tuple[str, Runtime]], first: Push) -> None:
        self.has_arm = any(architecture == "arm64" for architecture, _ in machines)
        self.world = World(machines, first)
        self.ledgers = {name: Ledger(self.world, name) for name in WORKLOADS}

    def teardown(self) -> None:
        if hasattr(self, "world"):
            self.world.close()

    # What a team does.

    @rule(repository=st.sampled_from(REPOSITORIES), what=INDEXES, is_cached=st.booleans())
    def push_an_index(self, repository: str, what: Push, is_cached: bool) -> None:
        self.world.is_cache_behind = not is_cached
        self.world.push(repository, what)

    @precondition(lambda self: not self.has_arm)
    @rule(repository=st.sampled_from(REPOSITORIES), what=SINGLE_MANIFESTS, is_cached=st.booleans())
    def push_a_manifest(self, repository: str, what: Push, is_cached: bool) -> None:
        self.world.is_cache_behind = not is_cached
        self.world.push(repository, what)

    @rule(name=NAMES, how=st.sampled_from(["template", "pull policy", "undone", "replaced"]))
    def change_a_workload(self, name: str, how: str) -> None:
        ledger, stamp = self.ledgers[name], {"changed": str(self.version)}
        match how:
            case "template":
                self.world.edit_template(name, lambda it: it["metadata"].update(annotations=stamp))
            case "pull policy":
                policy = ledger.policy = "IfNotPresent" if ledger.policy == "Always" else "Always"
                self.world.edit_template(name, lambda it: it["spec"]["containers"][0].update(imagePullPolicy=policy))
            case "undone":
                self.world.edit_template(name, lambda it: _drop(it, "figwasp/restartedAt"))
            case _:
                self.world.edit(name, lambda it: _drop(it, "figwasp/record"))
        if how != "undone":
            ledger.change_template()
        self.world.settle()

    # What happens to it.

    @rule(name=NAMES, number=st.integers(0, 1))
    def replace_a_pod(self, name: str, number: int) -> None:
        self.world.replace_pod(name, number)
        self.world.settle()

    @rule()
    def let_the_cache_catch_up(self) -> None:
        self.world.is_cache_behind = False
        self.world.catch_up()

    # Passes.

    @rule(by_name=st.booleans(), times=st.integers(1, 3))
    def make_passes(self, by_name: bool, times: int) -> None:
        for _ in range(times):
            (report,) = self._watched(lambda: [self.world.sweep(by_name=by_name)], is_sure=True)
            assert report.failure is None

    @rule(repository=st.sampled_from(REPOSITORIES), how=st.sampled_from(REGISTRY_TROUBLES))
    def make_a_pass_while_the_registry_fails(self, repository: str, how: dict[str, Any]) -> None:
        self.world.break_registry(repository, **how)
        since = self.version
        self._watched(lambda: [self.world.sweep()], is_sure=False)
        self.world.break_registry(repository)
        assert not any(self.world.restarts(name, since) for name in WORKLOADS if repository in WORKLOADS[name][:1])

    @rule(name=NAMES, is_pause=st.booleans())
    def make_a_pass_while_one_is_held(self, name: str, is_pause: bool) -> None:
        self.world.edit(name, lambda it: it["spec"].update({"paused": True} if is_pause else {"replicas": 0}))
        self.world.settle()
        self.make_passes(by_name=False, times=1)
        self.world.edit(name, lambda it: it["spec"].update(paused=False, replicas=self.world.replicas))
        self.world.settle()

    @rule(trouble=API_TROUBLES, times=st.integers(1, 4), by_name=st.booleans())
    def make_a_pass_while_the_api_fails(self, trouble: tuple[str, str, Fault], times: int, by_name: bool) -> None:
        self.world.api.fault(*trouble, times=times)
        self._watched(lambda: [self.world.sweep(by_name=by_name)], is_sure=False)

    @rule(name=NAMES, times=st.integers(1, 4), is_pause=st.booleans())
    def make_a_pass_while_others_write(self, name: str, times: int, is_pause: bool) -> None:
        def change(one: Json) -> None:
            one["metadata"]["labels"]["changed"] = str(self.version)
            one["spec"]["paused"] = is_pause or one["spec"].get("paused", False)

        since = self.version
        self.world.api.before("update", "deployments", lambda: self.world.edit(name, change), times=times)
        self._watched(lambda: [self.world.sweep()], is_sure=False)
        if self.world.deployment(name)["spec"].get("paused"):
            assert 0 == self.world.restarts(name, since), "it was restarted, paused as it was"
            self.world.edit(name, lambda it: it["spec"].update(paused=False))
            self.world.settle()

    @rule()
    def make_two_passes_at_a_time(self) -> None:
        both = threading.Barrier(2)

        def meet() -> None:
            with suppress(threading.BrokenBarrierError):
                both.wait(0.2)

        self.world.api.before("update", "deployments", meet, times=2)
        with ThreadPoolExecutor(2) as threads:
            self._watched(lambda: [*threads.map(lambda _: self.world.sweep(), range(2))], is_sure=False)

    @rule()
    def plan_and_make_a_pass(self) -> None:
        before = self.world.objects()
        plan = self.world.sweep(restarter=DryRunRestarter)
        assert before == self.world.objects(), "a plan changed something"

        (report,) = self._watched(lambda: [self.world.sweep()], is_sure=True)
        assert _ends(plan, WouldRestart) == _ends(report, Restarted)

    @rule()
    def let_all_be_well_again(self) -> None:
        self.let_the_cache_catch_up()
        self.make_passes(by_name=False, times=2)
        assert all(not ledger.must for ledger in self.ledgers.values()), "something stale was not restarted"

    # What must hold.

    def _watched(self, passes: Callable[[], list[Report]], *, is_sure: bool) -> list[Report]:
        """Make passes, and hold against the ledgers what they did."""
        for ledger in self.ledgers.values():
            ledger.note_sight(is_sure=False)
        stale = {name: ledger.stale for name, ledger in self.ledgers.items()}
        may, must = ({name: getattr(each, which) for name, each in self.ledgers.items()} for which in ("may", "must"))
        since = self.version
        reports = passes()
        self.world.api.calm()
        for name, ledger in self.ledgers.items():
            count = self.world.restarts(name, since)
            assert count <= bool(may[name]), f"{name} was restarted {count} times, for {may[name]} at most"
            if is_sure:
                self._check(name, reports[0], must[name])
            if count:
                ledger.note_restart(stale[name], may[name])
            elif is_sure and not self._is_held(name):
                ledger.note_sight(is_sure=True)
        assert not any(trace for report in reports for trace in _traces(report))
        self.world.settle()
        return reports

    def _check(self, name: str, report: Report, must: set[str]) -> None:
        """Hold what a pass without any trouble said of a workload against what is true."""
        (outcome,) = [each for each in report.outcomes if each.key.name == name]
        spec, ledger = self.world.deployment(name)["spec"], self.ledgers[name]
        if spec.get("paused"):
            assert Why.PAUSED is _why(outcome)
        elif not spec["replicas"]:
            assert Why.SCALED_TO_ZERO is _why(outcome)
        elif must:
            assert isinstance(outcome, Restarted), f"{name} was left, stale as it is: {outcome}"
        elif not isinstance(outcome, Restarted):
            stale = self.world.stale(name)
            kept = Why.PULL_POLICY if stale else Why.CURRENT
            assert (Why.NOT_CONVERGING if ledger.stale else kept) is _why(outcome)

    def _is_held(self, name: str) -> bool:
        spec = self.world.deployment(name)["spec"]
        return bool(spec.get("paused")) or not spec["replicas"]

    def _settle(self, name: str) -> None:
        self.ledgers[name].change_template()
        self.world.settle()

    @property
    def version(self) -> int:
        return self.world.version()


def _drop(one: Json, annotation: str) -> None:
    (one["metadata"].get("annotations") or {}).pop(annotation, None)


def _why(outcome: Outcome) -> Why | Outcome:
    return outcome.decision.why if isinstance(outcome, Left) else outcome


def _ends(report: Report, kind: type[Outcome]) -> set[str]:
    return {each.key.name for each in report.outcomes if isinstance(each, kind)}


def _traces(report: Report) -> list[str]:
    return [report.trace, *(each.trace for each in report.outcomes if isinstance(each, Failed))]


TestPasses = Passes.TestCase
TestPasses.settings = settings(settings.get_profile("whole"))
