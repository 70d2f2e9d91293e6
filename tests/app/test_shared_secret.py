"""A pull secret that an operator gives for a registry: what it opens, and what it never hides."""

import pytest

from figwasp.core.decision import Why
from figwasp.core.report import Left, Outcome, Restarted
from tests.app.stage import Stage
from tests.objects import NAMESPACE

SHARED = (NAMESPACE, "shared")


@pytest.fixture
def private(stage: Stage) -> Stage:
    """A stage whose registry wants a login, with a workload whose tag moved."""
    stage.deploy("old")
    stage.push("new")
    stage.registry.want_basic({"ann": "pw"})
    return stage


def outcome(stage: Stage) -> Outcome:
    (only,) = stage.sweep("web", shared_secret=SHARED).outcomes
    return only


def test_it_opens_what_the_workload_has_no_login_for(private: Stage) -> None:
    private.pull_secret("shared", "ann", "pw")

    assert isinstance(outcome(private), Restarted)


def test_the_workloads_own_login_comes_first(private: Stage) -> None:
    private.pull_secret("shared", "ann", "wrong")
    private.pull_secret("own", "ann", "pw")
    private.run_pod(private.push("old"), imagePullSecrets=[{"name": "own"}])
    private.push("new")

    assert isinstance(outcome(private), Restarted)
    assert {"ann"} == {each.user for each in private.registry.requests if each.scheme}


def test_one_that_cannot_be_used_is_named(private: Stage) -> None:
    private.pull_secret_of("shared", {private.registry.host: {"auth": "nonsense"}})

    ended = outcome(private)
    assert isinstance(ended, Left)
    assert Why.UNKNOWN is ended.decision.why
    assert f"secret {NAMESPACE}/shared" in ended.decision.detail


def test_one_that_cannot_be_used_does_not_hide_the_workloads_own(private: Stage) -> None:
    private.pull_secret_of("shared", {private.registry.host: {"auth": "nonsense"}})
    private.pull_secret("own", "ann", "pw")
    private.run_pod(private.push("old"), imagePullSecrets=[{"name": "own"}])
    private.push("new")

    assert isinstance(outcome(private), Restarted)


def test_it_does_not_stand_in_for_the_workloads_own_login_that_is_refused(private: Stage) -> None:
    # The kubelet knows the pod's secret alone: new pods could not have their image.
    private.pull_secret("own", "ann", "expired")
    private.pull_secret("shared", "ann", "pw")
    old = private.registry.put("web", "", private.manifest("old"))
    private.run_pod(old, imagePullSecrets=[{"name": "own"}])

    ended = outcome(private)
    assert isinstance(ended, Left)
    assert Why.UNKNOWN is ended.decision.why
    assert f"secret {NAMESPACE}/own" in ended.decision.detail
    assert "" == private.restarted_at()
