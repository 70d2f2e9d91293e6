"""
Settings of single registries, as they act.

Aspects: trust, by host alone; encryption and logins; token servers elsewhere; mirrors, and what they do not have.
"""

import contextlib
from collections.abc import Callable, Iterator

import pytest
from msgspec.structs import replace

from figwasp.core.credential import ANONYMOUS
from figwasp.core.digest import Digest
from figwasp.core.reference import Reference
from figwasp.core.registry_settings import RegistrySettings
from figwasp.embedded.registry.server import Registry, digest_of, image
from figwasp.errors import AccessDenied, RegistryUnreachable, TagNotFound, UnusableAnswer
from figwasp.registry.client import RegistryClient
from figwasp.settings.reading import read_settings
from figwasp.settings.values import Flags
from figwasp.wiring import registries
from tests.certificates import Authority
from tests.registry.asking import ANN, USERS, basic, login, token, web, within

TAG = "/v2/team/web/manifests/1"


@contextlib.contextmanager
def configured(**by_host: RegistrySettings) -> Iterator[RegistryClient]:
    """What a pass asks by, with these settings."""
    settings = read_settings(Flags(), {"FIGWASP_CLIENT_TIMEOUT": "5s"}, {})
    with registries(replace(settings, registries=by_host), {}) as client:
        yield client


@pytest.fixture
def encrypted(authority: Authority) -> Iterator[Registry]:
    """A registry whose certificate nobody trusts by himself."""
    with Registry(tls=authority.server_context()) as started:
        started.put("team/web", "1", image())
        yield started


def ask(client: RegistryClient, registry: Registry) -> str:
    return str(client.resolve(web(registry), ANONYMOUS, within()).digest)


def test_a_ca_is_trusted_for_its_registry(authority: Authority, encrypted: Registry) -> None:
    with configured(**{encrypted.host: RegistrySettings(ca_file=str(authority.certificate))}) as client:
        assert digest_of(image()) == ask(client, encrypted)
        assert {"HEAD": 1} == client.asked


def test_a_certificate_may_be_left_unlooked_at(encrypted: Registry) -> None:
    with configured(**{encrypted.host: RegistrySettings(insecure=True)}) as client:
        assert digest_of(image()) == ask(client, encrypted)


@pytest.mark.parametrize("setting", ["ca_file", "insecure"])
def test_what_holds_for_one_registry_holds_for_no_other(
    authority: Authority, encrypted: Registry, setting: str
) -> None:
    loose = RegistrySettings(**{setting: str(authority.certificate) if setting == "ca_file" else True})  # type: ignore[arg-type]
    with (
        configured(**{"127.0.0.1:1": loose}) as client,
        pytest.raises(RegistryUnreachable, match="its certificate is not trusted"),
    ):
        ask(client, encrypted)


def test_a_registry_that_is_marked_is_asked_without_encryption_and_shown_the_login(registry: Registry) -> None:
    registry.want_basic(USERS)
    digest = registry.put("team/web", "1", image())
    with configured(**{registry.host: RegistrySettings(plain_http=True)}) as client:
        resolution = client.resolve(web(registry), login(ANN), within())

    assert (digest, login(ANN)) == (str(resolution.digest), resolution.login)


# Token servers


def elsewhere(registry: Registry, scheme: str = "https") -> str:
    """Let a registry have its tokens given under another name, on another port than is usual; that name."""
    registry.want_token(USERS)
    registry.put("team/web", "1", image())
    name = registry.host.replace("127.0.0.1", "localhost")
    registry.realm = f"{scheme}://{name}/token"
    return name


def get_token(client: RegistryClient, registry: Registry) -> str:
    return str(client.resolve(web(registry), login(ANN), within()).digest)


def test_a_token_server_that_is_named_for_its_registry_is_shown_the_login(
    authority: Authority, encrypted: Registry
) -> None:
    ca = str(authority.certificate)
    name = elsewhere(encrypted)
    settings = {encrypted.host: RegistrySettings(ca_file=ca, token_server=name), name: RegistrySettings(ca_file=ca)}
    with configured(**settings) as client:
        assert digest_of(image()) == get_token(client, encrypted)
    assert ["ann"] == [each.user for each in encrypted.requests if each.path == "/token"]


@pytest.mark.parametrize("token_server", ["", "localhost", "localhost:1", "auth.example.com"])
def test_another_token_server_than_the_named_one_is_shown_nothing_and_told_how_to_name(
    authority: Authority, encrypted: Registry, token_server: str
) -> None:
    name = elsewhere(encrypted)
    one = RegistrySettings(ca_file=str(authority.certificate), token_server=token_server)
    with configured(**{encrypted.host: one}) as client, pytest.raises(UnusableAnswer) as caught:
        get_token(client, encrypted)

    assert f'[registry."{encrypted.host}"] token_server = "{name}"' in caught.value.hint
    assert 0 == encrypted.asked(path="/token")


