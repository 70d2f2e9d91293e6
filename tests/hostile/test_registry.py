"""
A registry that misbehaves: the pass ends in time and memory, nothing is restarted wrongly, the others are served.

Aspects: every misbehaviour, by the program as it is started; a connection that is reset at any place of an answer.
"""

import contextlib
import socket
from random import Random

import pytest

from figwasp.app.lookups import MOST_MANIFESTS
from figwasp.core.manifest import MOST_CHILDREN
from figwasp.core.registry_settings import RegistrySettings
from figwasp.core.report import Left, Restarted
from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.registry.server import Registry, digest_of
from figwasp.net.retry import Retries
from tests.app.stage import Stage
from tests.certificates import Authority
from tests.hostile.registry import INDEX, MISBEHAVIOURS, NEW, answer, index, reset
from tests.hostile.scene import LONGEST_SECONDS, MOST_MEGABYTES, Place, misbehaving
from tests.net.peer import Handle, Peer, read_request


@pytest.mark.parametrize("name", MISBEHAVIOURS)
def test_a_registry_that_misbehaves_harms_only_its_own(name: str, authority: Authority) -> None:
    with misbehaving(name, authority) as (place, is_plain):
        ran = place.run(is_plain=is_plain)

    assert ("not_judged", "restarted", "current") == tuple(map(ran.became, ("victim", "web", "api"))), ran
    assert (0, 1, 0) == tuple(map(place.restarts, ("victim", "web", "api")))
    assert 1 == ran.code
    assert ran.seconds < LONGEST_SECONDS
    assert ran.megabytes < MOST_MEGABYTES
    assert "s3cret" not in f"{ran}"


@pytest.mark.parametrize(
    ("children", "asked"), [(MOST_CHILDREN, MOST_MANIFESTS + 1), (MOST_CHILDREN + 1, 1), (10_000, 2)]
)
def test_an_index_without_end_is_not_read_without_end(children: int, asked: int) -> None:
    """What is larger than usual is asked for a second time, when it is its turn; and once for the config that runs."""
    with ApiServer() as api, Registry() as registry, contextlib.closing(Stage(api, registry)) as stage:
        stage.deploy("old")
        registry.put("web", "latest", index(children), INDEX)
        stage.sweep("web")

    assert asked == registry.asked("GET")


WHOLE = answer(body=NEW, Docker_Content_Digest=digest_of(NEW))
HEAD = WHOLE.removesuffix(NEW)
_EDGES = [position + length for position, char in enumerate(HEAD) if char == ord("\n") for length in (0, 1)]


def _cuts(text: bytes, seed: int) -> list[int]:
    """Before the first byte, at each end of a line, before the last byte, and at fifty places by chance."""
    edges = {0, 1, *_EDGES, len(HEAD) + 1, len(text) - 1}
    return sorted({*(each for each in edges if each < len(text)), *Random(seed).sample(range(len(text)), 50)})  # noqa: S311 - the same each time


def _cuts_off(method: bytes, cut: int) -> Handle:
    """Reset the connection at `cut` bytes of each answer to `method`."""

    def handle(connection: socket.socket, _: int) -> None:
        while request := read_request(connection):
            whole = HEAD if request.startswith(b"HEAD") else WHOLE
            is_cut = request.startswith(method)
            connection.sendall(whole[:cut] if is_cut else whole)
            if is_cut:
                reset(connection)
                return

    return handle


@pytest.mark.parametrize(
    ("method", "cut"), [*((b"HEAD", cut) for cut in _cuts(HEAD, 1)), *((b"GET", cut) for cut in _cuts(WHOLE, 2))]
)
def test_a_connection_that_is_reset_anywhere_restarts_nothing(method: bytes, cut: int, authority: Authority) -> None:
    with (
        Peer(_cuts_off(method, cut)) as peer,
        ApiServer() as api,
        Registry() as registry,
        contextlib.closing(Stage(api, registry)) as stage,
    ):
        place = Place(stage, peer.host, authority)
        stage.settings[peer.host] = RegistrySettings(plain_http=True)
        stage.retries = Retries(wait=lambda *_: None)
        api_, victim, web = stage.sweep().outcomes

    assert (Left, Left, Restarted) == (type(api_), type(victim), type(web))
    assert (0, 1, 0) == tuple(map(place.restarts, ("victim", "web", "api")))
    assert peer.connections <= 4
