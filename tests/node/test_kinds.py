"""
StatefulSets and DaemonSets on the real node, and what is left or put off whatever the kind.

Aspects: a moved tag; update strategies; the owner's annotations; owners; how many at a time; Roles that lack a kind.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from testbed import ApiError, Bed, Image, Json, Namespace, container, daemon_set, deployment, stateful_set, wait_for
from testbed.api import path_of
from tests.node.scene import LABEL_ROLE, TARGET, Scene

ALL_KINDS = (
    {
        "apiGroups": ["apps"],
        "resources": ["deployments", "statefulsets", "daemonsets"],
        "verbs": ["get", "list", "update"],
    },
    {"apiGroups": ["apps"], "resources": ["replicasets", "controllerrevisions"], "verbs": ["list"]},
    {"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["list"]},
)
MAKE = {"StatefulSet": stateful_set, "DaemonSet": daemon_set}
KINDS = pytest.mark.parametrize("kind", list(MAKE))


@pytest.fixture
def scene(bed: Bed, namespace: Namespace) -> Scene:
    """A team whose figwasp may do for every kind what the original's Role for labelled targets allows."""
    return Scene(bed, namespace, namespace.service_account("figwasp", ALL_KINDS), bed.registry)


def deploy(scene: Scene, kind: str, content: Image, *, replicas: int = 1, **spec: Any) -> str:
    """Run `content` in a workload `web`, labelled; its digest."""
    digest = scene.push(content)
    manifest = MAKE[kind]("web", container(scene.repository().reference("latest")), labels=TARGET)
    if kind == "StatefulSet":
        manifest["spec"]["replicas"] = replicas
    manifest["spec"].update(spec)
    scene.namespace.apply(manifest)
    scene.namespace.wait_rolled_out("web", kind)
    return digest


def seen(scene: Scene, kind: str) -> Any:
    """Wait until its controller has seen the latest change of `web`, as it would have by the next pass."""

    def found() -> Any:
        one = scene.namespace.get(kind, "web")
        return one if one["status"].get("observedGeneration") == one["metadata"]["generation"] else None

    return wait_for(found, f"the controller to see the latest change of {kind} web")


def is_restarted(scene: Scene, kind: str) -> bool:
    template = scene.namespace.get(kind, "web")["spec"]["template"]
    return "figwasp/restartedAt" in (template["metadata"].get("annotations") or {})


@KINDS
def test_a_moved_tag_restarts_it_once(scene: Scene, kind: str) -> None:
    deploy(scene, kind, scene.image("old"))
    new = scene.push(scene.image("new"))

    first = scene.once(f"{kind}/web")
    seen(scene, kind)
    scene.namespace.wait_rolled_out("web", kind)
    second, third = (scene.once(f"{kind}/web") for _ in range(2))

    assert (["web"], [], []) == (first.restarted, second.restarted, third.restarted), (first, second)
    assert "current" == third.of("web")["event"], third
    assert {new} == scene.namespace.running_digests("web", kind)


@KINDS
def test_a_current_one_is_left(scene: Scene, kind: str) -> None:
    deploy(scene, kind, scene.image("1"))

    done = scene.labelled()

    assert ("current", 0) == (done.of("web")["event"], done.code)


@KINDS
def test_the_restart_of_the_only_pod_is_planned_as_an_outage(scene: Scene, kind: str) -> None:
    deploy(scene, kind, scene.image("old"))
    scene.push(scene.image("new"))

    plan, explanation = (scene.run(command, f"{kind}/web") for command in ("plan", "explain"))

    assert [3, 3] == [plan.code, explanation.code]
    assert "an outage: its only pod ends before a new one starts" in " ".join(plan.out.split())
    assert "outage" in explanation.out


@KINDS
def test_one_that_is_updated_on_delete_is_left(scene: Scene, kind: str) -> None:
    deploy(scene, kind, scene.image("old"), updateStrategy={"type": "OnDelete"})
    scene.push(scene.image("new"))

    done = scene.labelled()

    assert ("left", 0) == (done.of("web")["event"], done.code)
    assert "OnDelete" in done.of("web")["why"]
    assert not is_restarted(scene, kind)


