"""
StatefulSets.

Aspects: may a restart start; what a template change does; which pods are of the current revision; outages.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from figwasp.core.workload import RolloutState, Strategy
from figwasp.kube.kind import Revision, Rollout
from figwasp.kube.kinds.statefulset import KIND, StatefulSet
from figwasp.kube.picks import ManagedFields, Metadata, OwnerReference, RevisionLabel
from tests.kube.kinds.objects import current, pick, stateful_set

SETTLED, IN_PROGRESS, STALLED = RolloutState.SETTLED, RolloutState.IN_PROGRESS, RolloutState.STALLED
PARALLEL = {"podManagementPolicy": "Parallel"}


def rolling(**fields: Any) -> dict[str, Any]:
    return {"updateStrategy": {"type": "RollingUpdate", "rollingUpdate": fields}}


def read(spec: dict[str, Any] | None = None, **status: Any) -> StatefulSet:
    return pick(StatefulSet, stateful_set(status=status, **(spec or {})))


@pytest.mark.parametrize(
    ("spec", "status", "state"),
    [
        ({}, {}, SETTLED),
        ({}, {"observedGeneration": 0}, IN_PROGRESS),
        ({"replicas": 0}, {}, SETTLED),
        ({}, {"updatedReplicas": 2, "updateRevision": "db-2"}, IN_PROGRESS),
        ({}, {"replicas": 4}, IN_PROGRESS),
        ({}, {"replicas": 2}, IN_PROGRESS),
        ({}, {"readyReplicas": 2}, IN_PROGRESS),
        (PARALLEL, {"readyReplicas": 2}, IN_PROGRESS),
        ({**PARALLEL, **rolling(maxUnavailable=2)}, {"readyReplicas": 2}, SETTLED),
        (rolling(maxUnavailable=2), {"readyReplicas": 2}, IN_PROGRESS),
        (rolling(partition=2), {"updatedReplicas": 1, "currentReplicas": 2, "updateRevision": "db-2"}, SETTLED),
        (rolling(partition=2), {"updatedReplicas": 0, "updateRevision": "db-2"}, IN_PROGRESS),
        (rolling(partition=0), {}, SETTLED),
    ],
)
def test_a_restart_may_start_once_the_controller_could_follow_it(
    spec: dict[str, Any], status: dict[str, Any], state: RolloutState
) -> None:
    assert state == KIND.rollout(read(spec, **status)).state


LONG_AGO, NOW = "2026-01-01T00:00:00Z", datetime(2026, 1, 1, 0, 10, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def after(one: StatefulSet, changed_at: str = LONG_AGO, now: datetime = NOW) -> Rollout:
    """Where its roll-out stands `now`, when nothing has changed since `changed_at`."""
    one.metadata.managed_fields = [ManagedFields("2025-12-31T00:00:00Z"), ManagedFields(changed_at)]
    return KIND.rollout(one).at(now)


@pytest.mark.parametrize(
    "status",
    [
        {"observedGeneration": 0},
        {"updatedReplicas": 2, "updateRevision": "db-2"},
        {"replicas": 4},
        {"replicas": 2},
        {"updatedReplicas": 4},
        {"readyReplicas": 2},
    ],
)
def test_when_nothing_changes_any_more_it_is_stalled(status: dict[str, Any]) -> None:
    one = read({"minReadySeconds": 60}, **status)
    states = [after(one, now=NOW + seconds * SECOND).state for seconds in (59, 60)]

    assert [IN_PROGRESS, STALLED] == states
    assert "; nothing has changed since 2026-01-01T00:00:00Z" in after(one, now=NOW + 60 * SECOND).detail


@pytest.mark.parametrize("times", [[None], [None, LONG_AGO], [None, "2026-01-01T00:00:00Z", LONG_AGO]])
def test_who_says_no_time_in_managed_fields_changes_nothing(times: list[str | None]) -> None:
    """Anybody may write such a field, and the API server takes it."""
    given = stateful_set(status={"readyReplicas": 2})
    given["metadata"]["managedFields"] = [{"manager": "other", "time": time} for time in times]

    said = max(filter(None, times), default="")
    assert said == pick(StatefulSet, given).metadata.changed_at


def test_one_whose_pod_crashes_again_and_again_is_unready_though_its_status_changes_all_the_time() -> None:
    """A pod without a probe is ready for a moment each time, and the kubelet waits for five minutes at most."""
    one = read(readyReplicas=2)
    asked, reported = ManagedFields(LONG_AGO), ManagedFields("2026-01-01T00:09:00Z", "status")
    one.metadata.managed_fields = [asked, reported]

    states = [KIND.rollout(one).at(NOW - SECOND), KIND.rollout(one).at(NOW)]

    assert [IN_PROGRESS, RolloutState.UNREADY] == [each.state for each in states]
    assert states[1].detail.endswith("; nobody has changed it since 2026-01-01T00:00:00Z")


@pytest.mark.parametrize("status", [{"updatedReplicas": 2, "updateRevision": "db-2"}, {"replicas": 2}, {"replicas": 4}])
def test_a_roll_out_that_gets_on_slowly_is_not_over(status: dict[str, Any]) -> None:
    one = read(**status, readyReplicas=2)
    one.metadata.managed_fields = [ManagedFields(LONG_AGO), ManagedFields("2026-01-01T00:09:00Z", "status")]

    assert IN_PROGRESS is KIND.rollout(one).at(NOW).state


def test_one_that_has_settled_is_not_stalled_though_nothing_changes() -> None:
    assert SETTLED is after(read()).state


def test_where_its_controller_is_stuck_it_says_how_people_get_it_going() -> None:
    detail = KIND.rollout(read(updatedReplicas=1, readyReplicas=2, updateRevision="db-2")).detail

    assert "1 of 3 pods are of the new revision, 1 are not ready" in detail
    assert "kubectl delete pod" in detail


@pytest.mark.parametrize(
    ("spec", "strategy"),
    [
        ({}, Strategy.REPLACES),
        ({"updateStrategy": {"type": "OnDelete"}}, Strategy.ON_DELETE),
        (rolling(partition=2), Strategy.REPLACES),
        (rolling(partition=3), Strategy.KEEPS_ALL),
        (rolling(partition=9), Strategy.KEEPS_ALL),
    ],
)
def test_the_strategy_tells_what_a_restart_would_replace(spec: dict[str, Any], strategy: Strategy) -> None:
    assert strategy == read(spec).strategy


def pod(name: str, label: str = "db-1", owner: str = "uid-db") -> Metadata:
    return Metadata(name=name, labels=RevisionLabel(label), owner_references=[OwnerReference(owner, controller=True)])


@pytest.mark.parametrize(
    ("spec", "one", "is_member"),
    [
        ({}, pod("db-0"), True),
        ({}, pod("db-0", "db-0"), False),
        ({}, pod("db-0", owner="uid-other"), False),
        (rolling(partition=2), pod("db-1"), False),
        (rolling(partition=2), pod("db-2"), True),
        ({**rolling(partition=2), "ordinals": {"start": 5}}, pod("db-6"), False),
        ({**rolling(partition=2), "ordinals": {"start": 5}}, pod("db-7"), True),
        ({**rolling(partition=1), "ordinals": {"start": 5}}, pod("db-10"), True),
    ],
)
def test_a_pod_counts_by_its_revision_and_above_the_partition(
    spec: dict[str, Any], one: Metadata, is_member: bool
) -> None:
    revision = current(KIND, read(spec))

    assert revision is not None
    assert is_member == revision.has(one)


def test_without_a_revision_in_its_status_no_pod_can_be_told() -> None:
    assert current(KIND, read(updateRevision="")) is None
    assert Revision("uid-db", "db-1") == current(KIND, read())


@pytest.mark.parametrize(
    ("spec", "is_outage"),
    [
        ({}, False),
        ({"replicas": 1}, True),
        ({"updateStrategy": {"type": "Recreate"}}, True),
        ({**PARALLEL, **rolling(maxUnavailable="100%")}, True),
        ({**PARALLEL, **rolling(maxUnavailable="100%", partition=1)}, False),
        (rolling(maxUnavailable="100%"), False),
    ],
)
def test_a_restart_that_leaves_no_pod_is_an_outage(spec: dict[str, Any], is_outage: bool) -> None:
    assert is_outage == bool(read(spec).outage)
