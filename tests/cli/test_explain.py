"""`figwasp explain`: each container in the order in which it is judged."""

import json
import re
from pathlib import Path

from figwasp.cli.stuck import MOST, hint
from figwasp.embedded.api.faults import Fault
from figwasp.kube.pulls import ImageWait
from tests.app.stage import Stage
from tests.cli.program import run
from tests.kube.kinds.objects import stateful_set
from tests.objects import NAMESPACE, pod


def test_a_restart_is_explained_from_the_template_to_the_decision(stage: Stage, cluster: dict[str, str]) -> None:
    old = stage.deploy("old")
    new = stage.push("new")

    code, out, _ = run("explain", "web", env=cluster)

    told = [
        "shop/deployment/web",
        "settled; 1 replica",
        f"template     {stage.image()}",
        "pull policy  Always: a node asks the registry at each start",
        "pods         web-1-1 on node-1",
        f"web@{old}",
        "login        no login",
        f"the tag names {new} (application/vnd.oci.image.manifest.v1+json)",
        "rule         other-content: The config that the tag names now is not the one that runs.",
        "verdict      stale",
        "It would be restarted",
        "→ figwasp once deployment/web -n shop",
    ]
    assert 3 == code
    assert sorted(map(out.index, told)) == [out.index(each) for each in told]


