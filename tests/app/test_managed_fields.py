"""A whole pass over workloads whose managed fields tell when somebody changed them last, or do not."""

from datetime import timedelta

import pytest

from figwasp.core.moment import write_time
from figwasp.wiring import workload_kinds
from tests.app.stage import Stage, whys
from tests.app.test_kinds import deploy_stateful_set, put_status, restarted_at
from tests.objects import NAMESPACE


@pytest.fixture(autouse=True)
def _all_kinds(stage: Stage) -> None:
    stage.kinds = workload_kinds()


def deploy_unready(stage: Stage) -> None:
    """Run a StatefulSet that nobody has changed for an hour, of which a pod is not ready since just now."""
    deploy_stateful_set(stage)
    put_status(stage, "statefulsets", "db", readyReplicas=1)
    reported = {"time": write_time(stage.clock.now()), "subresource": "status"}
    asked = {"time": "2025-12-31T23:00:00Z"}
    stage.api.edit("statefulsets", NAMESPACE, "db", lambda one: one["metadata"].update(managedFields=[asked, reported]))


def test_a_stateful_set_whose_pod_crashes_again_and_again_hides_no_move_of_its_tag(stage: Stage) -> None:
    deploy_unready(stage)

    before = stage.sweep()
    stage.push("new")
    after = stage.sweep()

    assert [({"db": "CURRENT"}, 0), ({"db": "STALLED"}, 1)] == [
        (whys(each), each.exit_code) for each in (before, after)
    ]
    assert "" == restarted_at(stage, "statefulsets", "db")


@pytest.mark.parametrize(("minutes", "expected"), [(2, ("IN_PROGRESS", 0)), (20, ("STALLED", 1))])
def test_a_pod_of_a_stateful_set_that_was_made_just_now_is_waited_for(
    stage: Stage, minutes: int, expected: tuple[str, int]
) -> None:
    """Its node was drained, say, and the tag moved meanwhile: that is no roll-out that does not get on."""
    deploy_unready(stage)
    stage.push("new")
    made = write_time(stage.clock.now() - timedelta(minutes=minutes))
    stage.api.edit("pods", NAMESPACE, "db-0", lambda one: one["status"]["containerStatuses"][0].update(ready=True))
    stage.api.edit("pods", NAMESPACE, "db-1", lambda one: one["metadata"].update(creationTimestamp=made))

    report = stage.sweep()

    assert expected == (whys(report)["db"], report.exit_code)


def test_what_anybody_may_write_into_managed_fields_hides_no_other_workload(stage: Stage) -> None:
    """A time of zero, which the API server takes and shows as null."""
    deploy_stateful_set(stage)
    stage.deploy("old")
    stage.api.edit("statefulsets", NAMESPACE, "db", lambda one: one["metadata"].update(managedFields=[{"time": None}]))
    stage.push("new")

    assert {"db": "restarted", "web": "restarted"} == whys(stage.sweep())
