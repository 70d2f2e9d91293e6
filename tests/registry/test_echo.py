"""Hosts that repeat in a refusal how they were asked: it is told without what proves who asks."""

import contextlib
import json
import re
import socket
from collections.abc import Callable

import pytest

from figwasp.core.credential import Secret
from figwasp.core.reference import Reference
from figwasp.core.registry_settings import RegistrySettings
from figwasp.errors import AccessDenied, FigwaspError
from figwasp.kube.access import Access
from figwasp.kube.client import ApiClient, Resource
from figwasp.kube.identity import Fixed, Proof
from figwasp.kube.picks import Pick
from figwasp.net.tls import Tls
from figwasp.registry.client import RegistryClient
from tests.hostile.registry import answer
from tests.net.peer import Handle, Peer, client, read_request, within
from tests.registry.asking import ANN, PASSWORD, login

TOKEN = "v1.3f9c0a7b/e2d94c11a0ff+opaque"
WRITTEN = [json.dumps, lambda text: json.dumps(text).replace("/", "\\/")]


def echoing(scheme: str, write: Callable[[str], str]) -> Handle:
    """A registry, with its token server, that refuses everything and says with what it was asked."""

    def handle(connection: socket.socket, _: int) -> None:
        while request := read_request(connection):
            realm = f'{scheme} realm="http://127.0.0.1:{connection.getsockname()[1]}/token"'
            proof = re.search(rb"Authorization: \S+ (\S+)", request)
            if b"GET /token" in request:
                reply = answer(body=json.dumps({"token": TOKEN}).encode())
            elif proof is None:
                reply = answer("401 Unauthorized", WWW_Authenticate=realm)
            else:
                said = write(f"the session {proof[1].decode()} may not pull this")
                body = f'{{"errors":[{{"code":"DENIED","message":{said}}}]}}'.encode()
                reply = answer("403 Forbidden", b"" if request.startswith(b"HEAD") else body, len(body))
            connection.sendall(reply)

    return handle


@pytest.mark.parametrize("write", WRITTEN, ids=["as it is", "with its slashes escaped"])
@pytest.mark.parametrize("scheme", ["Basic", "Bearer"])
def test_a_registry_that_repeats_a_proof_does_not_get_it_shown(scheme: str, write: Callable[[str], str]) -> None:
    with Peer(echoing(scheme, write)) as peer:
        registries = {peer.host: RegistrySettings(plain_http=True)}
        with contextlib.closing(client()) as http, pytest.raises(AccessDenied) as refused:
            reference = Reference.parse(f"{peer.host}/web:1")
            RegistryClient(http, registries=registries).resolve(reference, login(ANN), within())

    assert "the session *** may not pull this" in str(refused.value)
    assert not any(each in str(refused.value) for each in (TOKEN, PASSWORD))


def test_an_api_server_that_repeats_a_token_does_not_get_it_shown() -> None:
    def handle(connection: socket.socket, _: int) -> None:
        while read_request(connection):
            body = json.dumps({"kind": "Status", "message": f"the session {TOKEN} has ended"}).encode()
            connection.sendall(answer("400 Bad Request", body))

    with Peer(handle) as peer:
        identity = Fixed(Proof(Secret(f"Bearer {TOKEN}")))
        access = Access(server=peer.url.rstrip("/"), tls=Tls(), identity=identity, described="the peer")
        with contextlib.closing(ApiClient.to(access, environ={})) as api, pytest.raises(FigwaspError) as refused:
            api.get(Resource("", "v1", "pods", "shop", "web"), Pick, within())

    assert "the session *** has ended" in str(refused.value)
