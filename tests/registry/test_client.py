"""
Asking a registry. Redirects are in `test_redirects`.

Aspects: what is asked and believed; HEAD and GET; contents by digest; failures; encryption.
"""

import pytest

from figwasp.core.credential import ANONYMOUS
from figwasp.core.digest import Digest
from figwasp.core.reference import Reference
from figwasp.embedded.registry.server import Registry, digest_of, image
from figwasp.errors import (
    AccessDenied,
    DeadlineExceeded,
    LargeAnswer,
    RateLimited,
    RegistryError,
    RegistryUnreachable,
    TagNotFound,
    UnusableAnswer,
)
from figwasp.registry.faults import IS_IT_UP
from tests.certificates import Authority
from tests.registry.asking import ANN, BOB, USERS, client, fetch, login, resolve, web, within

TAG = "/v2/team/web/manifests/1"


def test_a_tag_is_resolved_by_one_head(registry: Registry) -> None:
    digest = registry.put("team/web", "1", image())

    assert digest == str(resolve(registry))
    assert [("HEAD", TAG)] == [(each.method, each.path) for each in registry.requests]


def test_the_answer_names_the_reference_and_the_login_that_were_asked_with(registry: Registry) -> None:
    registry.put("team/web", "1", image())
    with client(registry) as asking:
        resolution = asking.resolve(web(registry), login(ANN), within())

    assert (web(registry), login(ANN)) == (resolution.reference, resolution.login)


@pytest.mark.parametrize("method", ["HEAD", "GET"])
def test_every_request_accepts_what_a_runtime_accepts(registry: Registry, method: str) -> None:
    registry.put("team/web", "1", image())
    registry.answer(TAG, method="HEAD", leave_out=("docker-content-digest",))
    resolve(registry)

    # As containerd's resolver sends it; the words are not taken from our own code.
    docker, oci = "application/vnd.docker.distribution.manifest", "application/vnd.oci.image"
    accepted = f"{docker}.v2+json, {docker}.list.v2+json, {oci}.manifest.v1+json, {oci}.index.v1+json, */*"
    assert {accepted} == {each.headers["Accept"] for each in registry.requests if each.method == method}


def test_many_tags_of_an_open_registry_cost_one_head_each(registry: Registry) -> None:
    for number in range(5):
        registry.put("team/web", str(number), image())
    with client(registry) as asking:
        for number in range(5):
            asking.resolve(web(registry, f":{number}"), login(ANN), within())

    assert (5, 5, 1) == (registry.asked("HEAD"), registry.asked("HEAD", scheme=""), registry.connections)
    assert (6, 1) == (registry.asked(), registry.asked("GET", "/v2/"))


@pytest.mark.parametrize("missing", ["docker-content-digest", "content-type"])
def test_a_head_that_does_not_say_enough_is_followed_by_a_get(registry: Registry, missing: str) -> None:
    digest = registry.put("team/web", "1", image())
    registry.answer(TAG, method="HEAD", leave_out=(missing,))

    assert digest == str(resolve(registry))
    assert ["HEAD", "GET"] == [each.method for each in registry.requests]


def test_a_digest_is_computed_from_the_content_where_no_header_names_it(registry: Registry) -> None:
    digest = registry.put("team/web", "1", image())
    registry.answer(TAG, leave_out=("docker-content-digest",))

    assert digest == str(resolve(registry))


@pytest.mark.parametrize("digest", ["", " "])
def test_a_header_that_is_empty_names_no_digest(registry: Registry, digest: str) -> None:
    """As to containerd's resolver; some registries send one (oras-project/rust-oci-client#192)."""
    put = registry.put("team/web", "1", image())
    registry.answer(TAG, headers={"Docker-Content-Digest": digest})

    assert put == str(resolve(registry))


