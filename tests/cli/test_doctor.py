"""
`figwasp doctor`: what is printed, and the exit code.

Aspects: text; JSON; exit codes; selection; usage.
"""

import json
import shlex
import signal
from typing import Any

import msgspec
import pytest
import yaml

from figwasp.cli.doctor import SCHEMA, DoctorDocument, text_lines
from figwasp.cli.screen import Screen
from figwasp.core.diagnosis import Check, Diagnosis, State, Topic
from figwasp.core.permission import Permission
from figwasp.core.remedy import Remedy, grant
from tests.app.stage import Stage
from tests.cli.program import interrupted, run

PODS = Permission(verb="list", group="", resource="pods", names=(), why="see which images run")
PROBLEM = Check(Topic.PERMISSION, State.PROBLEM, "not allowed", grant(PODS, "shop", "system:serviceaccount:shop:bot"))


def doctor(env: dict[str, str], *arguments: str) -> tuple[int, Any]:
    code, out, err = run("doctor", "-o", "json", *arguments, env=env)
    assert "" == err
    return code, json.loads(out)


def lines(*checks: Check, screen: Screen | None = None) -> list[str]:
    return list(text_lines(Diagnosis(checks), screen or Screen()))


def test_where_all_is_well_each_thing_is_one_line_and_the_code_is_0(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy()

    code, out, err = run("doctor", "web", env=cluster)

    assert (0, "") == (code, err)
    assert all(line.startswith("ok  ") for line in out.splitlines()[:-1])
    assert "9 checks: 9 ok" == out.splitlines()[-1]


def test_a_problem_is_code_1(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy()

    assert 1 == doctor(cluster, "gone")[0]


@pytest.mark.parametrize(
    "arguments", [["-A", "-n", "shop"], ["web", "-l", "app=web"], ["cronjob/web"], ["-o", "xml"], ["--as", ""]]
)
def test_wrong_usage_is_code_2(cluster: dict[str, str], arguments: list[str]) -> None:
    code, out, err = run("doctor", *arguments, env=cluster)

    assert (2, "", 1) == (code, out, len(err.splitlines()))


def test_the_document_is_what_its_schema_says(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy(pull_secrets=["missing"])

    code, document = doctor(cluster, "--all")

    read = msgspec.convert(document, DoctorDocument)
    assert (SCHEMA, code) == (read.schema, read.exit_code)
    assert len(read.checks) == sum(read.counts.values())
    assert document == json.loads(msgspec.json.encode(read))


def test_all_namespaces_are_looked_into(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy(name="web")
    stage.deploy(name="api", namespace="other", pull_secrets=["pull"])

    _, document = doctor(cluster, "-A")

    texts = [each["text"] for each in document["checks"]]
    assert "may list pods in all namespaces" in texts
    assert "secret other/pull does not exist; nodes go on without it" in texts


def test_the_rule_that_is_printed_is_yaml_as_a_role_takes_it() -> None:
    text = lines(PROBLEM)

    start, end = text.index("  → add this rule to its Role in namespace shop:"), text.index("    or:")
    assert [PODS.rule] == yaml.safe_load("\n".join(text[start + 1 : end]))


def test_the_commands_bind_the_right_to_whoever_asked() -> None:
    make, bind = lines(PROBLEM)[-3:-1]

    assert "kubectl create role figwasp-list-pods -n shop --verb=list --resource=pods" == make.strip()
    assert bind.endswith(" --role=figwasp-list-pods --serviceaccount=shop:bot")


@pytest.mark.parametrize(
    ("caller", "expected"),
    [("jane@example.com", "--user=jane@example.com"), ("$(rm)", "--user=NAME"), ("", "--user=NAME")],
)
def test_a_person_is_bound_by_name_and_no_name_can_be_a_command(caller: str, expected: str) -> None:
    assert grant(PODS, "shop", caller).commands[1].endswith(f" {expected}")


def test_rights_in_all_namespaces_are_a_cluster_role() -> None:
    assert all(each.startswith("kubectl create clusterrole") for each in grant(PODS, "", "jane").commands)


def test_a_command_is_never_broken_by_a_narrow_screen() -> None:
    remedy = Remedy(words="make it", commands=("kubectl " + "x" * 200,))

    assert f"      {remedy.commands[0]}" in lines(Check(Topic.SECRET, State.HINT, "no", remedy), screen=Screen(40))


def test_long_texts_are_wrapped_below_their_own_column() -> None:
    text = lines(Check(Topic.IMAGE, State.OK, "word " * 20), screen=Screen(60))

    assert all(len(line) <= 60 for line in text)
    assert all(line.startswith(" " * 22) for line in text[1:-1])


def test_colours_mark_the_state_only_where_there_are_colours() -> None:
    check = Check(Topic.CLOCK, State.OK, "agreed")

    assert lines(check, screen=Screen(80, has_colours=True))[0].startswith("\033[32mok ")
    assert "\033" not in "".join(lines(check))


def test_what_others_wrote_cannot_look_like_a_line_of_ours() -> None:
    assert 2 == len("\n".join(lines(Check(Topic.IMAGE, State.OK, "a\nok  b\033[31m"))).splitlines())


def test_it_can_check_as_somebody_else(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy()

    run("doctor", "web", "--as", "system:serviceaccount:shop:figwasp", env=cluster)

    users = {each.headers.get("impersonate-user") for each in stage.api.requests}
    assert {"system:serviceaccount:shop:figwasp"} == users


def test_somebody_without_rights_is_not_said_to_be_well(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy()

    code, out, _ = run("doctor", "web", "--as", "nobody", env=cluster)

    assert (1, True) == (code, "not allowed to list pods in namespace shop" in out), out


def test_where_nothing_may_be_done_yet_it_names_what_gives_all_rights_at_once(
    stage: Stage, cluster: dict[str, str]
) -> None:
    stage.deploy()

    _, nobody, _ = run("doctor", "web", "--as", "nobody", env=cluster)
    _, all_well, _ = run("doctor", "web", env=cluster)

    assert "→ figwasp manifests cronjob prints a Role" in nobody.splitlines()[-2]
    assert "figwasp manifests" not in all_well


def test_a_signal_ends_it_with_what_was_found(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy()

    code, out, err = interrupted("doctor", "web", api=stage.api, env=cluster, number=signal.SIGTERM)

    assert (143, "") == (code, err)
    assert out.startswith("ok       API server")


def test_what_is_to_be_pasted_acts_on_the_same_cluster(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy()
    stage.registry.want_basic({"ann": "s3cret-pa55"})

    _, checks = doctor(cluster, "web", "--context", "stage")

    commands = [command for each in checks["checks"] for command in each.get("remedy", {}).get("commands", ())]
    assert commands
    assert [] == [command for command in commands if not command.startswith("kubectl --context stage ")]


def test_names_that_somebody_else_chose_are_quoted(stage: Stage, cluster: dict[str, str]) -> None:
    evil = "x;touch$IFS/tmp/pwned;#"
    stage.deploy(pull_secrets=[evil])
    stage.registry.want_basic({"ann": "s3cret-pa55"})

    _, checks = doctor(cluster, "web")

    commands = [command for each in checks["checks"] for command in each.get("remedy", {}).get("commands", ())]
    assert any(evil in command for command in commands)
    assert [] == [command for command in commands if evil in command and evil not in shlex.split(command)]
