"""
Logins as the kubelet chooses them.

Aspects: which key fits which image · Docker Hub · the order · reading a secret · broken secrets · what may be shown.
"""

import base64
import itertools
import json
import traceback
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from figwasp.core.credential import (
    ANONYMOUS,
    MOST_LOGINS,
    Credential,
    Entry,
    Keyring,
    Login,
    Secret,
    parse_pull_secret,
)
from figwasp.core.reference import Reference
from figwasp.errors import PullSecretError
from tests.corpus import corpus

JSON_TYPE = "kubernetes.io/dockerconfigjson"
CFG_TYPE = "kubernetes.io/dockercfg"
SOURCE = "secret shop/pull"
CORPUS = corpus("keyring")


def base64_of(text: str | bytes) -> str:
    return base64.b64encode(text.encode() if isinstance(text, str) else text).decode()


def secret_data(content: Any, key: str = ".dockerconfigjson") -> dict[str, str]:
    return {key: base64_of(content if isinstance(content, str) else json.dumps(content))}


def entries(auths: dict[str, Any], source: str = SOURCE) -> tuple[Entry, ...]:
    return parse_pull_secret(JSON_TYPE, secret_data({"auths": auths}), source=source)


def keyring(*keys: str) -> Keyring:
    """Build the keyring of one secret whose users are called as their keys."""
    return Keyring.of(entries({key: {"username": key, "password": "p"} for key in keys}))


def users(ring: Keyring, name: str) -> list[str]:
    return [each.username for each in ring.login(name).candidates]


def flat(table: dict[str, list[str]]) -> list[tuple[str, str]]:
    return [(key, name) for key, names in table.items() for name in names]


@pytest.mark.parametrize(("key", "name"), flat(CORPUS["fits"]))
def test_a_key_fits_the_image_that_the_kubelet_says_it_fits(key: str, name: str) -> None:
    assert users(keyring(key), name) == [key]


@pytest.mark.parametrize(("key", "name"), flat(CORPUS["misses"]))
def test_a_key_does_not_fit_what_the_kubelet_says_it_does_not(key: str, name: str) -> None:
    assert keyring(key).login(name) == ANONYMOUS


@pytest.mark.parametrize(
    "text", ["google/docker-registry", "jenkins", "index.docker.io/foo/bar", "docker.io/foo", "foo/bar"]
)
@pytest.mark.parametrize("key", ["https://index.docker.io/v1/", "index.docker.io", "docker.io"])
def test_a_docker_hub_login_fits_every_name_of_docker_hub(key: str, text: str) -> None:
    assert users(keyring(key), Reference.parse(text).name) == [key]


def test_a_login_for_docker_io_hides_one_for_index_docker_io() -> None:
    assert users(keyring("index.docker.io", "docker.io"), "docker.io/library/nginx") == ["docker.io"]


@pytest.mark.parametrize(("name", "expected"), CORPUS["order"].items())
def test_every_login_that_fits_is_tried_the_longest_path_first(name: str, expected: list[str]) -> None:
    assert users(keyring("bar.example.com", "bar.example.com/pong"), name) == expected


def test_a_literal_host_is_tried_before_a_pattern() -> None:
    assert users(keyring("*.example.com", "bar.example.com"), "bar.example.com/web") == [
        "bar.example.com",
        "*.example.com",
    ]


@pytest.mark.parametrize("keys", [("quay.io", "https://quay.io/v1/"), ("https://quay.io/v1/", "quay.io")])
def test_logins_of_one_key_are_tried_in_the_order_of_the_secrets(keys: tuple[str, str]) -> None:
    first, second = (entries({key: {"username": user}}) for key, user in zip(keys, ("first", "second"), strict=True))

    assert users(Keyring.of(first + second), "quay.io/web") == ["first", "second"]


def test_the_order_of_different_keys_does_not_depend_on_that_of_the_entries() -> None:
    some = entries({key: {"username": key} for key in ("a.io", "a.io/b", "a.io/b/c", "*.io")})

    assert {Keyring.of(order) for order in itertools.permutations(some)} == {Keyring.of(some)}


def test_a_keyring_without_entries_has_no_login() -> None:
    assert Keyring().login("docker.io/library/nginx") is ANONYMOUS


