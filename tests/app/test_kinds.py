"""
A whole pass over StatefulSets and DaemonSets, and over what is left whatever the kind.

Aspects: restart once; revisions and partitions; strategies; kinds that may not be listed, or are not known; outages.
"""

from typing import Any

import pytest

from figwasp.core.moment import write_time
from figwasp.core.report import Left, Restarted
from figwasp.embedded.api.faults import Fault
from figwasp.wiring import workload_kinds
from tests.app.stage import Stage, whys
from tests.kube.kinds.objects import daemon_set, member, revision, stateful_set
from tests.objects import NAMESPACE, Json, container

V2_ROLE = {
    "kind": "Role",
    "metadata": {"namespace": NAMESPACE},
    "rules": [
        {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list", "update"]},
        {"apiGroups": ["apps"], "resources": ["replicasets"], "verbs": ["list"]},
        {"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["list"]},
    ],
}


@pytest.fixture(autouse=True)
def _all_kinds(stage: Stage) -> None:
    stage.kinds = workload_kinds()


def put(stage: Stage, plural: str, one: Json, **metadata: Any) -> None:
    one["metadata"]["labels"]["figwasp/target"] = "true"
    one["metadata"] |= metadata
    stage.api.put(plural, one)


def run_pods(stage: Stage, owner: str, labels: dict[int, str], digests: dict[int, str]) -> None:
    """Let the pods of a StatefulSet or DaemonSet, by number, be of these revisions and report these digests."""
    for number, label in labels.items():
        image_id = f"{stage.registry.host}/web@{digests[number]}"
        stage.api.put("pods", member(owner, label, number=number, image_id=image_id, image=stage.image()))


def deploy_stateful_set(stage: Stage, **spec: Any) -> str:
    """Run one StatefulSet of two pods; the digest that they run."""
    digest = stage.push("old")
    put(stage, "statefulsets", stateful_set("db", container(image=stage.image()), replicas=2, **spec))
    run_pods(stage, "db", {0: "db-1", 1: "db-1"}, {0: digest, 1: digest})
    return digest


def deploy_daemon_set(stage: Stage, **spec: Any) -> str:
    """Run one DaemonSet of two pods; the digest that they run."""
    digest = stage.push("old")
    put(stage, "daemonsets", daemon_set("agent", container(image=stage.image()), **spec))
    stage.api.put("controllerrevisions", revision("agent", "a"))
    run_pods(stage, "agent", {0: "a", 1: "a"}, {0: digest, 1: digest})
    return digest


def restarted_at(stage: Stage, plural: str, name: str) -> str:
    at: str = (stage.api.get(plural, NAMESPACE, name)["spec"]["template"]["metadata"].get("annotations") or {}).get(
        "figwasp/restartedAt", ""
    )
    return at


def test_a_moved_tag_restarts_a_stateful_set_once(stage: Stage) -> None:
    deploy_stateful_set(stage)
    new = stage.push("new")

    first = stage.sweep()
    put_status(stage, "statefulsets", "db", observedGeneration=9, updateRevision="db-2", currentRevision="db-2")
    run_pods(stage, "db", {0: "db-2", 1: "db-2"}, {0: new, 1: new})
    second = stage.sweep()

    assert [{"db": "restarted"}, {"db": "CURRENT"}] == [whys(first), whys(second)]


def test_a_moved_tag_restarts_a_daemon_set_once(stage: Stage) -> None:
    deploy_daemon_set(stage)
    new = stage.push("new")

    first = stage.sweep()
    put_status(stage, "daemonsets", "agent", observedGeneration=9)
    stage.api.put("controllerrevisions", revision("agent", "b", 2))
    run_pods(stage, "agent", {0: "b", 1: "b"}, {0: new, 1: new})
    second = stage.sweep()

    assert [{"agent": "restarted"}, {"agent": "CURRENT"}] == [whys(first), whys(second)]


def put_status(stage: Stage, plural: str, name: str, **status: Any) -> None:
    stage.api.edit(plural, NAMESPACE, name, lambda one: one["status"].update(status))


@pytest.mark.parametrize("strategy", [{"type": "OnDelete"}])
def test_what_is_updated_on_delete_is_left_and_nobody_is_asked(stage: Stage, strategy: Json) -> None:
    deploy_stateful_set(stage, updateStrategy=strategy)
    deploy_daemon_set(stage, updateStrategy=strategy)
    stage.push("new")

    report = stage.sweep()

    assert ({"db": "ON_DELETE", "agent": "ON_DELETE"}, 0) == (whys(report), report.exit_code)
    assert [] == [each for each in stage.api.requests if each.resource == "pods"]


def test_stale_pods_below_the_partition_restart_nothing(stage: Stage) -> None:
    partition = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    old = deploy_stateful_set(stage, updateStrategy=partition)
    new = stage.push("new")
    run_pods(stage, "db", {0: "db-1", 1: "db-1"}, {0: old, 1: new})

    assert {"db": "CURRENT"} == whys(stage.sweep())


def test_a_partition_above_all_pods_is_left(stage: Stage) -> None:
    deploy_stateful_set(stage, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 2}})
    stage.push("new")

    assert {"db": "PARTITION"} == whys(stage.sweep())


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({"annotations": {"figwasp/ignore": "true"}}, "IGNORED"),
        ({"ownerReferences": [{"uid": "1", "kind": "Grafana", "name": "x", "controller": True}]}, "OWNED"),
    ],
)
def test_what_its_owner_does_not_want_restarted_is_left(stage: Stage, metadata: Json, why: str) -> None:
    stage.deploy()
    stage.push("new")
    stage.api.edit("deployments", NAMESPACE, "web", lambda one: _merge(one["metadata"], metadata))

    report = stage.sweep()

    assert ({"web": why}, 0, "") == (whys(report), report.exit_code, stage.restarted_at())


