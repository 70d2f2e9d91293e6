"""
Pull secrets: which ones a workload has, and reading one of them, and no other.

Aspects: the template's and its pods'; those of the service account; by which verb; what the Role does not allow.
"""

from typing import Any

import pytest

from figwasp.core.credential import Keyring, Login
from figwasp.core.deadline import Deadline
from figwasp.embedded.api.server import ApiServer
from figwasp.errors import Forbidden
from figwasp.kube.reader import Reader
from tests.kube.reading import DEPLOYMENTS, EVERYTHING, PODS, asked, read_one, role
from tests.objects import IMAGE_ID, NAMESPACE, deployment, pod, pull_secret, put_workload, replica_set

# Which ones a workload has


def put_pods(server: ApiServer, created: dict[str, str]) -> None:
    """Store a workload with a pod for each pull secret, made at the time that is given."""
    put_workload(server, IMAGE_ID, pods=0)
    server.edit("deployments", NAMESPACE, "web", lambda it: it.update(deployment(replicas=len(created))))
    for number, (secret, time) in enumerate(created.items()):
        one = pod(image_id=IMAGE_ID, number=number, creationTimestamp=time)
        one["spec"]["imagePullSecrets"] = [{"name": secret}]
        server.put("pods", one)


@pytest.mark.parametrize(
    "created",
    [
        {"old": "2026-01-01T00:00:00Z", "new": "2026-01-02T00:00:00Z"},
        {"new": "2026-01-02T00:00:00Z", "old": "2026-01-01T00:00:00Z"},
        {"old": "2026-01-01T00:00:00Z", "new": "2026-01-01T00:00:00Z"},
    ],
    ids=["newest last", "newest first", "same time"],
)
def test_pull_secrets_are_those_that_the_newest_pod_was_given(
    server: ApiServer, reader: Reader, deadline: Deadline, created: dict[str, str]
) -> None:
    put_pods(server, created)

    assert ("new",) == read_one(reader, deadline).pull_secrets


def name_in_template(server: ApiServer, *secrets: str) -> None:
    own = [{"name": each} for each in secrets]
    server.edit("deployments", NAMESPACE, "web", lambda it: it["spec"]["template"]["spec"].update(imagePullSecrets=own))
    server.edit("deployments", NAMESPACE, "web", lambda it: it["status"].update(observedGeneration=9))


