"""Times are written for people, and nothing is decided by them."""

import pytest

from tests.app.stage import stage as new_stage
from tests.objects import NAMESPACE


@pytest.mark.parametrize("at", ["1970-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "yesterday"])
def test_the_time_of_the_last_restart_holds_no_other_up(at: str) -> None:
    with new_stage() as stage:
        stage.deploy("old")
        stage.api.edit("deployments", NAMESPACE, "web", lambda it: _annotate(it["spec"]["template"], at))
        stage.settle()
        stage.push("new")

        stage.sweep("web")

        assert stage.restarted_at() not in {at, ""}


def _annotate(template: dict[str, dict[str, object]], at: str) -> None:
    template["metadata"]["annotations"] = {"figwasp/restartedAt": at}
