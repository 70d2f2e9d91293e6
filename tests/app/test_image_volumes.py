"""Images that volumes mount: no reason to restart, but a restart needs those that it would pull to be there."""

import pytest

from figwasp.core.decision import Why
from figwasp.core.report import Left, Outcome, Restarted
from tests.app.stage import Stage
from tests.objects import NAMESPACE


def mount(stage: Stage, reference: str, policy: str = "Always") -> None:
    """Let `web` mount an image, as a template and as a pod; its pod reports no digest of it."""
    volume = {"name": "model", "image": {"reference": reference, "pullPolicy": policy}}
    stage.api.edit("deployments", NAMESPACE, "web", lambda it: it["spec"]["template"]["spec"].update(volumes=[volume]))
    stage.api.edit("pods", NAMESPACE, "web-1-1", lambda it: it["spec"].update(volumes=[volume]))
    stage.settle()


def passed(stage: Stage) -> Outcome:
    (outcome,) = stage.sweep("web").outcomes
    return outcome


def why(outcome: Outcome) -> Why:
    assert isinstance(outcome, Left), outcome
    return outcome.decision.why


def test_a_volumes_image_that_moved_restarts_nothing(stage: Stage) -> None:
    stage.deploy()
    mount(stage, stage.image("model"))
    stage.push("1", "model")
    first = passed(stage)
    stage.push("2", "model")

    assert [Why.VOLUMES] * 2 == [why(first), why(passed(stage))]


def test_a_volumes_image_that_is_not_there_holds_up_a_restart_that_would_pull_it(stage: Stage) -> None:
    stage.deploy("old")
    mount(stage, stage.image("model"))
    stage.push("new")

    assert Why.INCOMPLETE is why(passed(stage))
    stage.settle()
    stage.push("1", "model")
    assert isinstance(passed(stage), Restarted)


@pytest.mark.parametrize("policy", ["IfNotPresent", "Never"])
def test_a_volumes_image_that_would_not_be_pulled_holds_up_no_restart(stage: Stage, policy: str) -> None:
    stage.deploy("old")
    mount(stage, stage.image("model"), policy)
    stage.push("new")

    assert isinstance(passed(stage), Restarted)


def test_the_digest_of_a_volume_that_some_nodes_report_is_not_taken_for_a_containers(stage: Stage) -> None:
    """Kubernetes 1.36 has it, in an alpha, below the mounts of a container's status."""
    digest = stage.deploy()
    mount(stage, stage.image("model"))
    other = stage.push("1", "model")
    image = {"image": {"imageRef": f"{stage.registry.host}/model@{other}"}}
    mounts = [{"name": "model", "mountPath": "/model", "volumeStatus": image}]
    stage.api.edit(
        "pods", NAMESPACE, "web-1-1", lambda it: it["status"]["containerStatuses"][0].update(volumeMounts=mounts)
    )

    outcome = passed(stage)

    assert Why.VOLUMES is why(outcome)
    assert isinstance(outcome, Left)
    assert [f"{stage.registry.host}/web@{digest}"] == [
        name for each in outcome.decision.findings for name in each.running
    ]
