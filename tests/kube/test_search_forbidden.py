"""
What may not be listed, or fails: what is then looked at all the same, and what is said.

Aspects: kinds, forbidden and unknown; namespaces; revisions; all namespaces, of which some may be read.
"""

import pytest

from figwasp.core.deadline import Deadline
from figwasp.core.workload import Selection
from figwasp.embedded.api.faults import Fault
from figwasp.embedded.api.server import ApiServer
from figwasp.errors import ApiUnreachable, Forbidden, UnknownResource
from figwasp.kube.reader import Reader
from figwasp.net.retry import ATTEMPTS
from tests.kube.reading import DEPLOYMENTS, EVERYTHING, PODS, asked, pods, put_all, role
from tests.objects import NAMESPACE, Json, deployment

# Kinds, namespaces and revisions


def test_kinds_that_may_not_be_listed_are_named_once_and_no_failure(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline
) -> None:
    put_all(server)
    server.allow("system:anonymous", [role(DEPLOYMENTS, PODS)])

    observed = reader_of_all.observe(EVERYTHING, deadline)

    (note,) = observed.notes
    assert ["deployment/web"] == list(pods(observed))
    assert "statefulsets and daemonsets were not looked at: not allowed to list them in namespace shop" == note.words
    assert (False, ("statefulset", "daemonset")) == (note.is_failure, note.kinds)
    assert 1 == asked(server).count("list statefulsets")


def test_namespaces_with_the_same_role_are_named_in_one_line(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline
) -> None:
    server.allow("system:anonymous", [role(DEPLOYMENTS, PODS, namespace=each) for each in ("a", "b")])

    (note,) = reader_of_all.observe(Selection(namespaces=("a", "b")), deadline).notes

    assert note.words.endswith("not allowed to list them in namespaces a, b")


def test_a_kind_that_is_asked_for_and_may_not_be_listed_is_a_failure(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline
) -> None:
    put_all(server)
    server.allow("system:anonymous", [role(DEPLOYMENTS, PODS)])

    observed = reader_of_all.observe(Selection(namespaces=(NAMESPACE,), kinds=("deployment", "statefulset")), deadline)

    assert [True] == [each.is_failure for each in observed.notes]
    assert "not allowed to list statefulsets" in observed.notes[0].words


def test_a_namespace_that_may_not_be_read_is_a_failure_and_the_others_are_served(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline
) -> None:
    put_all(server)
    server.allow("system:anonymous", [role(DEPLOYMENTS, PODS)])

    observed = reader_of_all.observe(Selection(namespaces=("other", NAMESPACE)), deadline)

    assert ["deployment/web"] == list(pods(observed))
    assert ["not allowed to list deployments in namespace other (as system:anonymous)"] == [
        each.words for each in observed.notes if each.is_failure
    ]


def test_where_nothing_may_be_listed_the_commonest_kind_is_named(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline
) -> None:
    server.allow("system:anonymous", [])

    with pytest.raises(Forbidden, match="not allowed to list deployments"):
        reader_of_all.observe(EVERYTHING, deadline)


def test_a_kind_whose_list_fails_leaves_the_others_served(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline
) -> None:
    put_all(server)
    server.fault("list", "daemonsets", Fault.INTERNAL_ERROR, times=9)

    observed = reader_of_all.observe(EVERYTHING, deadline)

    assert {"deployment/web", "statefulset/db"} == set(pods(observed))
    assert [True] == [each.is_failure for each in observed.notes]


@pytest.mark.parametrize(
    "selection",
    [
        EVERYTHING,
        Selection(namespaces=()),
        Selection(namespaces=(NAMESPACE, "other")),
        Selection(namespaces=(NAMESPACE,), kinds=("deployment", "statefulset")),
    ],
    ids=["labelled", "everywhere", "in two namespaces", "asked for"],
)
def test_a_kind_that_the_server_does_not_know_is_a_failure_said_once_and_the_others_are_served(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline, selection: Selection
) -> None:
    put_all(server)
    server.fault("list", "statefulsets", Fault.UNKNOWN, times=9)

    observed = reader_of_all.observe(selection, deadline)

    assert ["the API server knows no statefulsets of apps/v1"] == [
        each.words for each in observed.notes if each.is_failure
    ]
    assert "deployment/web" in pods(observed)


