"""
What a pass tells while it runs, counted.

Aspects: phases; requests, bytes and connections; what is waited for.
"""

import socket
import threading
import time
from collections import Counter

from figwasp.app.tally import Tally
from figwasp.core.deadline import Deadline
from figwasp.core.meter import Exchange, Phase, Step
from figwasp.net.http import HttpClient, Request
from tests.net.peer import OK, Peer


class Clock:
    """Stands still unless it is told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_phases_add_up_to_the_whole_and_the_one_that_began_last_counts() -> None:
    clock = Clock()
    tally = Tally(clock, already=0.25)
    clock.now += 1
    with tally.during(Phase.READING):
        clock.now += 2
    with tally.during(Phase.JUDGING):
        with tally.during(Phase.SECRETS):
            clock.now += 4
        clock.now += 8
        with tally.during(Phase.RESTARTING):
            clock.now += 16

    count = tally.count()

    assert [1.25, 2, 4, 0, 8, 16] == [count.phases[phase] for phase in Phase]
    assert 31.25 == count.seconds


def test_a_phase_of_several_threads_lasts_until_the_last_of_them_is_over() -> None:
    clock = Clock()
    tally = Tally(clock)
    first, second = tally.during(Phase.RESTARTING), tally.during(Phase.RESTARTING)
    first.__enter__()
    second.__enter__()
    clock.now += 1
    first.__exit__(None, None, None)
    clock.now += 1
    second.__exit__(None, None, None)
    clock.now += 5

    assert (2, 5) == (tally.count().phases[Phase.RESTARTING], tally.count().phases[Phase.START])


def test_what_has_been_waited_for_longest_is_told_until_it_is_over() -> None:
    clock = Clock()
    tally = Tally(clock)
    slow, quick = Exchange("ghcr.io", "HEAD"), Exchange("ghcr.io", "HEAD")
    tally.began(slow)
    clock.now += 3
    tally.began(quick)
    clock.now += 1

    waiting = tally.count().waiting
    assert waiting is not None
    assert (slow, 4) == (waiting.exchange, waiting.seconds)
    tally.ended(slow)
    tally.ended(quick)
    assert tally.count().waiting is None
    assert 5 == tally.count().others["ghcr.io", "HEAD"].seconds


def test_a_pause_before_a_repeated_request_is_told_until_it_is_over() -> None:
    clock = Clock()
    tally = Tally(clock)
    tally.repeats("ghcr.io", 12)
    clock.now += 2

    assert {"ghcr.io": 10} == tally.count().pauses
    clock.now += 10
    assert ({}, {"ghcr.io": 1}) == (tally.count().pauses, tally.count().repeats)


def test_bytes_are_those_that_went_over_the_wire() -> None:
    heads: list[bytes] = []

    def answer(connection: socket.socket, _: int) -> None:
        heads.append(connection.recv(65536))
        connection.sendall(OK)

    with Peer(answer) as peer:
        tally = Tally(time.monotonic)
        client = HttpClient(user_agent="figwasp/test", meter=tally)
        request = Request(method="GET", url=peer.url)
        client.send(request, deadline=Deadline(10, time.monotonic, "the test"), largest_body=100)
        client.close()

        traffic = tally.count().others[peer.host, "GET"]
        assert (1, len(heads[0]), len(OK)) == (traffic.requests, traffic.sent, traffic.received)
        assert {peer.host: 1} == tally.count().connections


def test_any_number_of_threads_may_count() -> None:
    tally = Tally(time.monotonic)

    def work() -> None:
        for _ in range(500):
            exchange = Exchange("ghcr.io", "HEAD")
            with tally.during(Phase.RESTARTING):
                tally.began(exchange)
                tally.sent(exchange, 1, 2)
                tally.ended(exchange)
                tally.did(Step.RESTARTS)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    count = tally.count()
    traffic = count.others["ghcr.io", "HEAD"]
    assert (4000, 4000, 8000, 4000) == (traffic.requests, traffic.sent, traffic.received, count.done[Step.RESTARTS])
    assert (None, Phase.START) == (count.waiting, count.phase)
    assert Counter({Step.RESTARTS: 4000}) == Counter(count.done)