def _merge(metadata: Json, more: Json) -> None:
    metadata.update({**more, "annotations": {**metadata["annotations"], **more.get("annotations", {})}})


# Kinds that may not be listed


def test_the_originals_role_serves_deployments_and_names_what_was_not_looked_at(stage: Stage) -> None:
    stage.deploy()
    deploy_daemon_set(stage)
    stage.api.allow("system:anonymous", [V2_ROLE])

    report = stage.sweep()

    assert ({"web": "CURRENT"}, 0) == (whys(report), report.exit_code)
    assert ["statefulsets and daemonsets were not looked at: not allowed to list them in namespace shop"] == [
        each.words for each in report.notes
    ]


def test_a_kind_that_is_asked_for_and_may_not_be_listed_needs_attention(stage: Stage) -> None:
    stage.deploy()
    stage.api.allow("system:anonymous", [V2_ROLE])

    report = stage.sweep(asked=("deployment", "daemonset"))

    assert ({"web": "CURRENT"}, 1) == (whys(report), report.exit_code)


def test_a_named_one_of_a_kind_that_may_not_be_read_is_a_failure(stage: Stage) -> None:
    stage.deploy()
    stage.api.allow("system:anonymous", [V2_ROLE])

    report = stage.sweep("web", "daemonset/agent")

    assert ({"web": "CURRENT", "agent": "failed"}, 1) == (whys(report), report.exit_code)


def test_a_kind_that_the_server_suddenly_does_not_know_fails_the_pass_which_serves_the_others(stage: Stage) -> None:
    stage.deploy()
    deploy_stateful_set(stage)
    stage.api.fault("list", "statefulsets", Fault.UNKNOWN)

    report = stage.sweep()

    assert ({"web": "CURRENT"}, 1) == (whys(report), report.exit_code)


def test_a_kind_that_the_server_suddenly_does_not_know_is_no_sign_that_a_workload_is_gone(stage: Stage) -> None:
    deploy_stateful_set(stage)
    stage.push("new")
    stage.api.fault("get", "statefulsets", Fault.UNKNOWN)

    report = stage.sweep()

    assert ({"db": "failed"}, 1) == (whys(report), report.exit_code)


# Outages


def test_a_restart_that_leaves_no_pod_says_so(stage: Stage) -> None:
    stage.deploy("old", strategy={"type": "Recreate"})
    stage.push("new")

    (outcome,) = stage.sweep("web").outcomes

    assert isinstance(outcome, Restarted)
    assert "Recreate" in outcome.decision.workload.outage


MINUTES = 60.0


def change(stage: Stage, plural: str, name: str, **status: Any) -> None:
    """Let the controller write a status, now."""
    fields = [{"manager": "kube-controller-manager", "time": write_time(stage.clock.now())}]
    put_status(stage, plural, name, **status)
    stage.api.edit(plural, NAMESPACE, name, lambda one: one["metadata"].update(managedFields=fields))


