"""
When a registry is not asked any more in a pass, and what is then said. Time is virtual.

Aspects: silence; limits on requests; how many requests at a time; what is counted, exactly.
"""

import contextlib
from collections.abc import Iterator
from itertools import count

import pytest

from figwasp.core.credential import ANONYMOUS
from figwasp.core.deadline import Deadline
from figwasp.core.reference import Reference
from figwasp.core.registry_settings import RegistrySettings
from figwasp.embedded.registry.server import Registry, image
from figwasp.errors import (
    ConnectionFailed,
    DeadlineExceeded,
    FigwaspError,
    RateLimited,
    RegistryUnreachable,
    TagNotFound,
)
from figwasp.net.http import Headers, HttpClient, Request, Response
from figwasp.net.retry import Retries
from figwasp.registry.client import RegistryClient
from figwasp.registry.gate import Gate
from tests.net.peer import Peer
from tests.registry.asking import web, within

BROKEN = ConnectionFailed("ghcr.io", "it closed the connection", sent=True)
TAG = "/v2/team/web/manifests/1"


class Passing:
    """Time that passes only by waiting."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def clock(self) -> float:
        return self.seconds

    def wait(self, seconds: float, deadline: Deadline) -> None:
        deadline.remaining()
        self.seconds += seconds

    def deadline(self, seconds: float = 300) -> Deadline:
        return Deadline(seconds, self.clock, "the pass is over")


@contextlib.contextmanager
def asking(registry: Registry | Peer, passing: Passing) -> Iterator[RegistryClient]:
    http = HttpClient(user_agent="figwasp/test", timeout_seconds=5)
    one = RegistrySettings(plain_http=True)
    retries = Retries(wait=passing.wait, now=passing.clock)
    try:
        yield RegistryClient(http, registries={registry.host: one}, retries=retries, clock=passing.clock)
    finally:
        http.close()


def test_after_three_requests_without_an_answer_a_registry_is_not_asked_any_more() -> None:
    passing = Passing()
    with Peer(lambda *_: None) as peer, asking(peer, passing) as client:
        reference = Reference.parse(f"{peer.host}/team/web:1")
        errors = []
        for _ in range(3):
            with pytest.raises(RegistryUnreachable) as caught:
                client.resolve(reference, ANONYMOUS, passing.deadline())
            errors.append(str(caught.value))

    asked = "it gave no answer to 3 requests in a row before (it closed the connection)"
    assert [
        f"no answer from {peer.host}: it closed the connection",
        *[f"{peer.host} was not asked: {asked}"] * 2,
    ] == errors
    assert 3 == peer.connections


def test_an_answer_between_them_counts_from_the_beginning() -> None:
    passing = Passing()
    gate = Gate("ghcr.io", 1, passing.clock, passing.wait)
    for outcome in (BROKEN, BROKEN, None, BROKEN, BROKEN, None):
        send(gate, passing, outcome)

    assert [BROKEN] * 3 == [send(gate, passing, BROKEN) for _ in range(3)]
    assert isinstance(send(gate, passing, None), RegistryUnreachable)


def test_a_limit_without_a_time_ends_the_questions_at_once(registry: Registry) -> None:
    passing = Passing()
    registry.answer(TAG, status=429)
    with asking(registry, passing) as client:
        with pytest.raises(RateLimited, match="wants fewer requests"):
            client.resolve(web(registry), ANONYMOUS, passing.deadline())
        with pytest.raises(RateLimited, match=r"was not asked: it wants fewer requests \(429\)"):
            client.resolve(web(registry, ":2"), ANONYMOUS, passing.deadline())

    assert (1, 0.0) == (registry.asked(), passing.seconds)


def test_a_limit_that_ends_in_time_is_waited_for(registry: Registry) -> None:
    passing = Passing()
    digest = registry.put("team/web", "1", image())
    registry.answer(TAG, status=429, headers={"Retry-After": "30"})
    waited: list[float] = []

    def wait(seconds: float, deadline: Deadline) -> None:
        waited.append(seconds)
        registry.answer(TAG)
        passing.wait(seconds, deadline)

    http = HttpClient(user_agent="figwasp/test", timeout_seconds=5)
    settings = {registry.host: RegistrySettings(plain_http=True)}
    client = RegistryClient(http, registries=settings, retries=Retries(wait=wait), clock=passing.clock)
    resolution = client.resolve(web(registry), ANONYMOUS, passing.deadline())
    http.close()

    assert (digest, [30.0], 2) == (str(resolution.digest), waited, registry.asked())


def test_a_limit_that_holds_on_is_asked_three_times(registry: Registry) -> None:
    passing = Passing()
    registry.answer(TAG, status=429, headers={"Retry-After": "10"})
    with asking(registry, passing) as client:
        for _ in range(2):
            with pytest.raises(RateLimited):
                client.resolve(web(registry), ANONYMOUS, passing.deadline())

    assert (3, 20.0) == (registry.asked(), passing.seconds)


def test_a_limit_that_lasts_longer_than_the_pass_is_not_waited_for(registry: Registry) -> None:
    passing = Passing()
    registry.answer(TAG, status=429, headers={"Retry-After": "21600"})
    with asking(registry, passing) as client:
        for tag in (":1", ":2"):
            with pytest.raises(RateLimited):
                client.resolve(web(registry, tag), ANONYMOUS, passing.deadline())

    assert (1, 0.0) == (registry.asked(), passing.seconds)


@pytest.mark.parametrize(("remaining", "asked"), [("0;w=21600", 1), ("0", 1), ("1;w=21600", 2), ("", 2), ("x", 2)])
def test_the_last_request_that_a_registry_allows_is_the_last(registry: Registry, remaining: str, asked: int) -> None:
    passing = Passing()
    digest = registry.put("team/web", "1", image())
    registry.answer(TAG, headers={"RateLimit-Remaining": remaining})
    with asking(registry, passing) as client:
        first = client.resolve(web(registry), ANONYMOUS, passing.deadline())
        with contextlib.suppress(RateLimited):
            client.resolve(web(registry), ANONYMOUS, passing.deadline())

    assert (digest, asked) == (str(first.digest), registry.asked())


def test_what_was_not_asked_says_so_and_when_it_will_be() -> None:
    passing = Passing()
    gate = Gate("docker.io", 1, passing.clock, passing.wait)
    gate.answered(Response(200, Headers((("ratelimit-remaining", "0;w=21600"),))), None)

    said = "its answers say that no requests are left (ratelimit-remaining: 0)"
    error = send(gate, passing, None)
    assert isinstance(error, RateLimited)
    assert (f"docker.io was not asked: {said}", "the next pass asks again") == (str(error), error.hint)


def test_others_wait_as_well_until_a_registry_wants_to_be_asked_again() -> None:
    passing = Passing()
    gate = Gate("ghcr.io", 1, passing.clock, passing.wait)
    gate.answered(Response(429), 5.0)

    assert (None, 5.0) == (send(gate, passing, None), passing.seconds)


def test_no_more_requests_are_under_way_than_are_allowed() -> None:
    passing = Passing()
    gate = Gate("ghcr.io", 2, passing.clock, passing.wait)
    with gate.turn(within()), gate.turn(within()), pytest.raises(DeadlineExceeded), gate.turn(within(0.05)):
        pass

    assert None is send(gate, passing, None)


def test_a_registry_has_as_many_requests_under_way_as_its_settings_say() -> None:
    """The second request, while which another is tried in vain: the first one of all others wait for anyway."""
    numbers, ended = count(), list[type[Exception]]()

    class Slow:
        asked: dict[str, int] = {}  # noqa: RUF012 - as the protocol has it

        def send(self, _: Request, *, deadline: Deadline, largest_body: int) -> Response:  # noqa: ARG002
            if next(numbers) == 1:
                ended.append(ask(within(0.05)))
            return Response(404)

    client = RegistryClient(Slow(), registries={"ghcr.io": RegistrySettings(concurrency=1)})

    def ask(deadline: Deadline) -> type[Exception]:
        with pytest.raises(FigwaspError) as caught:
            client.resolve(Reference.parse("ghcr.io/team/web"), ANONYMOUS, deadline)
        return caught.type

    assert (TagNotFound, [DeadlineExceeded]) == (ask(within()), ended)


def send(gate: Gate, passing: Passing, outcome: Exception | None) -> Exception | None:
    """Let a request end so; what came of it."""
    try:
        with gate.turn(passing.deadline()):
            if outcome is not None:
                raise outcome
    except FigwaspError as error:
        return error
    gate.answered(Response(200), None)
    return None
