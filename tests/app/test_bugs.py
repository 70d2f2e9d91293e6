"""
What nobody foresaw, a bug of ours: the failure of the one question that met it, and told in full.

Aspects: what is asked of registries and the cluster; whole passes; that it is asked for once.
"""

import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from msgspec.structs import replace

from figwasp.app.lookups import Lookups
from figwasp.app.sweep import Sweep
from figwasp.core.credential import ANONYMOUS, Login
from figwasp.core.deadline import Deadline
from figwasp.core.decision import Why
from figwasp.core.digest import Digest
from figwasp.core.manifest import LARGEST
from figwasp.core.ports import Observed, Resolver
from figwasp.core.reference import Reference
from figwasp.core.report import Failed, Left, Restarted
from figwasp.core.resolution import Resolution
from figwasp.core.workload import Selection
from figwasp.errors import FigwaspError, InternalError
from tests.app.stage import Stage, TickingClock
from tests.factories import workload

PINNED = Reference.parse("registry.test/web").at(Digest.of(b"web"))


class Broken:
    """A cluster and registries of which every question ends in what nobody foresaw; counts them."""

    is_trial = False

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def ask(*_: object) -> Any:
            self.asked[name] += 1
            raise KeyError("boom")

        return ask


QUESTIONS: dict[str, Callable[[Lookups], object]] = {
    "resolve": lambda lookups: lookups.resolve((PINNED, ANONYMOUS)),
    "pull_secret": lambda lookups: lookups.secret(("shop", "pull")),
    "manifest": lambda lookups: lookups.manifest((PINNED, ANONYMOUS)),
    "config": lambda lookups: lookups.built((PINNED, ANONYMOUS)),
    "repositories": lambda lookups: lookups.repositories("shop"),
    "node": lambda lookups: lookups.node("node-1"),
}


def answer(ask: Callable[[Lookups], object], lookups: Lookups) -> object:
    """What is answered or raised."""
    try:
        return ask(lookups)
    except FigwaspError as error:
        return error


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_bug_that_a_question_meets_is_its_failure_and_is_met_once(name: str) -> None:
    broken = Broken()
    lookups = Lookups(broken, broken, Deadline(20, time.monotonic, "the test took too long"))

    (first, again) = [answer(QUESTIONS[name], lookups) for _ in range(2)]

    assert isinstance(first, InternalError)
    assert ("internal error: KeyError", "please report this as a bug") == (str(first), first.hint)
    assert (type(first), vars(first)) == (type(again), vars(again))
    assert ([first.trace], {name: 1}) == ([each.trace for each in lookups.bugs], broken.asked)
    assert 'raise KeyError("boom")' in first.trace


class BrokenFor:
    """Registries of which a question about one repository ends in what nobody foresaw."""

    def __init__(self, registries: Resolver, method: str, repository: str) -> None:
        self._registries = registries
        self._method = method
        self._repository = repository

    def resolve(self, reference: Reference, login: Login, deadline: Deadline, largest: int = LARGEST) -> Resolution:
        self._break("resolve", reference)
        return self._registries.resolve(reference, login, deadline, largest)

    def manifest(self, reference: Reference, login: Login, deadline: Deadline, largest: int = LARGEST) -> bytes:
        self._break("manifest", reference)
        return self._registries.manifest(reference, login, deadline, largest)

    def config(self, reference: Reference, login: Login, deadline: Deadline, largest: int = LARGEST) -> bytes:
        self._break("config", reference)
        return self._registries.config(reference, login, deadline, largest)

    def _break(self, method: str, reference: Reference) -> None:
        if (method, reference.repository) == (self._method, self._repository):
            raise ValueError("boom")


@pytest.mark.parametrize("method", ["resolve", "manifest"])
def test_a_bug_that_one_workload_meets_leaves_the_others_served(stage: Stage, method: str) -> None:
    for name in ("api", "broken", "web"):
        stage.deploy("old", name)
        stage.push("new", name)
    stage.asks = lambda registries: BrokenFor(registries, method, "broken")

    report = stage.sweep()

    api, broken, web = report.outcomes
    assert isinstance(broken, Left)
    assert (Why.UNKNOWN, True) == (broken.decision.why, "internal error: ValueError" in broken.decision.words)
    assert (Restarted, Restarted, None, 1) == (type(api), type(web), report.failure, report.exit_code)
    assert [True] == ["ValueError: boom" in each.trace for each in report.bugs]


def test_a_bug_that_the_second_look_meets_restarts_nothing(stage: Stage) -> None:
    stage.deploy("old")
    stage.push("new")
    stage.asks = BrokenTheSecondTime

    report = stage.sweep()

    (web,) = report.outcomes
    assert ("", 1) == (stage.restarted_at(), report.exit_code)
    assert isinstance(web, Left)
    assert ["ValueError: boom"] == [each.trace.splitlines()[-1] for each in report.bugs]


class WithOddSecrets(Broken):
    """A cluster of one workload with a pull secret, which is read as what nobody foresaw, and one without."""

    def observe(self, *_: object) -> Observed:
        return Observed((replace(workload(name="odd"), pull_secrets=("pull",)), workload(name="web")))

    def pull_secret(self, *_: object) -> Any:
        return (object(),)


def test_a_bug_in_choosing_a_login_leaves_the_others_judged() -> None:
    cluster = WithOddSecrets()
    sweep = Sweep(cluster=cluster, restarter=cluster, resolver=cluster, clock=TickingClock())

    report = sweep.run(Selection(namespaces=("shop",)), Deadline(20, time.monotonic, "the test took too long"))

    odd, web = report.outcomes
    assert (None, Failed, Left) == (report.failure, type(odd), type(web))
    assert isinstance(odd, Failed)
    assert isinstance(odd.error, InternalError)
    assert odd.error in report.bugs


class BrokenTheSecondTime(BrokenFor):
    """Registries of which the second question for a tag ends in what nobody foresaw."""

    def __init__(self, registries: Resolver) -> None:
        super().__init__(registries, "", "web")

    def resolve(self, reference: Reference, login: Login, deadline: Deadline, largest: int = LARGEST) -> Resolution:
        found = super().resolve(reference, login, deadline, largest)
        self._method = "resolve"
        return found