def test_what_a_restart_waits_for_is_told(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy("old")
    stage.push("new")

    code, out, _ = run("explain", "web", "--settle", "5m", env=cluster)

    assert 0 == code
    assert re.search(
        r"web: the tag names \w{12} since \S+Z, which no earlier pass has written down; waits until \S+Z", out
    ), out


def test_a_login_is_told_by_its_secrets_name_and_never_shown(stage: Stage, cluster: dict[str, str]) -> None:
    stage.registry.want_basic({"ann": "s3cret-pa55"})
    stage.pull_secret("pull", "ann", "s3cret-pa55")
    stage.deploy(pull_secrets=["pull"])

    for form in ("text", "json", "yaml"):
        code, out, err = run("explain", "web", "-o", form, env=cluster)

        assert (0, True) == (code, "secret shop/pull" in out)
        assert "s3cret" not in out + err
        assert "ann" not in out.split()


def test_what_is_left_before_anything_is_asked_says_so(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy(paused=True)

    code, out, _ = run("explain", "deploy/web", env=cluster)

    assert 0 == code
    assert "roll-out     paused; 1 replica" in out
    assert "not judged   the workload is left before its pods are read and a registry is asked" in out
    assert "→ kubectl rollout resume deployment/web -n shop" in out
    assert [] == stage.registry.requests


def test_a_registry_without_an_answer_is_explained_with_what_to_do(stage: Stage, cluster: dict[str, str]) -> None:
    stage.registry.want_basic({"ann": "s3cret-pa55"})
    stage.deploy()

    code, out, _ = run("explain", "web", env=cluster)

    assert 1 == code
    assert "rule         not-answered: " in out
    assert "wants a login for web:latest" in out
    assert "→ add a secret with a login" in out


def test_a_workload_that_is_not_there_is_told(cluster: dict[str, str]) -> None:
    code, out, _ = run("explain", "nothere", env=cluster)

    assert 1 == code
    assert "there is no deployment nothere in namespace shop" in out


def test_the_document_names_the_container_that_is_the_reason(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy("old")
    stage.push("new")

    _, out, _ = run("explain", "web", "-o", "json", env=cluster)

    (container,) = json.loads(out)["workloads"][0]["containers"]
    assert ("stale", "other-content", True) == tuple(container[each] for each in ("verdict", "rule", "isReason"))


def test_without_a_name_the_labelled_workloads_are_explained(stage: Stage, cluster: dict[str, str]) -> None:
    nothing = run("explain", env=cluster)
    stage.deploy()
    stage.deploy(name="api", namespace="elsewhere")

    here, everywhere = run("explain", env=cluster), run("explain", "-A", env=cluster)

    assert "nothing is selected" in nothing[1]
    assert (0, 1, 2) == (here[0], here[1].count("It is up to date"), everywhere[1].count("It is up to date"))


def test_what_is_to_be_pasted_acts_on_the_same_cluster(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy("old")
    stage.push("new")
    stage.deploy(name="api", paused=True)

    _, out, _ = run("explain", "web", "api", "--context", "stage", env=cluster)
    _, once, _ = run("once", "-v", "api", "--context", "stage", env=cluster)

    assert "figwasp once deployment/web -n shop --context stage" in out
    assert "kubectl --context stage rollout resume deployment/api -n shop" in out
    assert "kubectl --context stage rollout resume deployment/api -n shop" in once


def test_what_keeps_the_api_server_from_trying_it_is_told_beside_the_decision(
    stage: Stage, cluster: dict[str, str]
) -> None:
    stage.deploy("old")
    stage.push("new")
    stage.api.fault("update", "deployments", Fault.INTERNAL_ERROR)

    code, out, _ = run("explain", "web", env=cluster)

    assert 1 == code
    assert "It would be restarted" in out
    assert "but the API server failed" in out


def test_the_image_of_a_volume_is_explained_beside_the_containers(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy()
    stage.push("model", "model")
    volume = {"name": "model", "image": {"reference": stage.image("model"), "pullPolicy": "Always"}}
    stage.api.edit(
        "deployments", NAMESPACE, "web", lambda one: one["spec"]["template"]["spec"].update(volumes=[volume])
    )
    stage.settle()

    code, out, _ = run("explain", "web", env=cluster)

    told = ["container web", "verdict      current", "volume/model", f"template     {stage.image('model')}"]
    told += ["rule         volume: ", "verdict      exempt", "nodes do not report which image", "It is left"]
    places = [out.index(each) for each in told]
    assert (0, sorted(places)) == (code, places)


def test_a_restart_that_is_an_outage_is_explained_as_one(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy("old", strategy={"type": "Recreate"})
    stage.push("new")

    code, out, _ = run("explain", "web", env=cluster)

    assert 3 == code
    assert "outage       a restart is one: its strategy is Recreate, so all pods end before new ones start" in out


def get_stuck(stage: Stage, reason: str, name: str = "web") -> None:
    """Let a roll-out of a Deployment be in progress whose pod waits for `reason`."""
    stage.deploy(name=name)
    stage.api.edit("deployments", NAMESPACE, name, lambda one: one["status"].update(updatedReplicas=0))
    waiting = {"waiting": {"reason": reason, "message": 'Back-off pulling image "web:nope"'}}
    stage.api.edit(
        "pods", NAMESPACE, f"{name}-1-1", lambda one: one["status"]["containerStatuses"][0].update(state=waiting)
    )


def test_a_roll_out_that_waits_for_its_image_says_so(stage: Stage, cluster: dict[str, str]) -> None:
    get_stuck(stage, "ImagePullBackOff")

    code, out, _ = run("explain", "web", env=cluster)

    assert 0 == code
    assert "a roll-out is in progress" in out
    assert (
        '→ container web of pod web-1-1 waits for its image (ImagePullBackOff: Back-off pulling image "web:nope")'
        in out
    )


def test_a_roll_out_that_does_not_get_on_says_so_by_the_clock_of_this_machine(
    stage: Stage, cluster: dict[str, str]
) -> None:
    one = stateful_set("db", status={"readyReplicas": 2})
    one["metadata"]["managedFields"] = [{"manager": "kube-controller-manager", "time": "2026-01-01T00:00:00Z"}]
    stage.api.put("statefulsets", one)

    code, out, _ = run("explain", "sts/db", env=cluster)

    assert (1, True) == (code, "does not get on" in out)
    assert "nothing has changed since 2026-01-01T00:00:00Z" in " ".join(out.split())


def test_each_of_several_roll_outs_says_what_it_waits_for(stage: Stage, cluster: dict[str, str]) -> None:
    for number in range(MOST + 1):
        get_stuck(stage, "ImagePullBackOff", f"web-{number:02}")

    _, out, _ = run("explain", env=cluster)

    assert MOST == out.count("waits for its image (ImagePullBackOff")
    assert f"→ figwasp explain deployment/web-{MOST} -n shop tells more" in out


def test_a_pod_of_another_workload_with_the_same_labels_is_not_blamed(stage: Stage, cluster: dict[str, str]) -> None:
    get_stuck(stage, "ContainerCreating")
    other = pod("stranger")
    other["metadata"]["labels"] = {"app": "web"}
    waiting = {"waiting": {"reason": "ImagePullBackOff", "message": ""}}
    other["status"]["containerStatuses"] = [{"name": "web", "state": waiting}]
    stage.api.put("pods", other)

    _, out, _ = run("explain", "web", env=cluster)

    assert "a roll-out is in progress" in out
    assert "waits for its image" not in out


def test_a_roll_out_that_waits_for_something_else_is_only_in_progress(stage: Stage, cluster: dict[str, str]) -> None:
    get_stuck(stage, "ContainerCreating")

    _, out, _ = run("explain", "web", env=cluster)

    assert "a roll-out is in progress" in out
    assert "waits for" not in out


def test_pods_that_may_not_be_read_leave_a_roll_out_in_progress(stage: Stage, cluster: dict[str, str]) -> None:
    get_stuck(stage, "ImagePullBackOff")
    rule = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}
    stage.api.log_in_as("", user="system:anonymous", roles=[{"kind": "ClusterRole", "rules": [rule]}])

    code, out, _ = run("explain", "web", env=cluster)

    assert (0, True) == (code, "a roll-out is in progress" in out)


def test_nothing_more_is_asked_of_a_workload_that_is_not_stuck(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy()

    run("explain", "web", env=cluster)

    assert (1, 1) == (stage.api.asked("get", "deployments"), stage.api.asked("list", "pods"))


def test_one_of_several_pods_speaks_for_the_others() -> None:
    waits = [ImageWait(pod, "web", "ErrImagePull", "x" * 500) for pod in ("web-1", "web-2", "web-3")]

    told = hint(waits)

    assert told.startswith("container web of pod web-1 waits for its image (ErrImagePull: …xxx")
    assert told.endswith("; 2 more pods too")
    assert len(told) < 350


def test_the_end_of_what_a_node_says_is_told_since_the_reason_is_there() -> None:
    """As containerd and the kubelet nest it, each with the name of the image."""
    image = "registry.example.com/platform-team/storefront-web:1.2"
    said = (
        f'Back-off pulling image "{image}": ErrImagePull: failed to pull and unpack image "{image}": '
        f'failed to resolve reference "{image}": {image}: not found'
    )

    assert hint([ImageWait("web-1-1", "web", "ImagePullBackOff", said)]).endswith(": not found)")


def test_who_wants_it_followed_after_all_is_told_how(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy("old")
    ignored = {"figwasp/ignore": "true"}
    stage.api.edit("deployments", NAMESPACE, "web", lambda one: one["metadata"].update(annotations=ignored))

    _, out, _ = run("explain", "web", env=cluster)

    assert "→ kubectl annotate deployment/web figwasp/ignore- -n shop" in out


def test_the_help_says_of_which_workloads_no_pods_are_shown(home: dict[str, str]) -> None:
    _, out, _ = run("explain", "--help", env=home)

    assert "(ignored, paused, pinned, a roll-out in progress) pods are not read" in " ".join(out.split())


def test_the_proposed_command_asks_the_registry_as_the_explanation_did(
    stage: Stage, cluster: dict[str, str], tmp_path: Path
) -> None:
    stage.deploy("old")
    stage.push("new")
    (tmp_path / "some.toml").write_text('[registry."ghcr.io"]\nconcurrency = 1\n')
    options = ("--registry-ca", cluster.pop("FIGWASP_REGISTRY_CA"), "--config", str(tmp_path / "some.toml"))

    _, out, _ = run("explain", "web", *options, env=cluster)
    (proposed,) = [line.split()[2:] for line in out.splitlines() if "→ figwasp once" in line]
    code, report, _ = run(*proposed, env=cluster)

    assert {*options} <= {*proposed}
    assert (0, True) == (code, bool(stage.restarted_at("web"))), report
