"""What a roll-out's status is by our reading and by the real kubectl's, of the same objects; no node is needed."""

import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from figwasp.embedded.api.server import ApiServer
from figwasp.kube.kinds import daemonset, deployment, statefulset
from tests.kube.kinds.objects import daemon_set, pick, stateful_set
from tests.node.kubectl import Kubectl
from tests.objects import Json
from tests.objects import deployment as deployment_object


@pytest.fixture
def server() -> Iterator[ApiServer]:
    with ApiServer() as made:
        yield made


def rolling(**fields: Any) -> Json:
    return {"updateStrategy": {"type": "RollingUpdate", **({"rollingUpdate": fields} if fields else {})}}


def deployments() -> Iterator[Json]:
    conditions: tuple[list[Json], ...] = (
        [],
        [{"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded"}],
    )
    for observed, updated, replicas, failed in itertools.product((0, 1), (1, 2), (2, 3), conditions):
        one = deployment_object(replicas=2)
        counts = {"updatedReplicas": updated, "replicas": replicas, "availableReplicas": replicas - 1}
        yield {**one, "status": {"observedGeneration": observed, **counts, "conditions": failed}}


def stateful_sets() -> Iterator[Json]:
    specs: tuple[Json, ...] = ({}, rolling(), rolling(partition=2), {"updateStrategy": {"type": "OnDelete"}})
    for spec, observed, ready, updated in itertools.product(specs, (0, 1), (2, 3), (0, 1, 3)):
        yield stateful_set(
            status={"observedGeneration": observed, "readyReplicas": ready, "updatedReplicas": updated}, **spec
        )
    yield stateful_set(status={"updateRevision": "db-2"})


def daemon_sets() -> Iterator[Json]:
    specs = (rolling(), {"updateStrategy": {"type": "OnDelete"}})
    for spec, observed, updated, available in itertools.product(specs, (0, 1), (1, 2), (1, 2)):
        counts = {"updatedNumberScheduled": updated, "numberAvailable": available}
        yield daemon_set(status={"observedGeneration": observed, **counts}, **spec)


CASES = [
    *((deployment.KIND, one) for one in deployments()),
    *((statefulset.KIND, one) for one in stateful_sets()),
    *((daemonset.KIND, one) for one in daemon_sets()),
]


def test_every_status_reads_as_kubectl_reads_it(server: ApiServer, tmp_path: Path) -> None:
    kubectl = Kubectl(server, tmp_path)
    differing = []
    for kind, given in CASES:
        server.put(kind.plural, given)
        ours = kind.follow(pick(kind.item, given))
        target = f"{kind.name}/{given['metadata']['name']}"
        theirs = kubectl("rollout", "status", target, "--watch=false", code=1 if ours.error else 0).strip()
        if theirs != (f"error: {ours.error}" if ours.error else ours.message):
            differing.append((given["spec"], given["status"], ours, theirs))

    assert [] == differing
