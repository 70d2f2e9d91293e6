"""
DaemonSets.

Aspects: may a restart start; what a template change does; which pods are of the current revision; outages.
"""

from typing import Any

import pytest

from figwasp.core.workload import RolloutState, Strategy
from figwasp.kube.kind import Revision
from figwasp.kube.kinds.daemonset import KIND, ControllerRevision, DaemonSet
from tests.kube.kinds.objects import current, daemon_set, pick, revision
from tests.objects import Json

SETTLED, IN_PROGRESS = RolloutState.SETTLED, RolloutState.IN_PROGRESS


def rolling(**fields: Any) -> dict[str, Any]:
    return {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": fields}}


def read(spec: dict[str, Any] | None = None, **status: Any) -> DaemonSet:
    return pick(DaemonSet, daemon_set(status=status, **(spec or {})))


@pytest.mark.parametrize(
    ("status", "state"),
    [
        ({}, SETTLED),
        ({"observedGeneration": 0}, IN_PROGRESS),
        ({"updatedNumberScheduled": 1}, IN_PROGRESS),
        ({"numberAvailable": 0}, SETTLED),
        ({"numberMisscheduled": 3}, SETTLED),
        ({"desiredNumberScheduled": 0, "updatedNumberScheduled": 0}, SETTLED),
    ],
)
def test_a_restart_may_start_once_every_node_has_its_new_pod(status: dict[str, Any], state: RolloutState) -> None:
    assert state == KIND.rollout(read(**status)).state


def test_a_daemon_set_that_chooses_no_node_has_0_replicas_and_says_why() -> None:
    one = read(desiredNumberScheduled=0, updatedNumberScheduled=0)

    assert (0, "no node is to run it") == (one.replicas, KIND.rollout(one).detail)


@pytest.mark.parametrize(
    ("spec", "strategy"),
    [({}, Strategy.REPLACES), ({"updateStrategy": {"type": "OnDelete"}}, Strategy.ON_DELETE)],
)
def test_the_strategy_tells_what_a_restart_would_replace(spec: dict[str, Any], strategy: Strategy) -> None:
    assert strategy == read(spec).strategy


@pytest.mark.parametrize(
    ("revisions", "label"),
    [
        ([revision("agent", "a", 1)], "a"),
        ([revision("agent", "a", 1), revision("agent", "b", 2)], "b"),
        ([revision("agent", "a", 3), revision("agent", "b", 2)], "a"),
        ([revision("agent", "a", 1), revision("other", "b", 2)], "a"),
        ([revision("agent", "a", 2), revision("agent", "b", 2)], None),
        ([revision("agent", "")], None),
        ([], None),
    ],
)
def test_its_newest_revision_is_the_current_one(revisions: list[Json], label: str | None) -> None:
    found = current(KIND, read(), [pick(ControllerRevision, each) for each in revisions])

    assert (None if label is None else Revision("uid-agent", label)) == found


@pytest.mark.parametrize(
    ("spec", "status", "said"),
    [
        ({}, {}, ""),
        (rolling(maxUnavailable="50%"), {}, ""),
        (rolling(maxUnavailable="100%"), {}, "all its pods"),
        ({}, {"desiredNumberScheduled": 1}, "its only pod ends"),
        (rolling(maxSurge=1, maxUnavailable=0), {"desiredNumberScheduled": 1}, ""),
        ({}, {"numberMisscheduled": 1}, "would not come back"),
    ],
)
def test_a_restart_that_leaves_no_pod_is_an_outage(spec: dict[str, Any], status: dict[str, Any], said: str) -> None:
    outage = read(spec, **status).outage

    assert bool(said) == bool(outage)
    assert said in outage