@pytest.mark.parametrize("status", [400, 403, 404, 405, 500, 503])
def test_a_refused_head_is_confirmed_by_a_get(registry: Registry, status: int) -> None:
    digest = registry.put("team/web", "1", image())
    registry.answer(TAG, method="HEAD", status=status)

    assert digest == str(resolve(registry))


@pytest.mark.parametrize(("status", "heads"), [(404, 1), (405, 1), (503, 3)])
def test_a_registry_that_refuses_every_head_is_asked_by_get_from_then_on(
    registry: Registry, status: int, heads: int
) -> None:
    registry.put("team/web", "1", image())
    registry.answer(TAG, method="HEAD", status=status)
    with client(registry) as asking:
        for _ in range(3):
            asking.resolve(web(registry), ANONYMOUS, within())

    assert (heads, 3) == (registry.asked("HEAD"), registry.asked("GET"))


@pytest.mark.parametrize("status", [403, 404])
def test_a_registry_that_answers_head_is_not_asked_by_get_because_it_refused_one(
    registry: Registry, status: int
) -> None:
    """A tag that was just pushed may be there at the second look, and each GET counts as a pull at Docker Hub."""
    for tag in ("1", "2"):
        registry.put("team/web", tag, image())
    registry.answer("/v2/team/web/manifests/2", method="HEAD", status=status)
    with client(registry) as asking:
        for tag in (":1", ":2", ":1"):
            asking.resolve(web(registry, tag), ANONYMOUS, within())

    assert (3, 1) == (registry.asked("HEAD"), registry.asked("GET"))


@pytest.mark.parametrize("status", [401, 429])
def test_a_head_that_wants_a_login_or_fewer_requests_is_not_repeated_as_get(registry: Registry, status: int) -> None:
    registry.answer(TAG, status=status)
    with pytest.raises(RegistryError):
        resolve(registry)

    assert ["HEAD"] == [each.method for each in registry.requests]


@pytest.mark.parametrize("method", ["HEAD", "GET"])
@pytest.mark.parametrize(
    "stated", ["sha256:abc", "md5:d41d8cd98f00b204e9800998ecf8427e", "latest", "sha256:" + "A" * 64]
)
def test_a_digest_that_is_none_is_not_believed(registry: Registry, method: str, stated: str) -> None:
    registry.put("team/web", "1", image())
    registry.answer(TAG, method="HEAD", leave_out=("docker-content-digest",))
    registry.answer(TAG, method=method, headers={"Docker-Content-Digest": stated})

    with pytest.raises(UnusableAnswer, match="names no usable digest for team/web:1"):
        resolve(registry)


def test_content_that_is_not_what_the_header_says_is_not_believed(registry: Registry) -> None:
    registry.put("team/web", "1", image())
    stated, sent = digest_of(b"other"), digest_of(image())
    registry.answer(TAG, method="HEAD", status=405)
    registry.answer(TAG, method="GET", headers={"Docker-Content-Digest": stated})

    with pytest.raises(UnusableAnswer) as caught:
        resolve(registry)

    assert f"{registry.host} says that team/web:1 is {stated}, but the content it sent is {sent}" == str(caught.value)


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"<html>Please log in to the hotel's network</html>", "it is no manifest"),
        (b"{}", "it has no schema version"),
        (b'{"schemaVersion": 1, "fsLayers": []}', "it has schema version 1"),
        (b"", "it is no manifest"),
    ],
)
def test_a_page_instead_of_a_manifest_is_not_believed(registry: Registry, body: bytes, problem: str) -> None:
    registry.put("team/web", "1", image())
    page = {"Content-Type": "text/html", "Content-Length": str(len(body))}
    registry.answer(TAG, leave_out=("docker-content-digest",), headers=page, body=body)

    with pytest.raises(UnusableAnswer, match=f"sent for team/web:1 cannot be used: {problem}"):
        resolve(registry)


