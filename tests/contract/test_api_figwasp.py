"""The API server as Figwasp's own client reads it."""

from typing import Any

import msgspec
import pytest

from figwasp.errors import Conflict, Forbidden, ObjectNotFound, Unauthenticated, UnknownResource
from tests.contract.api import Account, Api, paused, secret
from tests.contract.http import soon


def test_figwasp_reads_a_list_and_an_object(api: Api) -> None:
    api.put(paused())
    client = api.as_figwasp(api.admin)

    one = client.get(api.at("deployments", "web"), dict[str, Any], soon())
    listed = client.list_items(api.at("deployments"), dict[str, Any], {"labelSelector": "!app"}, soon())

    assert ["web", "web"] == [each["metadata"]["name"] for each in (one, *listed)]


def test_figwasp_tells_a_missing_object_from_a_missing_resource(api: Api) -> None:
    client = api.as_figwasp(api.admin)
    web = api.at("deployments", "web")

    with pytest.raises(ObjectNotFound, match=f"there is no deployment web in namespace {api.namespace}"):
        client.get(web, dict[str, Any], soon())
    with pytest.raises(UnknownResource, match=r"the API server knows no gizmos of apps/v1$"):
        client.get(msgspec.structs.replace(web, plural="gizmos"), dict[str, Any], soon())


def test_figwasp_knows_a_conflict(api: Api) -> None:
    read = api.put(secret("a"))
    client = api.as_figwasp(api.admin)
    api.put(secret("a", theirs="1"))

    with pytest.raises(Conflict):
        client.put(api.at("secrets", "a"), msgspec.json.encode(read), {"fieldManager": "figwasp"}, soon())


def test_figwasp_says_who_may_not_do_what_and_where(api: Api) -> None:
    account = api.log_in(())
    client = api.as_figwasp(account)

    with pytest.raises(Forbidden) as error:
        client.list_items(api.at("pods"), dict[str, Any], {}, soon())

    assert f"not allowed to list pods in namespace {api.namespace} (as {account.user})" == str(error.value)


def test_figwasp_knows_that_its_login_is_not_accepted(api: Api) -> None:
    api.log_in(())
    client = api.as_figwasp(Account("", "wrong"))

    with pytest.raises(Unauthenticated):
        client.get(api.at("deployments", "web"), dict[str, Any], soon())
