"""
The condition Progressing of a Deployment, over time.

Aspects: progress renews its time · the deadline · what is not judged · times that stay.
"""

from typing import Any

import pytest

from figwasp.embedded.node.deployment_status import counted, late_at, progressed, set_condition
from figwasp.embedded.node.objects import condition, seconds_of, timestamp

Json = dict[str, Any]

NOW = seconds_of("2026-01-01T00:10:00Z")


def progressing(reason: str, *, since: float = NOW - 100, updated: float = NOW - 100, status: str = "True") -> Json:
    times = {"lastUpdateTime": timestamp(updated), "lastTransitionTime": timestamp(since)}
    return {"type": "Progressing", "status": status, "reason": reason, "message": "", **times}


def deployment(before: Json | None, *, deadline: int = 600, **counts: int) -> Json:
    """A Deployment of two replicas, with the counts and Progressing that it reported last."""
    conditions = {"conditions": [before]} if before else {}
    spec = {"replicas": 2, "progressDeadlineSeconds": deadline}
    return {"metadata": {"name": "web", "generation": 1}, "spec": spec, "status": {**counts, **conditions}}


def judged(one: Json, **counts: int) -> Json:
    """Its Progressing now that its newest ReplicaSet has these counts."""
    new = {"metadata": {"name": "web-1"}, "spec": {"replicas": 2}, "status": counts}
    return condition(progressed(one, new, counted(one, new, [], NOW), NOW), "Progressing")


@pytest.mark.parametrize("counts", [{"replicas": 1}, {"replicas": 1, "readyReplicas": 1, "availableReplicas": 1}])
def test_progress_renews_the_time_of_the_last_update_only(counts: dict[str, int]) -> None:
    found = judged(deployment(progressing("ReplicaSetUpdated")), **counts)

    assert ("True", "ReplicaSetUpdated", timestamp(NOW)) == (found["status"], found["reason"], found["lastUpdateTime"])
    assert timestamp(NOW - 100) == found["lastTransitionTime"]


def test_without_progress_nothing_is_said_anew() -> None:
    before = progressing("ReplicaSetUpdated")

    assert before == judged(deployment(before, replicas=1, updatedReplicas=1), replicas=1)


@pytest.mark.parametrize(
    ("age", "reason"),
    [(600, "ReplicaSetUpdated"), (601, "ProgressDeadlineExceeded"), (9000, "ProgressDeadlineExceeded")],
)
def test_a_roll_out_fails_after_its_deadline_without_progress(age: int, reason: str) -> None:
    before = progressing("ReplicaSetUpdated", updated=NOW - age)

    assert reason == judged(deployment(before, replicas=1, updatedReplicas=1), replicas=1)["reason"]


def test_a_failed_roll_out_stays_failed_until_there_is_progress() -> None:
    before = progressing("ProgressDeadlineExceeded", status="False", updated=NOW - 5)
    one = deployment(before, replicas=1, updatedReplicas=1)

    assert before == judged(one, replicas=1)
    assert "ReplicaSetUpdated" == judged(one, replicas=2)["reason"]
    assert timestamp(NOW) == judged(one, replicas=2)["lastTransitionTime"]


def test_a_finished_roll_out_is_not_judged_again() -> None:
    before = progressing("NewReplicaSetAvailable", updated=NOW - 9000)

    assert before == judged(deployment(before, replicas=2, updatedReplicas=2), replicas=1)


def test_a_roll_out_is_done_when_all_pods_are_new_and_available() -> None:
    done = {"replicas": 2, "readyReplicas": 2, "availableReplicas": 2}

    assert "NewReplicaSetAvailable" == judged(deployment(progressing("ReplicaSetUpdated")), **done)["reason"]


def test_without_a_deadline_nothing_is_said() -> None:
    one = deployment(progressing("ReplicaSetUpdated"), deadline=2**31 - 1)

    assert {} == judged(one, replicas=1)


def test_the_deadline_is_looked_at_a_second_later_than_it_passes() -> None:
    assert NOW - 100 + 601 == late_at(deployment(progressing("ReplicaSetUpdated")))
    assert late_at(deployment(progressing("NewReplicaSetAvailable"))) is None
    assert late_at(deployment(None)) is None


def test_a_condition_of_the_same_status_and_reason_stays_as_it_is() -> None:
    status = {"conditions": [progressing("ReplicaSetUpdated")]}

    assert status == set_condition(status, "Progressing", ("True", "ReplicaSetUpdated", "other"), NOW)
