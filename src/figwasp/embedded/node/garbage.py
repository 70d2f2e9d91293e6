"""
The garbage collector: what belonged to a workload that is gone goes too.

Source: kubernetes pkg/controller/garbagecollector/garbagecollector.go.
"""

from collections.abc import Sequence
from contextlib import suppress

from figwasp.embedded.node.cluster import Changed, Cluster
from figwasp.embedded.node.controller import Controller
from figwasp.embedded.node.objects import controller_of, is_ending
from figwasp.embedded.node.pods import end


def collect(cluster: Cluster, controllers: Sequence[Controller]) -> None:
    """Delete every revision and pod whose controller is of a kind that is looked after here, and is not there."""
    revisions, pods = [*cluster.list("replicasets"), *cluster.list("controllerrevisions")], cluster.list("pods")
    # Owners are read last: what was made meanwhile cannot be taken for an orphan.
    owners = {each["metadata"]["uid"] for one in controllers for each in cluster.list(one.plural)}
    kinds = {each.kind for each in controllers}
    for value in (*revisions, *pods):
        owner = controller_of(value)
        if owner.get("kind") not in kinds or owner["uid"] in owners or is_ending(value):
            continue
        with suppress(Changed):
            (end if value["kind"] == "Pod" else Cluster.delete)(cluster, value)
