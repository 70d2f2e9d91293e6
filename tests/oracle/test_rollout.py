"""
kubectl's `rollout status`, which those who follow a roll-out see.

The oracle's side alone: it answers as kubectl's own cases (rollout_status_test.go) say. What compares our port with it
begins here, once kube/kinds has one.
"""

from typing import Any

import pytest

from tests.oracle.judge import Json, Judge


def workload(kind: str, status: Json, *, generation: int = 1, **spec: Any) -> Json:
    return {
        "apiVersion": "apps/v1",
        "kind": kind,
        "metadata": {"name": "web", "generation": generation},
        "spec": spec,
        "status": {"observedGeneration": 1, **status},
    }


ROLLING = {"type": "RollingUpdate"}
PARTITIONED = {"type": "RollingUpdate", "rollingUpdate": {"partition": 2}}
LATE = [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}]


@pytest.mark.parametrize(
    ("asked", "is_done", "said"),
    [
        (workload("Deployment", {}, generation=2), False, "spec update to be observed"),
        (workload("Deployment", {"conditions": LATE}, replicas=1), False, "exceeded its progress deadline"),
        (workload("Deployment", {"updatedReplicas": 0}, replicas=1), False, "0 out of 1 new replicas"),
        (workload("Deployment", {"updatedReplicas": 1, "replicas": 2}, replicas=1), False, "1 old replicas"),
        (workload("Deployment", {"updatedReplicas": 2, "replicas": 2}, replicas=2), False, "0 of 2 updated"),
        (
            workload("Deployment", {"updatedReplicas": 2, "replicas": 2, "availableReplicas": 2}, replicas=2),
            True,
            "successfully rolled out",
        ),
        (workload("DaemonSet", {}, updateStrategy={"type": "OnDelete"}), True, "only available for RollingUpdate"),
        (workload("DaemonSet", {"desiredNumberScheduled": 2}, updateStrategy=ROLLING), False, "0 out of 2 new pods"),
        (
            workload("DaemonSet", {"desiredNumberScheduled": 2, "updatedNumberScheduled": 2}, updateStrategy=ROLLING),
            False,
            "0 of 2 updated pods are available",
        ),
        (workload("StatefulSet", {}, updateStrategy={"type": "OnDelete"}), True, "only available for RollingUpdate"),
        (workload("StatefulSet", {"observedGeneration": 0}, updateStrategy=ROLLING), False, "to be observed"),
        (workload("StatefulSet", {}, replicas=3, updateStrategy=ROLLING), False, "3 pods to be ready"),
        (
            workload("StatefulSet", {"readyReplicas": 3}, replicas=3, updateStrategy=PARTITIONED),
            False,
            "0 out of 1 new pods",
        ),
        (
            workload("StatefulSet", {"readyReplicas": 3, "updateRevision": "b"}, replicas=3, updateStrategy=ROLLING),
            False,
            "at revision b",
        ),
        (workload("StatefulSet", {"readyReplicas": 3}, replicas=3, updateStrategy=ROLLING), True, "complete"),
    ],
)
def test_the_oracle_says_what_kubectl_says(judge: Judge, asked: Json, is_done: bool, said: str) -> None:
    (answer,) = judge.ask("rollout", [{"object": asked}])

    assert (answer["done"], said in (answer.get("message") or answer["error"])) == (is_done, True)