@pytest.mark.parametrize(
    "entry", [{}, {"auth": ""}, {"auth": "Og=="}, {"username": "", "password": "p"}, {"identitytoken": "t"}]
)
def test_an_entry_without_a_user_name_is_no_login(entry: dict[str, str]) -> None:
    """Runtimes send nothing of it; an identity token the kubelet does not even read (config.go)."""
    assert Keyring.of(entries({"quay.io": entry})).login("quay.io/web") is ANONYMOUS


def test_an_entry_without_a_user_name_leaves_the_others_that_fit() -> None:
    ring = Keyring.of(entries({"quay.io/web": {}, "quay.io": {"username": "foo"}}))

    assert users(ring, "quay.io/web") == ["foo"]


def test_an_entry_without_a_user_name_hides_the_login_that_any_other_would_hide() -> None:
    ring = Keyring.of(entries({"docker.io": {}, "index.docker.io": {"username": "foo"}}))

    assert ring.login("docker.io/library/nginx") is ANONYMOUS


@pytest.mark.parametrize(("entry", "expected"), CORPUS["entries"].items())
def test_an_entry_is_read_as_the_kubelet_reads_it(entry: str, expected: list[str]) -> None:
    (found,) = parse_pull_secret(JSON_TYPE, secret_data(f'{{"auths": {{"quay.io": {entry}}}}}'), source=SOURCE)

    assert [found.credential.username, found.credential.password.reveal()] == expected


@pytest.mark.parametrize("auth", CORPUS["unreadable"]["auths"])
def test_an_entry_that_the_kubelet_cannot_read_is_an_error_that_names_the_secret(auth: str) -> None:
    with pytest.raises(PullSecretError, match=f'^{SOURCE} has an unreadable "auth" for quay.io'):
        entries({"quay.io": {"auth": auth}})


def test_a_password_that_is_not_utf8_keeps_its_bytes() -> None:
    (found,) = entries({"quay.io": {"auth": base64_of(b"foo:b\xe4r")}})

    assert found.credential.password.reveal().encode("utf-8", "surrogateescape") == b"b\xe4r"


def test_bytes_that_are_not_utf8_do_not_hide_the_other_entries() -> None:
    content = b'{"auths": {"quay.io": {"auth": "Zm9vOmJhcg=="}, "other.io": {"password": "\xe4"}}}'
    found = parse_pull_secret(JSON_TYPE, {".dockerconfigjson": base64_of(content)}, source=SOURCE)

    assert [each.credential.password.reveal() for each in found] == ["bar", "\ufffd"]


def test_an_old_secret_without_auths_around_the_entries_is_read() -> None:
    content = {"quay.io": {"username": "foo", "password": "bar"}}
    found = parse_pull_secret(CFG_TYPE, secret_data(content, ".dockercfg"), source=SOURCE)

    assert found == (Entry("quay.io", "", Credential("foo", Secret("bar"), SOURCE)),)


@pytest.mark.parametrize(
    ("kind", "key"),
    [
        ("Opaque", ".dockerconfigjson"),
        ("kubernetes.io/tls", ".dockerconfigjson"),
        (JSON_TYPE, ".dockercfg"),
        (CFG_TYPE, ".dockerconfigjson"),
        (JSON_TYPE, "config.json"),
    ],
)
def test_a_secret_whose_type_and_key_do_not_belong_together_has_no_logins(kind: str, key: str) -> None:
    data = secret_data({"auths": {"quay.io": {"auth": "Zm9vOmJhcg=="}}}, key)

    assert parse_pull_secret(kind, data, source=SOURCE) == ()


@pytest.mark.parametrize("content", ["{}", '{"auths": {}}', '{"auths": null}', '{"credsStore": "desktop"}', ""])
def test_a_secret_that_holds_no_login_has_none(content: str) -> None:
    """The kubelet reads a missing `auths` as an empty one, and passes over an empty value (secrets.go)."""
    assert parse_pull_secret(JSON_TYPE, secret_data(content), source=SOURCE) == ()


UNREADABLE = [
    *CORPUS["unreadable"]["contents"],
    *(f'{{"auths": {{"quay.io": {entry}}}}}' for entry in CORPUS["unreadable"]["entries"]),
]


@pytest.mark.parametrize(
    "data",
    [
        *(pytest.param(base64_of(content), id=content) for content in UNREADABLE),
        pytest.param("not base64!", id="not base64"),
        pytest.param(base64_of(b'"\xff"'), id="not UTF-8"),
        pytest.param(base64_of('{"x": ' + "[" * 100_000), id="deeply nested"),
    ],
)
def test_a_secret_that_the_kubelet_cannot_read_is_an_error_that_names_it(data: str) -> None:
    with pytest.raises(PullSecretError, match=f"^{SOURCE} does not hold a valid dockerconfigjson"):
        parse_pull_secret(JSON_TYPE, {".dockerconfigjson": data}, source=SOURCE)


