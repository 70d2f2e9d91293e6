"""An API server that fails: the pass ends in time, and however it fails, one push is restarted for once."""

import contextlib
from collections.abc import Iterator

import pytest

from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.registry.server import Registry
from tests.app.stage import Stage
from tests.hostile.api_server import FAILURES
from tests.hostile.scene import LONGEST_SECONDS, MOST_MEGABYTES, Ran, run_on


@pytest.fixture
def stage() -> Iterator[Stage]:
    """A stage on which `web` is stale and `api` is current."""
    with ApiServer() as api, Registry() as registry, contextlib.closing(Stage(api, registry)) as one:
        one.deploy("old", "web")
        one.push("new", "web")
        one.deploy("same", "api")
        yield one


def next_pass(stage: Stage) -> Ran:
    """A pass after the server is well again and what was started is done."""
    stage.api.calm()
    if stage.restarted_at("web"):
        stage.settle("web")
        stage.run_pod(stage.push("new", "web"), "web")
    return run_on(stage)


@pytest.mark.parametrize("name", FAILURES)
def test_an_api_server_that_fails_restarts_nothing_twice(name: str, stage: Stage) -> None:
    failure = FAILURES[name]
    failure.begin(stage.api)
    first = run_on(stage)
    at_first = stage.restarted_at("web")
    second = next_pass(stage)

    assert (failure.code, failure.restarts, "") == (first.code, bool(at_first), first.errors), first
    assert (0, "current" if failure.restarts else "restarted") == (second.code, second.became("web"))
    assert at_first in {"", stage.restarted_at("web")}
    assert "" == stage.restarted_at("api")
    assert first.seconds < LONGEST_SECONDS
    assert first.megabytes < MOST_MEGABYTES