def test_the_oldest_format_is_told_to_be_unusable(registry: Registry) -> None:
    registry.put("team/web", "1", image(), "application/vnd.docker.distribution.manifest.v1+prettyjws; charset=utf-8")

    with pytest.raises(UnusableAnswer, match="has team/web:1 only in a format that no runtime runs"):
        resolve(registry)


def test_a_sha512_digest_is_proven_as_such(registry: Registry) -> None:
    stated = Digest.of(image(), "sha512")
    registry.put("team/web", "1", image())
    registry.answer(TAG, method="HEAD", status=405)
    registry.answer(TAG, method="GET", headers={"Docker-Content-Digest": str(stated)})

    assert stated == resolve(registry)


def test_content_is_fetched_by_its_digest(registry: Registry) -> None:
    digest = registry.put("team/web", "", image(b"old"))

    assert image(b"old") == fetch(registry, digest)
    assert [("GET", f"/v2/team/web/manifests/{digest}")] == [(each.method, each.path) for each in registry.requests]


def test_content_that_has_another_digest_is_not_taken(registry: Registry) -> None:
    digest = registry.put("team/web", "", image(b"old"))
    body = image(b"forged")
    registry.answer(f"/v2/team/web/manifests/{digest}", body=body, headers={"Content-Length": str(len(body))})

    with pytest.raises(UnusableAnswer, match=f"but the content it sent is {digest_of(body)}"):
        fetch(registry, digest)


def test_content_that_is_gone_is_not_found(registry: Registry) -> None:
    with pytest.raises(TagNotFound, match=f"does not have team/web@{digest_of(b'')} "):
        fetch(registry, digest_of(b""))


def test_content_over_four_mebibytes_is_not_taken(registry: Registry) -> None:
    digest = registry.put("team/web", "", image(annotations={"x": "y" * 4 * 1024 * 1024}))

    with pytest.raises(UnusableAnswer, match="larger than 4096 KiB"):
        fetch(registry, digest)


def test_only_a_pinned_reference_names_content(registry: Registry) -> None:
    with client(registry) as asking, pytest.raises(ValueError, match="names no digest"):
        asking.manifest(web(registry), ANONYMOUS, within())


@pytest.mark.parametrize(
    ("status", "error", "text"),
    [
        (404, TagNotFound, "{host} does not have team/web:1 (404, CODE: why)"),
        (403, AccessDenied, "{host} refused team/web:1 (403, CODE: why) to anybody without a login"),
        (500, RegistryUnreachable, "{host} cannot tell about team/web:1 at the moment (500, CODE: why)"),
        (503, RegistryUnreachable, "{host} cannot tell about team/web:1 at the moment (503, CODE: why)"),
        (418, UnusableAnswer, "{host} answered something unexpected about team/web:1 (418, CODE: why)"),
    ],
)
def test_each_refusal_has_its_meaning(registry: Registry, status: int, error: type[RegistryError], text: str) -> None:
    body = b'{"errors": [{"code": "CODE", "message": "why"}]}'
    registry.answer(TAG, status=status, body=body)

    with pytest.raises(error) as caught:
        resolve(registry)

    assert text.format(host=registry.host) == str(caught.value)


def test_a_limit_on_requests_is_told_so(registry: Registry) -> None:
    registry.answer(TAG, status=429)

    with pytest.raises(RateLimited, match="wants fewer requests"):
        resolve(registry)


def test_a_registry_that_drips_is_given_up_in_time(registry: Registry) -> None:
    registry.put("team/web", "1", image())
    registry.answer(TAG, drip_seconds=0.05)

    with client(registry) as asking, pytest.raises(DeadlineExceeded):
        asking.resolve(web(registry), ANONYMOUS, within(0.3))


def test_a_registry_that_takes_too_long_is_named_with_a_hint(registry: Registry) -> None:
    registry.answer(TAG, drip_seconds=0.05)
    with client(registry, timeout_seconds=0.2) as asking, pytest.raises(DeadlineExceeded) as caught:
        asking.resolve(web(registry), ANONYMOUS, within())

    assert (f"{registry.host} did not answer within 0.2s", IS_IT_UP) == (str(caught.value), caught.value.hint)