def test_pods_below_the_partition_are_neither_judged_nor_replaced(scene: Scene) -> None:
    partition = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    old = deploy(scene, "StatefulSet", scene.image("old"), replicas=2, updateStrategy=partition)
    new = scene.push(scene.image("new"))

    first = scene.once("sts/web")
    status = wait_for(lambda: _updated(seen(scene, "StatefulSet")), "one pod to be updated")
    second = scene.once("sts/web")

    assert (["web"], "current") == (first.restarted, second.of("web")["event"]), (first, second)
    assert 1 == status["updatedReplicas"]
    assert {old, new} == scene.namespace.running_digests("web", "StatefulSet")


def _updated(stateful_set: Any) -> Any:
    status = stateful_set["status"]
    is_done = status.get("updatedReplicas") == 1 and status.get("readyReplicas") == 2
    return status if is_done and status["updateRevision"] != status["currentRevision"] else None


def test_a_partition_that_keeps_every_pod_is_left(scene: Scene) -> None:
    partition = {"type": "RollingUpdate", "rollingUpdate": {"partition": 1}}
    deploy(scene, "StatefulSet", scene.image("old"), updateStrategy=partition)
    scene.push(scene.image("new"))

    done = scene.labelled()

    assert ("left", 0) == (done.of("web")["event"], done.code)
    assert not is_restarted(scene, "StatefulSet")


def test_a_stateful_set_that_waits_for_a_pod_is_left_until_it_is_ready(scene: Scene) -> None:
    deploy(scene, "StatefulSet", scene.image("old"), replicas=2)
    scene.push(scene.image("new"))
    broken = {"name": "web", "image": scene.repository().reference("missing")}
    scene.namespace.merge("StatefulSet", "web", {"spec": {"template": {"spec": {"containers": [broken]}}}})
    wait_for(lambda: seen(scene, "StatefulSet")["status"].get("readyReplicas") == 1, "a pod to be broken")

    done = scene.labelled()

    assert ("left", 0) == (done.of("web")["event"], done.code)
    assert "roll-out is in progress" in done.of("web")["why"]
    assert "kubectl delete pod" in done.of("web")["why"]


def test_who_owns_it_or_wants_it_left_alone_is_heeded(scene: Scene) -> None:
    deploy(scene, "DaemonSet", scene.image("old"))
    scene.push(scene.image("new"))
    scene.namespace.merge("DaemonSet", "web", {"metadata": {"annotations": {"figwasp/ignore": "true"}}})

    done = scene.labelled()

    assert ("left", 0) == (done.of("web")["event"], done.code)
    assert "figwasp/ignore" in done.of("web")["why"]


def test_a_workload_of_another_controller_is_left_unless_it_may_be_restarted(scene: Scene) -> None:
    deploy(scene, "DaemonSet", scene.image("old"))
    scene.push(scene.image("new"))
    account = scene.namespace.get("ServiceAccount", "figwasp")["metadata"]
    owner = {"apiVersion": "v1", "kind": "ServiceAccount", "name": "figwasp", "uid": account["uid"], "controller": True}
    scene.namespace.merge("DaemonSet", "web", {"metadata": {"ownerReferences": [owner]}})

    first = scene.labelled()
    scene.namespace.merge("DaemonSet", "web", {"metadata": {"annotations": {"figwasp/restart-owned": "true"}}})
    second = scene.labelled()

    assert ("left", ["web"]) == (first.of("web")["event"], second.restarted)
    assert "ServiceAccount figwasp" in first.of("web")["why"]


def test_no_more_are_restarted_than_a_pass_may_and_the_next_takes_the_others(scene: Scene) -> None:
    for name in ("c", "a", "b"):
        scene.deploy(scene.image("old"), name, labels=TARGET)
        scene.push(scene.image("new"), name=name)

    passes = [scene.run("once", "--max-restarts", "2", "--log-format", "json") for _ in range(2)]

    assert [["a", "b"], ["c"]] == [each.restarted for each in passes]
    assert [0, 0] == [each.code for each in passes]
    assert "left" == passes[0].of("c")["event"]


