"""
A whole pass, from the first request to the report.

Aspects: restart or not; what one workload's trouble means for the others; changes by others meanwhile; requests spent.
"""

import json
import time
from collections import Counter
from typing import Any

import pytest

from figwasp.app.lookups import WIDTH
from figwasp.core.decision import Why
from figwasp.core.digest import Digest
from figwasp.core.report import Failed, Left, Report
from figwasp.embedded.api.faults import Fault
from figwasp.embedded.registry.server import image
from figwasp.registry.gate import MOST_UNANSWERED
from tests.app.stage import Stage, ends
from tests.objects import NAMESPACE


def why(report: Report) -> tuple[Why, str]:
    (outcome,) = report.outcomes
    assert isinstance(outcome, Left), outcome
    return outcome.decision.why, outcome.decision.detail


def test_a_tag_that_moved_restarts_its_workload_once(stage: Stage) -> None:
    stage.deploy("old")
    new = stage.push("new")

    first = stage.sweep("web")
    stage.settle()
    stage.run_pod(new)
    second = stage.sweep("web")

    assert [{"web": "restarted"}, {"web": "CURRENT"}] == [ends(first), ends(second)]
    assert (0, 0) == (first.exit_code, second.exit_code)


def test_a_tag_that_did_not_move_restarts_nothing(stage: Stage) -> None:
    stage.deploy()

    assert {"web": "CURRENT"} == ends(stage.sweep("web"))
    assert "" == stage.restarted_at()


def test_pods_that_do_not_follow_are_restarted_for_once_and_then_reported(stage: Stage) -> None:
    stage.deploy("old")
    stage.push("new")
    stage.sweep("web")
    restarted_at = stage.restarted_at()
    stage.settle()

    reports = [stage.sweep("web")]
    stage.settle()
    reports.append(stage.sweep("web"))

    assert [Why.NOT_CONVERGING] * 2 == [why(each)[0] for each in reports]
    assert [1, 1] == [each.exit_code for each in reports]
    assert restarted_at == stage.restarted_at()


def test_pods_that_followed_once_are_restarted_for_the_same_digest_again(stage: Stage) -> None:
    old, new = stage.deploy("A"), stage.push("B")
    stage.sweep("web")
    stage.settle()
    stage.run_pod(new)
    stage.sweep("web")  # sees that they followed, and writes it down
    stage.settle()
    stage.run_pod(old)  # such as a node that was given an old image again

    assert {"web": "restarted"} == ends(stage.sweep("web"))


def test_a_wrong_password_is_never_answered_by_asking_without_one(stage: Stage) -> None:
    stage.deploy("old")
    stage.run_pod(stage.push("old"), imagePullSecrets=[{"name": "pull"}])
    stage.pull_secret("pull", "ann", "wrong")
    stage.registry.want_token(users={"ann": "right"}, public={"web"})
    stage.push("new")

    report = stage.sweep("web")

    assert (1, "") == (report.exit_code, stage.restarted_at())
    assert "secret shop/pull" in why(report)[1]
    assert "wrong" not in why(report)[1]


def test_what_anybody_gets_is_shown_beside_the_login_that_is_refused(stage: Stage) -> None:
    for name in ("public", "private"):
        stage.deploy("old", name)
        stage.run_pod(stage.push("old", name), name, imagePullSecrets=[{"name": "pull"}])
    stage.pull_secret("pull", "ann", "wrong")
    stage.registry.want_token(users={"ann": "right"}, public={"public"})
    named = Digest.parse(stage.push("new", "public")).short

    private, public = (outcome.decision for outcome in stage.sweep().outcomes if isinstance(outcome, Left))

    assert f"with the login from secret shop/pull; anybody gets it without a login, as {named}" in public.detail
    assert "anybody" not in private.detail
    assert private.hint == public.hint.replace("public", "private") != ""


