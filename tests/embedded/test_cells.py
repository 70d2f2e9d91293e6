"""
What `kubectl get` shows, beyond what the contract can bring about on a real server in a moment.

Aspects: ages · the states of a pod · restarts · nodes · jobs.
"""

from typing import Any

import pytest

from figwasp.embedded.api.ages import age, human
from figwasp.embedded.api.cells import CELLS
from figwasp.embedded.api.pod_cells import pod_cells

Json = dict[str, Any]

NOW = 1_798_761_600.0
"""2027-01-01T00:00:00Z."""

_MINUTE, _HOUR, _DAY = 60, 3600, 86400

# Source: kubernetes apimachinery, pkg/util/duration/duration_test.go.
AGES = {
    -2: "<invalid>",
    -1: "0s",
    0: "0s",
    70: "70s",
    2 * _MINUTE: "2m",
    2 * _MINUTE + 1: "2m1s",
    10 * _MINUTE: "10m",
    2 * _HOUR: "120m",
    3 * _HOUR: "3h",
    3 * _HOUR + _MINUTE: "3h1m",
    8 * _HOUR: "8h",
    47 * _HOUR: "47h",
    2 * _DAY: "2d",
    2 * _DAY + _HOUR: "2d1h",
    8 * _DAY + 5 * _HOUR: "8d",
    365 * _DAY: "365d",
    2 * 365 * _DAY: "2y",
    2 * 365 * _DAY + 3 * _DAY: "2y3d",
    8 * 365 * _DAY: "8y",
}


def container(**state: Json) -> Json:
    return {"name": "web", "ready": "running" in state, "restartCount": 0, "state": state}


STATES: dict[str, tuple[Json, str, str]] = {
    "running": ({"containerStatuses": [container(running={})]}, "1/2", "Running"),
    "waiting": ({"containerStatuses": [container(waiting={"reason": "ImagePullBackOff"})]}, "0/2", "ImagePullBackOff"),
    "ended": ({"containerStatuses": [container(terminated={"reason": "Error", "exitCode": 1})]}, "0/2", "Error"),
    "exit code": ({"containerStatuses": [container(terminated={"exitCode": 3})]}, "0/2", "ExitCode:3"),
    "signal": ({"containerStatuses": [container(terminated={"signal": 9})]}, "0/2", "Signal:9"),
    "one of two completed": (
        {"containerStatuses": [container(terminated={"reason": "Completed"}), container(running={})]},
        "1/2",
        "NotReady",
    ),
    "init waits": (
        {"initContainerStatuses": [container(waiting={"reason": "ErrImagePull"})]},
        "0/2",
        "Init:ErrImagePull",
    ),
    "init runs": ({"initContainerStatuses": [container(running={})]}, "0/2", "Init:0/1"),
    "init done": ({"initContainerStatuses": [container(terminated={"exitCode": 0})]}, "0/2", "Running"),
    "evicted": ({"reason": "Evicted"}, "0/2", "Evicted"),
}


def pod(status: Json, **metadata: Any) -> Json:
    spec = {"containers": [{"name": "web"}, {"name": "log"}], "initContainers": [{"name": "init"}]}
    return {"metadata": {"name": "web", **metadata}, "spec": spec, "status": {"phase": "Running", **status}}


@pytest.mark.parametrize(("seconds", "shown"), AGES.items())
def test_an_age_has_one_or_two_units(seconds: int, shown: str) -> None:
    assert shown == human(seconds)


def test_an_age_counts_from_a_timestamp_with_or_without_fractions() -> None:
    assert ["60s", "60s"] == [age(f"2026-12-31T23:59:00{fraction}Z", NOW) for fraction in ("", ".123456")]


@pytest.mark.parametrize("text", [None, "", "yesterday"])
def test_an_age_from_nothing_is_unknown(text: str | None) -> None:
    assert "<unknown>" == age(text, NOW)


@pytest.mark.parametrize("state", STATES)
def test_a_pod_shows_its_state(state: str) -> None:
    status, ready, shown = STATES[state]

    assert [ready, shown] == pod_cells(pod(status), NOW)[:2]


def test_a_pod_that_is_being_deleted_is_terminating() -> None:
    assert "Terminating" == pod_cells(pod({}, deletionTimestamp="2026-12-31T23:59:00Z"), NOW)[1]


def test_a_pod_shows_how_often_and_when_it_began_anew() -> None:
    ended = {"terminated": {"finishedAt": "2026-12-31T23:59:00Z"}}
    status = {"containerStatuses": [{**container(running={}), "restartCount": 3, "lastState": ended}]}

    assert "3 (60s ago)" == pod_cells(pod(status), NOW)[2]


def test_a_node_shows_its_state_and_roles() -> None:
    labels = {"node-role.kubernetes.io/control-plane": "", "node-role.kubernetes.io/a": ""}
    status = {
        "conditions": [{"type": "Ready", "status": "False"}],
        "addresses": [{"type": "InternalIP", "address": "i"}],
    }
    node = {"metadata": {"name": "n", "labels": labels}, "spec": {"unschedulable": True}, "status": status}

    state, roles, _, _, address, *_ = CELLS["nodes"](node, NOW)

    assert ("NotReady,SchedulingDisabled", "a,control-plane", "i") == (state, roles, address)


def test_a_job_shows_how_long_it_took() -> None:
    times = {"startTime": "2026-12-31T23:00:00Z", "completionTime": "2026-12-31T23:02:05Z"}
    done = {"conditions": [{"type": "Complete", "status": "True"}], "succeeded": 1, **times}

    cells = CELLS["jobs"]({"metadata": {"name": "j"}, "spec": {"completions": 1}, "status": done}, NOW)

    assert ["Complete", "1/1", "2m5s"] == cells[:3]
