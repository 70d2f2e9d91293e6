"""
The program as it is run: a process, its output and its exit code.

Aspects: usage; outside a cluster; a pass against real servers; signals.
"""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.app.stage import Stage
from tests.cli.program import FIGWASP, interrupted, run


def test_the_version_is_told(home: dict[str, str]) -> None:
    code, out, _ = run("--version", env=home)

    assert 0 == code
    assert out.startswith("figwasp ")


def test_help_names_the_commands_and_fits_a_screen(home: dict[str, str]) -> None:
    code, out, _ = run("--help", env=home)

    assert 0 == code
    assert "once" in out
    assert len(out.splitlines()) <= 24


def test_without_arguments_outside_a_cluster_only_help_is_shown(home: dict[str, str]) -> None:
    code, out, _ = run(env=home)

    assert 2 == code
    assert "Usage: figwasp" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["onec"], 'there is no command "onec" (did you mean "once"?)'),
        (["once", "--namespce", "x"], "'--namespace'?"),
        (["once", "--log-format", "xml"], "'text', 'json'"),
        (["once", "--dry-run"], "(figwasp plan shows what figwasp once would do, and changes nothing)"),
        (["version"], 'there is no command "version": say figwasp --version'),
        (["help"], 'there is no command "help": say figwasp --help'),
        (["help", "plan"], 'there is no command "help": say figwasp plan --help'),
        (
            ["once", "cronjob/web"],
            '"cronjob/web": Figwasp cannot restart a cronjob (kinds: deployment, statefulset, d',
        ),
        (["once", "--registry-ca", "/nowhere.pem", "web"], "/nowhere.pem"),
        (["once", "--config", "/nowhere.toml", "web"], "/nowhere.toml: no such file or directory"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(cluster: dict[str, str], arguments: list[str], said: str) -> None:
    code, out, err = run(*arguments, env=cluster)

    assert (2, "") == (code, out)
    assert said in err
    assert 1 == len(err.splitlines())


@pytest.mark.parametrize(
    "option", ["--context", "--kubeconfig", "--config", "--registry-ca", "-n", "-l", "-k", "--settle", "--max-restarts"]
)
def test_an_option_whose_value_is_a_variable_that_is_not_set_restarts_nothing(
    stage: Stage, cluster: dict[str, str], option: str
) -> None:
    """As of `--context "$CTX"`: without it another cluster would be meant."""
    stage.deploy("old")
    stage.push("new")

    code, out, _ = run("once", option, "", env=cluster)

    assert (2, "", "") == (code, out, stage.restarted_at("web"))


def test_without_any_cluster_it_says_how_to_give_one(home: dict[str, str]) -> None:
    code, _, err = run("once", env=home)

    assert 1 == code
    assert "no cluster" in err
    assert "--kubeconfig" in err


def test_a_log_of_json_is_json_where_there_is_no_cluster_too(home: dict[str, str]) -> None:
    code, out, err = run("once", "--log-format", "json", env=home)

    events = [json.loads(line) for line in out.splitlines()]
    assert (1, "", ["failed", "summary"]) == (code, err, [each["event"] for each in events])
    assert "no cluster" in events[0]["why"]
    assert "--kubeconfig" in events[0]["hint"]


def test_a_pass_restarts_and_reports(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy("old")
    stage.push("new")

    code, out, err = run("once", env=cluster)

    assert (0, "") == (code, err)
    assert out.startswith("restarted  shop/deployment/web  web: ")
    assert "1 workload: 1 restarted" in out.splitlines()[-1]
    assert stage.restarted_at()


def test_a_registry_whose_authority_is_not_known_says_how_to_trust_it(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy()

    code, out, _ = run("once", env={**cluster, "FIGWASP_REGISTRY_CA": ""})

    assert 1 == code
    assert "--registry-ca" in out


@pytest.mark.parametrize(("number", "expected"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_the_pass_with_its_report(
    stage: Stage, cluster: dict[str, str], number: signal.Signals, expected: int
) -> None:
    stage.deploy("old", "web")
    stage.deploy("old", "stuck")
    stage.push("new", "web")

    code, out, err = interrupted("once", "-v", api=stage.api, env=cluster, number=number)

    assert (expected, "") == (code, err)
    assert f"interrupted by {number.name}" in out
    assert "" == stage.restarted_at("web")


def test_in_a_pod_without_a_token_the_bare_command_says_what_is_missing(home: dict[str, str]) -> None:
    code, _, err = run(env={**home, "KUBERNETES_SERVICE_HOST": "10.0.0.1"})

    assert 1 == code
    assert "no service account token" in err


def test_a_ca_file_without_certificates_is_wrong_usage(cluster: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "readme").write_text("no certificate")

    code, out, err = run("once", "--registry-ca", str(tmp_path / "readme"), "web", env=cluster)

    assert (2, "") == (code, out)
    assert str(tmp_path / "readme") in err


def test_problems_have_a_line_each_and_very_many_are_counted(home: dict[str, str], tmp_path: Path) -> None:
    config = tmp_path / "figwasp.toml"
    config.write_text("".join(f"x{number} = 1\n" for number in range(2000)))

    code, out, err = run("once", "--config", str(config), env=home)

    lines = err.splitlines()
    assert (2, "", "figwasp: 2000 problems:") == (code, out, lines[0])
    assert f"  {config}:20: x19: there is no such setting (there are: registry)" == lines[20]
    assert "  and 1980 more" == lines[21]
    assert 22 == len(lines)


def test_as_a_kubectl_plugin_it_is_the_same_program(home: dict[str, str]) -> None:
    plugin = str(Path(sys.executable).with_name("kubectl-figwasp"))

    done = subprocess.run([plugin, "--version"], env=home, capture_output=True, text=True, timeout=30, check=True)

    assert done.stdout.startswith("figwasp ")


@pytest.fixture
def restartable(stage: Stage, cluster: dict[str, str]) -> dict[str, str]:
    """A cluster with a workload that a pass restarts."""
    stage.deploy("old")
    stage.push("new")
    return cluster


def test_a_report_that_nobody_reads_keeps_its_code_and_is_no_traceback(restartable: dict[str, str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing) as out:
        done = subprocess.run(
            [*FIGWASP, "once"], env=restartable, stdout=out, stderr=subprocess.PIPE, text=True, timeout=30, check=False
        )

    assert (0, "") == (done.returncode, done.stderr)


def test_a_report_that_cannot_be_written_is_an_error_in_one_line(restartable: dict[str, str]) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [*FIGWASP, "once"], env=restartable, stdout=full, stderr=subprocess.PIPE, text=True, timeout=30, check=False
        )

    assert 1 == done.returncode
    assert "figwasp: the report could not be written: No space left on device\n" == done.stderr


def test_without_any_output_a_pass_works_all_the_same(restartable: dict[str, str], stage: Stage) -> None:
    done = subprocess.run(
        ["sh", "-c", '"$@" >&-', "sh", *FIGWASP, "once"],
        env=restartable,
        stderr=subprocess.PIPE,
        text=True,
        timeout=30,
        check=False,
    )

    assert (0, "") == (done.returncode, done.stderr)
    assert stage.restarted_at()


def test_a_terminal_without_unicode_gets_the_report_too(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy("old")
    stage.registry.answer("/v2/web/manifests/latest", status=404)

    code, out, err = run("once", env={**cluster, "PYTHONIOENCODING": "ascii"})

    assert (1, "") == (code, err)
    assert "404" in out
