"""Manifests with sensible defaults, as values to be applied."""

from collections.abc import Mapping, Sequence

from testbed.api import Json


def container(image: str, name: str = "web", *, pull_policy: str = "Always", **more: object) -> Json:
    """A container of a pod template; `more` are fields of its own, in the API's spelling."""
    return {"name": name, "image": image, "imagePullPolicy": pull_policy, **more}


def deployment(
    name: str,
    *containers: Json,
    replicas: int = 1,
    labels: Mapping[str, str] | None = None,
    pull_secrets: Sequence[str] = (),
    **pod: object,
) -> Json:
    """
    A Deployment whose pods are labelled `app: NAME`, end at once and hold no token.

    `labels` are the Deployment's own, as figwasp/target; `pull_secrets` are names (see Namespace.pull_secret); `pod`
    are fields of the pod's spec, in the API's spelling (initContainers, nodeName, …), which win.
    """
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": dict(labels or {})},
        "spec": {"replicas": replicas, **_selector_and_template(name, containers, pull_secrets, pod)},
    }


def stateful_set(
    name: str,
    *containers: Json,
    replicas: int = 1,
    labels: Mapping[str, str] | None = None,
    pull_secrets: Sequence[str] = (),
    **pod: object,
) -> Json:
    """A StatefulSet, with the arguments of `deployment`."""
    template = _selector_and_template(name, containers, pull_secrets, pod)
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "labels": dict(labels or {})},
        "spec": {"replicas": replicas, "serviceName": name, **template},
    }


def daemon_set(
    name: str,
    *containers: Json,
    labels: Mapping[str, str] | None = None,
    pull_secrets: Sequence[str] = (),
    **pod: object,
) -> Json:
    """A DaemonSet, with the arguments of `deployment` but replicas."""
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name, "labels": dict(labels or {})},
        "spec": _selector_and_template(name, containers, pull_secrets, pod),
    }


def _selector_and_template(
    name: str, containers: Sequence[Json], pull_secrets: Sequence[str], pod: Mapping[str, object]
) -> Json:
    return {
        "selector": {"matchLabels": {"app": name}},
        "template": {
            "metadata": {"labels": {"app": name}},
            "spec": {
                "containers": list(containers),
                "terminationGracePeriodSeconds": 0,
                "automountServiceAccountToken": False,
                "imagePullSecrets": [{"name": secret} for secret in pull_secrets],
                **pod,
            },
        },
    }