def test_a_role_without_the_other_kinds_serves_deployments_and_asks_for_each_of_them_once(
    bed: Bed, namespace: Namespace
) -> None:
    scene = Scene(bed, namespace, namespace.service_account("figwasp", LABEL_ROLE), bed.registry)
    scene.deploy(scene.image("1"), labels=TARGET)
    mark = bed.audit.mark()

    done = scene.labelled()

    refused = [each for each in bed.audit.requests(since=mark, user=scene.account.user) if each.status == 403]
    assert ("current", 0) == (done.of("web")["event"], done.code)
    assert ["daemonsets", "statefulsets"] == sorted(each.asked.resource for each in refused)
    (note,) = [each["why"] for each in done.events if each["event"] == "note"]
    said = "statefulsets and daemonsets were not looked at: not allowed to list them in namespace"
    assert f"{said} {namespace.name}" == note


def test_a_namespace_that_may_not_be_read_is_named_and_the_other_is_served(scene: Scene) -> None:
    deploy(scene, "DaemonSet", scene.image("1"))

    done = scene.run("once", "-v", "--log-format", "json", "-n", scene.namespace.name, "-n", "kube-system")

    assert ("current", 1) == (done.of("web")["event"], done.code)
    assert ["not allowed to list deployments in namespace kube-system"] == [
        each["why"].partition(" (")[0] for each in done.events if each["event"] == "failed"
    ]


def test_what_names_a_workload_of_another_namespace_as_its_owner_hides_nothing(scene: Scene) -> None:
    reference = scene.repository().reference("latest")
    deploy(scene, "DaemonSet", scene.image("old"))
    scene.namespace.apply(deployment("api", container(reference), labels=TARGET))
    scene.namespace.wait_rolled_out("api")
    scene.push(scene.image("new"))

    with _owned_elsewhere(scene.bed.namespace(), scene.namespace):
        done = scene.run(
            "once", "-A", "-l", "figwasp/target=true", "-v", "--log-format", "json", kubeconfig=scene.bed.kubeconfig
        )

    assert {"web", "api"} <= set(done.restarted), done


@contextmanager
def _owned_elsewhere(theirs: Namespace, ours: Namespace) -> Iterator[None]:
    """Have a newer revision of each workload in another namespace, where a finalizer keeps it from being collected."""
    hashed = {"app": "api", "pod-template-hash": "theirs"}
    pods = {"metadata": {"labels": hashed}, "spec": deployment("api", container("theirs"))["spec"]["template"]["spec"]}
    made: dict[str, tuple[str, str, Json]] = {
        "ReplicaSet": (
            "Deployment",
            "api",
            {"spec": {"selector": {"matchLabels": hashed}, "replicas": 0, "template": pods}},
        ),
        "ControllerRevision": ("DaemonSet", "web", {"data": {}, "revision": 99}),
    }
    for kind, (owner, name, rest) in made.items():
        uid = ours.get(owner, name)["metadata"]["uid"]
        metadata = {
            "name": "theirs",
            "finalizers": ["theirs.example/stay"],
            "labels": {"controller-revision-hash": "theirs"},
            "annotations": {"deployment.kubernetes.io/revision": "1"},
            "ownerReferences": [{"apiVersion": "apps/v1", "kind": owner, "name": name, "uid": uid, "controller": True}],
        }
        theirs.apply({"apiVersion": "apps/v1", "kind": kind, "metadata": metadata, **rest})
    try:
        yield
    finally:
        for kind in made:
            theirs.merge(kind, "theirs", {"metadata": {"finalizers": None}})
        theirs.remove()


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet", "DaemonSet"])
def test_a_time_of_zero_in_managed_fields_hides_no_workload(scene: Scene, kind: str) -> None:
    make = {**MAKE, "Deployment": deployment}[kind]
    scene.namespace.apply(make("web", container(scene.repository().reference("latest")), labels=TARGET))

    def write() -> bool:
        one = scene.namespace.get(kind, "web")
        theirs = {"manager": "theirs", "operation": "Apply", "apiVersion": "apps/v1", "time": "0001-01-01T00:00:00Z"}
        fields = {"fieldsType": "FieldsV1", "fieldsV1": {"f:metadata": {"f:labels": {"f:figwasp/target": {}}}}}
        one["metadata"]["managedFields"].append({**theirs, **fields})
        try:
            scene.namespace.api.request("PUT", path_of(kind, scene.namespace.name, "web"), one)
        except ApiError as error:
            assert 409 == error.status
            return False
        return True

    wait_for(write, "a moment in which its controller writes nothing")
    assert None in [each["time"] for each in scene.namespace.get(kind, "web")["metadata"]["managedFields"]]

    assert kind.lower() == scene.labelled().of("web")["kind"]
