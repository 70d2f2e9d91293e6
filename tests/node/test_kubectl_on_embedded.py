"""
The real kubectl, pointed at the embedded API server; the node itself is not needed.

Aspects: get · describe · rollout · change · create, apply and delete · rights · the rest.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from figwasp.embedded.api.resources import RESOURCES
from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.node.node import Node
from figwasp.embedded.registry.server import Registry, image
from tests.certificates import Authority
from tests.node.kubectl import MANIFEST, Kubectl
from tests.objects import container, deployment, pod, replica_set

Json = dict[str, Any]

_NOW_SECONDS = 1_800_000_000.0


@pytest.fixture
def server() -> Iterator[ApiServer]:
    """A server whose time stands still, with one Deployment that runs one pod on one node."""
    with ApiServer(seconds_now=lambda: _NOW_SECONDS) as made:
        web = deployment()
        web["status"] |= {"readyReplicas": 1, "availableReplicas": 1}
        made.put("deployments", web)
        for revision, image in (("1", "registry.test/web:0"), ("2", "registry.test/web:1")):
            made.put("replicasets", of_revision(revision, image))
        running = pod(revision="2")
        status = {"name": "web", "ready": True, "restartCount": 0, "state": {"running": {}}, "image": "", "imageID": ""}
        running["status"] = {"phase": "Running", "podIP": "10.0.0.7", "containerStatuses": [status]}
        made.put("pods", running)
        ready = {"conditions": [{"type": "Ready", "status": "True"}], "nodeInfo": {"kubeletVersion": "v1.34.4"}}
        made.put("nodes", {"metadata": {"name": "node-1"}, "status": ready})
        yield made


@pytest.fixture
def kubectl(server: ApiServer, tmp_path: Path) -> Kubectl:
    """The program, as nobody in particular, which may do anything."""
    return Kubectl(server, tmp_path)


@pytest.fixture
def team(server: ApiServer, tmp_path: Path) -> Iterator[Kubectl]:
    """The program at another server, whose one user may get Deployments in namespace shop."""
    rules = [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get", "list", "watch"]}]
    with ApiServer(tls=Authority(tmp_path).server_context()) as guarded:
        guarded.put("deployments", server.get("deployments", "shop", "web"))
        guarded.log_in("s3cret", user="team", roles=[{"metadata": {"namespace": "shop"}, "rules": rules}])
        yield Kubectl(guarded, tmp_path, "s3cret")


def of_revision(revision: str, image: str) -> Json:
    made = replica_set(revision=revision)
    made["metadata"]["ownerReferences"] = [
        {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "uid-web", "controller": True}
    ]
    labels = {"app": "web", "pod-template-hash": revision}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container(image=image)]}}
    replicas = int(revision) - 1
    spec = {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template}
    return {**made, "spec": spec, "status": {"replicas": replicas, "readyReplicas": replicas}}


def rows(printed: str) -> list[list[str]]:
    """The cells of what was printed, without empty lines."""
    return [re.split(r"\s{2,}", line.strip()) for line in printed.splitlines() if line.strip()]


def web(server: ApiServer) -> Json:
    return server.get("deployments", "shop", "web")


# Get


def test_get_reads_as_on_a_cluster(kubectl: Kubectl) -> None:
    printed = rows(kubectl("get", "deploy,rs,pods,nodes"))

    assert [
        ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"],
        ["deployment.apps/web", "1/1", "1", "1", "0s"],
        ["NAME", "DESIRED", "CURRENT", "READY", "AGE"],
        ["replicaset.apps/web-1", "0", "0", "0", "0s"],
        ["replicaset.apps/web-2", "1", "1", "1", "0s"],
        ["NAME", "READY", "STATUS", "RESTARTS", "AGE"],
        ["pod/web-2-1", "1/1", "Running", "0", "0s"],
        ["NAME", "STATUS", "ROLES", "AGE", "VERSION"],
        ["node/node-1", "Ready", "<none>", "0s", "v1.34.4"],
    ] == printed


def test_get_wide_shows_more(kubectl: Kubectl) -> None:
    (_, web), (_, running) = rows(kubectl("get", "deploy", "-o", "wide")), rows(kubectl("get", "pods", "-o", "wide"))

    assert ["web", "registry.test/web:1", "app=web"] == web[5:]
    assert ["10.0.0.7", "node-1", "<none>", "<none>"] == running[5:]


def test_get_finds_by_name_label_and_everywhere(kubectl: Kubectl, server: ApiServer) -> None:
    server.put("secrets", {"metadata": {"namespace": "other", "name": "a", "labels": {"app": "web"}}, "data": {}})

    assert "web" == rows(kubectl("get", "deployments.v1.apps", "web", "--no-headers"))[0][0]
    assert "No resources found in shop namespace.\n" == kubectl("get", "deploy", "-l", "app=other")
    assert [["other", "a", "Opaque", "0", "0s"]] == rows(
        kubectl("get", "secret", "-A", "-l", "app=web", "--no-headers")
    )


def test_get_prints_the_object_itself(kubectl: Kubectl, server: ApiServer) -> None:
    assert web(server) == json.loads(kubectl("get", "deploy", "web", "-o", "json"))
    assert "replicas: 1\n" in kubectl("get", "deploy", "web", "-o", "yaml")
    assert "deployment.apps/web\n" == kubectl("get", "deploy", "-o", "name")
    assert "1" == kubectl("get", "deploy", "web", "-o", "jsonpath={.spec.replicas}")


def test_get_watches(kubectl: Kubectl, server: ApiServer) -> None:
    scaled = lambda one: one["spec"].update(replicas=4)  # noqa: E731
    server.before("watch", "deployments", lambda: server.edit("deployments", "shop", "web", scaled))

    printed = rows(kubectl("get", "deploy", "-w", "--request-timeout=2s"))

    assert [["web", "1/1", "1", "1", "0s"], ["web", "1/4", "1", "1", "0s"]] == printed[1:]


def test_get_says_what_is_not_there(kubectl: Kubectl) -> None:
    missing, unknown = kubectl("get", "deploy", "nobody", code=1), kubectl("get", "gizmos", code=1)

    assert 'Error from server (NotFound): deployments.apps "nobody" not found\n' == missing
    assert 'error: the server doesn\'t have a resource type "gizmos"\n' == unknown


@pytest.mark.parametrize("plural", [resource.plural for resource in RESOURCES.values()])
def test_get_knows_every_kind(kubectl: Kubectl, plural: str) -> None:
    kubectl("get", plural, "-A")
    kubectl("get", plural, "-A", "-o", "wide")


def test_get_all_shows_the_workloads(kubectl: Kubectl) -> None:
    names = kubectl("get", "all", "-o", "name").split()

    assert ["pod/web-2-1", "deployment.apps/web", "replicaset.apps/web-1", "replicaset.apps/web-2"] == names


# Describe


def test_describe_tells_of_a_deployment_and_its_replica_sets(kubectl: Kubectl) -> None:
    printed = kubectl("describe", "deploy", "web")

    assert re.search(r"Replicas: +1 desired \| 1 updated \| 1 total \| 1 available \| 0 unavailable", printed)
    assert re.search(r"Image: +registry.test/web:1", printed)


@pytest.mark.parametrize("what", ["rs/web-2", "pod/web-2-1", "node/node-1", "namespace/shop", "serviceaccount"])
def test_describe_tells_of_others(kubectl: Kubectl, what: str) -> None:
    kubectl("describe", what)


def test_describe_shows_events(kubectl: Kubectl, server: ApiServer) -> None:
    about = {"kind": "Deployment", "namespace": "shop", "name": "web", "uid": web(server)["metadata"]["uid"]}
    told = {"involvedObject": about, "reason": "Restarted", "message": "web:1 is newer", "type": "Normal"}
    server.put("events", {"metadata": {"namespace": "shop", "name": "e"}, **told})

    assert "web:1 is newer" in kubectl("describe", "deploy", "web")
    assert "deployment/web" in kubectl("get", "events")


# Rollout


def test_rollout_status_waits_for_the_controller(kubectl: Kubectl, server: ApiServer) -> None:
    kubectl("rollout", "restart", "deploy/web")
    settle = lambda one: one["status"].update(observedGeneration=2)  # noqa: E731
    server.before("watch", "deployments", lambda: server.edit("deployments", "shop", "web", settle))

    printed = kubectl("rollout", "status", "deploy/web", "--timeout=20s").splitlines()

    assert "Waiting for deployment spec update to be observed..." == printed[0]
    assert 'deployment "web" successfully rolled out' == printed[-1]


def test_rollout_status_gives_up(kubectl: Kubectl) -> None:
    kubectl("rollout", "restart", "deploy/web")

    assert "timed out waiting" in kubectl("rollout", "status", "deploy/web", "--timeout=1s", code=1)


def test_rollout_restart_pause_and_resume_change_the_deployment(kubectl: Kubectl, server: ApiServer) -> None:
    kubectl("rollout", "restart", "deploy/web")
    kubectl("rollout", "pause", "deploy/web")

    assert "kubectl.kubernetes.io/restartedAt" in web(server)["spec"]["template"]["metadata"]["annotations"]
    assert (True, 3) == (web(server)["spec"]["paused"], web(server)["metadata"]["generation"])

    kubectl("rollout", "resume", "deploy/web")
    assert "paused" not in web(server)["spec"]


def test_rollout_history_and_undo_know_the_replica_sets(kubectl: Kubectl, server: ApiServer) -> None:
    history = rows(kubectl("rollout", "history", "deploy/web"))
    kubectl("rollout", "undo", "deploy/web", "--to-revision=1")

    assert [["1", "<none>"], ["2", "<none>"]] == history[2:]
    assert "registry.test/web:0" == web(server)["spec"]["template"]["spec"]["containers"][0]["image"]


def test_a_whole_rollout_is_followed_on_the_simulated_node(tmp_path: Path) -> None:
    with ApiServer() as api, Registry() as registry, Node(api):
        registry.put("api", "1", image(b"api"))
        kubectl = Kubectl(api, tmp_path)
        kubectl("create", "-f", kubectl.manifest("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}"))
        text = MANIFEST.replace("registry.test", registry.host).replace("replicas: 0", "replicas: 2")
        kubectl("create", "-f", kubectl.manifest(text))
        for change in ("restart", "undo"):
            kubectl("rollout", "status", "deploy/api", "--timeout=20s")
            kubectl("rollout", change, "deploy/api")
        kubectl("rollout", "status", "deploy/api", "--timeout=20s")
        kubectl("delete", "pods", "--all", "--timeout=20s")
        kubectl("wait", "deploy/api", "--for=condition=Available", "--timeout=20s")
        kubectl("rollout", "status", "deploy/api", "--timeout=20s")

        assert [["api", "2/2", "2", "2"]] == [row[:4] for row in rows(kubectl("get", "deploy"))[1:]]
        assert [["2", "<none>"], ["3", "<none>"]] == rows(kubectl("rollout", "history", "deploy/api"))[2:]


# Change


def test_scale_sets_the_replicas_and_looks_at_them_before(kubectl: Kubectl, server: ApiServer) -> None:
    kubectl("scale", "deploy/web", "--replicas=3")
    kubectl("scale", "deploy/web", "--current-replicas=3", "--replicas=2")
    refused = kubectl("scale", "deploy/web", "--current-replicas=3", "--replicas=4", code=1)

    assert (2, "error: Expected replicas to be 3, was 2\n") == (web(server)["spec"]["replicas"], refused)


def test_labels_and_annotations_are_set_and_removed(kubectl: Kubectl, server: ApiServer) -> None:
    kubectl("label", "deploy", "web", "figwasp/target=true", "app-")
    kubectl("annotate", "deploy", "web", "a=b")

    assert {"figwasp/target": "true"} == web(server)["metadata"]["labels"]
    assert "b" == web(server)["metadata"]["annotations"]["a"]


def test_set_changes_one_container(kubectl: Kubectl, server: ApiServer) -> None:
    kubectl("set", "image", "deploy/web", "web=registry.test/web:2")
    kubectl("set", "env", "deploy/web", "A=B")

    (found,) = web(server)["spec"]["template"]["spec"]["containers"]
    assert ("registry.test/web:2", [{"name": "A", "value": "B"}]) == (found["image"], found["env"])


@pytest.mark.parametrize(
    ("kind", "patch"),
    [
        ("strategic", {"spec": {"minReadySeconds": 7}}),
        ("merge", {"spec": {"minReadySeconds": 7}}),
        ("json", [{"op": "add", "path": "/spec/minReadySeconds", "value": 7}]),
    ],
)
def test_patch_knows_three_kinds(kubectl: Kubectl, server: ApiServer, kind: str, patch: object) -> None:
    kubectl("patch", "deploy", "web", f"--type={kind}", "-p", json.dumps(patch))

    assert 7 == web(server)["spec"]["minReadySeconds"]


def test_patch_of_an_older_version_is_a_conflict(kubectl: Kubectl) -> None:
    printed = kubectl("patch", "deploy", "web", "-p", '{"metadata": {"resourceVersion": "1"}}', code=1)

    assert printed.startswith("Error from server (Conflict): Operation cannot be fulfilled on deployments.apps")


def test_edit_sends_what_the_editor_wrote(kubectl: Kubectl, server: ApiServer) -> None:
    kubectl("edit", "deploy", "web", KUBE_EDITOR="sed -i 's/^  replicas: 1/  replicas: 5/'")

    assert 5 == web(server)["spec"]["replicas"]


# Create, apply and delete


def test_create_makes_an_object_once(kubectl: Kubectl, server: ApiServer) -> None:
    made = kubectl("create", "-f", kubectl.manifest())
    again = kubectl("create", "-f", kubectl.manifest(), code=1)

    assert "deployment.apps/api created\n" == made
    assert 'deployments.apps "api" already exists\n' in again
    assert 0 == server.get("deployments", "shop", "api")["spec"]["replicas"]


def test_a_dry_run_on_the_server_does_nothing(kubectl: Kubectl, server: ApiServer) -> None:
    created = kubectl("create", "-f", kubectl.manifest(), "--dry-run=server")
    kubectl("delete", "deploy", "web", "--dry-run=server")
    kubectl("label", "deploy", "web", "a=b", "--dry-run=server")

    assert "deployment.apps/api created (server dry run)\n" == created
    assert [("web", None)] == [
        (each["metadata"]["name"], each["metadata"]["labels"].get("a")) for each in server.list("deployments")
    ]


def test_apply_makes_changes_and_leaves_alone(kubectl: Kubectl) -> None:
    texts = MANIFEST, MANIFEST, MANIFEST.replace("api:1", "api:2")

    printed = [kubectl("apply", "-f", kubectl.manifest(text)) for text in texts]

    assert [f"deployment.apps/api {what}\n" for what in ("created", "unchanged", "configured")] == printed


def test_delete_takes_along_what_belongs_to_it(kubectl: Kubectl, server: ApiServer) -> None:
    printed = kubectl("delete", "deploy", "web", "--timeout=10s")

    assert 'deployment.apps "web" deleted from shop namespace\n' == printed
    assert [[], [], []] == [list(server.list(plural)) for plural in ("deployments", "replicasets", "pods")]


def test_delete_may_leave_it_there(kubectl: Kubectl, server: ApiServer) -> None:
    kubectl("delete", "deploy", "web", "--cascade=orphan")

    assert (0, 2) == (len(server.list("deployments")), len(server.list("replicasets")))


def test_delete_of_a_namespace_takes_all_along(kubectl: Kubectl, server: ApiServer) -> None:
    kubectl("delete", "namespace", "shop", "--timeout=10s")

    assert [] == [each for plural in ("deployments", "replicasets", "pods") for each in server.list(plural)]


def test_wait_waits(kubectl: Kubectl, server: ApiServer) -> None:
    available = lambda one: one["status"]["conditions"].append({"type": "Available", "status": "True"})  # noqa: E731
    server.before("watch", "deployments", lambda: server.edit("deployments", "shop", "web", available))

    assert "condition met" in kubectl("wait", "deploy/web", "--for=condition=Available", "--timeout=10s")


# Rights


def test_auth_can_i_tells_what_a_role_allows(team: Kubectl) -> None:
    assert "yes\n" == team("auth", "can-i", "get", "deployments")
    assert "no\n" == team("auth", "can-i", "update", "deployments", code=1)
    assert ["deployments.apps", "[]", "[]", "[get list watch]"] in rows(team("auth", "can-i", "--list"))
    assert ["Username", "team"] in rows(team("auth", "whoami"))


def test_what_a_role_allows_is_done_over_tls(team: Kubectl) -> None:
    printed = team("get", "deploy", "-w", "--request-timeout=2s")

    assert "web" == rows(printed)[1][0]


def test_who_may_not_is_told_so(team: Kubectl) -> None:
    printed = team("get", "pods", code=1)

    what = 'cannot list resource "pods" in API group "" in the namespace "shop"'
    assert f'Error from server (Forbidden): pods is forbidden: User "team" {what}\n' == printed


def test_everybody_may_do_anything_where_nobody_is_known(kubectl: Kubectl) -> None:
    assert "yes\n" == kubectl("auth", "can-i", "*", "*")


# The rest


def test_config_version_and_resources_are_shown(kubectl: Kubectl, server: ApiServer) -> None:
    assert server.url in kubectl("config", "view")
    assert "Server Version: v1.34.4" in kubectl("version")
    assert ["deployments", "deploy", "apps/v1", "true", "Deployment"] in rows(kubectl("api-resources"))
    assert "ok" == kubectl("get", "--raw", "/readyz")
