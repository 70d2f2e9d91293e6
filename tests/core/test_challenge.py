"""Aspects: WWW-Authenticate's grammar; what a token is asked for; which servers are asked, which shown a login."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from figwasp.core.challenge import (
    BASIC,
    BEARER,
    Challenge,
    is_named,
    may_ask,
    may_show_login,
    parse_challenges,
    scopes_to_pull,
)
from figwasp.core.url import Url
from tests.corpus import corpus

CASES = corpus("challenges")["cases"]
SCOPES = corpus("scopes")["cases"]


@pytest.mark.parametrize("case", CASES, ids=[case["why"] for case in CASES])
def test_challenges_are_read_in_every_spelling(case: dict[str, Any]) -> None:
    expected = tuple(Challenge(scheme, parameters) for scheme, parameters in case["expected"])

    assert parse_challenges(case["lines"]) == expected


@pytest.mark.parametrize("other", ["Negotiate", "Negotiate YII+/==", "NTLM abc=", 'Digest realm="d", nonce=n', "X y=1"])
def test_other_schemes_are_skipped_wherever_they_stand(other: str) -> None:
    expected = (Challenge(BASIC, {"realm": "r"}),)

    assert parse_challenges([f'{other}, Basic realm="r"']) == expected
    assert parse_challenges([f'Basic realm="r", {other}']) == expected


@given(st.lists(st.text(alphabet=' \t,="\\aBearer basic/:;\x00é'), max_size=3))
def test_no_text_is_an_error(lines: list[str]) -> None:
    assert {each.scheme for each in parse_challenges(lines)} <= {BASIC, BEARER}


@pytest.mark.parametrize("case", SCOPES, ids=[case["why"] for case in SCOPES])
def test_a_token_is_asked_for_what_a_registry_wants_but_never_for_more_than_pulling(case: dict[str, Any]) -> None:
    assert tuple(case["expected"]) == scopes_to_pull("team/web", case["wanted"])


@given(st.text(alphabet="repository: pull,push*(a)/", max_size=60))
def test_no_scope_that_lists_actions_ever_has_another_than_pull(wanted: str) -> None:
    actions = {each.rpartition(":")[2] for each in scopes_to_pull("team/web", wanted) if each.count(":") > 1}

    assert {"pull"} == actions


def url(host: str) -> Url:
    return Url.parse(host if "://" in host else f"https://{host}/")


@pytest.mark.parametrize(
    ("realm", "registry"),
    [
        ("ghcr.io", "ghcr.io"),
        ("auth.docker.io", "registry-1.docker.io"),
        ("gitlab.com", "registry.gitlab.com"),
        ("dockerauth.cn-hangzhou.aliyuncs.com", "registry.cn-hangzhou.aliyuncs.com"),
        ("login.azure.com", "registry.azure.com"),
        ("mine.azurecr.io", "mine.azurecr.io"),
        ("login.team.example.co.uk", "registry.example.co.uk"),
        ("registry.example.com:8443", "registry.example.com:5000"),
        ("10.0.0.7:5001", "10.0.0.7:5000"),
        ("http://registry:5001/token", "http://registry:5000/"),
        ("https://registry/token", "http://registry:5000/"),
    ],
)
def test_a_login_is_shown_within_the_registrys_own_domain(realm: str, registry: str) -> None:
    assert may_show_login(url(realm), url(registry))


@pytest.mark.parametrize(
    ("realm", "registry"),
    [
        ("evil.example", "registry.example.com"),
        ("evil.com", "registry.example.com"),
        ("registry.example.com.evil.com", "registry.example.com"),
        ("evilexample.com", "registry.example.com"),
        ("evil.co.uk", "example.co.uk"),
        ("evil.com.br", "registry.com.br"),
        ("evil.azurecr.io", "mine.azurecr.io"),
        ("a.eastus.cloudapp.azure.com", "b.eastus.cloudapp.azure.com"),
        ("a.eastus.cloudapp.azure.com", "b.westus.cloudapp.azure.com"),
        ("evil.eastus.cloudapp.azure.com", "registry.azure.com"),
        ("login.azure.com", "b.eastus.cloudapp.azure.com"),
        ("evil.up.railway.app", "mine.up.railway.app"),
        ("evil.blob.core.windows.net", "mine.blob.core.windows.net"),
        ("evil.ondigitalocean.app", "mine.ondigitalocean.app"),
        ("evil.hf.space", "mine.hf.space"),
        ("evil.synology.me", "mine.synology.me"),
        ("evil.ddns.net", "mine.ddns.net"),
        ("evil.dyndns.org", "mine.dyndns.org"),
        ("evil.mine.azurecr.io", "other.mine.azurecr.io"),
        ("azurecr.io", "mine.azurecr.io"),
        ("1.dkr.ecr.us-east-1.amazonaws.com", "2.dkr.ecr.us-east-1.amazonaws.com"),
        ("a.evil.svc.cluster.local", "registry.shop.svc.cluster.local"),
        ("http://registry.example.com/token", "registry.example.com"),
        ("http://auth.example.com/token", "http://registry.example.com/"),
        ("10.0.0.8", "10.0.0.7"),
        ("auth.1.2", "registry.1.2"),
        ("com", "example.com"),
    ],
)
def test_a_login_is_shown_to_nobody_else(realm: str, registry: str) -> None:
    assert not may_show_login(url(realm), url(registry))


@pytest.mark.parametrize(
    "inside", ["127.0.0.1", "169.254.169.254", "[::1]", "10.1", "0x7f.1", "2130706433", "localhost", "vault", "vault."]
)
def test_a_token_server_inside_our_network_is_not_asked_for_a_registry_elsewhere(inside: str) -> None:
    assert not may_ask(url(inside), url("registry.example.com"))


@pytest.mark.parametrize(
    ("realm", "registry", "token_server"),
    [
        ("https://api.scaleway.com/registry-internal/v1/tokens", "rg.fr-par.scw.cloud", "api.scaleway.com"),
        ("https://api.scaleway.com/token", "rg.fr-par.scw.cloud", "API.scaleway.com:443"),
        ("https://auth.example.com:8443/token", "registry.other.example", "auth.example.com:8443"),
        ("https://10.0.0.8/token", "registry.example.com", "10.0.0.8"),
        ("http://auth:5001/token", "http://registry:5000/", "auth:5001"),
        ("https://auth/token", "http://registry:5000/", "auth"),
    ],
)
def test_a_token_server_that_an_operator_names_may_be_shown_logins(
    realm: str, registry: str, token_server: str
) -> None:
    assert is_named(url(realm), url(registry), token_server)


@pytest.mark.parametrize(
    ("realm", "token_server"),
    [
        ("https://api.scaleway.com/token", ""),
        ("https://api.scaleway.com.evil.example/token", "api.scaleway.com"),
        ("https://evil.scaleway.com/token", "api.scaleway.com"),
        ("https://scaleway.com/token", "api.scaleway.com"),
        ("https://api.scaleway.com:8443/token", "api.scaleway.com"),
        ("https://auth.example.com/token", "auth.example.com:8443"),
        ("http://api.scaleway.com/token", "api.scaleway.com"),
        ("http://api.scaleway.com/token", "api.scaleway.com:80"),
    ],
)
def test_no_other_token_server_is_taken_for_the_one_that_an_operator_names(realm: str, token_server: str) -> None:
    assert not is_named(url(realm), url("rg.fr-par.scw.cloud"), token_server)


def test_anybody_elses_public_https_server_is_asked_without_a_login() -> None:
    assert may_ask(url("auth.other.example"), url("registry.example.com"))
    assert not may_ask(url("http://auth.other.example"), url("registry.example.com"))
