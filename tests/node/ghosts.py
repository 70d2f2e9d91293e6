"""Many pods without a kubelet: bound to a Node with nothing behind it, their status written by the test."""

from collections.abc import Iterator
from contextlib import contextmanager

from testbed import Json, Namespace, wait_for
from testbed.api import path_of

GHOST = "ghost"


@contextmanager
def ghost_node(namespace: Namespace) -> Iterator[None]:
    """Have the Node object, so that pods bound to it are not collected as orphans; to other tests there is one node."""
    # Only pods that are bound to it by name may be there, and no DaemonSet's of another test.
    taints = [{"key": "ghost", "effect": "NoSchedule"}]
    namespace.api.apply({"apiVersion": "v1", "kind": "Node", "metadata": {"name": GHOST}, "spec": {"taints": taints}})
    room = {"cpu": "4", "memory": "8Gi", "pods": "110"}
    status = {"status": {"capacity": room, "allocatable": room}}
    path = f"{path_of('Node', '', GHOST)}/status"
    namespace.api.request("PATCH", path, status, "application/merge-patch+json")
    try:
        yield
    finally:
        namespace.delete("Node", GHOST)


def report_running(namespace: Namespace, image_ids: dict[str, str]) -> None:
    """Report every pod of the namespace as ready; `image_ids` gives what its `app` runs, once there are that many."""

    def all_made() -> list[Json]:
        pods = namespace.objects("Pod")
        return pods if len(pods) == len(image_ids) else []

    for pod in wait_for(all_made, f"{len(image_ids)} pods to be made", 60):
        report_ready(namespace, pod["metadata"]["name"], image_ids[pod["metadata"]["labels"]["app"]])


def report_ready(namespace: Namespace, pod: str, image_id: str) -> None:
    """Report a pod as ready, and what its container `web` runs."""
    path, status = path_of("Pod", namespace.name, pod), _ready(image_id)
    namespace.api.request("PATCH", f"{path}/status", {"status": status}, "application/strategic-merge-patch+json")


def _ready(image_id: str) -> Json:
    return {
        "phase": "Running",
        "conditions": [{"type": each, "status": "True"} for each in ("Ready", "ContainersReady", "Initialized")],
        "containerStatuses": [
            {
                "name": "web",
                "image": "",
                "imageID": image_id,
                "ready": True,
                "restartCount": 0,
                "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
            }
        ],
    }