def test_what_a_live_pod_has_counts_before_what_its_template_says(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    put_pods(server, {"injected": "2026-01-01T00:00:00Z"})
    name_in_template(server, "own")

    found = read_one(reader, deadline)

    assert (("injected",), ("injected",), "") == (found.pull_secrets, found.given_secrets, found.account)


def test_what_the_template_says_was_not_given_to_pods_as_they_were_made(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    put_pods(server, {"own": "2026-01-01T00:00:00Z"})
    name_in_template(server, "own")

    found = read_one(reader, deadline)

    assert (("own",), ()) == (found.pull_secrets, found.given_secrets)


def test_where_no_pod_lives_the_template_names_the_pull_secrets(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline
) -> None:
    put_podless(server, imagePullSecrets=[{"name": "own"}, {"name": "second"}])

    assert ("own", "second") == read_one(reader_of_all, deadline).pull_secrets


# Those of the service account


def put_account(server: ApiServer, name: str, *secrets: str) -> None:
    names = [{"name": each} for each in secrets]
    server.put("serviceaccounts", {"metadata": {"namespace": NAMESPACE, "name": name}, "imagePullSecrets": names})


def put_podless(server: ApiServer, name: str = "web", **pod: Any) -> None:
    given = deployment(name)
    given["spec"]["template"]["spec"] |= pod
    server.put("deployments", given)
    server.put("replicasets", replica_set(name))


@pytest.mark.parametrize(("pod", "secrets"), [({}, ("d",)), ({"serviceAccountName": "own"}, ("o", "p"))])
def test_where_no_pod_lives_its_service_account_gives_the_pull_secrets(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline, pod: dict[str, str], secrets: tuple[str, ...]
) -> None:
    put_account(server, "default", "d")
    put_account(server, "own", "o", "p")
    put_podless(server, **pod)

    assert secrets == read_one(reader_of_all, deadline).pull_secrets


@pytest.mark.parametrize("pods", [1, 0])
def test_a_service_account_is_asked_for_only_where_neither_pod_nor_template_tells(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline, pods: int
) -> None:
    if pods:
        put_workload(server, IMAGE_ID)
    else:
        put_podless(server, imagePullSecrets=[{"name": "own"}])

    reader_of_all.observe(EVERYTHING, deadline)

    assert "get serviceaccounts" not in asked(server)


def test_service_accounts_that_may_not_be_read_are_tried_once_in_a_namespace(
    server: ApiServer, reader_of_all: Reader, deadline: Deadline
) -> None:
    put_podless(server, "a", serviceAccountName="a")
    put_podless(server, "b", serviceAccountName="b")
    server.allow("system:anonymous", [role(DEPLOYMENTS, PODS)])

    observed = reader_of_all.observe(EVERYTHING, deadline)

    assert [(), ()] == [each.pull_secrets for each in observed.workloads]
    assert 1 == asked(server).count("get serviceaccounts")


# Reading one


def put_secret(server: ApiServer, name: str) -> None:
    server.put("secrets", pull_secret(name, {"registry.test": {"username": "ada", "password": "pw"}}))


def login(reader: Reader, name: str, deadline: Deadline) -> Login:
    return Keyring.of(reader.pull_secret(NAMESPACE, name, deadline) or ()).login("registry.test/web")


def test_a_secret_is_listed_by_its_name(server: ApiServer, reader: Reader, deadline: Deadline) -> None:
    put_secret(server, "pull")
    put_secret(server, "other")

    assert "secret shop/pull" == login(reader, "pull", deadline).source
    assert [("list", {"fieldSelector": "metadata.name=pull", "limit": "500"})] == [
        (each.verb, dict(each.query)) for each in server.requests
    ]


def test_a_secret_that_does_not_exist_is_none(reader: Reader, deadline: Deadline) -> None:
    assert reader.pull_secret(NAMESPACE, "missing", deadline) is None


def test_where_listing_is_forbidden_secrets_are_got_and_the_list_is_not_tried_again(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    put_secret(server, "a")
    put_secret(server, "b")
    server.allow("system:anonymous", [{"rules": [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}]}])

    found = [login(reader, name, deadline).source for name in ("a", "b")]

    assert ["secret shop/a", "secret shop/b"] == found
    assert ["list", "get", "get"] == [each.verb for each in server.requests]


def test_a_secret_that_may_be_read_in_no_way_names_the_verb_of_the_originals_role(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    server.allow("system:anonymous", [])

    with pytest.raises(Forbidden) as raised:
        reader.pull_secret(NAMESPACE, "pull", deadline)

    assert "list" == raised.value.verb
    assert "not allowed to list secrets/pull in namespace shop (as system:anonymous)" == str(raised.value)
    assert 'resourceNames: ["pull"]' in raised.value.hint


def rule(verb: str, *secret_names: str) -> dict[str, Any]:
    return {"apiGroups": [""], "resources": ["secrets"], "verbs": [verb], "resourceNames": list(secret_names)}


def test_one_secret_that_may_not_be_read_keeps_no_other_from_being_listed(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    put_secret(server, "pull")
    server.allow("system:anonymous", [{"rules": [rule("list", "pull")]}])
    with pytest.raises(Forbidden):
        reader.pull_secret(NAMESPACE, "other", deadline)

    assert "secret shop/pull" == login(reader, "pull", deadline).source
    assert ["list", "get", "list"] == [each.verb for each in server.requests]


@pytest.mark.parametrize("order", [("listed", "got"), ("got", "listed")])
def test_each_secret_is_read_by_the_verb_that_its_own_rule_has(
    server: ApiServer, reader: Reader, deadline: Deadline, order: tuple[str, str]
) -> None:
    for name in order:
        put_secret(server, name)
    server.allow("system:anonymous", [{"rules": [rule("list", "listed"), rule("get", "got")]}])

    assert [f"secret shop/{name}" for name in order] == [login(reader, name, deadline).source for name in order]


def test_where_one_secret_was_got_another_that_may_not_be_read_still_names_list(
    server: ApiServer, reader: Reader, deadline: Deadline
) -> None:
    put_secret(server, "got")
    server.allow("system:anonymous", [{"rules": [rule("get", "got")]}])
    login(reader, "got", deadline)

    with pytest.raises(Forbidden, match="not allowed to list secrets/other in namespace shop"):
        reader.pull_secret(NAMESPACE, "other", deadline)