def test_a_pass_that_is_over_is_not_the_registrys_fault(registry: Registry) -> None:
    registry.answer(TAG, drip_seconds=0.05)
    with client(registry) as asking, pytest.raises(DeadlineExceeded, match="the pass is over") as caught:
        asking.resolve(web(registry), ANONYMOUS, within(0.2))

    assert caught.value.hint == ""


def test_a_registry_that_is_down_is_named_with_a_hint() -> None:
    with Registry() as closed:
        pass
    with client(closed) as asking, pytest.raises(RegistryUnreachable, match="it refused the connection") as caught:
        asking.resolve(web(closed), ANONYMOUS, within())

    assert caught.value.hint == IS_IT_UP


def test_a_registry_that_breaks_the_connection_is_unreachable(registry: Registry) -> None:
    registry.answer(TAG, reset=True)

    with pytest.raises(RegistryUnreachable, match=f"^no answer from {registry.host}: it closed the connection$"):
        resolve(registry)


def test_a_registry_on_a_port_that_cannot_be_is_told_so() -> None:
    with client() as asking, pytest.raises(UnusableAnswer, match="is no host that could be asked"):
        asking.resolve(Reference.parse("host:99999/app:1"), ANONYMOUS, within())


# Encryption


def test_an_unknown_authority_says_how_to_trust_it(authority: Authority) -> None:
    untrusted = pytest.raises(RegistryUnreachable, match="its certificate is not trusted")
    with Registry(tls=authority.server_context()) as registry, client() as asking, untrusted as caught:
        asking.resolve(web(registry), ANONYMOUS, within())

    assert "--registry-ca" in caught.value.hint
    assert registry.requests == []


def test_nothing_is_asked_without_encryption_unless_the_host_is_marked(registry: Registry) -> None:
    unreachable = pytest.raises(RegistryUnreachable, match="it does not speak TLS on this port")
    with client() as asking, unreachable as caught:
        asking.resolve(web(registry), ANONYMOUS, within())

    assert [] == registry.requests
    assert "plain_http = true" in caught.value.hint


def test_the_answer_names_the_media_type_and_the_credential_that_was_let_in(registry: Registry) -> None:
    registry.put("team/web", "1", image())
    registry.want_basic(USERS)
    with client(registry) as asking:
        resolution = asking.resolve(web(registry), login(BOB, ANN), within())

    assert (login(ANN), "application/vnd.oci.image.manifest.v1+json") == (resolution.login, resolution.media_type)


@pytest.mark.parametrize(("length", "told"), [(255, 255), (256, 0)])
def test_a_media_type_that_is_longer_than_any_is_none(registry: Registry, length: int, told: int) -> None:
    manifest = image()
    registry.put("team/web", "1", manifest)
    registry.answer(TAG, headers={"Content-Type": "x" * length})
    with client(registry) as asking:
        found = asking.resolve(web(registry), ANONYMOUS, within())

    assert (told, digest_of(manifest)) == (len(found.media_type), str(found.digest))


def test_no_more_of_a_content_is_read_than_was_asked_for(registry: Registry) -> None:
    manifest = image()
    registry.put("team/web", "1", manifest)
    registry.answer(TAG, method="HEAD", leave_out=("docker-content-digest",))
    pinned = web(registry).at(Digest.of(manifest))
    with client(registry) as asking:
        assert manifest == asking.manifest(pinned, ANONYMOUS, within(), len(manifest))
        with pytest.raises(LargeAnswer):
            asking.manifest(pinned, ANONYMOUS, within(), len(manifest) - 1)
        with pytest.raises(LargeAnswer):
            asking.resolve(web(registry), ANONYMOUS, within(), len(manifest) - 1)
