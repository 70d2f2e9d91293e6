"""
A repository with a digest that it does not have, as CRI-O reports on a node that has one content from two repositories.

`app` and `web` have one content under two digests, and the pod of `app` reports the one of `web`. Aspects: who knows
better, each within its rights; what it costs; what is restarted all the same.
"""

from collections import Counter
from typing import Any

import pytest

from figwasp.core.report import Left, Restarted
from figwasp.core.verdict import Rule
from figwasp.embedded.api.faults import Fault
from figwasp.embedded.registry.contents import digest_of
from figwasp.embedded.registry.server import image
from figwasp.net.retry import Retries
from tests.app.stage import Stage
from tests.objects import NAMESPACE, container, pod

ORIGINAL = [
    {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "update"]},
    {"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": ["list"]},
    {"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["list"]},
]
"""What the Role of the original allows."""


@pytest.fixture
def of_web(stage: Stage) -> str:
    """Let `app` report what only `web` has; the digest."""
    stage.deploy("shared", "app")
    digest = stage.registry.put("web", "latest", image(b"shared", annotations={"built": "for web"}))
    stage.run_pod(digest, "app")
    return digest


def run_web(stage: Stage, reported: str, namespace: str = NAMESPACE) -> None:
    """Let a pod that nobody looks at run `web`."""
    one = pod("web", image_id=reported)
    one["spec"]["containers"] = [container(image=stage.image("web"))]
    stage.api.put("pods", {**one, "metadata": {**one["metadata"], "namespace": namespace}})


def judged(stage: Stage) -> Rule:
    """Make a pass over `app` alone; the rule that decided."""
    (outcome,) = stage.sweep("app").outcomes
    stage.settle("app")
    if isinstance(outcome, Restarted):
        return outcome.decision.because[0].rule
    assert isinstance(outcome, Left), outcome
    return outcome.decision.findings[0].rule


def spent(stage: Stage, path: str = "") -> Counter[tuple[str, str]]:
    """What a pass over `app` costs the API server and the registry (of what lies under `path`)."""
    api, registry = len(stage.api.requests), len(stage.registry.requests)
    judged(stage)
    asked = [(each.verb, each.resource) for each in stage.api.requests[api:]]
    return Counter([*asked, *((each.method, path) for each in stage.registry.requests[registry:] if path in each.path)])


def test_where_nobody_knows_better_it_is_gone(stage: Stage, of_web: str) -> None:  # noqa: ARG001
    assert Rule.CONTENT_GONE is judged(stage)


def test_a_node_that_has_it_as_one_image_knows_better(stage: Stage, of_web: str) -> None:
    of_app = digest_of(image(b"shared"))
    stage.add_node(images=[[f"{stage.registry.host}/app@{each}" for each in (of_web, of_app)]])

    assert [Rule.SAME_CONTENT, Rule.ON_RECORD] == [judged(stage), judged(stage)]
    assert 0 == spent(stage, "/manifests/sha256")["GET", "/manifests/sha256"]


@pytest.mark.parametrize("reporter", ["web", "app"], ids=["the pod reports it", "the pod asks for it"])
def test_pods_beside_it_know_where_else_it_may_be(stage: Stage, of_web: str, reporter: str) -> None:
    """By the original's Role, which allows no nodes."""
    run_web(stage, f"{stage.registry.host}/{reporter}@{of_web}")
    stage.api.allow("system:anonymous", [{"rules": ORIGINAL}])

    assert [Rule.SAME_CONTENT, Rule.ON_RECORD] == [judged(stage), judged(stage)]


def test_another_workload_of_the_pass_knows_where_else_it_may_be(stage: Stage, of_web: str) -> None:
    """Also where its pods are in another namespace."""
    stage.deploy("other", "web", namespace="other")
    stage.registry.put("web", "latest", image(b"shared", annotations={"built": "for web"}))

    outcomes = stage.sweep(namespaces=(NAMESPACE, "other")).outcomes

    rules = {each.key.name: each.decision.findings[0].rule for each in outcomes if isinstance(each, Left)}
    assert Rule.SAME_CONTENT is rules["app"], of_web


