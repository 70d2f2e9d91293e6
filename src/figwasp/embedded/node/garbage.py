"""
The garbage collector: what belonged to a Deployment or ReplicaSet that is gone goes too.

Source: kubernetes pkg/controller/garbagecollector/garbagecollector.go.
"""

from collections.abc import Sequence

from figwasp.embedded.node.objects import Json, controller_uid


def orphans(dependents: Sequence[Json], owners: Sequence[Json]) -> list[Json]:
    """Those of `dependents` whose controller is of the owners' kind (there is one kind) and not among them."""
    uids = {each["metadata"]["uid"] for each in owners}
    return [each for each in dependents if controller_uid(each) not in {"", *uids}]
