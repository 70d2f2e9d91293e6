"""
`figwasp plan`: what a pass would do, and nothing done.

Aspects: nothing is changed; exit codes; forms; selection; what may not be done.
"""

import html
import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from figwasp.cli.document import SCHEMA, Document
from tests.app.stage import Stage
from tests.cli.program import run

PICTURES = Path(__file__).parent.parent.parent / "docs" / "pictures"

READER = {
    "kind": "ClusterRole",
    "rules": [
        {"apiGroups": ["apps"], "resources": ["deployments", "replicasets"], "verbs": ["get", "list"]},
        {"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["list"]},
    ],
}


@pytest.fixture
def stale(stage: Stage, cluster: dict[str, str]) -> dict[str, str]:
    """A cluster with a workload whose tag has moved."""
    stage.deploy("old")
    stage.push("new")
    return cluster


def plan(env: dict[str, str], *arguments: str) -> tuple[int, Any]:
    code, out, err = run("plan", "-o", "json", *arguments, env=env)
    assert "" == err
    return code, json.loads(out)


def decisions(document: Any) -> dict[str, str]:
    return {f"{each['namespace']}/{each['name']}": each["decision"] for each in document["workloads"]}


def test_what_would_be_restarted_is_shown_and_left_alone(stage: Stage, stale: dict[str, str]) -> None:
    before = stage.api.get("deployments", "shop", "web")

    code, out, _ = run("plan", env=stale)

    assert 3 == code
    assert ["WORKLOAD", "deployment/web", "1"] == [line.split()[0] for line in out.splitlines()]
    assert "restart   the tag names other content now" in out
    assert before == stage.api.get("deployments", "shop", "web")


def test_the_change_is_sent_for_the_api_server_to_try(stage: Stage, stale: dict[str, str]) -> None:
    run("plan", env=stale)

    (update,) = [each for each in stage.api.requests if each.verb == "update"]
    assert ("All", "figwasp") == (update.query["dryRun"], update.query["fieldManager"])


def test_a_record_that_a_pass_would_keep_is_not_written(stage: Stage, stale: dict[str, str]) -> None:
    stage.registry.put("web", "latest", b'{"schemaVersion": 2,' + stage.manifest("old")[1:])

    code, document = plan(stale)

    assert (0, "same-content") == (code, document["workloads"][0]["containers"][0]["rule"])
    assert 0 == stage.api.asked("update", "deployments")


def test_nothing_to_do_is_0(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy()

    code, document = plan(cluster)

    assert (0, {"shop/web": "current"}) == (code, decisions(document))


def test_what_could_not_be_judged_comes_before_what_would_be_restarted(stage: Stage, stale: dict[str, str]) -> None:
    stage.deploy(name="gone")
    stage.registry.answer("/v2/gone/manifests/latest", status=404)

    code, document = plan(stale)

    assert (1, 1) == (code, document["exitCode"])
    assert {"shop/gone": "not_judged", "shop/web": "would_restart"} == decisions(document)


def test_who_may_not_update_sees_the_decision_and_is_told(stage: Stage, stale: dict[str, str]) -> None:
    stage.api.log_in_as("", user="system:anonymous", roles=[READER])
    code, out, _ = run("plan", env=stale)

    assert 3 == code
    assert "restart" in out
    assert "not allowed to update deployments/web in namespace shop" in out
    assert 'verbs: ["update"]' in out


def test_a_workload_that_goes_meanwhile_is_left(stage: Stage, stale: dict[str, str]) -> None:
    stage.api.before("update", "deployments", lambda: stage.api.delete("deployments", "shop", "web"))

    code, document = plan(stale)

    assert (0, {"shop/web": "left"}) == (code, decisions(document))


def test_yaml_is_the_same_document(stale: dict[str, str]) -> None:
    _, out, _ = run("plan", "-o", "yaml", env=stale)
    _, expected = plan(stale)

    times = ("started", "finished")
    assert {**expected, **dict.fromkeys(times)} == {**yaml.safe_load(out), **dict.fromkeys(times)}


def test_wide_shows_whole_references_and_digests(stage: Stage, stale: dict[str, str]) -> None:
    _, out, _ = run("plan", "-o", "wide", env=stale)

    assert stage.image() in out
    assert stage.push("new") in out
    assert "no login" in out


def test_every_namespace_can_be_looked_into(stage: Stage, stale: dict[str, str]) -> None:
    stage.deploy(name="api", namespace="elsewhere")

    code, document = plan(stale, "-A")

    assert (3, {"elsewhere/api": "current", "shop/web": "would_restart"}) == (code, decisions(document))


def test_workloads_can_be_selected_by_any_label(stage: Stage, stale: dict[str, str]) -> None:
    stage.deploy(name="api")

    assert {"shop/api": "current"} == decisions(plan(stale, "-l", "app=api")[1])


def test_all_means_labelled_or_not(stage: Stage, stale: dict[str, str]) -> None:
    stage.api.edit("deployments", "shop", "web", lambda one: one["metadata"]["labels"].clear())

    assert [{}, {"shop/web": "would_restart"}] == [decisions(plan(stale, *each)[1]) for each in ([], ["--all"])]


def test_where_nothing_is_selected_it_says_what_could_be(stage: Stage, cluster: dict[str, str]) -> None:
    stage.api.put("namespaces", {"metadata": {"name": "shop"}})
    code, out, _ = run("plan", env=cluster)

    assert 0 == code
    assert "nothing is selected: there is no workload labelled figwasp/target=true in namespace shop" in out
    assert "--all" in out
    assert "--all" not in run("plan", "--all", "-n", "elsewhere", env=cluster)[1]


def test_namespaces_are_named_where_all_are_looked_into(stale: dict[str, str]) -> None:
    _, out, _ = run("plan", "-A", env=stale)

    assert "shop/deployment/web" in out
    assert "1 workload: 1 would be restarted" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-A", "-n", "shop"], "-n names a namespace and -A means all"),
        (["-n", "a", "-n", "b", "web"], "a named workload is in one namespace, not in a and b"),
        (["-k", "sts", "web"], "a named workload has its kind in KIND/NAME"),
        (["-k", "job"], '"job": Figwasp cannot restart that (kinds: deployment, statefulset, daemonset)'),
        (["--max-restarts", "0"], '"0" is not a number of workloads'),
        (["-A", "web"], "a named workload is in one namespace"),
        (["--all", "-l", "a=b"], "workloads are selected by -l and by --all"),
        (["web", "--all"], "workloads are selected by names and by --all"),
        (["-l", ""], "it is empty"),
        (["-l", " "], "it is empty"),
        ([""], "an empty name was given"),
    ],
)
def test_a_contradiction_is_wrong_usage(cluster: dict[str, str], arguments: list[str], said: str) -> None:
    code, _, err = run("plan", *arguments, env=cluster)

    assert 2 == code
    assert said in err


