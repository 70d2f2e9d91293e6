"""Aspects: how a registry is asked what it wants; that only what the login gets counts where one is wanted."""

import contextlib
from collections.abc import Callable

import pytest

from figwasp.core.credential import ANONYMOUS
from figwasp.embedded.registry.server import Registry, image
from figwasp.errors import AccessDenied, FigwaspError, RateLimited, RegistryUnreachable
from tests.registry.asking import (
    ANN,
    BOB,
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


@pytest.mark.parametrize("want_with_public", [Registry.want_basic, Registry.want_token])
def test_a_wrong_password_is_an_error_even_where_anybody_gets_the_image(
    registry: Registry, want_with_public: Callable[..., None]
) -> None:
    want_with_public(registry, USERS, public={"team/web"})
    registry.put("team/web", "1", image())
    with client(registry) as asking:
        asking.resolve(web(registry), ANONYMOUS, within())  # what anybody was told before does not matter
        with pytest.raises(AccessDenied, match="with the login from secret shop/old"):
            asking.resolve(web(registry), login(BOB), within())


def test_a_host_that_wants_nothing_itself_refuses_one_request_however_many_come_at_once(registry: Registry) -> None:
    basic(registry)
    registry.answer("/v2/", status=200)
    resolve_at_once(registry, [f"team/{number}" for number in range(8)], login(ANN))

    assert (8, 1) == (registry.asked("HEAD", scheme="Basic"), registry.asked("HEAD", scheme=""))
    assert len(registry.requests) == 10


@pytest.mark.parametrize("first", ["team/web", "open/web"])
def test_where_the_registry_wants_no_login_a_repository_that_does_closes_no_other(
    registry: Registry, first: str
) -> None:
    registry.want_basic(USERS, public={"open/web"})
    registry.answer("/v2/", status=200)
    digest = registry.put("open/web", "1", image())
    with client(registry) as asking:
        for repository in (first, "team/web"):
            with contextlib.suppress(AccessDenied):
                asking.resolve(web(registry, repository=repository), login(BOB), within())

        opened = asking.resolve(web(registry, repository="open/web"), login(BOB), within())
        with pytest.raises(AccessDenied, match="with the login from secret shop/old"):
            asking.resolve(web(registry), login(BOB), within())
    assert digest == str(opened.digest)


@pytest.mark.parametrize("status", [200, 302, 403, 404, 405])
def test_a_registry_that_asks_for_nothing_is_asked_as_anybody(registry: Registry, status: int) -> None:
    registry.answer("/v2/", status=status)
    digest = registry.put("team/web", "1", image())

    assert digest == str(resolve(registry, login=login(BOB)))
    assert [("GET", ""), ("HEAD", "")] == [(each.method, each.scheme) for each in registry.requests]


@pytest.mark.parametrize(
    ("status", "headers", "kind"),
    [
        (401, {}, AccessDenied),
        (401, {"WWW-Authenticate": "Negotiate"}, AccessDenied),
        (429, {}, RateLimited),
        (503, {}, RegistryUnreachable),
    ],
)
def test_a_registry_that_does_not_say_what_it_wants_is_not_asked_as_anybody(
    registry: Registry, status: int, headers: dict[str, str], kind: type[FigwaspError]
) -> None:
    registry.answer("/v2/", status=status, headers=headers)
    registry.put("team/web", "1", image())

    assert isinstance(refused(registry, login(ANN)), kind)
    assert {"/v2/"} == {each.path for each in registry.requests}


def test_a_host_that_nobody_can_ask_what_it_wants_is_asked_again_by_each(registry: Registry) -> None:
    registry.answer("/v2/", status=503)
    with client(registry) as asking:
        for _ in range(2):
            with pytest.raises(RegistryUnreachable, match=r"\(503\)"):
                asking.resolve(web(registry), login(ANN), within())
        registry.answer("/v2/")
        digest = registry.put("team/web", "1", image())

        assert digest == str(asking.resolve(web(registry), login(ANN), within()).digest)


def test_without_a_login_a_host_is_asked_as_anybody_and_not_for_what_it_wants(registry: Registry) -> None:
    registry.want_basic(USERS, public={f"team/{number}" for number in range(8)})
    resolve_at_once(registry, [f"team/{number}" for number in range(8)], ANONYMOUS)

    assert [("HEAD", "")] * 8 == [(each.method, each.scheme) for each in registry.requests]


def test_what_a_request_as_anybody_was_told_need_not_be_asked_again(registry: Registry) -> None:
    token(registry)
    registry.put("team/web", "1", image())
    with client(registry) as asking:
        with pytest.raises(AccessDenied):
            asking.resolve(web(registry), ANONYMOUS, within())
        asking.resolve(web(registry), login(ANN), within())

    assert registry.asked(path="/v2/") == 0


def test_the_scope_that_a_host_names_for_itself_is_not_asked_for(registry: Registry) -> None:
    token(registry)
    challenge(registry, ',scope="repository:user/image:pull"')  # as ghcr.io does
    registry.put("team/web", "1", image())
    resolve(registry, login=login(ANN))

    assert ["repository:team/web:pull"] == [each.query["scope"] for each in registry.requests if each.path == "/token"]
