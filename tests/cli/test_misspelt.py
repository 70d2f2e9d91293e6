"""Variables that are nearly called like ours."""

import json

import pytest

from figwasp.cli.misspelt import notes
from tests.app.stage import Stage
from tests.cli.program import run


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("FIGWASP_SETLE", "FIGWASP_SETTLE"),
        ("FIGWASP_TARGET_DEPLOYMENTS", "FIGWASP_TARGET_DEPLOYMENT"),
        ("FIGWASP_NAMESPACE", "FIGWASP_TARGET_NAMESPACE"),
        ("FIGWASP_MAX_RESTART", "FIGWASP_MAX_RESTARTS"),
    ],
)
def test_what_was_meant_is_told(typed: str, meant: str) -> None:
    assert [f"there is no setting {typed} (did you mean {meant}?)"] == list(notes({typed: "5m"}))


@pytest.mark.parametrize(
    "name",
    [
        *("FIGWASP_SERVICE_HOST", "FIGWASP_SERVICE_PORT", "FIGWASP_SERVICE_PORT_HTTP", "FIGWASP_PORT"),
        *("FIGWASP_PORT_80_TCP", "FIGWASP_PORT_80_TCP_ADDR", "FIGWASP_TARGET_NAMESPACE_SERVICE_HOST"),
        *("FIGWASP_SETTLES_PORT", "FIGWASP_VERSION", "FIGWASP_SETTLE", "SETLE"),
    ],
)
def test_what_a_service_or_somebody_else_is_called_by_is_none_of_ours(name: str) -> None:
    assert [] == list(notes({name: "1"}))


@pytest.mark.parametrize("command", ["once", "plan", "explain", "doctor"])
def test_it_is_told_once_and_changes_nothing(stage: Stage, cluster: dict[str, str], command: str) -> None:
    stage.deploy()

    code, _, err = run(command, "web", env={**cluster, "FIGWASP_SETLE": "5m"})

    assert (0, "figwasp: there is no setting FIGWASP_SETLE (did you mean FIGWASP_SETTLE?)\n") == (code, err)


def test_in_a_log_of_json_it_is_a_line_of_json(stage: Stage, cluster: dict[str, str]) -> None:
    stage.deploy()

    _, out, err = run("once", env={**cluster, "FIGWASP_LOG_FORMAT": "json", "FIGWASP_SETLE": "5m"})

    (told,) = map(json.loads, err.splitlines())
    assert ("note", "warning", {*told}) == (told["event"], told["level"], {"time", "level", "event", "why"})
    assert out.startswith('{"time":')
