"""Kubernetes objects as the API server shows them, with sensible defaults."""

import base64
import json
from typing import Any

from figwasp.embedded.api.server import ApiServer

Json = dict[str, Any]
NAMESPACE = "shop"
IMAGE_ID = f"registry.test/web@sha256:{'a' * 64}"


def deployment(name: str = "web", *containers: Json, **spec: Any) -> Json:
    """A Deployment whose latest roll-out has settled; `spec` overrides fields of its spec."""
    replicas = spec.get("replicas", 1)
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {
            "namespace": NAMESPACE,
            "name": name,
            "uid": f"uid-{name}",
            "generation": 1,
            "labels": {"app": name},
            "annotations": {"deployment.kubernetes.io/revision": "1"},
        },
        "spec": {
            "replicas": replicas,
            "selector": {"matchLabels": {"app": name}},
            "template": {
                "metadata": {"labels": {"app": name}, "creationTimestamp": None},
                "spec": {"containers": list(containers) or [container()]},
            },
            **spec,
        },
        "status": {
            "observedGeneration": 1,
            "replicas": replicas,
            "updatedReplicas": replicas,
            "conditions": [{"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}],
        },
    }


def container(name: str = "web", image: str = "registry.test/web:1", *, pull_policy: str = "Always") -> Json:
    """A container of a pod template."""
    return {"name": name, "image": image, "imagePullPolicy": pull_policy}


def replica_set(owner: str = "web", *, revision: str = "1", uid: str = "") -> Json:
    """A ReplicaSet of the Deployment `owner`."""
    uid = uid or f"uid-{owner}-{revision}"
    return {
        "metadata": {
            "namespace": NAMESPACE,
            "name": f"{owner}-{revision}",
            "uid": uid,
            "labels": {"app": owner},
            "annotations": {"deployment.kubernetes.io/revision": revision},
            "ownerReferences": [{"uid": f"uid-{owner}", "controller": True}],
        }
    }


def pod(owner: str = "web", *, image_id: str = "", number: int = 1, revision: str = "1", **changes: Any) -> Json:
    """A running pod of a revision of the Deployment `owner`; `changes` override top-level fields of its metadata."""
    return {
        "metadata": {
            "namespace": NAMESPACE,
            "name": f"{owner}-{revision}-{number}",
            "labels": {"app": owner},
            "ownerReferences": [{"uid": f"uid-{owner}-{revision}", "name": f"{owner}-{revision}", "controller": True}],
            **changes,
        },
        "spec": {"nodeName": "node-1", "containers": [container()]},
        "status": {"phase": "Running", "containerStatuses": [{"name": "web", "imageID": image_id}]},
    }


def put_workload(server: ApiServer, image_id: str, name: str = "web", *, pods: int = 1) -> None:
    """Store a Deployment with its ReplicaSet and pods, all of which run `image_id`."""
    server.put("deployments", deployment(name, replicas=pods))
    server.put("replicasets", replica_set(name))
    for number in range(pods):
        server.put("pods", pod(name, image_id=image_id, number=number))


def pull_secret(name: str, auths: Json) -> Json:
    """A pull secret with these logins, as kubectl makes it."""
    data = {".dockerconfigjson": base64.b64encode(json.dumps({"auths": auths}).encode()).decode()}
    metadata = {"namespace": NAMESPACE, "name": name}
    return {"metadata": metadata, "type": "kubernetes.io/dockerconfigjson", "data": data}
