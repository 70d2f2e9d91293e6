"""Aspects: Basic and tokens; how many requests; candidates; refusals; where a login never goes; what is shown."""

import traceback
from collections.abc import Callable

import pytest

from figwasp.core.credential import ANONYMOUS, Login
from figwasp.embedded.registry.server import Registry, image
from figwasp.errors import AccessDenied, FigwaspError, RateLimited, RegistryUnreachable, TagNotFound, UnusableAnswer
from tests.certificates import Authority
from tests.registry.asking import (
    ANN,
    BOB,
    PASSWORD,
    USERS,
    basic,
    challenge,
    client,
    login,
    refused,
    resolve,
    resolve_at_once,
    token,
    web,
    within,
)

TAG = "/v2/team/web/manifests/1"
Want = Callable[[Registry], None]


@pytest.mark.parametrize("want", [basic, token])
def test_a_login_opens_a_repository(registry: Registry, want: Want) -> None:
    want(registry)
    digest = registry.put("team/web", "1", image())

    assert digest == str(resolve(registry, login=login(ANN)))


def test_a_basic_host_refuses_one_request_however_many_come_at_once(registry: Registry) -> None:
    basic(registry)
    resolve_at_once(registry, [f"team/{number}" for number in range(8)], login(ANN))

    assert (8, 1) == (registry.asked("HEAD", scheme="Basic"), registry.asked("GET", "/v2/"))
    assert len(registry.requests) == 9


def test_one_token_serves_all_tags_of_a_repository_however_many_come_at_once(registry: Registry) -> None:
    token(registry)
    challenge(registry)
    resolve_at_once(registry, ["team/web"] * 8, login(ANN))

    assert (8, 1) == (registry.asked("HEAD", scheme="Bearer"), registry.asked("GET", "/v2/"))
    assert (1, 10) == (registry.asked("GET", "/token"), len(registry.requests))


def test_each_repository_has_a_token_of_its_own(registry: Registry) -> None:
    token(registry)
    resolve_at_once(registry, ["team/web", "team/api"], login(ANN))

    scopes = {each.query["scope"] for each in registry.requests if each.path == "/token"}
    assert {"repository:team/web:pull", "repository:team/api:pull"} == scopes
    assert registry.asked("GET", "/token") == 2


def test_a_token_is_never_shared_between_logins(registry: Registry) -> None:
    registry.want_token({**USERS, "bob": "wr0ng-pa55"})
    registry.put("team/web", "1", image())
    with client(registry) as asking:
        asking.resolve(web(registry), login(ANN), within())
        asking.resolve(web(registry), login(BOB), within())

    assert ["ann", "bob"] == [each.user for each in registry.requests if each.path == "/token"]


def test_a_public_repository_needs_only_a_token_for_anybody(registry: Registry) -> None:
    registry.want_token(USERS, public={"team/web"})
    digest = registry.put("team/web", "1", image())

    assert digest == str(resolve(registry))
    assert [""] == [each.user for each in registry.requests if each.path == "/token"]


def test_a_registry_that_does_not_ask_is_not_shown_the_login(registry: Registry) -> None:
    registry.put("team/web", "1", image())
    resolve(registry, login=login(ANN))

    assert [("/v2/", ""), (TAG, "")] == [(each.path, each.scheme) for each in registry.requests]


def test_a_token_that_was_refused_is_replaced_once(registry: Registry) -> None:
    token(registry)
    digest = registry.put("team/web", "1", image())
    with client(registry) as asking:
        asking.resolve(web(registry), login(ANN), within())
        registry.expire_tokens()

        assert digest == str(asking.resolve(web(registry), login(ANN), within()).digest)
    assert registry.asked("GET", "/token") == 2


def test_a_registry_that_refuses_every_token_is_not_asked_for_ever(registry: Registry) -> None:
    token(registry)
    registry.answer("/token", body=b'{"token": "forged"}', headers={"Content-Length": "19"})
    with pytest.raises(AccessDenied):
        resolve(registry, login=login(ANN))

    assert (2, 2) == (registry.asked("GET", "/token"), registry.asked("HEAD", scheme="Bearer"))


