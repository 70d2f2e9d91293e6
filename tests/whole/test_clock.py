"""Times are for people; only where restarts are to wait are they compared, and they hold nothing up for ever."""

from datetime import timedelta

import pytest

from figwasp.core.restraint import UNRESTRAINED, Restraint
from tests.app.stage import stage as new_stage
from tests.objects import NAMESPACE

HOUR = timedelta(hours=1)


@pytest.mark.parametrize("restraint", [UNRESTRAINED, Restraint(min_interval=HOUR)], ids=["none", "min-interval"])
@pytest.mark.parametrize("at", ["1970-01-01T00:00:00Z", "2999-01-01T00:00:00Z", "yesterday"])
def test_the_time_of_the_last_restart_holds_no_other_up(at: str, restraint: Restraint) -> None:
    with new_stage() as stage:
        stage.deploy("old")
        stage.api.edit("deployments", NAMESPACE, "web", lambda it: _annotate(it["spec"]["template"], at))
        stage.settle()
        stage.push("new")

        stage.sweep("web", restraint=restraint)

        assert stage.restarted_at() not in {at, ""}


def _annotate(template: dict[str, dict[str, object]], at: str) -> None:
    template["metadata"]["annotations"] = {"figwasp/restartedAt": at}
