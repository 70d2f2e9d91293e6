"""
The objects of workloads that nothing runs, as controllers, a kubelet and their owners would have written them.

Names, IDs and addresses have one length for all numbers (see `ghosts`). Sizes are those of ordinary pods: some 8 KB of
JSON with field managers, of which half is what the API server and a kubelet add.

Source: objects of a cluster with Kubernetes 1.34 and containerd.
"""

import hashlib
from collections.abc import Mapping
from typing import Final, NamedTuple

from testbed.api import Json

NODES: Final = 10
FIRST_REVISION: Final = 10
"""With two digits, as all that follow."""

MOST_WORKLOADS: Final = 100_000

_NEVER_A_WORD = str.maketrans("0123456789", "bcdfghjklm")  # as Kubernetes spells hashes
_STARTED = "2026-01-01T00:00:00Z"


class Image(NamedTuple):
    """What a container's template names, and what its node reports to run."""

    reference: str
    image_id: str


class Names(NamedTuple):
    """How one Deployment and all that belongs to it are called."""

    herd: str
    number: int

    @property
    def deployment(self) -> str:
        """The Deployment's name."""
        return f"{self.herd}-{self.number:05d}"

    def template_hash(self, revision: int) -> str:
        """The hash of a revision's pod template, ten letters."""
        return f"{revision:02d}{self.number:05d}".translate(_NEVER_A_WORD) + "5dv"

    def replica_set(self, revision: int) -> str:
        """The name of a revision's ReplicaSet."""
        return f"{self.deployment}-{self.template_hash(revision)}"

    def pod(self, revision: int, pod: int) -> str:
        """The name of one of its pods."""
        return f"{self.replica_set(revision)}-" + f"{pod:05d}".translate(_NEVER_A_WORD)

    def uid(self, role: str, part: int = 0) -> str:
        """A UID; `role` is a letter from a to f."""
        text = hashlib.sha256(f"{self.deployment} {role} {part}".encode()).hexdigest()
        return f"{text[:8]}-{text[8:12]}-4{text[12:15]}-8{text[15:18]}-{text[18:30]}"

    def container_id(self, pod: int) -> str:
        """The ID of a pod's container at its runtime."""
        return "containerd://" + hashlib.sha256(f"{self.deployment} {pod}".encode()).hexdigest()

    def address(self, pod: int) -> str:
        """A pod's address; each byte has three digits."""
        number = self.number * 32 + pod
        return f"10.{100 + number // 22500 % 150}.{100 + number // 150 % 150}.{100 + number % 150}"

    def node(self, pod: int) -> str:
        """The node that a pod is bound to."""
        return f"ghost-{(self.number + pod) % NODES:03d}"


def nodes() -> list[Json]:
    """The Nodes that pods are bound to."""
    info = {"operatingSystem": "linux", "architecture": "amd64"}
    return [
        {
            "apiVersion": "v1",
            "kind": "Node",
            "metadata": {
                "name": f"ghost-{number:03d}",
                "labels": {"kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"},
            },
            "status": {"nodeInfo": info},
        }
        for number in range(NODES)
    ]


def deployment(names: Names, image: Image, revision: int, replicas: int, labels: Mapping[str, str]) -> Json:
    """A Deployment whose roll-out has settled."""
    name = names.deployment
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "name": name,
            "labels": {"app": name, "app.kubernetes.io/managed-by": "Helm", **labels},
            "annotations": {
                "deployment.kubernetes.io/revision": str(revision),
                "meta.helm.sh/release-name": name,
                "meta.helm.sh/release-namespace": "shop",
            },
        },
        "spec": {"replicas": replicas, "selector": {"matchLabels": {"app": name}}, "template": _template(name, image)},
        "status": {
            "observedGeneration": 1,
            "replicas": replicas,
            "updatedReplicas": replicas,
            "readyReplicas": replicas,
            "availableReplicas": replicas,
            "conditions": [
                _settled("Available", "MinimumReplicasAvailable", "Deployment has minimum availability."),
                _settled("Progressing", "NewReplicaSetAvailable", "ReplicaSet has successfully progressed."),
            ],
        },
    }