def test_a_server_that_knows_no_kind_at_all_has_told_nothing(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline
) -> None:
    for plural in ("deployments", "statefulsets", "daemonsets"):
        server.fault("list", plural, Fault.UNKNOWN, times=9)

    with pytest.raises(UnknownResource, match="knows no deployments"):
        reader_of_all.observe(EVERYTHING, deadline)


def test_a_named_one_of_a_kind_that_the_server_does_not_know_is_a_failure(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline
) -> None:
    put_all(server)
    server.fault("get", "statefulsets", Fault.UNKNOWN)
    targets = (("statefulset", "db"), ("deployment", "web"))

    observed = reader_of_all.observe(Selection(namespaces=(NAMESPACE,), targets=targets), deadline)

    ((key, error),) = observed.failures
    assert ("statefulset/db", UnknownResource) == (key.target, type(error))


def test_a_server_in_trouble_is_not_asked_for_each_kind(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline
) -> None:
    server.fault("list", "deployments", Fault.INTERNAL_ERROR, times=9)

    with pytest.raises(ApiUnreachable):
        reader_of_all.observe(EVERYTHING, deadline)

    assert "list statefulsets" not in asked(server)


def test_revisions_that_may_not_be_listed_fail_their_own_kind_only(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline
) -> None:
    put_all(server)
    all_kinds = {"apiGroups": ["apps"], "resources": ["daemonsets", "statefulsets"], "verbs": ["list"]}
    server.allow("system:anonymous", [role(DEPLOYMENTS, PODS, all_kinds)])

    observed = reader_of_all.observe(EVERYTHING, deadline)

    assert {"deployment/web": ["web-1-0"], "statefulset/db": ["db-0"]} == pods(observed)
    assert ["daemonset/agent"] == [key.target for key, _ in observed.failures]


# All namespaces, of which some may be read


def put_in(server: ApiServer, *namespaces: str) -> None:
    for namespace in namespaces:
        server.put("namespaces", {"metadata": {"name": namespace}})
        given = deployment()
        server.put("deployments", {**given, "metadata": {**given["metadata"], "namespace": namespace}})


NAMESPACES = {"rules": [{"apiGroups": [""], "resources": ["namespaces"], "verbs": ["list"]}]}


def allow_in(server: ApiServer, *namespaces: str) -> None:
    """Let Deployments and pods be read in these, each by itself, and all namespaces be listed."""
    roles = [role(DEPLOYMENTS, PODS, namespace=each) for each in namespaces]
    server.allow("system:anonymous", [NAMESPACES, *roles])


def test_whoever_may_not_look_everywhere_is_served_where_that_is_allowed(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline
) -> None:
    put_in(server, "a", "b", "c")
    allow_in(server, "a", "c")

    observed = reader_of_all.observe(Selection(namespaces=(), kinds=("deployment",)), deadline)

    assert ["a", "c"] == [each.key.namespace for each in observed.workloads]
    (note,) = observed.notes
    assert (False, True) == (note.is_failure, "may not be listed: b" in note.words)


def test_a_namespace_in_trouble_is_a_failure_where_others_are_only_not_allowed(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline
) -> None:
    put_in(server, "a", "b", "c")
    allow_in(server, "a", "c")
    server.before(
        "list", "namespaces", lambda: server.fault("list", "deployments", Fault.INTERNAL_ERROR, times=ATTEMPTS)
    )

    observed = reader_of_all.observe(Selection(namespaces=(), kinds=("deployment",)), deadline)

    assert ["c"] == [each.key.namespace for each in observed.workloads]
    told = {each.is_failure: each.words for each in observed.notes}
    assert "may not be listed: b" in told[False]
    assert "failed: list deployments in namespace a (500)" in told[True]


def test_whoever_may_look_into_each_namespace_though_not_into_all_at_once_misses_none(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline
) -> None:
    put_in(server, "a", "c")
    allow_in(server, "a", "c", "default")

    observed = reader_of_all.observe(Selection(namespaces=(), kinds=("deployment",)), deadline)

    assert (["a", "c"], ()) == ([each.key.namespace for each in observed.workloads], observed.notes)


@pytest.mark.parametrize("roles", [[], [NAMESPACES]])
def test_whoever_may_look_nowhere_is_told_what_everywhere_takes(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline, roles: list[Json]
) -> None:
    put_in(server, "a")
    server.allow("system:anonymous", roles)

    with pytest.raises(Forbidden, match="not allowed to list deployments") as raised:
        reader_of_all.observe(Selection(namespaces=()), deadline)

    assert "ClusterRole" in raised.value.hint
