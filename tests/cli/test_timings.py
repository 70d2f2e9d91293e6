"""
`--timings`: where time and requests went.

Aspects: the counts are those of the servers; text; JSON; the environment; nothing without it.
"""

import json
import subprocess
import sys
from collections import Counter
from typing import Any

import msgspec
import pytest

from figwasp.cli.timings import TimingsEvent, TimingsPart
from figwasp.core.meter import Phase
from figwasp.embedded.api.faults import Fault
from tests.app.stage import Stage
from tests.cli.program import run


@pytest.fixture
def moved(stage: Stage) -> Stage:
    """Two workloads, one of which has moved, with a login; many tokens and secrets are asked for."""
    stage.registry.want_basic({"ann": "s3cret"})
    stage.pull_secret("pull", "ann", "s3cret")
    stage.deploy("old", pull_secrets=["pull"])
    stage.push("new")
    stage.deploy(name="api", pull_secrets=["pull"])
    return stage


def _in_document(cluster: dict[str, str]) -> TimingsPart:
    _, out, err = run("plan", "-o", "json", "--timings", env=cluster)
    assert "" == err
    return msgspec.convert(json.loads(out)["timings"], TimingsPart)


def test_requests_are_counted_as_the_servers_count_them(moved: Stage, cluster: dict[str, str]) -> None:
    part = _in_document(cluster)

    assert Counter((each.verb, each.resource) for each in moved.api.requests) == {
        (each.verb, each.resource): each.requests for each in part.kubernetes
    }
    assert Counter(each.method for each in moved.registry.requests) == {
        each.method: each.requests for each in part.registries
    }
    assert {moved.registry.host} == {each.host for each in part.registries}
    assert {moved.registry.host, moved.api.url.removeprefix("http://")} == set(part.connections)


def test_a_repeated_request_is_counted_again_and_told_as_a_retry(moved: Stage, cluster: dict[str, str]) -> None:
    moved.api.fault("list", "pods", Fault.INTERNAL_ERROR)

    part = _in_document(cluster)

    (pods,) = [each for each in part.kubernetes if each.resource == "pods"]
    assert (2, [1]) == (pods.requests, list(part.retries.values()))


@pytest.mark.usefixtures("moved")
def test_phases_add_up_and_the_start_of_the_interpreter_is_in_them(cluster: dict[str, str]) -> None:
    part = _in_document(cluster)

    assert {str(phase) for phase in Phase} == set(part.phases)
    assert part.seconds == pytest.approx(sum(part.phases.values()), abs=0.005)
    assert part.phases["start"] > 0.03
    assert 0 < part.cpu_seconds
    assert 10_000_000 < part.peak_memory_bytes < 500_000_000


@pytest.mark.usefixtures("moved")
def test_text_goes_to_standard_error_and_leaves_the_report_as_it_is(cluster: dict[str, str]) -> None:
    code, out, _ = run("plan", env=cluster)
    again, same, err = run("plan", "--timings", env=cluster)

    assert (code, out) == (again, same)
    lines = err.splitlines()
    assert "TIME                        SECONDS" == lines[0]
    assert 1 == len({len(line) for line in lines[:8]})
    assert any(line.startswith("list deployments") for line in lines)
    assert "retries: none" in lines


@pytest.mark.usefixtures("moved")
def test_the_environment_may_ask_for_it(cluster: dict[str, str]) -> None:
    _, out, err = run("once", env={**cluster, "FIGWASP_TIMINGS": "1"})

    assert "TIME" not in out
    assert err.startswith("TIME ")
    assert "" == run("once", env={**cluster, "FIGWASP_TIMINGS": "0"})[2]


@pytest.mark.usefixtures("moved")
def test_in_a_log_it_is_an_event_before_the_summary(cluster: dict[str, str]) -> None:
    _, out, err = run("once", "--log-format", "json", "--timings", env=cluster)

    events: list[dict[str, Any]] = [json.loads(line) for line in out.splitlines()]
    assert ("", ["timings", "summary"]) == (err, [each["event"] for each in events[-2:]])
    event = msgspec.convert(events[-2], TimingsEvent)
    assert events[-2] == json.loads(msgspec.json.encode(event))


@pytest.mark.usefixtures("moved")
def test_a_pass_that_nobody_watches_imports_nothing_for_it(cluster: dict[str, str]) -> None:
    code = (
        "import os, sys; from figwasp.cli.main import main; main(['once']);"
        " sys.exit(len({'figwasp.app.tally', 'figwasp.cli.progress', 'figwasp.cli.timings'} & set(sys.modules)))"
    )

    subprocess.run([sys.executable, "-c", code], env=cluster, check=True, capture_output=True, timeout=30)
