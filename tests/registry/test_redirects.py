"""Where a registry sends us elsewhere, and what is shown there."""

import pytest

from figwasp.core.credential import ANONYMOUS
from figwasp.embedded.registry.server import Registry, image
from figwasp.errors import AccessDenied, UnusableAnswer
from tests.certificates import Authority
from tests.registry.asking import ANN, client, login, resolve, web, within

TAG = "/v2/team/web/manifests/1"


def test_a_redirect_on_the_same_host_keeps_the_login(registry: Registry) -> None:
    registry.want_basic({"ann": ANN.password.reveal()})
    digest = registry.put("mirror/web", "1", image())
    registry.answer(TAG, status=307, headers={"Location": "/v2/mirror/web/manifests/1"})

    assert digest == str(resolve(registry, login=login(ANN)))


def test_a_redirect_to_another_host_drops_the_login(authority: Authority) -> None:
    tls = authority.server_context()
    with Registry(tls=tls) as first, Registry(tls=tls) as second, client(ca_file=str(authority.certificate)) as asking:
        digest = second.put("team/web", "1", image())
        first.want_basic({"ann": ANN.password.reveal()})
        first.put("team/api", "1", image())
        asking.resolve(web(first, repository="team/api"), login(ANN), within())
        first.answer(TAG, status=302, headers={"Location": f"{second.url}{TAG}"})
        resolution = asking.resolve(web(first), login(ANN), within())

    assert digest == str(resolution.digest)
    assert ("Basic", [""]) == (first.requests[-1].scheme, [each.scheme for each in second.requests])


def test_a_redirect_to_where_a_login_is_wanted_does_not_give_it(authority: Authority) -> None:
    tls = authority.server_context()
    with Registry(tls=tls) as first, Registry(tls=tls) as second, client(ca_file=str(authority.certificate)) as asking:
        second.want_basic({"ann": ANN.password.reveal()})
        first.answer(TAG, status=302, headers={"Location": f"{second.url}{TAG}"})
        with pytest.raises(AccessDenied):
            asking.resolve(web(first), login(ANN), within())

    assert {""} == {each.scheme for each in second.requests}


def test_a_redirect_away_from_encryption_is_not_followed(authority: Authority, registry: Registry) -> None:
    with Registry(tls=authority.server_context()) as first, client(ca_file=str(authority.certificate)) as asking:
        first.answer(TAG, status=301, headers={"Location": f"{registry.url}{TAG}"})
        with pytest.raises(UnusableAnswer, match=f"redirects team/web:1 to {registry.host} without encryption"):
            asking.resolve(web(first), ANONYMOUS, within())

    assert registry.requests == []


@pytest.mark.parametrize(
    ("location", "problem"), [(TAG, "more than 5 times"), ("", "more than 5 times"), ("ftp://x/", "to nowhere")]
)
def test_redirects_that_lead_nowhere_end(registry: Registry, location: str, problem: str) -> None:
    registry.answer(TAG, status=302, headers={"Location": location})

    with pytest.raises(UnusableAnswer, match=f"redirects team/web:1 {problem}"):
        resolve(registry)