@pytest.mark.parametrize(
    "bent", [{"headers": {"RateLimit-Remaining": "0;w=21600"}}, {"status": 429}], ids=["none left", "429"]
)
def test_what_anybody_gets_no_more_of_is_still_got_with_a_login(stage: Stage, bent: dict[str, Any]) -> None:
    """Docker Hub counts by account, and by address where there is no login, which may be many's."""
    for name, password in (("api", "wrong"), ("web", "right")):
        stage.deploy("old", name)
        stage.run_pod(stage.push("old", name), name, imagePullSecrets=[{"name": password}])
        stage.pull_secret(password, "ann", password)
        stage.push("new", name)
    stage.registry.want_token(users={"ann": "right"}, public={"api"})
    stage.registry.answer("/v2/api/manifests/latest", **bent)

    assert {"api": "UNKNOWN", "web": "restarted"} == ends(stage.sweep())


def test_one_registry_in_trouble_leaves_the_other_workloads_served(stage: Stage) -> None:
    for name in ("broken", "web", "api"):
        stage.deploy("old", name)
        stage.push("new", name)
    stage.registry.answer("/v2/broken/manifests/latest", status=500)

    report = stage.sweep()

    assert {"api": "restarted", "broken": "UNKNOWN", "web": "restarted"} == ends(report)
    assert 1 == report.exit_code


def test_a_registry_that_does_not_answer_is_not_asked_for_ever(stage: Stage) -> None:
    for number in range(40):
        stage.deploy("old", f"web-{number}")
        stage.registry.answer(f"/v2/web-{number}/manifests/latest", reset=True)

    report = stage.sweep()

    assert {"UNKNOWN"} == set(ends(report).values())
    assert any("was not asked" in str(each) for each in report.outcomes)
    assert stage.registry.asked("HEAD") <= WIDTH + MOST_UNANSWERED


@pytest.mark.parametrize(
    ("bent", "why"),
    [
        ({"status": 429}, "it wants fewer requests (429)"),
        ({"headers": {"RateLimit-Remaining": "0;w=21600"}}, "no requests are left (ratelimit-remaining: 0)"),
    ],
    ids=["429", "none left"],
)
def test_a_registry_that_wants_no_more_requests_is_left_alone_and_that_is_said(
    stage: Stage, bent: dict[str, Any], why: str
) -> None:
    for number in range(20):
        stage.deploy("old", f"web-{number}")
        stage.registry.answer(f"/v2/web-{number}/manifests/latest", **bent)

    report = stage.sweep()

    assert (1, 1) == (report.exit_code, stage.registry.asked())
    assert 19 == sum("was not asked: " in str(each) and why in str(each) for each in report.outcomes)


@pytest.mark.parametrize("entry", ["missing", "other"])
def test_where_no_pull_secret_fits_it_is_said_what_they_hold(stage: Stage, entry: str) -> None:
    stage.deploy("old")
    stage.run_pod(stage.push("old"), imagePullSecrets=[{"name": entry}])
    stage.pull_secret("other", "ann", "pw", host="ghcr.io")
    stage.registry.want_basic({"ann": "pw"})

    (outcome,) = stage.sweep("web").outcomes

    assert isinstance(outcome, Left)
    says = {"missing": "does not exist, or holds no login", "other": "has logins for ghcr.io only"}
    assert f"secret shop/{entry} {says[entry]}" == outcome.decision.hint


