import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from figwasp.core.credential import Credential, Secret
from figwasp.core.reference import Reference
from figwasp.errors import AccessDenied, NotCached
from figwasp.net.http import Response
from figwasp.registry.faults import refusal
from tests.registry.asking import ANN

WEB = Reference.parse("ghcr.io/team/web:1.2")


def said(status: int, body: bytes, reference: Reference = WEB, credential: Credential | None = ANN) -> str:
    return str(refusal(Response(status, body=body), reference, credential))


def test_a_refusal_reads_as_a_sentence_with_a_hint() -> None:
    error = refusal(Response(401, body=b'{"errors":[{"code":"DENIED"}]}'), WEB, ANN)

    assert str(error) == "ghcr.io refused team/web:1.2 (401, DENIED) with the login from secret shop/pull"
    assert error.hint == "a token for ghcr.io needs read:packages"


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"errors":[{"code":"NAME_UNKNOWN","message":"repository unknown","detail":{"x":1}}]}', "NAME_UNKNOWN: repo"),
        (b'{"code":"X","message":"plain"}', "X: plain"),
        (b'{"details":"incorrect username or password"}', "incorrect username"),
        (b'{"errors":[{"code":"a code\\n of <many> words","message":"two\\nlines"}]}', "two lines)"),
    ],
)
def test_what_the_registry_says_is_told(body: bytes, why: str) -> None:
    assert f"(404, {why}" in said(404, body)


@pytest.mark.parametrize("body", [b'{"errors":[]}', b'{"errors":[{}]}', b'{"errors":null}', b"<html>", b"\xff", b""])
def test_a_registry_that_says_nothing_readable_is_told_by_its_status(body: bytes) -> None:
    assert said(404, body) == "ghcr.io does not have team/web:1.2 (404)"


def test_what_a_harbor_does_not_have_may_be_behind_it() -> None:
    missing, refused = (refusal(Response(each), WEB, ANN, is_harbor=True) for each in (404, 403))

    assert isinstance(missing, NotCached)
    assert "ghcr.io does not have team/web:1.2 (404)" == str(missing)
    assert "the next pass asks again" in missing.hint
    assert isinstance(refused, AccessDenied)
    assert not isinstance(refusal(Response(404), WEB, ANN), NotCached)


def test_what_the_registry_says_is_cut() -> None:
    assert len(said(404, b'{"message":"' + b"x" * 10000 + b'"}')) < 300


@settings(deadline=None)
@given(st.text(min_size=6), st.sampled_from([400, 401, 403, 404, 429, 500]))
def test_a_password_is_never_told_again(password: str, status: int) -> None:
    credential = Credential("ann", Secret(f"\u2603{password}"), "secret shop/pull")
    body = json.dumps({"message": f"got \u2603{password}!"}).encode()

    assert "\u2603" not in said(status, body, credential=credential)


def test_docker_hub_is_called_by_its_familiar_names() -> None:
    nginx = Reference.parse("nginx:1")

    assert said(404, b"", nginx, None) == "docker.io does not have nginx:1 (404)"
    assert "a limit of their own" in refusal(Response(429), nginx, None).hint