def deploy_beside_a_dead_node(stage: Stage, most_unavailable: int) -> None:
    """Run a DaemonSet on two nodes and a dead one, and restart it: the old pod of that node never ends."""
    rolling = {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": most_unavailable}}
    deploy_daemon_set(stage, updateStrategy=rolling)
    change(stage, "daemonsets", "agent", desiredNumberScheduled=3, updatedNumberScheduled=3)
    digest = stage.push("new")
    assert {"agent": "restarted"} == whys(stage.sweep())
    is_replaced = most_unavailable > 1
    if is_replaced:
        stage.api.put("controllerrevisions", revision("agent", "b", 2))
        run_pods(stage, "agent", {0: "b", 1: "b"}, {0: digest, 1: digest})
    change(stage, "daemonsets", "agent", observedGeneration=9, updatedNumberScheduled=2 if is_replaced else 0)


def test_a_node_that_is_dead_hides_no_later_move_of_the_tag(stage: Stage) -> None:
    deploy_beside_a_dead_node(stage, most_unavailable=2)
    at_once = whys(stage.sweep())
    stage.clock.forward(10 * MINUTES)
    current = whys(stage.sweep())
    stage.push("newer")
    moved, again = whys(stage.sweep()), whys(stage.sweep())

    assert ["IN_PROGRESS", "CURRENT", "restarted"] == [each["agent"] for each in (at_once, current, moved)]
    assert "FAILED_WITH_IT" == again["agent"]


def test_a_node_that_is_dead_and_lets_no_other_pod_be_replaced_is_told(stage: Stage) -> None:
    deploy_beside_a_dead_node(stage, most_unavailable=1)
    at_once = stage.sweep()
    stage.clock.forward(10 * MINUTES)
    stage.push("newer")
    later = stage.sweep()

    assert [{"agent": "IN_PROGRESS"}, {"agent": "STALLED"}] == [whys(at_once), whys(later)]
    assert [0, 1] == [at_once.exit_code, later.exit_code]


def test_a_stateful_set_whose_pod_is_stuck_is_told_after_some_time(stage: Stage) -> None:
    deploy_stateful_set(stage)
    stage.push("new")
    change(stage, "statefulsets", "db", readyReplicas=1)
    at_once = stage.sweep()
    stage.clock.forward(10 * MINUTES)
    later = stage.sweep()

    assert [{"db": "IN_PROGRESS"}, {"db": "STALLED"}] == [whys(at_once), whys(later)]
    assert [0, 1] == [at_once.exit_code, later.exit_code]
    (left,) = later.outcomes
    assert isinstance(left, Left)
    assert "kubectl delete pod" in left.decision.detail


@pytest.mark.parametrize("kind", ["statefulset", "daemonset"])
def test_a_pod_that_takes_long_to_end_is_no_roll_out_that_does_not_get_on(stage: Stage, kind: str) -> None:
    def drain(one: Json) -> None:
        one["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 30 * 60

    if kind == "statefulset":
        deploy_stateful_set(stage)
        stage.api.edit("statefulsets", NAMESPACE, "db", drain)
        change(stage, "statefulsets", "db", observedGeneration=9, updatedReplicas=0)
    else:
        deploy_daemon_set(stage)
        stage.api.edit("daemonsets", NAMESPACE, "agent", drain)
        change(stage, "daemonsets", "agent", observedGeneration=9, updatedNumberScheduled=0)
    stage.clock.forward(39 * MINUTES)
    (draining,) = whys(stage.sweep()).values()
    stage.clock.forward(1 * MINUTES)
    (later,) = whys(stage.sweep()).values()

    assert "IN_PROGRESS" == draining
    assert "IN_PROGRESS" != later


def test_a_pod_that_may_take_for_ever_to_end_harms_nobody_else(stage: Stage) -> None:
    stage.deploy()
    deploy_daemon_set(stage)

    def drain(one: Json) -> None:
        one["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] = 2**63 - 1

    stage.api.edit("daemonsets", NAMESPACE, "agent", drain)
    change(stage, "daemonsets", "agent", observedGeneration=9, updatedNumberScheduled=0)

    assert {"web": "CURRENT", "agent": "IN_PROGRESS"} == whys(stage.sweep())


def test_a_fix_under_the_same_tag_gets_in_where_the_first_new_pod_of_a_daemon_set_is_broken(stage: Stage) -> None:
    # A pod that is not available is replaced at once, however many are not: it is the fix that ends the roll-out.
    deploy_daemon_set(stage)
    broken = stage.push("broken")
    first = whys(stage.sweep())
    stage.api.put("controllerrevisions", revision("agent", "b", 2))
    run_pods(stage, "agent", {0: "b"}, {0: broken})
    change(stage, "daemonsets", "agent", observedGeneration=9, updatedNumberScheduled=1, numberAvailable=1)
    at_once = stage.sweep()
    stage.clock.forward(10 * MINUTES)
    later = stage.sweep()
    stage.push("fixed")
    fixed = whys(stage.sweep())

    assert ["restarted", "IN_PROGRESS", "STALLED", "restarted"] == [
        each["agent"] for each in (first, whys(at_once), whys(later), fixed)
    ]
    assert [0, 1] == [at_once.exit_code, later.exit_code]