def test_what_is_no_image_restarts_nothing(stage: Stage) -> None:
    stage.deploy("old")
    chart = {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": f"sha256:{'0' * 64}", "size": 1}
    stage.registry.put("web", "latest", json.dumps({"schemaVersion": 2, "config": chart, "layers": []}).encode())

    assert Why.UNKNOWN is why(stage.sweep("web"))[0]
    assert "" == stage.restarted_at()


def test_one_unreadable_secret_leaves_the_other_workloads_served(stage: Stage) -> None:
    stage.deploy("old", "web")
    stage.run_pod(stage.deploy("old", "private"), "private", imagePullSecrets=[{"name": "broken"}])
    metadata = {"namespace": NAMESPACE, "name": "broken"}
    kind, data = "kubernetes.io/dockerconfigjson", {".dockerconfigjson": "bm90IGpzb24="}
    stage.api.put("secrets", {"metadata": metadata, "type": kind, "data": data})

    assert {"private": "UNKNOWN", "web": "CURRENT"} == ends(stage.sweep())


def test_restarts_that_fail_leave_the_other_workloads_served(stage: Stage) -> None:
    for name in ("a", "b", "web"):
        stage.deploy("old", name)
    for name in ("a", "b"):
        stage.push("new", name)
    stage.api.fault("update", "deployments", Fault.INTERNAL_ERROR, times=99)

    report = stage.sweep()

    assert 1 == report.exit_code
    assert ["a", "b"] == [each.key.name for each in report.outcomes if isinstance(each, Failed)]
    assert "CURRENT" == ends(report)["web"]


def test_a_change_meanwhile_is_decided_on_anew(stage: Stage) -> None:
    stage.deploy("old")
    stage.push("new")
    stage.api.before(
        "update",
        "deployments",
        lambda: stage.api.edit("deployments", NAMESPACE, "web", lambda it: it["spec"].update(paused=True)),
    )

    assert Why.PAUSED is why(stage.sweep("web"))[0]
    assert "" == stage.restarted_at()


def test_a_workload_that_keeps_changing_fails_after_three_tries(stage: Stage) -> None:
    stage.deploy("old")
    stage.push("new")

    def change() -> None:
        stage.api.edit(
            "deployments", NAMESPACE, "web", lambda it: it["metadata"]["labels"].update(t=str(time.monotonic()))
        )

    stage.api.before("update", "deployments", change, times=99)

    report = stage.sweep("web")

    assert {"web": "deployment/web changed 3 times while it was looked at"} == ends(report)
    assert (1, 3) == (report.exit_code, stage.api.asked("update", "deployments"))


def test_a_workload_that_loses_its_label_meanwhile_is_not_restarted(stage: Stage) -> None:
    stage.deploy("old")
    stage.push("new")

    def unlabel() -> None:
        stage.api.edit("deployments", NAMESPACE, "web", lambda it: it["metadata"]["labels"].pop("figwasp/target"))

    stage.api.before("update", "deployments", unlabel)

    assert Why.DESELECTED is why(stage.sweep())[0]
    assert "" == stage.restarted_at()


def test_a_named_workload_that_is_deleted_meanwhile_is_a_failure(stage: Stage) -> None:
    stage.deploy("old")
    stage.push("new")
    stage.api.before("update", "deployments", lambda: stage.api.delete("deployments", NAMESPACE, "web"))

    assert 1 == stage.sweep("web").exit_code


def test_a_labelled_workload_that_is_deleted_meanwhile_is_no_failure(stage: Stage) -> None:
    stage.deploy("old")
    stage.push("new")
    stage.api.before("update", "deployments", lambda: stage.api.delete("deployments", NAMESPACE, "web"))

    report = stage.sweep()

    assert ({"web": "DESELECTED"}, 0) == (ends(report), report.exit_code)


def test_a_missing_named_target_fails_and_the_others_are_served(stage: Stage) -> None:
    stage.deploy()

    report = stage.sweep("missing", "web")

    assert "CURRENT" == ends(report)["web"]
    assert "missing" in ends(report)["missing"]
    assert 1 == report.exit_code


def test_if_nothing_can_be_read_the_report_says_why(stage: Stage) -> None:
    stage.api.fault("list", "deployments", Fault.INTERNAL_ERROR, times=9)

    report = stage.sweep()

    assert (1, ()) == (report.exit_code, report.outcomes)
    assert "500" in str(report.failure)


def test_a_service_account_that_cannot_be_read_does_not_keep_the_others_from_being_served(stage: Stage) -> None:
    stage.deploy("old")
    stage.deploy("old", "api")
    stage.api.delete("pods", NAMESPACE, "api-1-1")
    stage.api.fault("get", "serviceaccounts", Fault.INTERNAL_ERROR, times=99)
    stage.push("new")

    assert {"web": "restarted", "api": "NO_STATUS"} == ends(stage.sweep())
    assert 0 < stage.api.asked("get", "serviceaccounts")


def test_a_reference_that_many_workloads_share_is_asked_for_once(stage: Stage) -> None:
    for name in ("a", "b", "c"):
        stage.deploy("old", name)
        stage.api.edit(
            "deployments",
            NAMESPACE,
            name,
            lambda it: it["spec"]["template"]["spec"]["containers"][0].update(image=stage.image("a")),
        )
        stage.api.edit(
            "pods", NAMESPACE, f"{name}-1-1", lambda it: it["spec"]["containers"][0].update(image=stage.image("a"))
        )
        stage.settle(name)

    report = stage.sweep()

    assert {"a": "CURRENT", "b": "CURRENT", "c": "CURRENT"} == ends(report)
    assert 1 == stage.registry.asked("HEAD")


def test_an_unchanged_pass_costs_three_reads_and_one_head(stage: Stage) -> None:
    stage.deploy()

    stage.sweep("web")

    api = Counter((each.verb, each.resource) for each in stage.api.requests)
    assert {("get", "deployments"): 1, ("list", "replicasets"): 1, ("list", "pods"): 1} == api
    assert (1, 1) == (stage.registry.asked("HEAD"), stage.registry.asked())


def test_a_proven_equality_is_kept_and_costs_no_further_manifest(stage: Stage) -> None:
    stage.deploy("same")
    stage.registry.put("web", "latest", _with_annotation("same"))
    stage.sweep("web")
    stage.settle()
    before = stage.registry.asked("GET")

    report = stage.sweep("web")

    assert ({"web": "CURRENT"}, before) == (ends(report), stage.registry.asked("GET"))


def test_a_record_that_cannot_be_written_is_told_and_no_failure(stage: Stage) -> None:
    stage.deploy("same")
    stage.registry.put("web", "latest", _with_annotation("same"))
    stage.api.fault("update", "deployments", Fault.INTERNAL_ERROR)

    report = stage.sweep("web")

    (outcome,) = report.outcomes
    assert isinstance(outcome, Left)
    assert "could not be kept" in outcome.note
    assert 0 == report.exit_code


def test_a_pair_of_repository_and_digest_that_no_registry_has_is_looked_up_in_the_others(stage: Stage) -> None:
    """As CRI-O reports it on a node that has the same content from two repositories."""
    stage.deploy("shared", "app")
    stage.deploy("shared", "web")
    of_web = stage.registry.put("web", "latest", image(b"shared", annotations={"built": "for web"}))
    stage.run_pod(of_web, "app")
    stage.run_pod(of_web, "web")

    together = stage.sweep()
    stage.settle("app")
    alone = stage.sweep("app")

    assert [{"app": "CURRENT", "web": "CURRENT"}, {"app": "CURRENT"}] == [ends(together), ends(alone)]
    assert "" == stage.restarted_at("app")


@pytest.mark.parametrize("lost", [Fault.APPLY_THEN_DROP, Fault.CUT, Fault.BAD_GATEWAY])
def test_a_restart_whose_answer_was_lost_is_reported_as_one_and_not_repeated(stage: Stage, lost: Fault) -> None:
    stage.deploy("old")
    stage.push("new")
    stage.api.fault("update", "deployments", lost)

    report = stage.sweep("web")

    assert ({"web": "restarted"}, 1) == (ends(report), stage.api.asked("update", "deployments"))


def _with_annotation(content: str) -> bytes:
    return image(content.encode(), annotations={"build": "2"})
