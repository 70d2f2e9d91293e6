"""
DaemonSets.

Aspects: may a restart start; what a template change does; which pods are of the current revision; outages.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from figwasp.core.workload import RolloutState, Strategy
from figwasp.kube.kind import Revision, Rollout
from figwasp.kube.kinds.daemonset import KIND, ControllerRevision, DaemonSet
from figwasp.kube.picks import ManagedFields
from tests.kube.kinds.objects import current, daemon_set, pick, revision
from tests.objects import Json

SETTLED, IN_PROGRESS = RolloutState.SETTLED, RolloutState.IN_PROGRESS
FAILED, STUCK, STALLED = RolloutState.FAILED, RolloutState.STUCK, RolloutState.STALLED


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


LONG_AGO, NOW = "2026-01-01T00:00:00Z", datetime(2026, 1, 1, 0, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def after(one: DaemonSet, changed_at: str = LONG_AGO, now: datetime = NOW) -> Rollout:
    """Where its roll-out stands `now`, when nothing has changed since `changed_at`."""
    one.metadata.managed_fields = [ManagedFields("2025-12-31T00:00:00Z"), ManagedFields(changed_at)]
    return KIND.rollout(one).at(now)


DEAD_NODE: dict[str, Any] = {"desiredNumberScheduled": 10, "updatedNumberScheduled": 9, "numberAvailable": 9}


@pytest.mark.parametrize(
    ("spec", "status", "state"),
    [
        (rolling(maxUnavailable=2), DEAD_NODE, FAILED),
        (rolling(maxUnavailable="20%", maxSurge=0), DEAD_NODE, FAILED),
        (rolling(maxUnavailable=0, maxSurge=2), DEAD_NODE, FAILED),
        (rolling(maxUnavailable=1), DEAD_NODE, STUCK),
        (rolling(maxUnavailable=0, maxSurge=1), DEAD_NODE, STUCK),
        ({}, DEAD_NODE, STUCK),
        ({}, {**DEAD_NODE, "updatedNumberScheduled": 1}, STUCK),
        ({}, {**DEAD_NODE, "updatedNumberScheduled": 0}, STALLED),
        ({}, {**DEAD_NODE, "numberAvailable": 10}, FAILED),
        (rolling(maxUnavailable=2), {"observedGeneration": 0}, STALLED),
        (rolling(maxUnavailable=2), {}, SETTLED),
    ],
)
def test_when_nothing_changes_any_more_it_has_failed_or_is_stuck_if_a_restart_would_replace_pods(
    spec: dict[str, Any], status: dict[str, Any], state: RolloutState
) -> None:
    assert state is after(read(spec, **status)).state


def test_it_is_in_progress_until_nothing_has_changed_for_ten_minutes_and_says_since_when() -> None:
    one = read(**DEAD_NODE)

    assert IN_PROGRESS is after(one, now=NOW - SECOND).state
    assert "9 of 10 pods are of the new revision; nothing has changed since 2026-01-01T00:00:00Z" == after(one).detail


def test_pods_that_have_to_be_ready_for_long_are_given_that_long_besides() -> None:
    one = read({"minReadySeconds": 60}, **DEAD_NODE)

    assert (IN_PROGRESS, STUCK) == (
        after(one, now=NOW + 59 * SECOND).state,
        after(one, now=NOW + 60 * SECOND).state,
    )


@pytest.mark.parametrize("changed_at", ["", "soon", "2026-01-01T00:00:00"])
def test_where_it_is_not_known_when_anything_changed_it_is_in_progress(changed_at: str) -> None:
    one = read(**DEAD_NODE)
    one.metadata.managed_fields = [ManagedFields(changed_at)] if changed_at else None

    assert IN_PROGRESS is KIND.rollout(one).at(NOW).state


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
