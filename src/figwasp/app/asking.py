"""What a reference names now, asked for by itself: with nobody's login, or as a workload would be."""

from msgspec import Struct

from figwasp.app.lookups import Lookups
from figwasp.core.credential import Login
from figwasp.core.deadline import Deadline
from figwasp.core.manifest import Index, Manifest, parse_manifest
from figwasp.core.ports import Cluster, Resolver
from figwasp.core.reference import Reference
from figwasp.core.resolution import Resolution
from figwasp.core.workload import Selection
from figwasp.errors import FigwaspError


class Named(Struct, frozen=True):
    """What a reference names, and what lies under it; or, where that cannot be read, `problem` says why."""

    resolution: Resolution
    content: Manifest | Index | None
    problem: FigwaspError | None = None


def ask(reference: Reference, login: Login, resolver: Resolver, deadline: Deadline) -> Named:
    """
    Ask what `reference` names, and read it.

    Raises:
        FigwaspError: that is not known.
    """
    if reference.digest is not None:
        content = parse_manifest(resolver.manifest(reference, login, deadline))
        return Named(Resolution(reference, reference.digest, login), content)
    resolution = resolver.resolve(reference, login, deadline)
    try:
        content = parse_manifest(resolver.manifest(reference.at(resolution.digest), resolution.login, deadline))
    except FigwaspError as problem:
        return Named(resolution, None, problem)
    return Named(resolution, content)


def login_of(
    selection: Selection, reference: Reference, cluster: Cluster, lookups: Lookups, deadline: Deadline
) -> Login:
    """
    Give the login with which the one workload of `selection` would pull `reference`.

    Raises:
        FigwaspError: the workload, or one of its pull secrets, cannot be read.
    """
    observed = cluster.observe(selection, deadline)
    for _, error in observed.failures:
        raise error
    (workload,) = observed.workloads
    return lookups.login(lookups.keyring(workload), reference)
