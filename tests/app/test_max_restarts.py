"""Which workloads a pass restarts where it may restart a few only, and which of them have had their place."""

from figwasp.core.decision import Why
from figwasp.core.report import End
from tests.app.stage import Stage, whys
from tests.objects import NAMESPACE


def deploy_many(stage: Stage, *names: str) -> None:
    for name in names:
        stage.deploy("old", name)
        stage.push("new", name)


def test_a_pass_restarts_no_more_than_it_may_and_the_next_goes_on_with_the_others(stage: Stage) -> None:
    deploy_many(stage, "c", "a", "d", "b")

    first, second = stage.sweep(max_restarts=2), stage.sweep(max_restarts=2)

    assert {"a": "restarted", "b": "restarted", "c": "PENDING", "d": "PENDING"} == whys(first)
    assert {"c": "restarted", "d": "restarted"}.items() <= whys(second).items()
    assert (0, 0) == (first.exit_code, second.exit_code)


def test_one_that_cannot_be_restarted_leaves_its_place_to_the_next(stage: Stage) -> None:
    deploy_many(stage, "a", "b", "c")
    named = {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["update"], "resourceNames": ["b", "c"]}
    reads = [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["get", "list"]}, named]
    stage.api.allow("system:anonymous", [{"kind": "Role", "metadata": {"namespace": NAMESPACE}, "rules": reads}])

    assert {"a": "failed", "b": "restarted", "c": "PENDING"} == whys(stage.sweep(max_restarts=1))


def test_one_whose_tag_moves_all_the_time_takes_no_place_from_the_others(stage: Stage) -> None:
    deploy_many(stage, "a", "b", "c")
    turns = []
    for number in range(4):
        turns += [name for name, why in whys(stage.sweep(max_restarts=1)).items() if why == "restarted"]
        stage.clock.forward(600.0)
        for name in ("a", "b", "c"):
            stage.settle(name)
        stage.run_pod(stage.push(f"moved {number}", "a"), "a")
        stage.push(f"moved on {number}", "a")

    assert ["a", "b", "c", "a"] == turns


def test_what_is_put_off_is_not_counted_as_restarted_for(stage: Stage) -> None:
    deploy_many(stage, "a", "b")

    report = stage.sweep(max_restarts=1)

    assert (1, 1) == (report.counts[End.RESTARTED], report.counts[End.LEFT])
    assert "figwasp/record" not in stage.api.get("deployments", NAMESPACE, "b")["metadata"]["annotations"]


def test_current_ones_take_no_place(stage: Stage) -> None:
    stage.deploy("same", "a")
    deploy_many(stage, "b")

    assert {"a": "CURRENT", "b": "restarted"} == whys(stage.sweep(max_restarts=1))


def test_one_that_changes_meanwhile_is_decided_anew_in_its_place(stage: Stage) -> None:
    deploy_many(stage, "a", "b")

    def pause() -> None:
        stage.api.edit("deployments", NAMESPACE, "a", lambda one: one["spec"].update(paused=True))

    stage.api.before("get", "deployments", pause)

    assert {"a": Why.PAUSED.name, "b": "restarted"} == whys(stage.sweep(max_restarts=1))
