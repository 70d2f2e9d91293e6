"""
How many pods each ReplicaSet of a Deployment may have: arithmetic over values.

Source: kubernetes pkg/controller/deployment/rolling.go, sync.go and util/deployment_util.go.
"""

import math
from collections.abc import Callable, Sequence
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from figwasp.embedded.node.objects import Json

_QUARTER: Final = "25%"


class Sizes(Struct, frozen=True):
    """A ReplicaSet: how many pods it should have, and how many of those it has are available."""

    name: str
    wanted: int
    available: int = 0


class Fences(Struct, frozen=True):
    """How far a Deployment may be from its number of replicas while it rolls out."""

    replicas: int
    surge: int
    unavailable: int

    @property
    def most(self) -> int:
        """More pods than these are never made."""
        return self.replicas + self.surge

    @property
    def fewest_available(self) -> int:
        """Below this number of available pods none is taken away."""
        return self.replicas - self.unavailable


def fences_of(spec: Json) -> Fences:
    """
    Read them from a Deployment's spec, with the API server's defaults.

    Surge is rounded up and unavailability down; where both come to nothing one pod may be unavailable, or nothing
    would ever move. Source: ResolveFenceposts, MaxUnavailable.
    """
    replicas = replicas_of(spec)
    if not is_rolling(spec):
        return Fences(replicas, 0, 0)
    rolling = (spec.get("strategy") or {}).get("rollingUpdate") or {}
    surge = _scaled(rolling.get("maxSurge", _QUARTER), replicas, math.ceil)
    unavailable = _scaled(rolling.get("maxUnavailable", _QUARTER), replicas, math.floor)
    if surge == 0 and unavailable == 0:
        unavailable = 1
    return Fences(replicas, surge, min(unavailable, replicas))


def replicas_of(spec: Json) -> int:
    """The number of replicas that a Deployment or ReplicaSet wants."""
    wanted = spec.get("replicas")
    return 1 if wanted is None else int(wanted)


def is_rolling(spec: Json) -> bool:
    """Whether the strategy is RollingUpdate, not Recreate."""
    return bool((spec.get("strategy") or {}).get("type", "RollingUpdate") == "RollingUpdate")


def scale_up_new(fences: Fences, new: Sizes, old: Sequence[Sizes]) -> int:
    """How many pods the new ReplicaSet should have now. Source: NewRSNewReplicas, reconcileNewReplicaSet."""
    if new.wanted >= fences.replicas:
        return fences.replicas
    room = fences.most - new.wanted - _wanted(old)
    return new.wanted + max(0, min(room, fences.replicas - new.wanted))


def scale_down_old(fences: Fences, new: Sizes, old: Sequence[Sizes]) -> dict[str, int]:
    """
    How many pods old ReplicaSets (oldest first) should have now; names only those that change.

    Pods that are not available go first, since they do no work. Source: reconcileOldReplicaSets.
    """
    spare = new.wanted + _wanted(old) - fences.fewest_available - (new.wanted - new.available)
    if spare <= 0 or not _wanted(old):
        return {}
    cleaned, left = [], spare
    for each in old:
        ending = min(left, max(0, each.wanted - each.available))
        cleaned.append(replace(each, wanted=each.wanted - ending))
        left -= ending
    available = new.available + sum(each.available for each in old)
    left = max(0, available - fences.fewest_available)
    scaled = {}
    for before, each in zip(old, cleaned, strict=True):
        ending = min(left, each.wanted)
        left -= ending
        if before.wanted != each.wanted - ending:
            scaled[each.name] = each.wanted - ending
    return scaled


def scale_in_proportion(fences: Fences, active: Sequence[Sizes], most_before: Sequence[int]) -> dict[str, int]:
    """
    How a scaled Deployment that is half rolled out divides its pods among its active ReplicaSets, newest first.

    `most_before` is for each of them the most pods that the Deployment could have when it was scaled last.

    Source: scale, GetReplicaSetProportion. The largest ReplicaSet takes what rounding leaves over.
    """
    allowed = fences.most if fences.replicas else 0
    adding = allowed - _wanted(active)
    order = sorted(range(len(active)), key=lambda at: (-active[at].wanted, at if adding > 0 else -at))
    sizes, added = {each.name: each.wanted for each in active}, 0
    for at in order:
        share = _share(fences, active[at], most_before[at])
        share = min(share, adding - added) if adding > 0 else max(share, adding - added)
        share = 0 if adding in (0, added) else share
        sizes[active[at].name] += share
        added += share
    if order:
        largest = active[order[0]].name
        sizes[largest] = max(0, sizes[largest] + adding - added)
    return sizes


def _share(fences: Fences, one: Sizes, most_before: int) -> int:
    if fences.replicas == 0:
        return -one.wanted
    if not most_before:
        return 0
    return math.floor(one.wanted * fences.most / most_before + 0.5) - one.wanted


def _wanted(sets: Sequence[Sizes]) -> int:
    return sum(each.wanted for each in sets)


def _scaled(value: int | str, total: int, rounded: Callable[[float], int]) -> int:
    return value if isinstance(value, int) else rounded(int(value.removesuffix("%")) * total / 100)
