"""Deployments: their roll-out state, and whether a restart is an outage."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from figwasp.core.deadline import Deadline
from figwasp.core.workload import RolloutState
from figwasp.embedded.api.server import ApiServer
from figwasp.kube.kinds.deployment import KIND, Deployment
from figwasp.kube.picks import ManagedFields
from figwasp.kube.reader import Reader
from tests.kube.kinds.objects import pick
from tests.kube.reading import read_one
from tests.objects import deployment


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, RolloutState.SETTLED),
        ({"observedGeneration": 0}, RolloutState.IN_PROGRESS),
        ({"updatedReplicas": 1}, RolloutState.IN_PROGRESS),
        ({"replicas": 3}, RolloutState.IN_PROGRESS),
        ({"conditions": []}, RolloutState.SETTLED),
        ({"conditions": [{"type": "Progressing", "reason": "ReplicaSetUpdated"}]}, RolloutState.IN_PROGRESS),
        ({"conditions": [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]}, RolloutState.FAILED),
        ({"availableReplicas": 0, "unavailableReplicas": 2}, RolloutState.SETTLED),
    ],
)
def test_the_roll_out_state_follows_the_status(
    server: ApiServer, reader: Reader, deadline: Deadline, change: dict[str, Any], expected: RolloutState
) -> None:
    one = deployment(replicas=2)
    one["status"] |= change
    server.put("deployments", one)

    assert expected is read_one(reader, deadline).rollout


def test_a_failed_roll_out_of_an_unobserved_change_is_in_progress(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    one = deployment()
    failed = [{"type": "Progressing", "reason": "ProgressDeadlineExceeded"}]
    one["status"] |= {"observedGeneration": 0, "conditions": failed}
    server.put("deployments", one)

    assert RolloutState.IN_PROGRESS is read_one(reader, deadline).rollout


SUCCEEDED = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
WAITING = {"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}
QUOTA = {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate", "message": "exceeded quota: cpu"}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"conditions": [SUCCEEDED, QUOTA]}, (RolloutState.FAILED, "exceeded quota: cpu")),
        ({"conditions": [QUOTA]}, (RolloutState.FAILED, "exceeded quota: cpu")),
        ({"conditions": [SUCCEEDED, {**QUOTA, "message": ""}]}, (RolloutState.FAILED, "its pods cannot be created")),
        ({"conditions": [SUCCEEDED, {**QUOTA, "status": "False"}]}, (RolloutState.IN_PROGRESS, "2 of 3")),
        ({"conditions": [SUCCEEDED]}, (RolloutState.IN_PROGRESS, "2 of 3")),
        ({"conditions": [WAITING, QUOTA]}, (RolloutState.IN_PROGRESS, "2 of 3")),
        ({"conditions": [SUCCEEDED, QUOTA], "replicas": 3}, (RolloutState.IN_PROGRESS, "2 of 3")),
        ({"conditions": [SUCCEEDED, QUOTA], "updatedReplicas": 3}, (RolloutState.SETTLED, "")),
    ],
)
def test_pods_that_can_never_be_created_are_a_failure_unless_a_deadline_or_old_pods_are_left(
    server: ApiServer,
    reader: Reader,
    deadline: Deadline,
    change: dict[str, Any],
    expected: tuple[RolloutState, str],
) -> None:
    one = deployment(replicas=3)
    one["status"] |= {"replicas": 2, "updatedReplicas": 2, **change}
    server.put("deployments", one)

    read = read_one(reader, deadline)

    assert expected[0] is read.rollout
    assert read.rollout_detail.startswith(expected[1])


@pytest.mark.parametrize("reason", ["ReplicaSetCreateError", "ProgressDeadlineExceeded"])
def test_of_what_a_condition_says_no_more_is_shown_than_a_line(reason: str) -> None:
    one = deployment()
    one["status"]["conditions"] = [{"type": "Progressing", "reason": reason, "message": "denied:\n" + "y" * 9000}]

    detail = KIND.rollout(pick(Deployment, one)).detail

    assert (401, True) == (len(detail), detail.startswith("denied: yyy"))


NOT_CREATED = {"type": "Progressing", "status": "False", "reason": "ReplicaSetCreateError", "message": "quota"}
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("status", "detail"),
    [
        ({"observedGeneration": 0}, "the controller has not seen its latest change yet"),
        ({"observedGeneration": 0, "conditions": [WAITING]}, "the controller has not seen its latest change yet"),
        ({"observedGeneration": 0, "conditions": [NOT_CREATED]}, "quota"),
        ({"conditions": [NOT_CREATED]}, "quota"),
        ({"conditions": [{**NOT_CREATED, "message": ""}]}, "its ReplicaSet cannot be created"),
        ({"conditions": [SUCCEEDED], "updatedReplicas": 0, "replicas": 0}, "0 of 1 pods are of the new revision"),
        ({"conditions": [SUCCEEDED], "updatedReplicas": 0}, "0 of 1 pods are of the new revision"),
        ({"conditions": [], "replicas": 2}, "1 old pod is left"),
    ],
)
def test_when_no_deadline_runs_and_nothing_changes_any_more_it_is_stalled(status: dict[str, Any], detail: str) -> None:
    one = deployment(minReadySeconds=60)
    one["status"] |= status

    states = [after(one, 659 * SECOND), after(one, 660 * SECOND)]

    told = f"{detail}; nothing has changed since 2026-01-01T00:00:00Z"
    assert [(RolloutState.IN_PROGRESS, detail), (RolloutState.STALLED, told)] == states


@pytest.mark.parametrize(
    "status",
    [
        {"conditions": [WAITING], "updatedReplicas": 0},
        {"conditions": [WAITING], "replicas": 2},
        {"conditions": [WAITING]},
    ],
)
def test_while_its_deadline_runs_it_is_not_stalled_though_nothing_changes(status: dict[str, Any]) -> None:
    one = deployment()
    one["status"] |= status

    assert RolloutState.IN_PROGRESS is after(one, 9999 * SECOND)[0]


def after(one: dict[str, Any], time: timedelta) -> tuple[RolloutState, str]:
    """Where the roll-out stands so long after the last change."""
    read = pick(Deployment, one)
    read.metadata.managed_fields = [ManagedFields("2026-01-01T00:00:00Z")]
    stands = KIND.rollout(read).at(datetime(2026, 1, 1, tzinfo=UTC) + time)
    return stands.state, stands.detail


# Outages


def rolling(surge: int | str, unavailable: int | str) -> dict[str, Any]:
    return {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": surge, "maxUnavailable": unavailable}}


@pytest.mark.parametrize(
    ("replicas", "strategy", "said"),
    [
        (1, None, ""),
        (1, rolling("25%", "25%"), ""),
        (1, rolling(0, 1), "all its pods be unavailable"),
        (1, rolling(0, 0), "all its pods be unavailable"),
        (4, rolling(0, 0), ""),
        (4, rolling(1, "100%"), "all its pods be unavailable"),
        (4, {"type": "Recreate"}, "Recreate"),
    ],
)
def test_a_restart_that_leaves_no_pod_is_an_outage(replicas: int, strategy: dict[str, Any] | None, said: str) -> None:
    given = deployment(replicas=replicas, strategy=strategy)

    outage = pick(Deployment, given).outage

    assert bool(said) == bool(outage)
    assert said in outage
