"""
What all controllers do with pods: make them of a template, end them, and tell which of them count.

Source: kubernetes pkg/controller/controller_utils.go.
"""

import secrets
from typing import Final

from figwasp.embedded.node.cluster import Cluster
from figwasp.embedded.node.objects import (
    ALPHABET,
    Json,
    annotations_of,
    condition,
    is_ending,
    labels_of,
    owner_reference,
    seconds_of,
)

HASH_LABEL: Final = "controller-revision-hash"
"""Of a pod: the revision of its StatefulSet or DaemonSet."""


def is_active(pod: Json) -> bool:
    """Whether a pod counts for its ReplicaSet. Source: controller_utils.go, IsPodActive."""
    return not is_ending(pod) and not has_ended(pod)


def has_ended(pod: Json) -> bool:
    """Whether its containers have ended for good."""
    return (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}


def is_ready(pod: Json) -> bool:
    """Whether it is ready, by its status."""
    return bool(condition(pod.get("status") or {}, "Ready").get("status") == "True")


def ready_since(pod: Json) -> float:
    """When its readiness last changed, in seconds since the epoch."""
    return seconds_of(condition(pod.get("status") or {}, "Ready")["lastTransitionTime"])


def is_available(cluster: Cluster, pod: Json, min_ready_seconds: int) -> bool:
    """Whether it has been ready for long enough; where it will be, that is looked at again then."""
    if not is_ready(pod):
        return False
    at = ready_since(pod) + min_ready_seconds if min_ready_seconds else 0.0
    if at > cluster.now():
        cluster.look_again_at(at)
        return False
    return True


def end(cluster: Cluster, pod: Json) -> None:
    """Ask for the deletion of a pod: at once, unless it is on a node, whose kubelet ends it first."""
    if not pod["spec"].get("nodeName"):
        cluster.delete(pod)
        return
    seconds = pod["spec"].get("terminationGracePeriodSeconds", 30)
    asked = {"deletionTimestamp": cluster.timestamp(), "deletionGracePeriodSeconds": seconds}
    cluster.update_status({**pod, "metadata": {**pod["metadata"], **asked}})


def pod_of(owner: Json, template: Json, created: str, *, name: str = "") -> Json:
    """A new pod of a controller; its name is made up unless given."""
    metadata = owner["metadata"]
    prefix = f"{metadata['name']}-"
    annotations = annotations_of(template)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "generateName": prefix,
            "name": name or prefix + "".join(secrets.choice(ALPHABET) for _ in range(5)),
            "namespace": metadata["namespace"],
            "creationTimestamp": created,
            "generation": 1,
            "labels": labels_of(template),
            **({"annotations": annotations} if annotations else {}),
            "ownerReferences": [owner_reference(owner)],
        },
        "spec": _with_defaults(template["spec"]),
        "status": {"phase": "Pending", "qosClass": "BestEffort"},
    }


def _with_defaults(spec: Json) -> Json:
    """The spec with what the API server fills in, as far as anybody here reads it."""
    defaults = {"restartPolicy": "Always", "terminationGracePeriodSeconds": 30, "serviceAccountName": "default"}
    filled = {**defaults, **spec}
    for field in ("containers", "initContainers"):
        if spec.get(field):
            filled[field] = [{"imagePullPolicy": pull_policy(each["image"]), **each} for each in spec[field]]
    return filled


def pull_policy(image: str) -> str:
    """
    The policy of a container that names none.

    Source: kubernetes pkg/apis/core/v1/defaults.go, SetDefaults_Container: `latest` is pulled always, even where a
    digest follows.
    """
    name, _, digest = image.partition("@")
    tag = name[name.rfind("/") + 1 :].partition(":")[2] or ("" if digest else "latest")
    return "Always" if tag == "latest" else "IfNotPresent"
