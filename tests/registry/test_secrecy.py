"""No `repr` of anything that a client holds, or that goes through it, shows a password or a token."""

from collections.abc import Callable, Iterator, Mapping

import pytest
from msgspec import Struct

from figwasp.core.credential import Secret
from figwasp.core.registry_settings import RegistrySettings
from figwasp.core.url import Url
from figwasp.embedded.registry.server import Registry, image
from figwasp.net.http import HttpClient, ProxyUrl, Request, Response
from figwasp.net.proxy import Proxies
from figwasp.registry.auth import TokenQuery, Visit, token_request
from figwasp.registry.client import RegistryClient
from tests.registry.asking import ANN, PASSWORD, login, web, within

TOKEN = "token-1"
PROOFS = {PASSWORD, TOKEN, "YW5uOnMzY3JldC1wYTU1"}


def held_by(one: object, seen: set[int]) -> Iterator[object]:
    """`one` of ours, and everything of ours that hangs on it."""
    if id(one) in seen:
        return
    seen.add(id(one))
    parts: list[object] = []
    if isinstance(one, Mapping):
        parts = [*one.keys(), *one.values()]
    elif isinstance(one, list | tuple | set | frozenset):
        parts = [*one]
    elif type(one).__module__.startswith("figwasp"):
        yield one
        if isinstance(one, Secret):
            return
        names = [*getattr(one, "__dict__", ()), *getattr(type(one), "__slots__", ())]
        names += one.__struct_fields__ if isinstance(one, Struct) else ()
        parts = [getattr(one, name) for name in names if hasattr(one, name)]
    for part in parts:
        yield from held_by(part, seen)


@pytest.mark.parametrize(
    ("want", "kinds"), [(Registry.want_basic, {"Challenge"}), (Registry.want_token, {"TokenQuery", "Secret"})]
)
def test_nothing_that_a_client_holds_shows_a_secret(
    registry: Registry, want: Callable[..., None], kinds: set[str]
) -> None:
    want(registry, {"ann": PASSWORD})
    registry.put("team/web", "1", image())
    proxy = ProxyUrl("http", "proxy.invalid", 1, "ann", Secret(PASSWORD))
    http = HttpClient(user_agent="figwasp/test", proxy=Proxies(https=proxy))
    asking = RegistryClient(http, registries={registry.host: RegistrySettings(plain_http=True)})
    asking.resolve(web(registry), login(ANN), within())
    held = list(held_by(asking, set()))
    http.close()

    shown = [type(one).__name__ for one in held if any(proof in repr(one) for proof in PROOFS)]
    assert [] == shown
    assert {"Session", "ProxyUrl", "_Kept", *kinds} <= {type(one).__name__ for one in held}


def test_nothing_that_goes_through_it_shows_a_secret(registry: Registry) -> None:
    url = ProxyUrl.parse(f"http://ann:{PASSWORD}@proxy")
    visit = Visit(reference=web(registry), registry=Url.parse(f"{registry.url}/"), credential=ANN)
    query = TokenQuery(visit.registry, "s", ("repository:a:pull",), ANN)
    answer = Response(200, body=f'{{"token": "{TOKEN}"}}'.encode())
    request = Request(method="GET", url=f"{registry.url}/x?token={TOKEN}", headers={"Authorization": f"Bearer {TOKEN}"})

    shown = repr((url, visit, query, answer, request, token_request(query)))
    assert [] == [proof for proof in PROOFS if proof in shown]
