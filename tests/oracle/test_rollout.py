"""
kubectl's `rollout status`, which those who follow a roll-out see.

First that the oracle answers as kubectl's own cases (rollout_status_test.go) say, then that ours agrees with it.
"""

import json
from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import strategies as st

from figwasp.kube.kind import WorkloadKind
from figwasp.kube.kinds import daemonset, deployment, statefulset
from tests.oracle.judge import Json, Judge
from tests.oracle.search import Family, assert_agreement


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


KINDS: dict[str, WorkloadKind] = {
    "Deployment": deployment.KIND,
    "StatefulSet": statefulset.KIND,
    "DaemonSet": daemonset.KIND,
}
COUNTS = {
    "Deployment": ("replicas", "updatedReplicas", "availableReplicas"),
    "StatefulSet": ("readyReplicas", "currentReplicas", "updatedReplicas"),
    "DaemonSet": ("desiredNumberScheduled", "updatedNumberScheduled", "numberAvailable"),
}
counts = st.one_of(st.none(), st.integers(0, 4), st.integers(0, 2**31 - 1))
generations = st.integers(0, 3)
partitions: st.SearchStrategy[Json | None] = st.builds(lambda value: {"partition": value}, counts) | st.none()
strategy_types = st.sampled_from(["RollingUpdate"] * 4 + ["OnDelete", "Other"])
update_strategies = st.builds(
    lambda kind, rolling: {"type": kind, "rollingUpdate": rolling}, strategy_types, partitions
)
reasons = st.sampled_from(["", "ProgressDeadlineExceeded", "ReplicaSetUpdated"])
conditions = st.builds(
    lambda kind, reason: [{"type": kind, "status": "False", "reason": reason}] if reason else [],
    st.sampled_from(["Progressing", "Available"]),
    reasons,
)
MORE: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "Deployment": {"replicas": counts, "conditions": conditions},
    "StatefulSet": {
        "replicas": counts,
        "updateStrategy": update_strategies,
        "updateRevision": st.sampled_from(["", "web-1", "web-2"]),
    },
    "DaemonSet": {"updateStrategy": update_strategies},
}


def _objects(kind: str) -> st.SearchStrategy[Family[str]]:
    """All combinations of a few drawn pieces, as JSON."""
    pieces: dict[str, st.SearchStrategy[Any]] = {"generation": generations, "observedGeneration": generations}
    pieces |= dict.fromkeys(COUNTS[kind], counts) | {f"of {name}": piece for name, piece in MORE[kind].items()}
    several = [st.lists(piece, min_size=2, max_size=4) for piece in pieces.values()]
    return st.builds(
        lambda *drawn: [_object(kind, dict(zip(pieces, each, strict=True))) for each in product(*drawn)], *several
    )


def _object(kind: str, drawn: Json) -> str:
    spec: Json = {"selector": {}, "template": {}}
    spec |= {name: drawn[f"of {name}"] for name in ("replicas", "updateStrategy") if f"of {name}" in drawn}
    status = {name: drawn[name] for name in ("observedGeneration", *COUNTS[kind])} | {"currentRevision": "web-1"}
    status |= {name: drawn[f"of {name}"] for name in ("conditions", "updateRevision") if f"of {name}" in drawn}
    return json.dumps(workload(kind, _without_none(status), generation=drawn["generation"], **_without_none(spec)))


def _without_none(fields: Json) -> Json:
    return {
        key: _without_none(value) if isinstance(value, dict) else value
        for key, value in fields.items()
        if value is not None
    }


def difference(asked: str, theirs: Json) -> str:
    kind = KINDS[json.loads(asked)["kind"]]
    ours = kind.follow(msgspec.json.decode(asked, type=kind.item))
    said = (ours.message, ours.is_done, ours.error)
    expected = (theirs.get("message", "").rstrip("\n"), theirs["done"], theirs.get("error", ""))
    return "" if said == expected else f"ours: {said}; theirs: {expected}"


def test_every_status_reads_as_kubectl_reads_it(judge: Judge) -> None:
    strategies = [_objects(kind) for kind in KINDS]
    assert_agreement(judge, "rollout", strategies, lambda text: {"object": json.loads(text)}, difference)
