"""
A tag is asked for a second time right before a restart.

Aspects: an answer that differs; no answer; the requests that it costs.
"""

from collections.abc import Callable
from datetime import timedelta

import pytest

from figwasp.core.credential import Login
from figwasp.core.deadline import Deadline
from figwasp.core.manifest import LARGEST
from figwasp.core.ports import Resolver
from figwasp.core.reference import Reference
from figwasp.core.report import Left, Report, Restarted
from figwasp.core.resolution import Resolution
from figwasp.core.restraint import Restraint
from figwasp.core.verdict import Verdict
from tests.app.stage import Stage, TickingClock
from tests.objects import NAMESPACE, Json, container, deployment, pod, replica_set


class Meanwhile:
    """Asks registries, and lets something happen once they have told what a tag names."""

    def __init__(self, registries: Resolver, happen: Callable[[], object]) -> None:
        self._registries = registries
        self._happen = happen
        self.manifest = registries.manifest
        self.config = registries.config

    def resolve(self, reference: Reference, login: Login, deadline: Deadline, largest: int = LARGEST) -> Resolution:
        answer = self._registries.resolve(reference, login, deadline, largest)
        self._happen()
        return answer


def moved(stage: Stage, *names: str) -> None:
    for name in names:
        stage.deploy("old", name)
        stage.push("new", name)


def meanwhile(stage: Stage, happen: Callable[[], object]) -> Left:
    """Make a pass over `web`, whose tag has moved, while something happens; gives how it was left."""
    moved(stage, "web")
    stage.asks = lambda registries: Meanwhile(registries, happen)
    return left(stage.sweep("web"))


def left(report: Report) -> Left:
    (outcome,) = report.outcomes
    assert isinstance(outcome, Left), outcome
    assert report.exit_code == 1
    return outcome


@pytest.mark.parametrize("content", ["old", "newer"])
def test_a_tag_that_names_something_else_at_the_second_look_is_unknown(stage: Stage, content: str) -> None:
    outcome = meanwhile(stage, lambda: stage.push(content))

    assert outcome.decision.words == "web: the registry does not answer the same twice"
    assert [Verdict.UNKNOWN] == [each.verdict for each in outcome.decision.findings]
    assert not stage.restarted_at()


def test_a_tag_that_cannot_be_asked_for_a_second_time_is_unknown(stage: Stage) -> None:
    outcome = meanwhile(stage, lambda: stage.registry.answer("/v2/web/manifests/latest", status=403))

    assert "web: asked again before the restart: " in outcome.decision.words
    assert outcome.decision.hint
    assert not stage.restarted_at()


def test_what_is_left_after_the_second_look_is_restarted_by_a_later_pass(stage: Stage) -> None:
    meanwhile(stage, lambda: stage.push("newer"))
    stage.asks = lambda registries: registries

    (outcome,) = stage.sweep("web").outcomes

    assert isinstance(outcome, Restarted)


def test_a_tag_that_several_restarts_are_for_is_asked_for_twice_and_another_once(stage: Stage) -> None:
    moved(stage, "a", "b")
    stage.deploy("same", "c")
    stage.api.edit("deployments", NAMESPACE, "b", lambda it: _use(it["spec"]["template"]["spec"], stage.image("a")))
    stage.api.edit("pods", NAMESPACE, "b-1-1", lambda it: _use(it["spec"], stage.image("a")))
    stage.settle("b")

    report = stage.sweep()

    assert ["a", "b"] == [each.key.name for each in report.outcomes if isinstance(each, Restarted)]
    assert (2, 1) == tuple(stage.registry.asked("HEAD", f"/v2/{name}/manifests/latest") for name in "ac")


def _use(spec: dict[str, list[dict[str, str]]], image: str) -> None:
    spec["containers"][0]["image"] = image


def test_where_restarts_wait_for_each_other_each_has_a_second_look_of_its_own(stage: Stage) -> None:
    """Two workloads of one image; the push is taken back while the second one waits for its turn."""
    digest = stage.deploy("old", "web")
    stage.api.put("deployments", {**labelled("zeb", stage.image("web"))})
    stage.api.put("replicasets", replica_set("zeb"))
    beside = pod("zeb", image_id=f"{stage.registry.host}/web@{digest}")
    beside["spec"]["containers"] = [container(image=stage.image("web"))]
    stage.api.put("pods", beside)
    stage.push("new", "web")
    stage.clock = Waiting(lambda: stage.push("old", "web"))

    stage.sweep(restraint=Restraint(spacing=timedelta(seconds=4)))

    assert (True, False) == (bool(stage.restarted_at("web")), bool(stage.restarted_at("zeb")))


def labelled(name: str, image: str) -> Json:
    one = deployment(name, container(image=image))
    one["metadata"]["labels"]["figwasp/target"] = "true"
    return one


class Waiting(TickingClock):
    """Lets something happen whenever somebody waits."""

    def __init__(self, happen: Callable[[], object]) -> None:
        super().__init__()
        self._happen = happen

    def sleep(self, seconds: float) -> None:
        self._happen()
        super().sleep(seconds)