def replica_set(names: Names, image: Image, revision: int, replicas: int, owner: str) -> Json:
    """A revision's ReplicaSet; `owner` is the Deployment's UID."""
    template = _template(names.deployment, image)
    labels = {"app": names.deployment, "pod-template-hash": names.template_hash(revision)}
    template["metadata"]["labels"] = labels
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "name": names.replica_set(revision),
            "labels": labels,
            "annotations": {
                "deployment.kubernetes.io/desired-replicas": str(replicas),
                "deployment.kubernetes.io/max-replicas": str(replicas + 1),
                "deployment.kubernetes.io/revision": str(revision),
                "meta.helm.sh/release-name": names.deployment,
                "meta.helm.sh/release-namespace": "shop",
            },
            "ownerReferences": [_owner("Deployment", names.deployment, owner)],
        },
        "spec": {"replicas": replicas, "selector": {"matchLabels": labels}, "template": template},
        "status": {
            "observedGeneration": 1,
            "replicas": replicas,
            "fullyLabeledReplicas": replicas,
            "readyReplicas": replicas,
            "availableReplicas": replicas,
        },
    }


def pod(names: Names, image: Image, revision: int, number: int, owner: str) -> Json:
    """A pod that runs; `owner` is its ReplicaSet's UID."""
    replica_set = names.replica_set(revision)
    template = _template(names.deployment, image)
    address = names.address(number)
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": names.pod(revision, number),
            "generateName": f"{replica_set}-",
            "labels": {"app": names.deployment, "pod-template-hash": names.template_hash(revision)},
            "annotations": template["metadata"]["annotations"],
            "ownerReferences": [_owner("ReplicaSet", replica_set, owner)],
        },
        "spec": {**template["spec"], "nodeName": names.node(number)},
        "status": {
            "phase": "Running",
            "conditions": [
                {"type": kind, "status": "True", "lastProbeTime": None, "lastTransitionTime": _STARTED}
                for kind in ("PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled")
            ],
            "hostIP": "192.168.100.100",
            "hostIPs": [{"ip": "192.168.100.100"}],
            "podIP": address,
            "podIPs": [{"ip": address}],
            "startTime": _STARTED,
            "containerStatuses": [_status(names, image, number)],
            "qosClass": "Burstable",
        },
    }


def _status(names: Names, image: Image, pod: int) -> Json:
    return {
        "name": "web",
        "state": {"running": {"startedAt": _STARTED}},
        "lastState": {},
        "ready": True,
        "started": True,
        "restartCount": 0,
        "image": image.reference,
        "imageID": image.image_id,
        "containerID": names.container_id(pod),
        "allocatedResources": {"cpu": "100m", "memory": "128Mi"},
        "resources": {"limits": {"memory": "256Mi"}, "requests": {"cpu": "100m", "memory": "128Mi"}},
        "volumeMounts": [
            {"name": "config", "mountPath": "/etc/web", "readOnly": True, "recursiveReadOnly": "Disabled"},
            {"name": "scratch", "mountPath": "/tmp"},  # noqa: S108
        ],
    }


def _template(name: str, image: Image) -> Json:
    probe = {"httpGet": {"path": "/healthz", "port": "http"}, "periodSeconds": 10, "timeoutSeconds": 2}
    return {
        "metadata": {
            "labels": {"app": name},
            "annotations": {"prometheus.io/scrape": "true", "prometheus.io/port": "8080"},
        },
        "spec": {
            "containers": [
                {
                    "name": "web",
                    "image": image.reference,
                    "imagePullPolicy": "Always",
                    "ports": [{"name": "http", "containerPort": 8080}],
                    "env": [
                        {"name": "LOG_LEVEL", "value": "info"},
                        {"name": "DATABASE_HOST", "value": "postgres.shop.svc.cluster.local"},
                        {"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
                    ],
                    "resources": {
                        "limits": {"memory": "256Mi"},
                        "requests": {"cpu": "100m", "memory": "128Mi"},
                    },
                    "livenessProbe": probe,
                    "readinessProbe": probe,
                    "securityContext": {"allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True},
                    "volumeMounts": [
                        {"name": "config", "mountPath": "/etc/web", "readOnly": True},
                        {"name": "scratch", "mountPath": "/tmp"},  # noqa: S108
                    ],
                }
            ],
            "securityContext": {"runAsNonRoot": True, "runAsUser": 1000},
            "volumes": [{"name": "config", "configMap": {"name": "web"}}, {"name": "scratch", "emptyDir": {}}],
        },
    }


def _settled(kind: str, reason: str, message: str) -> Json:
    times = {"lastUpdateTime": _STARTED, "lastTransitionTime": _STARTED}
    return {"type": kind, "status": "True", "reason": reason, "message": message, **times}


def _owner(kind: str, name: str, uid: str) -> Json:
    version = "apps/v1"
    return {
        "apiVersion": version,
        "kind": kind,
        "name": name,
        "uid": uid,
        "controller": True,
        "blockOwnerDeletion": True,
    }
