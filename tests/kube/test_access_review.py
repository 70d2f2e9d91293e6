"""
Who we are and what we may do, asked of the small API server.

Aspects: reviews; where reviews are not allowed, the requests themselves; the time; no answer.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from figwasp.core.deadline import Deadline
from figwasp.core.permission import Permission
from figwasp.embedded.api.server import ApiServer, Fault
from figwasp.errors import ApiUnreachable
from figwasp.kube.access_review import AccessReview
from figwasp.kube.client import ApiClient
from figwasp.kube.kinds.deployment import KIND
from tests.objects import NAMESPACE, deployment

Allow = Callable[..., None]


def permission(verb: str, resource: str = "deployments") -> Permission:
    return Permission(verb=verb, group="apps" if resource == "deployments" else "", resource=resource, why="see")


def rule(verb: str, resource: str = "deployments", *names: str) -> dict[str, Any]:
    more = {"resourceNames": list(names)} if names else {}
    return {"apiGroups": ["apps", ""], "resources": [resource], "verbs": [verb], **more}


@pytest.fixture
def rights(client: ApiClient) -> AccessReview:
    """What the client may do."""
    return AccessReview(client, (KIND,))


@pytest.fixture
def allow(server: ApiServer) -> Allow:
    """Lets everybody do what the rules say. Who is not known to the server may not even ask for a review."""

    def let(*rules: dict[str, Any]) -> None:
        role = {"kind": "Role", "metadata": {"namespace": NAMESPACE}, "rules": list(rules)}
        server.allow("system:anonymous", [role])

    return let


def test_who_we_are_is_told(rights: AccessReview, deadline: Deadline) -> None:
    assert "admin" == rights.caller(deadline)


def test_a_server_that_does_not_say_who_we_are_is_no_failure(
    rights: AccessReview, deadline: Deadline, allow: Allow
) -> None:
    allow()

    assert "" == rights.caller(deadline)


def test_a_review_is_all_that_is_asked_where_it_is_allowed(
    server: ApiServer, rights: AccessReview, deadline: Deadline
) -> None:
    allowed = rights.may(permission("update"), NAMESPACE, "web", deadline)

    assert allowed is True
    assert ["create"] == [each.verb for each in server.requests]


@pytest.mark.parametrize("verb", ["list", "get", "update"])
def test_without_reviews_the_request_itself_tells_what_is_allowed(
    server: ApiServer, rights: AccessReview, deadline: Deadline, allow: Allow, verb: str
) -> None:
    server.put("deployments", deployment())
    allow(rule(verb), rule("get"))

    assert rights.may(permission(verb), NAMESPACE, "web", deadline) is True


@pytest.mark.parametrize("verb", ["list", "get", "update"])
def test_without_reviews_the_request_itself_tells_what_is_not_allowed(
    server: ApiServer, rights: AccessReview, deadline: Deadline, allow: Allow, verb: str
) -> None:
    server.put("deployments", deployment())
    allow(*(rule(each) for each in ("list", "get", "update") if each != verb))

    assert rights.may(permission(verb), NAMESPACE, "web", deadline) is False


def test_trying_an_update_changes_nothing(
    server: ApiServer, rights: AccessReview, deadline: Deadline, allow: Allow
) -> None:
    before = server.put("deployments", deployment())
    allow(rule("get"), rule("update"))

    rights.may(permission("update"), NAMESPACE, "web", deadline)

    assert before == server.get("deployments", NAMESPACE, "web")


def test_trying_a_list_of_secrets_reads_none(
    server: ApiServer, rights: AccessReview, deadline: Deadline, allow: Allow
) -> None:
    server.put("secrets", {"metadata": {"namespace": NAMESPACE, "name": "pull"}, "data": {"a": "b"}})
    allow(rule("list", "secrets", "pull"))

    allowed = rights.may(permission("list", "secrets"), NAMESPACE, "pull", deadline)

    (asked,) = [each for each in server.requests if each.verb == "list"]
    assert allowed is True
    assert "looks-for-nothing" in asked.query["labelSelector"]


def test_an_object_that_is_not_there_may_be_got_all_the_same(
    rights: AccessReview, deadline: Deadline, allow: Allow
) -> None:
    allow(rule("get"))

    assert rights.may(permission("get"), NAMESPACE, "", deadline) is True


@pytest.mark.parametrize(("verb", "namespace", "name"), [("update", NAMESPACE, ""), ("get", "", ""), ("watch", "", "")])
def test_what_no_harmless_request_can_tell_is_not_known(
    rights: AccessReview, deadline: Deadline, allow: Allow, verb: str, namespace: str, name: str
) -> None:
    allow()

    assert rights.may(permission(verb), namespace, name, deadline) is None


def test_an_update_cannot_be_tried_on_what_may_not_be_read(
    server: ApiServer, rights: AccessReview, deadline: Deadline, allow: Allow
) -> None:
    server.put("deployments", deployment())
    allow(rule("update"))

    assert rights.may(permission("update"), NAMESPACE, "web", deadline) is None


def test_the_time_of_the_server_is_told(rights: AccessReview, deadline: Deadline) -> None:
    told = rights.time(deadline)

    assert told is not None
    assert abs(datetime.fromtimestamp(time.time(), UTC) - told) < timedelta(seconds=10)


def test_a_server_without_an_answer_is_an_error(server: ApiServer, rights: AccessReview, deadline: Deadline) -> None:
    server.fault("create", "selfsubjectaccessreviews", Fault.BAD_GATEWAY)

    with pytest.raises(ApiUnreachable):
        rights.may(permission("get"), NAMESPACE, "", deadline)