@pytest.mark.parametrize(
    ("body", "opens"),
    [
        (b'{"access_token": "token-1"}', True),
        (b'{"token": "", "access_token": "token-1", "expires_in": "300"}', True),
        (b'{"token": "", "access_token": ""}', False),
        (b'{"token": "token-1\\r\\nX: y"}', False),
        (b'{"token": 7}', False),
        (b"<html>", False),
    ],
)
def test_a_token_may_be_spelled_in_two_ways_and_must_be_one(registry: Registry, body: bytes, opens: bool) -> None:
    token(registry)
    registry.put("team/web", "1", image())
    registry.answer("/token", body=body, headers={"Content-Length": str(len(body))})

    if opens:
        resolve(registry, login=login(ANN))
    else:
        with pytest.raises(UnusableAnswer, match="the token server"):
            resolve(registry, login=login(ANN))


@pytest.mark.parametrize("answer", [(400, b""), (404, b""), (200, b"<html>"), (302, b"")])
def test_a_host_of_many_registries_is_asked_with_the_token_that_a_repository_wants(
    registry: Registry, answer: tuple[int, bytes]
) -> None:
    """Behind one name paths may lead to several registries, and the root to one that knows nothing of the others."""
    token(registry)
    digest = registry.put("team/web", "1", image())
    wish = f'Bearer realm="{registry.url}/others",service="test"'
    registry.answer("/v2/", status=401, headers={"WWW-Authenticate": wish})
    registry.answer("/others", status=answer[0], body=answer[1], headers={"Content-Length": str(len(answer[1]))})

    assert digest == str(resolve(registry, login=login(ANN)))


def test_a_token_server_that_gives_none_is_named_though_it_was_known(registry: Registry) -> None:
    token(registry)
    registry.answer("/token", status=404)
    with client(registry) as asking:
        for _ in range(2):
            with pytest.raises(UnusableAnswer, match="gives no token"):
                asking.resolve(web(registry), login(ANN), within())


@pytest.mark.parametrize("want", [basic, token])
def test_a_second_login_is_tried_where_the_first_is_refused(registry: Registry, want: Want) -> None:
    want(registry)
    digest = registry.put("team/web", "1", image())

    assert digest == str(resolve(registry, login=login(BOB, ANN)))


def test_a_second_login_is_tried_where_the_first_sees_no_such_image(registry: Registry) -> None:
    registry.want_basic({**USERS, "bob": "wr0ng-pa55"})
    registry.denied.add(("bob", "team/web"))
    digest = registry.put("team/web", "1", image())

    assert digest == str(resolve(registry, login=login(BOB, ANN)))


def test_an_image_is_missing_only_if_every_login_was_told_so(registry: Registry) -> None:
    basic(registry)

    with pytest.raises(TagNotFound):
        resolve(registry, login=login(ANN))
    with pytest.raises(AccessDenied):
        resolve(registry, login=login(ANN, BOB))


def test_a_refused_login_is_not_followed_by_a_request_as_anybody(registry: Registry) -> None:
    registry.want_token(USERS, public={"team/web"})
    registry.put("team/web", "1", image())
    with pytest.raises(AccessDenied):
        resolve(registry, login=login(BOB))

    assert ["bob"] == [each.user for each in registry.requests if each.path == "/token"]


# Refusals


def test_a_wrong_password_names_registry_image_and_secret(registry: Registry) -> None:
    basic(registry)
    error = refused(registry, login(BOB))

    assert isinstance(error, AccessDenied)
    assert f"{registry.host} refused team/web:1 (401) with the login from secret shop/old" == str(error)
    assert error.hint == "check its user name and password, and that it may pull team/web"


def test_a_wrong_password_at_the_token_server_names_it_and_the_secret(registry: Registry) -> None:
    token(registry)
    error = refused(registry, login(BOB))

    assert isinstance(error, AccessDenied)
    assert (
        f"{registry.host}, the token server of {registry.host}, refused "
        "(401, UNAUTHORIZED: incorrect user name or password) with the login from secret shop/old"
    ) == str(error)


def test_a_login_without_the_right_is_told_so(registry: Registry) -> None:
    basic(registry)
    registry.denied.add(("ann", "team/web"))

    error = refused(registry, login(ANN))

    expected = f"{registry.host} refused team/web:1 (403, DENIED: denied) with the login from secret shop/pull"
    assert expected == str(error)


@pytest.mark.parametrize(("want", "text"), [(basic, "wants a login for"), (token, "gives no token without a login")])
def test_a_missing_login_is_told_so(registry: Registry, want: Want, text: str) -> None:
    want(registry)
    error = refused(registry, ANONYMOUS)

    assert isinstance(error, AccessDenied)
    assert text in str(error)
    assert str(error).endswith(", and there is none for it")
    assert f"add a secret with a login for {registry.host}" in error.hint


