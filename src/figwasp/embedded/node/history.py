"""
The revisions of a StatefulSet or DaemonSet: a ControllerRevision for each pod template that it had.

Source: kubernetes pkg/controller/history/controller_history.go.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from figwasp.embedded.node.cluster import Cluster
from figwasp.embedded.node.objects import Json, annotations_of, digest_of_json, labels_of, owner_reference
from figwasp.embedded.node.revisions import same_template

_DEFAULT_LIMIT: Final = 10


def revision_of_template(cluster: Cluster, owner: Json, revisions: Sequence[Json], hash_label: str) -> Json:
    """
    The revision of the owner's present template, made where there is none; one that is returned to becomes the newest.

    `hash_label` is the label by which the revision tells its hash.

    Raises:
        Changed: somebody else wrote it, or has one of that name.
    """
    template = owner["spec"]["template"]
    newest = max((each["revision"] for each in revisions), default=0)
    found = next((each for each in revisions if same_template(template_of(each), template)), None)
    if found is None:
        return cluster.create(_made(cluster, owner, newest + 1, hash_label))
    if found["revision"] < newest:
        return cluster.update({**found, "revision": newest + 1})
    return found


def template_of(revision: Json) -> Json:
    """The pod template that a revision keeps."""
    return {key: value for key, value in revision["data"]["spec"]["template"].items() if key != "$patch"}


def forget(cluster: Cluster, owner: Json, old: Iterable[Json]) -> None:
    """Delete the oldest of the revisions that nobody needs, beyond the limit of the history."""
    limit = owner["spec"].get("revisionHistoryLimit", _DEFAULT_LIMIT)
    kept = sorted(old, key=lambda each: int(each["revision"]))
    for each in kept[: max(0, len(kept) - limit)]:
        cluster.delete(each)


def _made(cluster: Cluster, owner: Json, number: int, hash_label: str) -> Json:
    metadata, template = owner["metadata"], owner["spec"]["template"]
    template_hash = digest_of_json([template, (owner.get("status") or {}).get("collisionCount", 0)])
    annotations = annotations_of(owner)
    return {
        "apiVersion": "apps/v1",
        "kind": "ControllerRevision",
        "metadata": {
            "namespace": metadata["namespace"],
            "name": f"{metadata['name']}-{template_hash}",
            "creationTimestamp": cluster.timestamp(),
            "labels": {**labels_of(template), hash_label: template_hash},
            **({"annotations": annotations} if annotations else {}),
            "ownerReferences": [owner_reference(owner)],
        },
        "data": {"spec": {"template": {**template, "$patch": "replace"}}},
        "revision": number,
    }
