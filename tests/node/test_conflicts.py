"""Others change the same Deployment at the same time: decided anew, nothing of theirs lost, nothing restarted twice."""

import json
import threading
from typing import Any

import pytest

from tests.node.api_proxy import ApiProxy
from tests.node.scene import TARGET, Pass, Scene


def _at_the_first_put(action: Any) -> Any:
    """Do something once, as the first PUT arrives and before the API server sees it."""
    pending = [action]

    def before(method: str, _path: str) -> None:
        if method == "PUT" and pending:
            pending.pop()()

    return before


def test_a_change_between_our_read_and_our_put_is_kept_and_decided_on_anew(scene: Scene) -> None:
    scene.deploy(scene.image("old"))
    scene.push(scene.image("new"))

    def change() -> None:
        scene.namespace.merge("Deployment", "web", {"metadata": {"labels": {"theirs": "kept"}}})

    with ApiProxy(scene.account, _at_the_first_put(change)) as proxy:
        done = scene.once("web", kubeconfig=proxy.kubeconfig)

    assert (["web"], 0) == (done.restarted, done.code)
    assert "kept" == scene.namespace.get("Deployment", "web")["metadata"]["labels"]["theirs"]
    assert scene.roll_outs() == 2


def test_a_pause_between_our_read_and_our_put_is_respected(scene: Scene) -> None:
    scene.deploy(scene.image("old"))
    scene.push(scene.image("new"))

    def pause() -> None:
        scene.namespace.merge("Deployment", "web", {"spec": {"paused": True}})

    with ApiProxy(scene.account, _at_the_first_put(pause)) as proxy:
        done = scene.once("web", kubeconfig=proxy.kubeconfig)

    assert ([], 0) == (done.restarted, done.code)
    assert "paused" in done.of("web")["why"]


def test_a_label_taken_away_between_our_read_and_our_put_is_respected(labelled_scene: Scene) -> None:
    scene = labelled_scene
    scene.deploy(scene.image("old"), labels=TARGET)
    scene.push(scene.image("new"))

    def unlabel() -> None:
        scene.namespace.merge("Deployment", "web", {"metadata": {"labels": {"figwasp/target": None}}})

    with ApiProxy(scene.account, _at_the_first_put(unlabel)) as proxy:
        done = scene.labelled(kubeconfig=proxy.kubeconfig)

    assert ([], 0) == (done.restarted, done.code)
    assert scene.roll_outs() == 1


def test_a_put_whose_answer_is_lost_is_not_sent_again(scene: Scene) -> None:
    scene.deploy(scene.image("old"))
    scene.push(scene.image("new"))

    with ApiProxy(scene.account, lambda _method, _path: None) as proxy:
        proxy.dropped.add("PUT")
        mark = scene.bed.audit.mark()
        done = scene.once("web", kubeconfig=proxy.kubeconfig)

    puts = [
        each for each in scene.bed.audit.requests(since=mark, user=scene.account.user) if each.asked.verb == "update"
    ]
    assert (["web"], 0, 1) == (done.restarted, done.code, len(puts))
    assert scene.roll_outs() == 2


def test_the_object_after_our_put_differs_in_our_annotations_only(scene: Scene) -> None:
    manifest = scene.manifest(replicas=2, labels={"team": "shop"}, enableServiceLinks=False, hostNetwork=True)
    manifest["metadata"]["annotations"] = {"unrelated": "kept ünïcode <&>"}
    manifest["spec"] |= {"revisionHistoryLimit": 3, "minReadySeconds": 0, "progressDeadlineSeconds": 120}
    scene.push(scene.image("old"))
    scene.namespace.apply(manifest)
    scene.namespace.wait_rolled_out("web")
    before = _comparable(scene.namespace.get("Deployment", "web"))
    scene.push(scene.image("new"))

    scene.once("web")

    after = scene.namespace.get("Deployment", "web")
    restarted_at = after["spec"]["template"]["metadata"]["annotations"].pop("figwasp/restartedAt")
    assert restarted_at.endswith("Z")
    assert before == _comparable(after)


def _comparable(deployment: dict[str, Any]) -> dict[str, Any]:
    """The object without our annotations and what the server itself maintains."""
    metadata = deployment["metadata"]
    for maintained in ("resourceVersion", "generation", "managedFields"):
        metadata.pop(maintained, None)
    for annotation in ("figwasp/record", "deployment.kubernetes.io/revision"):
        metadata["annotations"].pop(annotation, None)
    template = deployment["spec"]["template"]["metadata"]
    template["annotations"] = {k: v for k, v in template.get("annotations", {}).items() if not k.startswith("figwasp/")}
    return {key: value for key, value in deployment.items() if key != "status"}


@pytest.mark.parametrize("by_name", [True, False], ids=["by name", "by label"])
def test_two_passes_at_the_same_time_give_one_restart(labelled_scene: Scene, by_name: bool) -> None:
    scene = labelled_scene
    scene.deploy(scene.image("old"), labels=TARGET)
    scene.push(scene.image("new"))
    both_have_decided = threading.Barrier(2)
    waited = threading.local()

    def before(method: str, _path: str) -> None:
        # Only each pass's first PUT waits; which thread serves it is the proxy's own affair.
        if method == "PUT" and not getattr(waited, "done", False):
            waited.done = True
            both_have_decided.wait(timeout=20)

    arguments = ("once", "-v", "--log-format", "json", *(("web",) if by_name else ()))
    with ApiProxy(scene.account, before) as proxy:
        running = [scene.start(*arguments, kubeconfig=proxy.kubeconfig) for _ in range(2)]
        done = [Pass(each.wait(40), *each.communicate()) for each in running]

    assert [[], ["web"]] == sorted(each.restarted for each in done)
    assert [0, 0] == [each.code for each in done]
    assert scene.roll_outs() == 2


@pytest.mark.parametrize("ways", [(), ("--server-side",)], ids=["client-side", "server-side"])
def test_a_restart_owns_its_annotations_only_so_that_an_apply_neither_conflicts_nor_rolls_out(
    scene: Scene, ways: tuple[str, ...]
) -> None:
    made = scene.manifest()
    made["spec"]["template"]["metadata"]["annotations"] = {"theirs.example/a": "b"}
    scene.push(scene.image("old"))
    _apply(scene, made, *ways)
    scene.namespace.wait_rolled_out("web")
    scene.push(scene.image("new"))
    done = scene.once("web")
    scene.namespace.wait_rolled_out("web")

    _apply(scene, made, *ways)

    assert (["web"], 2) == (done.restarted, scene.roll_outs())
    (ours,) = [each for each in scene.settled()["metadata"]["managedFields"] if each["manager"] == "figwasp"]
    template: Any = {"f:metadata": {"f:annotations": {"f:figwasp/restartedAt": {}}}}
    expected = {"f:metadata": {"f:annotations": {"f:figwasp/record": {}}}, "f:spec": {"f:template": template}}
    assert expected == ours["fieldsV1"]


def _apply(scene: Scene, made: Any, *ways: str) -> None:
    scene.bed.kubectl("-n", scene.namespace.name, "apply", *ways, "-f", "-", stdin=json.dumps(made))
