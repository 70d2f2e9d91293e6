"""
What is wrong with one object, or in one namespace, keeps none of the others from being served.

Aspects: workloads, revisions and pods that are not as expected; those of nobody; a namespace of several in trouble.
"""

from collections.abc import Callable

import pytest
from msgspec.structs import replace

from figwasp.core.report import Failed, Report
from figwasp.embedded.api.faults import Fault
from figwasp.kube.kind import Rollout
from figwasp.kube.kinds.deployment import KIND, Deployment
from figwasp.net.retry import ATTEMPTS
from tests.app.stage import Stage, whys
from tests.objects import NAMESPACE, Json

SPOILED = {
    "a workload": ("deployments", "web", lambda one: one["status"].update(replicas="many")),
    "a pod template": (
        "deployments",
        "web",
        lambda one: one["spec"]["template"]["spec"].update(imagePullSecrets="none"),
    ),
    "a revision": ("replicasets", "web-1", lambda one: one["metadata"].update(annotations=[])),
    "a pod": ("pods", "web-1-1", lambda one: one["status"].update(containerStatuses={"web": "runs"})),
}


FAILED = {"theirs": "failed"}


def deploy_three(stage: Stage) -> None:
    for name in ("api", "web", "www"):
        stage.deploy("old", name)
        stage.push("new", name)


def errors(report: Report) -> list[str]:
    return [str(each.error) for each in report.outcomes if isinstance(each, Failed)]


@pytest.mark.parametrize(("plural", "name", "spoil"), SPOILED.values(), ids=SPOILED)
def test_what_cannot_be_read_of_one_workload_is_told_and_the_others_are_served(
    stage: Stage, plural: str, name: str, spoil: Callable[[Json], None]
) -> None:
    deploy_three(stage)
    stage.api.edit(plural, NAMESPACE, name, spoil)

    report = stage.sweep()

    assert {"api": "restarted", "web": "failed", "www": "restarted"} == whys(report)
    assert 1 == report.exit_code
    assert all("is not as expected" in each for each in errors(report))


@pytest.mark.parametrize(("plural", "name", "spoil"), SPOILED.values(), ids=SPOILED)
def test_the_only_workload_that_cannot_be_read_is_told(
    stage: Stage, plural: str, name: str, spoil: Callable[[Json], None]
) -> None:
    stage.deploy("old")
    stage.push("new")
    stage.api.edit(plural, NAMESPACE, name, spoil)

    report = stage.sweep()

    assert ("", 1) == (stage.restarted_at(), report.exit_code)
    assert "is not as expected" in " ".join([*errors(report), str(report.failure)])
    assert () == report.notes


def test_a_bug_in_reading_one_workload_is_told_and_the_others_are_served(stage: Stage) -> None:
    def rollout(one: Deployment) -> Rollout:
        stands: Rollout = KIND.rollout(one)
        return {"api": stands, "www": stands}[one.metadata.name]

    stage.kinds = (replace(KIND, rollout=rollout),)
    deploy_three(stage)

    report = stage.sweep()

    assert {"api": "restarted", "web": "failed", "www": "restarted"} == whys(report)
    assert ["internal error: KeyError"] == errors(report) == [str(each) for each in report.bugs]


@pytest.mark.parametrize("plural", ["replicasets", "pods"])
def test_what_cannot_be_read_and_is_nobodys_matters_to_nobody(stage: Stage, plural: str) -> None:
    deploy_three(stage)
    metadata = {"namespace": NAMESPACE, "name": "stray", "labels": {"app": "web"}, "annotations": [], "generation": ""}
    stage.api.put(plural, {"metadata": metadata, "status": "none"})

    assert {"api": "restarted", "web": "restarted", "www": "restarted"} == whys(stage.sweep())


@pytest.mark.parametrize(("plural", "became"), [("deployments", {}), ("replicasets", FAILED), ("pods", FAILED)])
def test_a_namespace_of_which_something_cannot_be_listed_keeps_no_other_from_being_served(
    stage: Stage, plural: str, became: dict[str, str]
) -> None:
    stage.deploy("old", "theirs", namespace="other")
    stage.deploy("old")
    stage.push("new")
    stage.api.fault("list", plural, Fault.INTERNAL_ERROR, times=ATTEMPTS)

    report = stage.sweep(namespaces=("other", NAMESPACE))

    assert ({"web": "restarted", **became}, 1) == (whys(report), report.exit_code)
    told = [*errors(report), *(each.words for each in report.notes if each.is_failure)]
    assert [True] == [f"failed: list {plural}" in each and "namespace other" in each for each in told]