secrets = st.text(min_size=8, max_size=40).map(lambda text: f"s3cr3t-{text}")


@given(secrets)
def test_a_password_is_shown_by_no_value_that_holds_it(text: str) -> None:
    ring = Keyring.of(entries({"quay.io": {"auth": base64_of(f"foo:{text}".encode("utf-8", "replace"))}}))
    shown = f"{ring} {ring!r} {ring.login('quay.io/web')!r} {ring.entries[0].credential.password!s}"

    assert "s3cr3t-" not in shown


@given(secrets, st.sampled_from(["{secret}", "!{secret}", '{{"auths": {{"quay.io": "{secret}"}}}}']))
def test_a_broken_secret_is_shown_by_no_error(text: str, content: str) -> None:
    broken = content.format(secret=text).encode("utf-8", "replace")
    with pytest.raises(PullSecretError) as caught:
        parse_pull_secret(JSON_TYPE, {".dockerconfigjson": base64_of(broken)}, source=SOURCE)

    assert "s3cr3t-" not in "".join(traceback.format_exception(caught.value)) + caught.value.hint


@given(secrets)
def test_a_broken_entry_is_shown_by_no_error(text: str) -> None:
    with pytest.raises(PullSecretError) as caught:
        entries({"quay.io": {"auth": "!" + base64_of(text.encode("utf-8", "replace"))}})

    assert "s3cr3t-" not in "".join(traceback.format_exception(caught.value)) + caught.value.hint


def test_a_password_in_a_key_is_shown_by_no_error() -> None:
    with pytest.raises(PullSecretError) as caught:
        entries({"https://foo:s3cr3t-word@quay.io": {"auth": "pants"}})

    assert "s3cr3t-" not in str(caught.value)


def test_a_key_cannot_forge_a_line_of_the_report() -> None:
    with pytest.raises(PullSecretError) as caught:
        entries({"quay.io\nrestarted shop/web" + "x" * 1000: {"auth": "pants"}})

    assert ("\n" in str(caught.value), len(str(caught.value)) < 500) == (False, True)


def test_equal_secrets_are_equal() -> None:
    assert Secret("a") == Secret("a")


def test_different_secrets_differ() -> None:
    assert Secret("a") != Secret("b")


def test_a_login_names_the_secrets_that_it_comes_from_once_each() -> None:
    one, two = (Credential("u", Secret("p"), f"secret shop/{name}") for name in ("one", "two"))

    assert Login((one, two, one)).source == "secret shop/one, secret shop/two"


def test_no_login_is_called_so() -> None:
    assert ANONYMOUS.source == "no login"


@pytest.mark.parametrize("more", [{}, {"HttpHeaders": {}}], ids=["alone", "with headers"])
def test_a_thousand_logins_of_one_secret_are_read_and_no_more(more: dict[str, Any]) -> None:
    def read(count: int) -> tuple[Entry, ...]:
        content = {"auths": {f"{number}.example.com": {"username": "ann"} for number in range(count)}, **more}
        return parse_pull_secret(JSON_TYPE, secret_data(content), source=SOURCE)

    assert MOST_LOGINS == len(read(MOST_LOGINS))
    with pytest.raises(PullSecretError, match=f"^{SOURCE} has more than 1024 logins"):
        read(MOST_LOGINS + 2)


def test_an_entry_weighs_at_least_what_its_texts_do() -> None:
    short, long = (Entry("a.io", "/b", Credential("ann", Secret("p" * count), SOURCE)) for count in (1, 1001))

    assert (1000, True) == (long.size - short.size, short.size > len("a.io/bannp"))


def test_a_login_is_named_by_whoever_has_the_same() -> None:
    ann, bob = ("ann", Secret("pw")), ("bob", Secret("pw"))
    theirs = Login((Credential(*bob, "a/pull"),))
    own = Login((Credential(*ann, "b/one"), Credential(*bob, "b/two"), Credential(*bob, "b/three")))

    assert ("b/two", "no login") == (theirs.named_as(own).source, ANONYMOUS.named_as(own).source)
    assert (theirs.proofs, own.proofs) == ((bob,), (ann, bob, bob))
