"""A pass whose time is over, or was taken by one registry: what is done all the same, and what is told."""

import threading
import time

from figwasp.core.deadline import Deadline
from figwasp.core.report import Left
from testbed.wait import wait_for
from tests.app.stage import Stage, ends
from tests.objects import NAMESPACE


def test_what_the_deadline_cuts_off_is_reported_as_not_checked(stage: Stage) -> None:
    for name in ("a", "b"):
        stage.deploy("old", name)
        stage.push("new", name)
    deadline = Deadline(20, time.monotonic, "the pass took too long")
    stage.api.before("list", "pods", lambda: deadline.shorten(0, "interrupted by SIGTERM"))

    report = stage.sweep(deadline=deadline)

    assert (1, "") == (report.exit_code, stage.restarted_at("a"))
    assert "interrupted by SIGTERM" in str(report.failure)


def test_where_no_time_is_left_for_registries_every_workload_is_told_of(stage: Stage) -> None:
    stage.deploy("old")
    stage.deploy("old", "zoo")
    stage.api.edit("deployments", NAMESPACE, "zoo", lambda one: one["spec"].update(paused=True))
    stage.settle("zoo")
    stage.pull_secret("login", "ann", "pw")
    stage.run_pod(stage.push("old"), imagePullSecrets=[{"name": "login"}])
    deadline = Deadline(20, time.monotonic, "the pass took too long")
    stage.api.before("list", "secrets", lambda: deadline.shorten(0, "interrupted by SIGTERM"))

    report = stage.sweep(deadline=deadline)

    assert None is report.failure
    assert "PAUSED" == ends(report)["zoo"]
    assert "not checked to the end: interrupted by SIGTERM" in ends(report)["web"]


def test_a_registry_that_drips_is_cut_off_by_the_deadline_and_the_rest_is_reported(stage: Stage) -> None:
    stage.deploy("old", "slow")
    stage.registry.answer("/v2/slow/manifests/latest", drip_seconds=0.05)

    report = stage.sweep("slow", deadline=Deadline(0.5, time.monotonic, "the pass took too long"))

    assert (1, "") == (report.exit_code, stage.restarted_at("slow"))


def test_what_is_left_by_its_own_state_is_told_though_a_registry_took_all_the_time(stage: Stage) -> None:
    stage.deploy("old", "slow")
    stage.deploy("old", "halted", paused=True)
    stage.registry.answer("/v2/slow/manifests/latest", drip_seconds=0.05)
    deadline = Deadline(20, time.monotonic, "the test took too long")

    def end() -> None:
        wait_for(lambda: stage.registry.requests, "the registry to be asked")
        deadline.shorten(0.1, "the pass took too long")

    ending = threading.Thread(target=end)
    ending.start()
    report = stage.sweep(deadline=deadline)
    ending.join()

    assert "PAUSED" == ends(report)["halted"]
    assert "the pass took too long" in ends(report)["slow"]


def test_an_answer_that_came_in_time_is_acted_on_though_another_took_all_the_time(stage: Stage) -> None:
    stage.deploy("old")
    stage.push("new")
    stage.deploy("old", "zoo")
    stage.registry.answer("/v2/zoo/manifests/latest", drip_seconds=0.1)

    report = stage.sweep(deadline=Deadline(5, time.monotonic, "the pass took too long"))

    assert {"zoo": "UNKNOWN", "web": "restarted"} == ends(report)
    assert ["web: no answer in the 4s that a pass has for registries"] == [
        each.decision.words for each in report.outcomes if isinstance(each, Left)
    ]
    assert 1 == report.exit_code
