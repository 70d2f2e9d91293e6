"""The slow link: what it delays, what it does not, and what it counts."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest

from bench.link import Link
from tests.nobody import nobody

ROUND_TRIP = 0.08


@pytest.fixture
def port() -> Iterator[int]:
    """A server that sends back what it gets, until the client has said all."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_serve, args=(server,), daemon=True).start()
        yield server.getsockname()[1]


def _serve(server: socket.socket) -> None:
    while True:
        try:
            connection, _ = server.accept()
        except OSError:
            return
        threading.Thread(target=_echo, args=(connection,), daemon=True).start()


def _echo(connection: socket.socket) -> None:
    with connection:
        while piece := connection.recv(1 << 16):
            connection.sendall(piece)


def connect(link: Link) -> socket.socket:
    """A client of the link."""
    return socket.create_connection(("127.0.0.1", link.port), timeout=10)


def ask(connection: socket.socket, text: bytes = b"ping") -> float:
    """Seconds until all of it has come back."""
    start = time.monotonic()
    connection.sendall(text)
    left = len(text)
    while left:
        left -= len(connection.recv(left))
    return time.monotonic() - start


def test_a_request_takes_a_round_trip_and_the_first_of_a_connection_one_more(port: int) -> None:
    with Link(port, ROUND_TRIP) as link, connect(link) as connection:
        first, second = ask(connection), min(ask(connection) for _ in range(5))

    assert first >= 2 * ROUND_TRIP
    assert ROUND_TRIP <= second < first


def test_connections_do_not_wait_for_each_other(port: int) -> None:
    with Link(port, ROUND_TRIP) as link:
        connections = [connect(link) for _ in range(32)]
        start = time.monotonic()
        for connection in connections:
            connection.sendall(b"ping")
        answers = [connection.recv(4) for connection in connections]
        took = time.monotonic() - start
        for connection in connections:
            connection.close()

    assert [b"ping"] * 32 == answers
    assert took < 32 * ROUND_TRIP  # half of what they would take one after the other


def test_pieces_under_way_are_delayed_but_not_one_after_the_other(port: int) -> None:
    slow = 0.5
    with Link(port, slow) as link, connect(link) as connection:
        ask(connection)
        took = ask(connection, b"x" * 4_000_000)

    assert took < 6 * slow  # 16 or more pieces, each with half of it in each direction


def test_bytes_arrive_whole_and_are_counted_both_ways(port: int) -> None:
    with Link(port) as link, connect(link) as connection:
        ask(connection, b"x" * 300_000)
        ask(connection, b"y")
        counted = (link.connections, link.sent, link.received)

    assert (1, 300_001, 300_001) == counted


def test_a_server_that_is_not_there_ends_the_connection() -> None:
    with nobody() as port, Link(port) as link, connect(link) as connection:
        assert b"" == connection.recv(1)