def test_no_colours_are_written_to_a_pipe(stale: dict[str, str]) -> None:
    assert "\033" not in run("plan", env=stale)[1]


def test_the_document_is_what_its_schema_says(stage: Stage, stale: dict[str, str]) -> None:
    stage.deploy(name="left", paused=True)

    _, out, _ = run("plan", "-o", "json", "--all", env=stale)

    read = msgspec.json.decode(out, type=Document, strict=True)
    assert (SCHEMA, 2) == (read.schema, len(read.workloads))
    assert json.loads(out) == json.loads(msgspec.json.encode(read))


def test_all_namespaces_beat_the_variable_that_names_a_workload(stage: Stage, stale: dict[str, str]) -> None:
    stage.deploy(name="api", namespace="elsewhere")

    _, document = plan({**stale, "FIGWASP_TARGET_DEPLOYMENT": "web", "FIGWASP_TARGET_NAMESPACE": "Not one"}, "-A")

    assert {"elsewhere/api", "shop/web"} == set(decisions(document))


def test_a_workload_that_goes_meanwhile_is_left_where_all_are_looked_at(stage: Stage, stale: dict[str, str]) -> None:
    stage.api.before("update", "deployments", lambda: stage.api.delete("deployments", "shop", "web"))

    code, document = plan(stale, "--all")

    assert (0, {"shop/web": "left"}) == (code, decisions(document))