def test_a_token_server_is_shown_a_login_without_encryption_only_where_its_registry_is(
    authority: Authority, encrypted: Registry, registry: Registry
) -> None:
    for one, settings in (
        (registry, RegistrySettings(plain_http=True, token_server=elsewhere(registry, "http"))),
        (encrypted, RegistrySettings(ca_file=str(authority.certificate), token_server=elsewhere(encrypted, "http"))),
    ):
        with configured(**{one.host: settings}) as client, contextlib.suppress(UnusableAnswer):
            get_token(client, one)

    assert (1, 0) == (registry.asked("GET", "/token"), encrypted.asked("GET", "/token"))


# Mirrors


@contextlib.contextmanager
def mirrored(registry: Registry, mirror: Registry, prefix: str = "") -> Iterator[RegistryClient]:
    plain = RegistrySettings(plain_http=True)
    settings = {registry.host: RegistrySettings(plain_http=True, mirror=mirror.host + prefix), mirror.host: plain}
    with configured(**settings) as client:
        yield client


@pytest.fixture
def mirror() -> Iterator[Registry]:
    with Registry() as started:
        yield started


def test_a_mirror_is_asked_in_the_place_of_its_registry(registry: Registry, mirror: Registry) -> None:
    old = mirror.put("team/web", "1", image(b"old"))
    registry.put("team/web", "1", image(b"new"))
    with mirrored(registry, mirror) as client:
        resolution = client.resolve(web(registry), login(ANN), within())

    assert (web(registry), old, ANONYMOUS) == (resolution.reference, str(resolution.digest), resolution.login)
    assert ([("HEAD", TAG, {"ns": registry.host}, "")], []) == (seen(mirror), registry.requests)


def test_a_mirror_may_keep_its_copies_under_a_prefix(registry: Registry, mirror: Registry) -> None:
    digest = mirror.put("hub/team/web", "1", image())
    with mirrored(registry, mirror, "/hub") as client:
        assert digest == ask(client, registry)
        assert image() == client.manifest(web(registry).at(Digest.parse(digest)), ANONYMOUS, within())


def test_what_a_mirror_does_not_have_is_asked_of_the_registry_with_the_login(
    registry: Registry, mirror: Registry
) -> None:
    registry.want_basic(USERS)
    digest = registry.put("team/web", "1", image())
    with mirrored(registry, mirror) as client:
        resolution = client.resolve(web(registry), login(ANN), within())
        content = client.manifest(web(registry).at(resolution.digest), login(ANN), within())

    assert (digest, login(ANN), image()) == (str(resolution.digest), resolution.login, content)
    assert {""} == {each.scheme for each in mirror.requests}


@pytest.mark.parametrize(("status", "kind"), [(500, RegistryUnreachable), (401, AccessDenied), (403, AccessDenied)])
def test_a_mirror_that_fails_is_not_passed_over(
    registry: Registry, mirror: Registry, status: int, kind: type[Exception]
) -> None:
    registry.put("team/web", "1", image())
    mirror.answer(TAG, status=status)
    with mirrored(registry, mirror) as client, pytest.raises(kind, match=mirror.host):
        ask(client, registry)

    assert [] == registry.requests


Question = Callable[[RegistryClient, Reference], object]
QUESTIONS: dict[str, Question] = {
    "a tag": lambda client, tag: client.resolve(tag, login(ANN), within()),
    "a manifest": lambda client, tag: client.manifest(tag.at(Digest.of(b"manifest")), login(ANN), within()),
    "a config": lambda client, tag: client.config(tag.at(Digest.of(b"config")), login(ANN), within()),
}


@pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)
@pytest.mark.parametrize("want", [basic, token])
def test_a_mirror_that_wants_a_login_is_not_shown_the_registrys(
    registry: Registry, mirror: Registry, want: Callable[[Registry], None], question: Question
) -> None:
    want(mirror)
    with mirrored(registry, mirror) as client, pytest.raises(AccessDenied):
        question(client, web(registry))

    assert {("", "")} == {(each.scheme, each.user) for each in mirror.requests}


def test_an_image_that_neither_has_is_not_found(registry: Registry, mirror: Registry) -> None:
    with mirrored(registry, mirror) as client, pytest.raises(TagNotFound, match=f"^{registry.host} does not have"):
        ask(client, registry)


def test_a_redirect_of_a_mirror_is_shown_no_login(registry: Registry, mirror: Registry) -> None:
    registry.want_basic(USERS)
    registry.put("team/web", "1", image())
    mirror.answer(TAG, status=307, headers={"Location": f"{registry.url}{TAG}"})
    with mirrored(registry, mirror) as client, pytest.raises(UnusableAnswer, match="without encryption"):
        client.resolve(web(registry), login(ANN), within())

    assert [] == registry.requests


def seen(registry: Registry) -> list[tuple[str, str, dict[str, str], str]]:
    return [(each.method, each.path, dict(each.query), each.scheme) for each in registry.requests]
