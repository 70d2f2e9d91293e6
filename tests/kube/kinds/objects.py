"""Workloads of the other kinds as the API server shows them, and picks of them."""

from collections.abc import Iterable
from typing import Any, TypeVar

import msgspec

from figwasp.kube.kind import Revision, WorkloadKind
from tests.objects import NAMESPACE, Json, container, deployment

T = TypeVar("T")


def pick(kind: type[T], given: Json) -> T:
    """What we read of an object."""
    return msgspec.json.decode(msgspec.json.encode(given), type=kind)


def stateful_set(name: str = "db", *containers: Json, status: Json | None = None, **spec: Any) -> Json:
    """A StatefulSet of three pods whose latest roll-out has settled; `spec` and `status` override fields."""
    replicas = spec.get("replicas", 3)
    settled = {
        "observedGeneration": 1,
        "replicas": replicas,
        "readyReplicas": replicas,
        "currentReplicas": replicas,
        "updatedReplicas": replicas,
        "currentRevision": f"{name}-1",
        "updateRevision": f"{name}-1",
    }
    return _workload("StatefulSet", name, containers, {"replicas": replicas, **spec}, {**settled, **(status or {})})


def daemon_set(name: str = "agent", *containers: Json, status: Json | None = None, **spec: Any) -> Json:
    """A DaemonSet with pods on two nodes whose latest roll-out has settled; `spec` and `status` override fields."""
    settled = {
        "observedGeneration": 1,
        "desiredNumberScheduled": 2,
        "currentNumberScheduled": 2,
        "updatedNumberScheduled": 2,
        "numberAvailable": 2,
        "numberMisscheduled": 0,
    }
    return _workload("DaemonSet", name, containers, spec, {**settled, **(status or {})})


def revision(owner: str, label: str, number: int = 1) -> Json:
    """A ControllerRevision of the DaemonSet `owner`."""
    return {
        "metadata": {
            "namespace": NAMESPACE,
            "name": f"{owner}-{label}",
            "uid": f"uid-{owner}-{label}",
            "labels": {"app": owner, "controller-revision-hash": label},
            "ownerReferences": [{"uid": f"uid-{owner}", "controller": True}],
        },
        "revision": number,
    }


def member(owner: str, label: str, *, number: int = 0, image_id: str = "", image: str = "") -> Json:
    """A running pod of a StatefulSet or DaemonSet."""
    one = container(image=image) if image else container()
    return {
        "metadata": {
            "namespace": NAMESPACE,
            "name": f"{owner}-{number}",
            "labels": {"app": owner, "controller-revision-hash": label},
            "ownerReferences": [{"uid": f"uid-{owner}", "controller": True}],
        },
        "spec": {"nodeName": "node-1", "containers": [one]},
        "status": {"phase": "Running", "containerStatuses": [{"name": "web", "imageID": image_id}]},
    }


def _workload(kind: str, name: str, containers: tuple[Json, ...], spec: Json, status: Json) -> Json:
    one = deployment(name, *containers)
    del one["spec"]["replicas"], one["metadata"]["annotations"]
    strategy = {"updateStrategy": {"type": "RollingUpdate"}}
    return {**one, "kind": kind, "spec": {**one["spec"], **strategy, **spec}, "status": status}


def current(kind: WorkloadKind, item: Any, revisions: Iterable[Any] = ()) -> Revision | None:
    """The current revision of `item`, found among those of `revisions` that are its own."""
    finder = kind.current(item)()
    for each in revisions:
        if each.metadata.controller_uid == item.metadata.uid:
            finder.look_at(each)
    return finder.found()
