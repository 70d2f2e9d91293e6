"""
What a pass loads: its start is most of the time that one over a single workload takes.

The lists are exact, so that whoever adds to them knows it, and has measured it (`make bench ARGS=one`).
PyYAML is for the kubeconfig: in a pod, where there is none, it is not loaded either.
"""

import json
import subprocess
import sys
from importlib.metadata import packages_distributions
from typing import Final

import pytest

from tests.app.stage import Stage

_LOADED: Final = """
import json, sys
sys.modules["typing_extensions"] = None  # only developers have it, and msgspec loads what it finds
before = set(sys.modules)
from figwasp.cli.main import main
code = main(sys.argv[1:])
print(json.dumps({"code": code, "loaded": sorted(set(sys.modules) - before)}))
"""

SLOW: Final = {"asyncio", "dataclasses", "email", "html", "http", "inspect", "logging", "tomllib", "unittest", "urllib"}
"""Modules of the standard library that cost milliseconds each, and that a pass can do without."""


def loaded(env: dict[str, str], *arguments: str) -> tuple[int, set[str]]:
    """The exit code of a command, and every module that it loaded beyond what a bare interpreter has."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", _LOADED, *arguments],
        env=env,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    told = json.loads(done.stdout.splitlines()[-1])
    return told["code"], set(told["loaded"])


def distributions(modules: set[str]) -> set[str]:
    """The installed distributions that `modules` are of, but our own (which is installed as a link to its sources)."""
    known = packages_distributions()
    return {name.lower() for each in modules for name in known.get(each.partition(".")[0], ())}


@pytest.fixture
def one_workload(stage: Stage, cluster: dict[str, str]) -> dict[str, str]:
    """A cluster in which `web` is current."""
    stage.deploy()
    return cluster


def test_a_pass_over_one_workload_loads_three_distributions_besides_our_own(one_workload: dict[str, str]) -> None:
    code, modules = loaded(one_workload, "once", "web")

    assert (0, {"msgspec", "click", "pyyaml"}) == (code, distributions(modules))


def test_a_pass_in_a_pod_that_has_no_arguments_loads_no_argument_parser(one_workload: dict[str, str]) -> None:
    environment = {**one_workload, "FIGWASP_TARGET_DEPLOYMENT": "web", "KUBERNETES_SERVICE_HOST": "127.0.0.1"}

    code, modules = loaded(environment)

    assert (0, {"msgspec", "pyyaml"}) == (code, distributions(modules))


def test_a_pass_loads_no_slow_module_that_it_can_do_without(one_workload: dict[str, str]) -> None:
    environment = {**one_workload, "FIGWASP_TARGET_DEPLOYMENT": "web", "KUBERNETES_SERVICE_HOST": "127.0.0.1"}

    _, modules = loaded(environment)

    assert set() == {each.partition(".")[0] for each in modules} & SLOW


def test_no_command_but_the_one_that_is_called_is_loaded(one_workload: dict[str, str]) -> None:
    _, modules = loaded(one_workload, "once", "web")

    assert {"figwasp.cli.commands.once"} == {each for each in modules if each.startswith("figwasp.cli.commands.")}


@pytest.mark.parametrize("option", ["--version", "--help"])
def test_whoever_asks_for_help_waits_for_nothing_that_a_pass_needs(home: dict[str, str], option: str) -> None:
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-m", "figwasp", option],
        env=home,
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )

    modules = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "figwasp.cli.program" in modules
    assert set() == modules & {"figwasp.wiring", "figwasp.settings", "ssl", "socket", "yaml", "rich"}
