"""Which pull secrets pods would have that are made now, where one that those of before were given exists no more."""

from collections.abc import Sequence

from msgspec.structs import replace

from figwasp.core.deadline import Deadline
from figwasp.core.ports import Cluster
from figwasp.core.workload import Workload
from figwasp.errors import FigwaspError, PullSecretError


def as_new_pods(workload: Workload, gone: Sequence[str], cluster: Cluster, deadline: Deadline) -> Workload | None:
    """
    Give the workload with the pull secrets of a new pod, None where they cannot be told.

    The service account says which, where it may be read and nothing else gave its pods any that are not `gone`.
    """
    if not workload.account:
        return None
    try:
        present = cluster.account_secrets(workload.key.namespace, workload.account, deadline)
    except FigwaspError:
        return None
    kept = set(workload.pull_secrets) - set(gone)
    if present is None or not kept <= set(present):
        return None
    return replace(workload, pull_secrets=present, given_secrets=())


def cannot_tell(workload: Workload, gone: Sequence[str]) -> FigwaspError:
    """Tell that it is not known which pull secrets new pods would have."""
    namespace = workload.key.namespace
    names = ", ".join(f"{namespace}/{name}" for name in gone)
    hint = "make it anew, or name in the pod template what new pods are to have"
    if workload.account:
        hint += f"; or allow to get serviceaccounts/{workload.account}"
    return PullSecretError(
        f"its pods were given secret {names} as they were made, which does not exist any more: "
        "what new pods would be given is not known",
        hint=hint,
    )
