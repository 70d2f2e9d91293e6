"""Indexes (multi-arch images): only content that changed for the platform that runs is a reason to restart."""

from typing import Any

from testbed import ServiceAccount, attestation, index, wait_for
from tests.node.scene import NAMED_ROLE, Scene

AMD64_ONLY: dict[str, Any] = {"nodeSelector": {"kubernetes.io/arch": "amd64"}}


def test_a_pod_that_runs_the_tags_index_is_current(scene: Scene) -> None:
    digest = scene.deploy(index(scene.image("1"), scene.image("1", platform="linux/arm64")))

    done = scene.once("web")

    assert {digest} == scene.namespace.running_digests("web")
    assert ("current", 0) == (done.of("web")["event"], done.code)


def test_an_annotation_only_push_restarts_nothing_now_and_at_every_later_pass(scene: Scene) -> None:
    children = (scene.image("1"), scene.image("1", platform="linux/arm64"))
    first = scene.deploy(index(*children))
    second = scene.push(index(*children, annotations={"build": "2"}))

    passes = [scene.once("web")]
    _restart_by_hand(scene)
    passes += [scene.once("web") for _ in range(2)]

    assert [("current", 0)] * 3 == [(each.of("web")["event"], each.code) for each in passes]
    assert scene.roll_outs() == 2  # the restart by hand
    # This runtime may go on naming the old index for the same content: a naive tool would restart for ever.
    assert scene.namespace.running_digests("web") <= {first, second}


def test_an_equality_that_was_proven_costs_no_further_manifest(scene: Scene) -> None:
    scene.deploy(index(scene.image("1"), scene.image("1", platform="linux/arm64")))
    scene.push(index(scene.image("1"), scene.image("1", platform="linux/arm64"), annotations={"build": "2"}))
    log = scene.bed.access(scene.registry)
    before = log.mark()
    scene.once("web")
    between = log.mark()
    scene.once("web")

    first = (
        log.count(since=before, user_agent="figwasp").total() - log.count(since=between, user_agent="figwasp").total()
    )
    assert first == 3  # one HEAD, and the two indexes by digest
    assert ["HEAD"] == [call.method for call in log.count(since=between, user_agent="figwasp").elements()]


def test_an_index_whose_every_image_changed_restarts_once(scene: Scene) -> None:
    scene.deploy(index(scene.image("1"), scene.image("1", platform="linux/arm64")))
    new = scene.push(index(scene.image("2"), scene.image("2", platform="linux/arm64")))

    first = scene.once("web")
    scene.namespace.wait_rolled_out("web")
    second = scene.once("web")

    assert (["web"], []) == (first.restarted, second.restarted)
    assert {new} == scene.namespace.running_digests("web")


def test_a_changed_image_for_the_platform_that_runs_restarts_once(scene: Scene) -> None:
    scene.deploy(index(scene.image("1"), scene.image("1", platform="linux/arm64")), **AMD64_ONLY)
    scene.push(index(scene.image("2"), scene.image("1", platform="linux/arm64")))

    first = scene.once("web")
    scene.namespace.wait_rolled_out("web")
    second = scene.once("web")

    assert (["web"], []) == (first.restarted, second.restarted)


def test_a_changed_image_for_another_platform_restarts_nothing(scene: Scene) -> None:
    scene.deploy(index(scene.image("1"), scene.image("1", platform="linux/arm64")), **AMD64_ONLY)
    scene.push(index(scene.image("1"), scene.image("2", platform="linux/arm64")))

    done = scene.once("web")

    assert ("current", 0) == (done.of("web")["event"], done.code)


def test_where_the_platform_is_not_known_a_partial_change_is_not_judged(scene: Scene) -> None:
    scene.deploy(index(scene.image("1"), scene.image("1", platform="linux/arm64")))
    scene.push(index(scene.image("2"), scene.image("1", platform="linux/arm64")))

    done = scene.once("web")

    assert ([], 1) == (done.restarted, done.code)
    assert "nodes" in done.of("web")["hint"]


def test_where_nodes_may_be_read_their_platform_decides(scene: Scene) -> None:
    scene.deploy(index(scene.image("1"), scene.image("1", platform="linux/arm64")))
    scene.push(index(scene.image("2"), scene.image("1", platform="linux/arm64")))
    account = with_nodes(scene)

    done = scene.once("web", kubeconfig=account.kubeconfig)

    assert (["web"], 0) == (done.restarted, done.code), done


def test_attestations_are_no_platform(scene: Scene) -> None:
    old, new = scene.image("1"), scene.image("2")
    scene.deploy(index(old, attestation(old)))
    scene.push(index(new, attestation(new)))

    done = scene.once("web")

    assert (["web"], 0) == (done.restarted, done.code), done


def test_an_index_without_the_platform_that_runs_is_left(scene: Scene) -> None:
    scene.deploy(index(scene.image("1"), scene.image("1", platform="linux/arm64")), **AMD64_ONLY)
    scene.push(index(scene.image("2", platform="linux/arm64")))

    done = scene.once("web")

    assert ([], 1) == (done.restarted, done.code)
    assert "no image for linux/amd64" in done.of("web")["why"]


def _restart_by_hand(scene: Scene) -> None:
    annotations = {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00Z"}
    before = {pod["metadata"]["uid"] for pod in scene.namespace.objects("Pod", labelSelector="app=web")}
    scene.namespace.merge("Deployment", "web", {"spec": {"template": {"metadata": {"annotations": annotations}}}})
    scene.namespace.wait_rolled_out("web")
    wait_for(
        lambda: (
            not before & {pod["metadata"]["uid"] for pod in scene.namespace.objects("Pod", labelSelector="app=web")}
        ),
        "the old pods to be gone",
    )


def with_nodes(scene: Scene) -> ServiceAccount:
    """An account that may read nodes too."""
    account = scene.namespace.service_account("with-nodes", NAMED_ROLE)
    rule = {"apiGroups": [""], "resources": ["nodes"], "verbs": ["get"]}
    rbac, name = "rbac.authorization.k8s.io", f"nodes-{scene.namespace.name}"
    scene.namespace.api.apply(
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRole",
            "metadata": {"name": name},
            "rules": [rule],
        }
    )
    scene.namespace.api.apply(
        {
            "apiVersion": f"{rbac}/v1",
            "kind": "ClusterRoleBinding",
            "metadata": {"name": name},
            "roleRef": {"apiGroup": rbac, "kind": "ClusterRole", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": account.name, "namespace": scene.namespace.name}],
        }
    )
    scene.namespace.wait_allowed(account.user, rule)
    return account
