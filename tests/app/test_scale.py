"""
What a pass over many workloads asks for: exact, and no more for each of them than the lists' pages.

Aspects: nothing has changed; everything has. What it takes in time and memory is measured by bench/.
"""

from collections import Counter

import pytest

from figwasp.core.report import Restarted
from tests.app.stage import Stage
from tests.objects import NAMESPACE, container, deployment, pod, replica_set

WORKLOADS, REFERENCES, PODS = 600, 90, 2


def fill(stage: Stage, *, workloads: int, references: int, old_replica_sets: int = 0) -> None:
    """Labelled Deployments that share images, each with two current pods and ReplicaSets of earlier revisions."""
    digests = {f"app{number}": stage.push("old", f"app{number}") for number in range(references)}
    for number in range(workloads):
        name, image = f"web{number:04}", f"app{number % references}"
        one = deployment(name, container(image=stage.image(image)), replicas=PODS)
        one["metadata"]["labels"]["figwasp/target"] = "true"
        one["metadata"]["annotations"]["deployment.kubernetes.io/revision"] = str(old_replica_sets + 1)
        stage.api.put("deployments", one)
        for revision in range(1, old_replica_sets + 2):
            stage.api.put("replicasets", replica_set(name, revision=str(revision)))
        for replica in range(PODS):
            image_id = f"{stage.registry.host}/{image}@{digests[image]}"
            made = pod(name, image_id=image_id, number=replica, revision=str(old_replica_sets + 1))
            made["spec"]["containers"] = [container(image=stage.image(image))]
            stage.api.put("pods", made)
    stage.api.requests.clear()
    stage.registry.requests.clear()


def requests(stage: Stage) -> Counter[str]:
    """How often the API server was asked for what."""
    return Counter(f"{each.verb} {each.resource}" for each in stage.api.requests)


@pytest.mark.parametrize("old_replica_sets", [0, 3])
def test_a_pass_without_changes_costs_the_pages_of_three_lists_and_one_head_for_each_reference(
    stage: Stage, old_replica_sets: int
) -> None:
    fill(stage, workloads=WORKLOADS, references=REFERENCES, old_replica_sets=old_replica_sets)

    report = stage.sweep()

    assert (WORKLOADS, 0) == (len(report.outcomes), report.exit_code)
    pages = {"deployments": 2, "replicasets": 2 if not old_replica_sets else 5, "pods": 3}
    assert {f"list {plural}": count for plural, count in pages.items()} == requests(stage)
    assert (REFERENCES, 0) == (stage.registry.asked("HEAD"), stage.registry.asked("GET", "/v2/app0/manifests/latest"))
    assert REFERENCES == len([each for each in stage.registry.requests if each.path != "/v2/"])


def test_when_all_are_stale_each_is_restarted_once_by_two_requests(stage: Stage) -> None:
    fill(stage, workloads=60, references=12)
    for number in range(12):
        stage.push("new", f"app{number}")
    stage.registry.requests.clear()

    report = stage.sweep()

    assert 60 == sum(isinstance(each, Restarted) for each in report.outcomes)
    beside = {"list deployments": 1, "list replicasets": 1, "list pods": 1, "get nodes": 1}
    assert {**beside, "get deployments": 60, "update deployments": 60} == requests(stage)
    restarts = [stage.api.get("deployments", NAMESPACE, f"web{number:04}")["metadata"] for number in range(60)]
    assert {2} == {each["generation"] for each in restarts}
    manifests = [each for each in stage.registry.requests if "/manifests/sha256:" in each.path]
    assert 12 * 2 == len(manifests)


def test_and_the_next_pass_restarts_none_of_them_again(stage: Stage) -> None:
    fill(stage, workloads=20, references=4)
    for number in range(4):
        stage.push("new", f"app{number}")
    stage.sweep()
    for number in range(20):
        stage.settle(f"web{number:04}")

    report = stage.sweep()

    assert not any(isinstance(each, Restarted) for each in report.outcomes)