@pytest.mark.parametrize(
    ("status", "kind"), [(429, RateLimited), (502, RegistryUnreachable), (404, UnusableAnswer), (302, UnusableAnswer)]
)
def test_a_token_server_that_gives_none_is_named(registry: Registry, status: int, kind: type[FigwaspError]) -> None:
    token(registry)
    registry.answer("/token", status=status, headers={"Location": "/elsewhere"})
    error = refused(registry, login(ANN))

    assert isinstance(error, kind)
    assert f"the token server of {registry.host}" in str(error)
    assert registry.asked(path="/elsewhere") == 0


def test_an_answer_of_more_than_256_kib_is_no_token(registry: Registry) -> None:
    token(registry)
    body = b'{"token": "token-1", "more": "' + b"." * 256 * 1024 + b'"}'
    registry.answer("/token", body=body, headers={"Content-Length": str(len(body))})

    assert isinstance(refused(registry, login(ANN)), UnusableAnswer)
    assert registry.asked(scheme="Bearer") == 0


def test_a_dead_token_server_makes_the_registry_unreachable(registry: Registry) -> None:
    token(registry)
    registry.answer("/token", reset=True)

    assert isinstance(refused(registry, login(ANN)), RegistryUnreachable)


@pytest.mark.parametrize("realm", ["", "no url", "ftp://127.0.0.1/token", "https://ann:pw@127.0.0.1/token"])
def test_a_token_server_that_is_no_url_is_not_asked(registry: Registry, realm: str) -> None:
    token(registry)
    registry.realm = realm or " "

    error = refused(registry, login(ANN))

    assert str(error).startswith(f"{registry.host} names no token server that could be asked")


# Where a login never goes


@pytest.mark.parametrize("given", [login(ANN), ANONYMOUS])
def test_a_token_server_on_another_host_inside_the_network_is_not_asked(registry: Registry, given: Login) -> None:
    token(registry)
    with Registry() as other:
        registry.realm = f"{other.url.replace('127.0.0.1', 'localhost')}/token"
        error = refused(registry, given)

    assert "which is not a public https host" in str(error)
    assert other.requests == []


def test_a_login_is_not_shown_to_a_token_server_of_somebody_else(registry: Registry) -> None:
    token(registry)
    registry.realm = "https://auth.evil.example/token"
    error = refused(registry, login(ANN))

    assert isinstance(error, AccessDenied)
    assert (
        f"{registry.host} wants the login from secret shop/pull shown to the token server https://auth.evil.example"
    ) == str(error)
    assert f'[registry."{registry.host}"] token_server = "auth.evil.example"' in error.hint


def test_a_token_goes_to_its_registry_alone(authority: Authority) -> None:
    tls = authority.server_context()
    with Registry(tls=tls) as first, Registry(tls=tls) as second, client(ca_file=str(authority.certificate)) as asking:
        token(first)
        first.put("team/web", "1", image())
        second.put("team/web", "1", image())
        asking.resolve(web(first), login(ANN), within())
        asking.resolve(web(second), login(ANN), within())

    assert {""} == {each.scheme for each in second.requests}


@pytest.mark.parametrize(("want", "path"), [(basic, TAG), (token, "/token")])
def test_no_secret_is_in_any_error_even_if_the_registry_repeats_it(registry: Registry, want: Want, path: str) -> None:
    want(registry)
    proof = "YW5uOnMzY3JldC1wYTU1"
    body = f'{{"errors": [{{"code": "NO", "message": "{PASSWORD} sent as Basic {proof} {proof}, Bearer token-1"}}]}}'
    if path == TAG:
        registry.answer(TAG, method="HEAD", status=403)
    registry.answer(path, method="GET", status=403, body=body.encode())
    error = refused(registry, login(ANN))

    shown = "".join(traceback.format_exception(error)) + repr(error) + error.hint
    assert "NO: *** sent as" in shown
    for secret in (PASSWORD, proof, "token-1"):
        assert secret not in shown


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_token_server_that_sends_us_elsewhere_is_not_followed(registry: Registry, status: int) -> None:
    token(registry)
    registry.put("team/web", "1", image())
    registry.answer("/token", status=status, headers={"Location": "/elsewhere"})

    assert "gives no token" in str(refused(registry, login(ANN)))
    assert 0 == registry.asked(path="/elsewhere")