def test_a_kind_that_may_not_be_listed_is_named_in_the_table_and_the_document(
    stage: Stage, cluster: dict[str, str]
) -> None:
    stage.deploy()
    only = {"apiGroups": ["apps"], "resources": ["deployments", "replicasets"], "verbs": ["get", "list", "update"]}
    rules = [only, {"apiGroups": [""], "resources": ["pods"], "verbs": ["list"]}]
    stage.api.allow("system:anonymous", [{"metadata": {"namespace": "shop"}, "rules": rules}])

    (code, table, _), (_, text, _) = (run("plan", "-o", form, env=cluster) for form in ("table", "json"))

    assert 0 == code
    assert "note  statefulsets and daemonsets were not looked at: not allowed to list them" in table
    assert [["statefulset", "daemonset"]] == [each["kinds"] for each in json.loads(text)["notes"]]


def test_a_plan_says_what_would_be_put_off(stage: Stage, cluster: dict[str, str]) -> None:
    for name in ("a", "b"):
        stage.deploy("old", name)
        stage.push("new", name)

    code, text, _ = run("plan", "--max-restarts", "1", "-o", "json", env=cluster)

    assert 3 == code
    assert [("a", "would_restart", ""), ("b", "left", "pending")] == [
        (each["name"], each["decision"], each["reason"]) for each in json.loads(text)["workloads"]
    ]


def test_a_malformed_selector_is_told_before_anybody_is_asked(stage: Stage, cluster: dict[str, str]) -> None:
    code, _, err = run("plan", "-l", "app=web,", env=cluster)

    assert (2, []) == (code, stage.api.requests)
    assert "at character 9 the key of a label was expected, and it ends there" in err


def test_a_variable_of_another_command_is_no_error(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy()

    assert 0 == run("plan", env={**cluster, "FIGWASP_LOG_FORMAT": "xml"})[0]
    assert 2 == run("once", env={**cluster, "FIGWASP_LOG_FORMAT": "xml"})[0]


def test_a_namespace_that_is_not_there_is_told(stage: Stage, stale: dict[str, str]) -> None:
    code, document = plan(stale, "-n", "nope")

    assert (1, [], ["there is no namespace nope"]) == (
        code,
        document["workloads"],
        [each["message"] for each in document["notes"] if each["isFailure"]],
    )
    assert 1 == stage.api.asked("get", "namespaces")


def test_a_namespace_that_is_there_and_has_nothing_is_no_failure(stage: Stage, stale: dict[str, str]) -> None:
    stage.api.put("namespaces", {"metadata": {"name": "empty"}})

    assert (0, []) == (plan(stale, "-n", "empty")[0], plan(stale, "-n", "empty")[1]["notes"])


def test_nothing_is_said_of_a_namespace_that_may_not_be_read(stage: Stage, stale: dict[str, str]) -> None:
    stage.api.log_in_as("", user="system:anonymous", roles=[READER])

    _, document = plan(stale, "-n", "nope")

    assert [] == [each for each in document["notes"] if "there is no namespace" in each["message"]]


def test_no_namespace_is_asked_for_where_something_was_found(stage: Stage, stale: dict[str, str]) -> None:
    plan(stale)

    assert 0 == stage.api.asked("get", "namespaces")


def _drawn(name: str) -> list[list[str]]:
    """The words of each line of a picture of the documentation."""
    rows: dict[str, list[tuple[float, str]]] = {}
    drawn = (PICTURES / f"{name}.svg").read_text()
    for x, y, text in re.findall(r'<text class="[^"]*" x="([\d.]+)" y="([\d.]+)"[^>]*>(.*?)</text>', drawn):
        rows.setdefault(y, []).append((float(x), html.unescape(text)))
    return ["".join(text for _, text in sorted(row)).replace("\xa0", " ").split() for row in rows.values()]


def test_a_paused_workload_is_drawn_as_it_is_printed(stage: Stage, cluster: dict[str, str]) -> None:
    """In the picture that the README begins with."""
    stage.deploy("old", "worker", paused=True)
    (drawn,) = [words for words in _drawn("plan") if words[:1] == ["deployment/worker"]]

    _, out, _ = run("plan", "worker", env=cluster)

    (printed,) = [line.split() for line in out.splitlines() if line.startswith("deployment/worker")]
    assert printed[3:6] == drawn[3:6]
