"""What is said where nothing was found: whether the namespaces are there at all."""

from figwasp.core.deadline import Deadline
from figwasp.core.ports import Cluster, Observed
from figwasp.core.report import Note
from figwasp.core.workload import Selection
from figwasp.errors import ObjectNotFound


def missing_namespaces(cluster: Cluster, selection: Selection, deadline: Deadline) -> list[str]:
    """Name those of the selected namespaces that are known not to be there."""
    return [each for each in selection.namespaces if cluster.has_namespace(each, deadline) is False]


def why_nothing(cluster: Cluster, selection: Selection, observed: Observed, deadline: Deadline) -> tuple[Note, ...]:
    """Tell why no workload was observed, as far as that may be known; asks for nothing where it is known already."""
    if not all(isinstance(error, ObjectNotFound) for _, error in observed.failures):
        return ()
    return tuple(
        Note(f"there is no namespace {each}", "check the name: kubectl get namespaces", is_failure=True)
        for each in missing_namespaces(cluster, selection, deadline)
    )
