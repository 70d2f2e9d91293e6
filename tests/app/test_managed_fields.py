"""A whole pass over workloads whose managed fields tell when somebody changed them last, or do not."""

import pytest

from figwasp.core.restraint import write_time
from figwasp.wiring import workload_kinds
from tests.app.stage import Stage, whys
from tests.app.test_kinds import deploy_stateful_set, put_status, restarted_at
from tests.objects import NAMESPACE


@pytest.fixture(autouse=True)
def _all_kinds(stage: Stage) -> None:
    stage.kinds = workload_kinds()


def test_a_stateful_set_whose_pod_crashes_again_and_again_hides_no_move_of_its_tag(stage: Stage) -> None:
    deploy_stateful_set(stage)
    put_status(stage, "statefulsets", "db", readyReplicas=1)
    reported = {"time": write_time(stage.clock.now()), "subresource": "status"}
    asked = {"time": "2025-12-31T23:00:00Z"}
    stage.api.edit("statefulsets", NAMESPACE, "db", lambda one: one["metadata"].update(managedFields=[asked, reported]))

    before = stage.sweep()
    stage.push("new")
    after = stage.sweep()

    assert [({"db": "CURRENT"}, 0), ({"db": "STALLED"}, 1)] == [
        (whys(each), each.exit_code) for each in (before, after)
    ]
    assert "" == restarted_at(stage, "statefulsets", "db")


def test_what_anybody_may_write_into_managed_fields_hides_no_other_workload(stage: Stage) -> None:
    """A time of zero, which the API server takes and shows as null."""
    deploy_stateful_set(stage)
    stage.deploy("old")
    stage.api.edit("statefulsets", NAMESPACE, "db", lambda one: one["metadata"].update(managedFields=[{"time": None}]))
    stage.push("new")

    assert {"db": "restarted", "web": "restarted"} == whys(stage.sweep())
