"""
Which ReplicaSet a Deployment's template is, and the annotations by which revisions are counted.

Source: kubernetes pkg/controller/deployment/util/deployment_util.go and sync.go, getNewReplicaSet.
"""

from collections.abc import Sequence
from typing import Any, Final

from figwasp.embedded.node.objects import (
    Json,
    annotations_of,
    digest_of_json,
    labels_of,
    owner_reference,
    with_metadata,
)
from figwasp.embedded.node.rollout import fences_of, replicas_of

HASH_LABEL: Final = "pod-template-hash"
REVISION: Final = "deployment.kubernetes.io/revision"
HISTORY: Final = "deployment.kubernetes.io/revision-history"
DESIRED: Final = "deployment.kubernetes.io/desired-replicas"
MOST: Final = "deployment.kubernetes.io/max-replicas"
_NOT_COPIED: Final = frozenset(
    (
        "kubectl.kubernetes.io/last-applied-configuration",
        "deprecated.deployment.rollback.to",
        REVISION,
        HISTORY,
        DESIRED,
        MOST,
    )
)


def same_template(one: Json, other: Json) -> bool:
    """Whether two pod templates are equal but for the hash label; nothing and empty are the same, as in Go."""
    return bool(_plain(one) == _plain(other))


def _plain(template: Json) -> Any:
    metadata = {**(template.get("metadata") or {})}
    metadata["labels"] = {key: value for key, value in labels_of(template).items() if key != HASH_LABEL}
    return _without_empty({**template, "metadata": metadata})


def _without_empty(value: Any) -> Any:
    match value:
        case dict():
            kept = {key: _without_empty(inner) for key, inner in value.items()}
            return {key: inner for key, inner in kept.items() if inner not in (None, {}, [])}
        case list():
            return [_without_empty(inner) for inner in value]
    return value


def by_age(sets: Sequence[Json]) -> list[Json]:
    """Oldest first."""
    return sorted(sets, key=lambda each: (each["metadata"]["creationTimestamp"], each["metadata"]["name"]))


def divided(deployment: Json, owned: Sequence[Json]) -> tuple[Json | None, list[Json]]:
    """The ReplicaSet of the Deployment's present template, the oldest if there are more, and the other ones."""
    template, ordered = deployment["spec"]["template"], by_age(owned)
    new = next((each for each in ordered if same_template(each["spec"]["template"], template)), None)
    return new, [each for each in ordered if each is not new]


def revision_of(value: Json) -> int:
    """The revision that an object is annotated with; 0 for none."""
    text = annotations_of(value).get(REVISION, "")
    return int(text) if text.isdecimal() else 0


def next_revision(old: Sequence[Json]) -> int:
    """The revision of the newest ReplicaSet, given all others."""
    return max(map(revision_of, old), default=0) + 1


def new_annotations(deployment: Json, annotations: dict[str, str], revision: int) -> dict[str, str]:
    """
    The annotations of the newest ReplicaSet: the Deployment's own, its revision, and those it had before as history.

    A revision is never lowered. Source: SetNewReplicaSetAnnotations.
    """
    copied = {key: value for key, value in annotations_of(deployment).items() if key not in _NOT_COPIED}
    changed = {**annotations, **copied}
    before = annotations.get(REVISION, "")
    if before and int(before) >= revision:
        return changed
    changed[REVISION] = str(revision)
    if before:
        changed[HISTORY] = ",".join(filter(None, (annotations.get(HISTORY, ""), before)))
    return changed


def size_annotations(deployment: Json) -> dict[str, str]:
    """By which a scaling is told from a roll-out later. Source: SetReplicasAnnotations."""
    fences = fences_of(deployment["spec"])
    return {DESIRED: str(fences.replicas), MOST: str(fences.most)}


def is_scaled(deployment: Json, active: Sequence[Json]) -> bool:
    """Whether the Deployment wants another number of pods than when its ReplicaSets were last sized."""
    wanted = str(replicas_of(deployment["spec"]))
    return any(annotations_of(each).get(DESIRED, wanted) != wanted for each in active)


def replica_set(deployment: Json, revision: int, replicas: int, created: str) -> Json:
    """The ReplicaSet of the Deployment's present template."""
    spec, metadata = deployment["spec"], deployment["metadata"]
    template_hash = digest_of_json([spec["template"], deployment.get("status", {}).get("collisionCount", 0)])
    labels = {**labels_of(spec["template"]), HASH_LABEL: template_hash}
    selector = spec["selector"]
    matched = {**(selector.get("matchLabels") or {}), HASH_LABEL: template_hash}
    return {
        "apiVersion": "apps/v1",
        "kind": "ReplicaSet",
        "metadata": {
            "namespace": metadata["namespace"],
            "name": f"{metadata['name']}-{template_hash}",
            "creationTimestamp": created,
            "labels": labels,
            "annotations": {**new_annotations(deployment, {}, revision), **size_annotations(deployment)},
            "ownerReferences": [owner_reference(deployment)],
        },
        "spec": {
            "replicas": replicas,
            **({"minReadySeconds": spec["minReadySeconds"]} if spec.get("minReadySeconds") else {}),
            "selector": {**selector, "matchLabels": matched},
            "template": with_metadata(spec["template"], labels=labels),
        },
        "status": {"replicas": 0},
    }
