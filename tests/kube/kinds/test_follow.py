"""
What `kubectl rollout status` says, case by case as upstream has them.

Source of the cases: kubectl pkg/polymorphichelpers/rollout_status_test.go, v0.34.4.
"""

from typing import Any

import pytest

from figwasp.kube.kind import Followed, WorkloadKind
from figwasp.kube.kinds import daemonset, deployment, statefulset
from tests.kube.kinds.objects import pick

NOT_ROLLING = "rollout status is only available for RollingUpdate strategy type"
UNSEEN = {
    "deployment": "Waiting for deployment spec update to be observed...",
    "daemonset": "Waiting for daemon set spec update to be observed...",
    "statefulset": "Waiting for statefulset spec update to be observed...",
}


def followed(kind: WorkloadKind, generation: int, spec: dict[str, Any], status: dict[str, Any]) -> Followed:
    whole = {
        "metadata": {"namespace": "bar", "name": "foo", "generation": generation},
        "spec": {"selector": {}, "template": {}, **spec},
        "status": status,
    }
    return kind.follow(pick(kind.item, whole))


def counts(observed: int, *numbers: int) -> dict[str, int]:
    names = ("replicas", "updatedReplicas", "availableReplicas")
    return {"observedGeneration": observed, **dict(zip(names, numbers, strict=True))}


@pytest.mark.parametrize(
    ("generation", "replicas", "status", "message"),
    [
        (0, 1, counts(1, 1, 0, 1), "0 out of 1 new replicas have been updated..."),
        (1, 1, counts(1, 2, 1, 2), "1 old replicas are pending termination..."),
        (1, 2, counts(1, 2, 2, 1), "1 of 2 updated replicas are available..."),
        (1, 2, counts(1, 2, 2, 2), ""),
        (2, 2, counts(1, 2, 2, 2), UNSEEN["deployment"]),
    ],
)
def test_deployments(generation: int, replicas: int, status: dict[str, Any], message: str) -> None:
    found = followed(deployment.KIND, generation, {"replicas": replicas}, status)

    waiting = message if message.startswith("Waiting") else f'Waiting for deployment "foo" rollout to finish: {message}'
    done = Followed('deployment "foo" successfully rolled out', is_done=True)
    assert (Followed(waiting) if message else done) == found


def test_a_deployment_that_passed_its_deadline_fails() -> None:
    condition = {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}

    found = followed(deployment.KIND, 1, {"replicas": 1}, {**counts(1, 1, 0, 1), "conditions": [condition]})

    assert Followed(error='deployment "foo" exceeded its progress deadline') == found


@pytest.mark.parametrize(
    ("generation", "status", "message"),
    [
        (0, (1, 0, 1, 0), "0 out of 1 new pods have been updated..."),
        (1, (1, 2, 2, 1), "1 of 2 updated pods are available..."),
        (1, (1, 2, 2, 2), ""),
        (2, (1, 2, 2, 2), UNSEEN["daemonset"]),
    ],
)
def test_daemon_sets(generation: int, status: tuple[int, int, int, int], message: str) -> None:
    names = ("observedGeneration", "updatedNumberScheduled", "desiredNumberScheduled", "numberAvailable")

    found = followed(daemonset.KIND, generation, {}, dict(zip(names, status, strict=True)))

    waiting = message if message.startswith("Waiting") else f'Waiting for daemon set "foo" rollout to finish: {message}'
    done = Followed('daemon set "foo" successfully rolled out', is_done=True)
    assert (Followed(waiting) if message else done) == found


@pytest.mark.parametrize("kind", [daemonset.KIND, statefulset.KIND], ids=lambda kind: kind.name)
def test_where_pods_are_not_replaced_there_is_nothing_to_follow(kind: WorkloadKind) -> None:
    found = followed(kind, 1, {"updateStrategy": {"type": "OnDelete"}}, {"observedGeneration": 1})

    assert Followed(is_done=True, error=NOT_ROLLING) == found


PARTITION = {"rollingUpdate": {"partition": 2}}
COMPLETE = {"currentRevision": "foo", "updateRevision": "foo"}


@pytest.mark.parametrize(
    ("generation", "strategy", "status", "expected"),
    [
        (2, {}, (1, 3, 3, 0), Followed(UNSEEN["statefulset"])),
        (1, {}, (0, 3, 3, 0), Followed(UNSEEN["statefulset"])),
        (1, {}, (2, 2, 3, 0), Followed("Waiting for 1 pods to be ready...")),
        (
            1,
            PARTITION,
            (2, 3, 2, 1),
            Followed("partitioned roll out complete: 1 new pods have been updated...", is_done=True),
        ),
        (
            1,
            PARTITION,
            (2, 3, 3, 0),
            Followed("Waiting for partitioned roll out to finish: 0 out of 1 new pods have been updated..."),
        ),
        (
            1,
            {},
            (2, 3, 3, 3),
            Followed("statefulset rolling update complete 3 pods at revision foo...", is_done=True),
        ),
    ],
)
def test_stateful_sets(
    generation: int, strategy: dict[str, Any], status: tuple[int, int, int, int], expected: Followed
) -> None:
    names = ("observedGeneration", "readyReplicas", "currentReplicas", "updatedReplicas")
    spec = {"replicas": 3, "updateStrategy": {"type": "RollingUpdate", **strategy}}

    found = followed(statefulset.KIND, generation, spec, {**COMPLETE, **dict(zip(names, status, strict=True))})

    assert expected == found


def test_a_stateful_set_between_two_revisions_waits() -> None:
    status = {"observedGeneration": 1, "readyReplicas": 3, "updatedReplicas": 2, "currentRevision": "a"}

    found = followed(statefulset.KIND, 1, {"replicas": 3}, {**status, "updateRevision": "b"})

    assert Followed("waiting for statefulset rolling update to complete 2 pods at revision b...") == found
