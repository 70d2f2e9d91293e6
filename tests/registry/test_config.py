"""
Image configs, which registries keep as blobs.

Aspects: what is asked; what is believed; logins; redirects to where blobs really are, which get no login.
"""

from collections.abc import Callable

import pytest

from figwasp.core.credential import ANONYMOUS, Login
from figwasp.embedded.registry.server import Registry, digest_of
from figwasp.errors import AccessDenied, RegistryUnreachable, TagNotFound, UnusableAnswer
from tests.certificates import Authority
from tests.registry.asking import ANN, basic, client, login, token, web, within

CONFIG = b'{"os":"linux","architecture":"arm64"}'
BLOB = f"/v2/team/web/blobs/{digest_of(CONFIG)}"


def config(registry: Registry, *, given: Login = ANONYMOUS, of: bytes = CONFIG) -> bytes:
    with client(registry) as asking:
        return asking.config(web(registry, f"@{digest_of(of)}"), given, within())


def test_a_config_is_fetched_by_its_digest(registry: Registry) -> None:
    registry.put_blob("team/web", CONFIG)

    assert CONFIG == config(registry)
    (asked,) = registry.requests
    assert ("GET", BLOB, "*/*") == (asked.method, asked.path, asked.headers["Accept"])


def test_a_config_that_has_another_digest_is_not_taken(registry: Registry) -> None:
    registry.put_blob("team/web", CONFIG)
    registry.answer(BLOB, body=b"forged", headers={"Content-Length": "6"})

    with pytest.raises(UnusableAnswer, match="but the content it sent is"):
        config(registry)


def test_a_config_that_is_gone_is_not_found(registry: Registry) -> None:
    registry.put("team/web", "1", b"{}")

    with pytest.raises(TagNotFound):
        config(registry)


def test_a_config_over_four_mebibytes_is_not_taken(registry: Registry) -> None:
    large = b"x" * (4 * 1024 * 1024 + 1)
    registry.put_blob("team/web", large)

    with pytest.raises(UnusableAnswer, match="larger than 4096 KiB"):
        config(registry, of=large)


def test_a_registry_that_fails_is_told_so(registry: Registry) -> None:
    registry.answer(BLOB, status=502)

    with pytest.raises(RegistryUnreachable):
        config(registry)


@pytest.mark.parametrize("wanting", [basic, token])
def test_a_config_is_asked_for_with_the_login(registry: Registry, wanting: Callable[[Registry], None]) -> None:
    registry.put_blob("team/web", CONFIG)
    wanting(registry)

    assert CONFIG == config(registry, given=login(ANN))
    with pytest.raises(AccessDenied):
        config(registry)


def test_a_token_for_the_manifest_is_good_for_the_config(registry: Registry) -> None:
    digest = registry.put_image("team/web", "1", CONFIG)
    token(registry)
    with client(registry) as asking:
        asking.manifest(web(registry, f"@{digest}"), login(ANN), within())
        asking.config(web(registry, f"@{digest_of(CONFIG)}"), login(ANN), within())

    assert 1 == registry.asked(path="/token")


@pytest.mark.parametrize("wanting", [basic, token])
@pytest.mark.parametrize("status", [302, 307])
def test_a_config_is_fetched_from_where_blobs_are_without_the_login(
    authority: Authority, wanting: Callable[[Registry], None], status: int
) -> None:
    tls = authority.server_context()
    with Registry(tls=tls) as first, Registry(tls=tls) as storage, client(ca_file=str(authority.certificate)) as asking:
        digest = first.put_image("team/web", "1", CONFIG)
        storage.put_blob("team/web", CONFIG)
        wanting(first)
        asking.manifest(web(first, f"@{digest}"), login(ANN), within())
        location = f"{storage.url}{BLOB}?signature=s3cret"
        first.answer(BLOB, status=status, headers={"Location": location})
        found = asking.config(web(first, f"@{digest_of(CONFIG)}"), login(ANN), within())

    assert CONFIG == found
    assert [("", BLOB)] == [(each.scheme, each.path) for each in storage.requests]


def test_storage_that_wants_a_login_gets_none(authority: Authority) -> None:
    tls = authority.server_context()
    with Registry(tls=tls) as first, Registry(tls=tls) as storage, client(ca_file=str(authority.certificate)) as asking:
        basic(storage)
        first.answer(BLOB, status=302, headers={"Location": f"{storage.url}{BLOB}"})
        with pytest.raises(AccessDenied):
            asking.config(web(first, f"@{digest_of(CONFIG)}"), login(ANN), within())

    assert {""} == {each.scheme for each in storage.requests}


def test_a_config_is_not_fetched_from_where_there_is_no_encryption(authority: Authority, registry: Registry) -> None:
    with Registry(tls=authority.server_context()) as first, client(ca_file=str(authority.certificate)) as asking:
        first.answer(BLOB, status=302, headers={"Location": f"{registry.url}{BLOB}"})
        with pytest.raises(UnusableAnswer, match="without encryption"):
            asking.config(web(first, f"@{digest_of(CONFIG)}"), ANONYMOUS, within())

    assert [] == registry.requests
