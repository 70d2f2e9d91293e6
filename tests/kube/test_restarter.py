"""Restarting: what is written, on which condition, and what happens when the answer is lost."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from figwasp.core.deadline import Deadline
from figwasp.core.decision import Restart
from figwasp.core.record import Move, Record, template_hash
from figwasp.core.workload import Workload
from figwasp.embedded.api.faults import Fault
from figwasp.embedded.api.server import ApiServer
from figwasp.errors import AnswerLost, Conflict, Forbidden, KubernetesError
from figwasp.kube.client import ApiClient
from figwasp.kube.kinds.deployment import KIND
from figwasp.kube.reader import Reader
from figwasp.kube.restarter import DryRunRestarter, PutRestarter
from tests.kube.reading import read_one
from tests.objects import IMAGE_ID, NAMESPACE, put_workload

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
RECORD = Record("template", {"web": Move(("sha256:old",), "sha256:new")})


@pytest.fixture
def restarter(client: ApiClient) -> PutRestarter:
    return PutRestarter(client, (KIND,))


@pytest.fixture
def workload(server: ApiServer, reader: Reader, deadline: Deadline) -> Workload:
    put_workload(server, IMAGE_ID)
    read = read_one(reader, deadline)
    server.requests.clear()
    return read


def due(workload: Workload) -> Restart:
    return Restart(workload, (), (), RECORD)


def stored(server: ApiServer) -> dict[str, Any]:
    return server.get("deployments", NAMESPACE, "web")


def restarted_at(server: ApiServer) -> str | None:
    annotations = stored(server)["spec"]["template"]["metadata"].get("annotations") or {}
    value: str | None = annotations.get("figwasp/restartedAt")
    return value


def test_a_restart_writes_the_time_on_the_template_and_the_record_on_the_workload(
    server: ApiServer, restarter: PutRestarter, workload: Workload, deadline: Deadline
) -> None:
    template = template_hash(stored(server)["spec"]["template"])
    restarter.restart(due(workload), NOW, deadline)

    assert "2026-01-02T03:04:05Z" == restarted_at(server)
    written = Record.parse(stored(server)["metadata"]["annotations"]["figwasp/record"])
    assert replace(RECORD, template=template) == written


def test_a_second_restart_within_the_same_second_changes_the_template_again(
    server: ApiServer, restarter: PutRestarter, workload: Workload, deadline: Deadline
) -> None:
    restarter.restart(due(workload), NOW, deadline)
    first = restarted_at(server)
    restarter.restart(due(_at(workload, stored(server))), NOW, deadline)
    second = restarted_at(server)
    restarter.restart(due(_at(workload, stored(server))), NOW, deadline)

    assert ("2026-01-02T03:04:05Z", "2026-01-02T03:04:06Z") == (first, second)
    assert second != restarted_at(server)


def test_everything_else_is_written_back_as_it_was_read(
    server: ApiServer, restarter: PutRestarter, workload: Workload, deadline: Deadline
) -> None:
    before = server.edit("deployments", NAMESPACE, "web", lambda it: it["spec"].update({"aFieldOfTomorrow": [1, None]}))
    workload = _at(workload, before)

    restarter.restart(due(workload), NOW, deadline)

    after = stored(server)
    del after["metadata"]["annotations"]["figwasp/record"]
    del after["spec"]["template"]["metadata"]["annotations"]
    assert (before["spec"], before["status"]) == (after["spec"], after["status"])
    assert before["metadata"]["annotations"] == after["metadata"]["annotations"]


def test_a_record_alone_rolls_nothing_out(
    server: ApiServer, restarter: PutRestarter, workload: Workload, deadline: Deadline
) -> None:
    restarter.write_record(workload, RECORD, deadline)

    assert restarted_at(server) is None
    assert "figwasp/record" in stored(server)["metadata"]["annotations"]


def test_our_field_manager_is_not_kubectls(
    server: ApiServer, restarter: PutRestarter, workload: Workload, deadline: Deadline
) -> None:
    restarter.restart(due(workload), NOW, deadline)

    assert ["figwasp"] == [each.query["fieldManager"] for each in server.requests if each.verb == "update"]


def test_a_workload_that_changed_since_it_was_read_is_not_written(
    server: ApiServer, restarter: PutRestarter, workload: Workload, deadline: Deadline
) -> None:
    server.edit("deployments", NAMESPACE, "web", lambda it: it["metadata"]["labels"].update(theirs="x"))

    with pytest.raises(Conflict):
        restarter.restart(due(workload), NOW, deadline)

    assert 0 == server.asked("update", "deployments")


def test_a_workload_that_changes_just_before_the_put_is_not_written(
    server: ApiServer, restarter: PutRestarter, workload: Workload, deadline: Deadline
) -> None:
    def change() -> None:
        server.edit("deployments", NAMESPACE, "web", lambda it: it["metadata"]["labels"].update(theirs="x"))

    server.before("update", "deployments", change)

    with pytest.raises(Conflict):
        restarter.restart(due(workload), NOW, deadline)

    assert ("x", None) == (stored(server)["metadata"]["labels"]["theirs"], restarted_at(server))


def test_a_put_whose_answer_was_lost_but_which_happened_is_a_restart(
    server: ApiServer, restarter: PutRestarter, workload: Workload, deadline: Deadline
) -> None:
    server.fault("update", "deployments", Fault.APPLY_THEN_DROP)

    restarter.restart(due(workload), NOW, deadline)

    assert ("2026-01-02T03:04:05Z", 1) == (restarted_at(server), server.asked("update", "deployments"))


def test_a_put_whose_answer_was_lost_and_which_did_not_happen_is_decided_anew(
    server: ApiServer, restarter: PutRestarter, workload: Workload, deadline: Deadline
) -> None:
    server.fault("update", "deployments", Fault.DROP)

    with pytest.raises(Conflict):
        restarter.restart(due(workload), NOW, deadline)

    assert 1 == server.asked("update", "deployments")


@pytest.mark.parametrize("time", ["2025-01-01T00:00:00Z", "2026-01-02T03:04:05Z"], ids=["long ago", "this second"])
def test_an_earlier_restart_is_not_taken_for_a_lost_one(
    server: ApiServer, restarter: PutRestarter, workload: Workload, deadline: Deadline, time: str
) -> None:
    earlier = {"annotations": {"figwasp/restartedAt": time}}
    restarted = server.edit("deployments", NAMESPACE, "web", lambda it: it["spec"]["template"].update(metadata=earlier))
    server.fault("update", "deployments", Fault.DROP)

    with pytest.raises(Conflict, match="the answer to the restart of deployment/web was lost"):
        restarter.restart(due(_at(workload, restarted)), NOW, deadline)


def test_if_it_cannot_be_told_whether_a_lost_put_happened_that_is_said(
    server: ApiServer, restarter: PutRestarter, workload: Workload, deadline: Deadline
) -> None:
    server.fault("update", "deployments", Fault.APPLY_THEN_DROP)
    server.before("update", "deployments", lambda: server.fault("get", "deployments", Fault.INTERNAL_ERROR, times=9))

    with pytest.raises(AnswerLost):
        restarter.restart(due(workload), NOW, deadline)


def test_a_missing_permission_is_told_by_verb_and_resource(
    server: ApiServer, restarter: PutRestarter, workload: Workload, deadline: Deadline
) -> None:
    rules = [{"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}]
    server.allow("system:anonymous", [{"rules": rules}])

    with pytest.raises(Forbidden, match="not allowed to update deployments/web in namespace shop"):
        restarter.restart(due(workload), NOW, deadline)


# Admission takes away what was written


def without_restart(one: dict[str, Any]) -> None:
    one["spec"]["template"]["metadata"]["annotations"].pop("figwasp/restartedAt", None)


def without_record(one: dict[str, Any]) -> None:
    del one["metadata"]["annotations"]["figwasp/record"]


def test_a_restart_that_is_taken_away_as_it_is_written_is_none(
    server: ApiServer, restarter: PutRestarter, workload: Workload, deadline: Deadline
) -> None:
    server.admit("deployments", without_restart)

    with pytest.raises(KubernetesError, match="keeps deployment/web without the annotation figwasp/restartedAt"):
        restarter.restart(due(workload), NOW, deadline)


def test_a_plan_tells_that_a_restart_would_be_taken_away(
    server: ApiServer, client: ApiClient, workload: Workload, deadline: Deadline
) -> None:
    server.admit("deployments", without_restart)

    planned = DryRunRestarter(client, (KIND,)).restart(due(workload), NOW, deadline)

    assert "without the annotation figwasp/restartedAt" in str(planned.obstacle)


def test_a_record_that_is_taken_away_is_not_kept(
    server: ApiServer, restarter: PutRestarter, workload: Workload, deadline: Deadline
) -> None:
    server.admit("deployments", without_record)

    with pytest.raises(KubernetesError, match="keeps deployment/web without the annotation figwasp/record"):
        restarter.write_record(workload, RECORD, deadline)


def test_what_was_restarted_and_has_no_record_is_restarted_only_if_it_would_have_one(
    server: ApiServer, restarter: PutRestarter, workload: Workload, deadline: Deadline
) -> None:
    server.admit("deployments", without_record)
    earlier = replace(workload, restarted_at="2026-01-01T00:00:00Z")

    with pytest.raises(KubernetesError):
        restarter.restart(due(earlier), NOW, deadline)
    refused = restarted_at(server)
    server.admit("deployments", lambda _: None)
    restarter.restart(due(earlier), NOW, deadline)

    assert (None, "2026-01-02T03:04:05Z") == (refused, restarted_at(server))


def test_an_answer_that_is_no_workload_says_nothing_of_what_was_written(
    server: ApiServer, restarter: PutRestarter, workload: Workload, deadline: Deadline
) -> None:
    server.admit("deployments", lambda one: one["spec"].update(template=None))

    with pytest.raises(AnswerLost, match="no usable answer to the update of deployment/web"):
        restarter.restart(due(workload), NOW, deadline)


def _at(workload: Workload, stored_object: dict[str, Any]) -> Workload:
    return replace(workload, resource_version=stored_object["metadata"]["resourceVersion"])
