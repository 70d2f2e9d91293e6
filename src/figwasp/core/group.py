"""
Pods that are judged together, and which tag they follow.

An admission webhook may have changed the image of a pod: to another repository, such as a mirror's, or to a digest.
"""

from collections.abc import Iterable

from msgspec import Struct

from figwasp.core.digest import ImageId
from figwasp.core.reference import DOCKER_HUB, Reference
from figwasp.core.workload import PlatformLimits, PullPolicy, RunningContainer
from figwasp.errors import InvalidReference


class Group(Struct, frozen=True, kw_only=True):
    """
    Containers of pods that report the same and are judged once.

    `is_ready` tells that one of them works. `follows` is the tag that they are compared with. `is_certain` tells that a
    restart would bring what that tag names; else their `image` is not the template's, and nobody knows by which rule.
    """

    reported: str
    image_id: ImageId | None
    image: str
    pull_policy: PullPolicy
    limits: PlatformLimits
    nodes: tuple[str, ...]
    is_ready: bool
    follows: Reference
    is_certain: bool
    since: str = ""
    """When the first of the pods was made (RFC 3339, UTC), empty if that is not known of one."""

    @property
    def is_pinned(self) -> bool:
        """Whether the pods were pinned to a digest as they were created; a template that is pinned has no groups."""
        return "@" in self.image

    @property
    def would_pull(self) -> bool:
        """Whether new pods make a node ask the registry again: always for a digest that it does not have yet."""
        if self.is_pinned:
            return self.pull_policy is not PullPolicy.NEVER
        return self.pull_policy is PullPolicy.ALWAYS

    @property
    def is_elsewhere(self) -> bool:
        """Whether the image names no registry and the node names one that is not Docker Hub, where we look for it."""
        if self.image_id is None or self.follows.registry != DOCKER_HUB:
            return False
        if self.image.startswith((f"{DOCKER_HUB}/", f"index.{DOCKER_HUB}/")):
            return False
        try:
            return Reference.parse(self.image_id.repository).registry != DOCKER_HUB
        except InvalidReference:
            return False


def grouped(pods: Iterable[RunningContainer], template: Reference) -> tuple[Group, ...]:
    """Put the pods' containers of one name together, in an order that does not depend on the API server's."""
    alike: dict[tuple[str, str, PullPolicy, PlatformLimits], list[RunningContainer]] = {}
    for pod in sorted(pods, key=lambda each: (each.reported, each.image, each.pull_policy, each.node, each.pod)):
        alike.setdefault((pod.reported, pod.image, pod.pull_policy, pod.limits), []).append(pod)
    return tuple(
        Group(
            reported=reported,
            image_id=same[0].image_id,
            image=image,
            pull_policy=policy,
            limits=limits,
            nodes=tuple(dict.fromkeys(each.node for each in same)),
            is_ready=any(each.is_ready for each in same),
            follows=_followed(image, template) or template,
            is_certain=_followed(image, template) is not None,
            since=min(each.since for each in same),
        )
        for (reported, image, policy, limits), same in alike.items()
    )


def _followed(image: str, template: Reference) -> Reference | None:
    """
    Tell which tag a pod with that image follows; None where it cannot be told.

    That is the template's, or the pod's own in another repository. A digest that was pinned as the pod was created is
    pinned anew by a restart, so it is the tag beside it that counts.
    """
    try:
        own = Reference.parse(image)
    except InvalidReference:
        return None
    if own.name != template.name:
        return Reference(registry=own.registry, repository=own.repository, tag=own.tag) if own.tag else None
    if own == template or (own.is_pinned and own.tag in {"", template.tag}):
        return template
    return None
