"""
What the small registry does that the real one of the test bed does not: tokens, pages of tags, images made in Python.

Aspects: images · pages · tokens for pushes · logins of the public · headers and bodies.
"""

import http.client
import json
from collections.abc import Iterator
from contextlib import closing

import pytest

from figwasp.embedded.registry.server import OCI_MANIFEST, Registry, digest_of
from figwasp.net.http import HttpClient
from figwasp.net.tls import Tls
from testbed import OWNER, Login, TestbedError
from testbed import Registry as BedRegistry
from testbed.repository import Repository
from tests.contract.http import Answer, ask
from tests.contract.registries import NO_CA, image

UPLOADS = "/v2/team/web/blobs/uploads/"


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Registry() as made:
        yield made


def send(registry: Registry, method: str, path: str, authorization: str = "", body: bytes = b"") -> Answer:
    headers = {"Authorization": authorization} if authorization else {}
    with closing(HttpClient(tls=Tls(), user_agent="test")) as client:
        return ask(client, method, path if path.startswith("http") else registry.url + path, headers, body)


def token(registry: Registry, *scopes: str, login: Login | None = None) -> str:
    query = "&".join(f"scope={scope}" for scope in scopes)
    return "Bearer " + str(send(registry, "GET", f"/token?{query}", login.basic if login else "").json["token"])


def repository(registry: Registry, login: Login) -> Repository:
    described = BedRegistry(name="test", port=registry.port, logins=(login,), tls=False)
    return Repository(described, "team/web", NO_CA)


# Images made in Python


def test_an_image_is_put_with_all_its_blobs(registry: Registry) -> None:
    digest = registry.put_image("team/web", "1", b"config", [b"layer"])

    for blob in (b"config", b"layer"):
        assert blob == send(registry, "GET", f"/v2/team/web/blobs/{digest_of(blob)}").body
    assert digest == repository(registry, OWNER).digest("1")


# Pages of tags


def test_tags_come_in_pages_where_they_are_asked_for(registry: Registry) -> None:
    for tag in ("3", "1", "2"):
        registry.put("team/web", tag, b"{}")

    first = send(registry, "GET", "/v2/team/web/tags/list?n=2")
    link = first.headers.get("link") or ""
    second = send(registry, "GET", link[1 : link.index(">")])

    assert '; rel="next"' == link[link.index(">") + 1 :]
    assert [["1", "2"], ["3"]] == [each.json["tags"] for each in (first, second)]
    assert second.headers.get("link") is None


# Tokens


def test_a_push_is_challenged_for_a_token_that_may_push(registry: Registry) -> None:
    registry.want_token({OWNER.user: OWNER.password})

    challenge = send(registry, "POST", f"{UPLOADS}?mount=sha256:00&from=other/app").headers.get("www-authenticate")

    scope = "repository:team/web:pull,push repository:other/app:pull"
    assert f'Bearer realm="{registry.url}/token",service="test",scope="{scope}"' == challenge


def test_at_the_root_any_token_will_do_and_no_scope_is_named(registry: Registry) -> None:
    registry.want_token({OWNER.user: OWNER.password})

    refused = send(registry, "GET", "/v2/").headers.get("www-authenticate")
    owned = token(registry, "repository:team/web:pull", login=OWNER)

    assert f'Bearer realm="{registry.url}/token",service="test"' == refused
    assert 200 == send(registry, "GET", "/v2/", owned).status


def test_a_token_is_good_for_what_it_was_asked_for(registry: Registry) -> None:
    registry.want_token({OWNER.user: OWNER.password})
    pull, push = (token(registry, f"repository:team/web:{what}", login=OWNER) for what in ("pull", "pull,push"))

    assert [401, 202] == [send(registry, "POST", UPLOADS, each).status for each in (pull, push)]
    assert [404, 404] == [send(registry, "GET", "/v2/team/web/tags/list", each).status for each in (pull, push)]
    assert 401 == send(registry, "POST", "/v2/team/api/blobs/uploads/", push).status


@pytest.mark.parametrize("scopes", [("a", "b"), ("a%20b",)], ids=["two parameters", "one parameter"])
def test_one_token_may_be_for_several_repositories(registry: Registry, scopes: tuple[str, ...]) -> None:
    registry.want_token({OWNER.user: OWNER.password})
    asked = [s.replace("a", "repository:team/a:pull,push").replace("b", "repository:team/b:pull") for s in scopes]

    both = token(registry, *asked, login=OWNER)

    assert 202 == send(registry, "POST", "/v2/team/a/blobs/uploads/?mount=sha256:00&from=team/b", both).status


def test_the_public_gets_no_token_that_may_push(registry: Registry) -> None:
    registry.want_token({OWNER.user: OWNER.password}, public={"team/web"})

    anybody = token(registry, "repository:team/web:pull,push")

    assert 404 == send(registry, "GET", "/v2/team/web/tags/list", anybody).status
    assert 401 == send(registry, "POST", UPLOADS, anybody).status


# Basic


def test_the_public_may_pull_but_not_push(registry: Registry) -> None:
    registry.want_basic({OWNER.user: OWNER.password}, public={"team/web"})
    repository(registry, OWNER).push(image(), "1")

    assert ["1"] == send(registry, "GET", "/v2/team/web/tags/list").json["tags"]
    assert 401 == send(registry, "POST", UPLOADS).status


def test_who_is_denied_may_not_push(registry: Registry) -> None:
    registry.want_basic({OWNER.user: OWNER.password})
    registry.denied.add((OWNER.user, "team/web"))

    with pytest.raises(TestbedError, match="was answered 403"):
        repository(registry, OWNER).push(image(), "1")


# Headers and bodies


def test_a_header_may_come_more_than_once(registry: Registry) -> None:
    registry.put_image("team/web", "1", b"config")
    with closing(http.client.HTTPConnection(registry.host)) as connection:
        connection.putrequest("HEAD", "/v2/team/web/manifests/1")
        for accepted in ("text/plain", OCI_MANIFEST, "application/json"):
            connection.putheader("Accept", accepted)
        connection.endheaders()

        assert 200 == connection.getresponse().status


def test_a_body_may_come_in_chunks(registry: Registry) -> None:
    with closing(http.client.HTTPConnection(registry.host)) as connection:
        target = f"{send(registry, 'POST', UPLOADS).headers.get('location')}&digest={digest_of(b'content')}"
        connection.request("PUT", target, iter([b"con", b"tent"]))
        answer = connection.getresponse()
        answer.read()

        connection.request("GET", f"/v2/team/web/blobs/{digest_of(b'content')}")

        assert (201, b"content") == (answer.status, connection.getresponse().read())


@pytest.mark.parametrize(
    "headers",
    [{"Content-Length": "many"}, {"Content-Length": "-1"}, {"Transfer-Encoding": "chunked"}],
    ids=["no number", "less than nothing", "no chunks"],
)
def test_a_body_of_no_length_is_400(registry: Registry, headers: dict[str, str]) -> None:
    with closing(http.client.HTTPConnection(registry.host)) as connection:
        connection.putrequest("PUT", "/v2/team/web/manifests/1")
        for name, value in headers.items():
            connection.putheader(name, value)
        connection.endheaders(b"\r\n")

        assert 400 == connection.getresponse().status


def test_nothing_of_a_body_is_kept_with_the_request(registry: Registry) -> None:
    send(registry, "PUT", "/v2/team/web/manifests/1", body=json.dumps({"a": "secret"}).encode())

    assert "secret" not in repr(registry.requests)