def test_pods_of_another_namespace_are_not_looked_at(stage: Stage, of_web: str) -> None:
    run_web(stage, f"{stage.registry.host}/web@{of_web}", namespace="other")

    assert Rule.CONTENT_GONE is judged(stage)


def test_a_pod_that_runs_something_else_does_not_tell_where_to_look(stage: Stage, of_web: str) -> None:  # noqa: ARG001
    run_web(stage, f"{stage.registry.host}/web@{stage.push('other', 'web')}")

    assert 0 == spent(stage, "/v2/web/")["GET", "/v2/web/"]


def test_pods_that_cannot_be_listed_make_it_unknown(stage: Stage, of_web: str) -> None:  # noqa: ARG001
    stage.add_node()
    stage.api.before("get", "nodes", lambda: stage.api.fault("list", "pods", Fault.INTERNAL_ERROR, times=9))

    assert Rule.NOT_ANSWERED is judged(stage)


def test_it_costs_one_more_list_and_only_where_the_old_content_is_gone(stage: Stage, of_web: str) -> None:
    run_web(stage, f"{stage.registry.host}/web@{of_web}")
    stage.api.allow("system:anonymous", [{"rules": ORIGINAL}])

    first = spent(stage)

    reads = {("get", "deployments"): 1, ("list", "replicasets"): 1, ("list", "pods"): 2, ("get", "nodes"): 1}
    written = {("get", "deployments"): 1, ("update", "deployments"): 1}
    assert Counter(reads) + Counter(written) + Counter({("HEAD", ""): 1, ("GET", ""): 3}) == first


def test_nothing_more_is_asked_where_the_old_content_is_there(stage: Stage) -> None:
    stage.deploy("old", "app")
    run_web(stage, f"{stage.registry.host}/web@{stage.push('old', 'web')}")
    stage.push("new", "app")

    assert 1 == spent(stage)["list", "pods"]


@pytest.mark.parametrize("how", [{"status": 503}, {"status": 500}, {"body": b"{}"}], ids=["503", "500", "garbage"])
def test_where_the_other_repository_does_not_answer_it_is_unknown(
    stage: Stage, of_web: str, how: dict[str, Any]
) -> None:
    stage.retries = Retries(wait=lambda _seconds, _deadline: None)
    run_web(stage, f"{stage.registry.host}/web@{of_web}")
    stage.registry.answer(f"/v2/web/manifests/{of_web}", **how)

    assert Rule.NOT_ANSWERED is judged(stage)
    assert not stage.restarted_at("app")


def test_another_repository_of_the_same_registry_that_does_not_answer_leaves_it_unknown(
    stage: Stage,
    of_web: str,
) -> None:
    """Nothing but this pass says that it may be there; elsewhere than in this registry nobody would wait for it."""
    stage.retries = Retries(wait=lambda _seconds, _deadline: None)
    stage.deploy("other", "web", namespace="other")
    stage.registry.answer(f"/v2/web/manifests/{of_web}", status=503)

    outcomes = stage.sweep(namespaces=(NAMESPACE, "other")).outcomes

    rules = {each.key.name: each.decision.findings[0].rule for each in outcomes if isinstance(each, Left)}
    assert Rule.NOT_ANSWERED is rules["app"]


def test_where_the_other_repository_lets_nobody_in_it_is_gone(stage: Stage, of_web: str) -> None:
    run_web(stage, f"{stage.registry.host}/web@{of_web}")
    stage.registry.answer(f"/v2/web/manifests/{of_web}", status=403)

    assert Rule.CONTENT_GONE is judged(stage)


def test_a_pod_beside_it_is_believed_before_the_many_other_workloads_of_the_pass(stage: Stage, of_web: str) -> None:
    for number in range(17):
        stage.deploy("other", f"m{number:02}")
    run_web(stage, f"{stage.registry.host}/web@{of_web}")

    outcomes = stage.sweep().outcomes

    rules = {each.key.name: each.decision.findings[0].rule for each in outcomes if isinstance(each, Left)}
    assert Rule.SAME_CONTENT is rules["app"]
