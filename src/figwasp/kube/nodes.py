"""What nodes know of images beyond what one container runs: by which digests, and from which repositories."""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from figwasp.core.digest import Digest
from figwasp.core.reference import Reference
from figwasp.errors import InvalidDigest, InvalidReference
from figwasp.kube.picks import NodeStatus, Pod
from figwasp.kube.pods import PodReader


def images(status: NodeStatus) -> tuple[frozenset[Digest], ...]:
    """List the images of a node's store that it knows by several digests, each as these digests."""
    found = (_digests(image.names or ()) for image in status.images or ())
    return tuple(digests for digests in found if len(digests) > 1)


def repositories(pods: Iterable[Pod]) -> Mapping[Digest, tuple[Reference, ...]]:
    """
    List by which repositories each digest that `pods` run is named: the node's name for it, and what a pod asks for.

    What it asks for only in the registry that its node names: whoever may change a pod must not choose whom we ask.
    Pods that have ended count too: what they ran may well be what another still runs.
    """
    found: dict[Digest, dict[Reference, None]] = {}
    read = PodReader().running_containers
    for each in (container for pod in pods for container in read(pod)):
        if each.image_id is None or each.image_id.is_local:
            continue
        with suppress(InvalidReference):
            by_node, digest = Reference.parse(each.image_id.repository), each.image_id.digest
            known = found.setdefault(digest, {})
            known[by_node.at(digest)] = None
            asked_for = Reference.parse(each.image)
            if asked_for.registry == by_node.registry:
                known[asked_for.at(digest)] = None
    return {digest: tuple(references) for digest, references in found.items()}


def _digests(names: Iterable[str]) -> frozenset[Digest]:
    found: set[Digest] = set()
    for name in names:
        with suppress(InvalidDigest):
            found.add(Digest.parse(name.rpartition("@")[2] if "@" in name else ""))
    return frozenset(found)
