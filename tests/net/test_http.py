"""Aspects: time; connections kept, stale and shared; failures, and whether the request was sent; what is shown."""

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Iterator

import pytest

from figwasp.core.deadline import Deadline
from figwasp.errors import BadResponse, ConnectionFailed, DeadlineExceeded, FigwaspError
from figwasp.net import stream
from figwasp.net.http import HttpClient, Request, Tls
from tests.certificates import Authority
from tests.net.peer import OK, Handle, Peer, client, get, keep_answering, read_request, within
from tests.nobody import nobody


def fetch(http: HttpClient, url: str, *, deadline: Deadline | None = None, method: str = "GET") -> bytes:
    return http.send(get(url, method), deadline=deadline or within(), largest_body=1000).body


def drip(connection: socket.socket, _: int) -> None:
    read_request(connection)
    for byte in OK:
        time.sleep(0.05)
        connection.sendall(bytes([byte]))


def stay_silent(connection: socket.socket, _: int) -> None:
    while connection.recv(65536):
        pass


def never_read(connection: socket.socket, _: int) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
    threading.Event().wait(1)


@pytest.mark.parametrize("handle", [drip, stay_silent])
def test_a_peer_that_drips_or_is_silent_is_given_up_in_time(handle: Handle) -> None:
    with Peer(handle) as peer, pytest.raises(DeadlineExceeded) as caught:
        started = time.monotonic()
        fetch(client(timeout_seconds=0.3), peer.url)

    assert str(caught.value) == f"{peer.host} did not answer within 0.3s"
    assert time.monotonic() - started < 20


def test_a_peer_that_does_not_read_is_given_up_in_time() -> None:
    with Peer(never_read) as peer, pytest.raises(DeadlineExceeded):
        request = get(peer.url, "PUT", b"x" * 20_000_000)
        client(timeout_seconds=0.2).send(request, deadline=within(), largest_body=10)


def test_a_tls_handshake_that_never_ends_is_given_up_in_time() -> None:
    with Peer(stay_silent) as peer, pytest.raises(DeadlineExceeded, match=r"did not answer within 0\.2s"):
        fetch(client(timeout_seconds=0.2), f"https://{peer.host}/")


def test_a_host_that_drops_packets_is_given_up_in_time() -> None:
    with contextlib.ExitStack() as stack, pytest.raises(DeadlineExceeded, match=r"did not answer within 0\.2s"):
        full = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(4):  # fills the queue of connections that nobody accepts
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(full.getsockname())
        fetch(client(timeout_seconds=0.2), f"http://127.0.0.1:{full.getsockname()[1]}/")


def test_the_deadline_of_the_pass_counts_if_it_is_nearer() -> None:
    with Peer(drip) as peer, pytest.raises(DeadlineExceeded, match="the pass is over"):
        fetch(client(), peer.url, deadline=within(0.2))


def test_a_deadline_that_is_shortened_meanwhile_is_noticed() -> None:
    with Peer(stay_silent) as peer, pytest.raises(DeadlineExceeded, match="told to stop"):
        deadline, started = within(60), time.monotonic()
        threading.Timer(0.1, deadline.shorten, (0.0, "told to stop")).start()
        fetch(client(), peer.url, deadline=deadline)

    assert time.monotonic() - started < 20


def test_a_connection_is_kept_for_the_next_request() -> None:
    with Peer(keep_answering()) as peer, contextlib.closing(client()) as http:
        bodies = [fetch(http, peer.url) for _ in range(3)]

    assert ([b"ok"] * 3, 1) == (bodies, peer.connections)


def test_threads_share_the_client_but_never_a_connection_at_once() -> None:
    together = threading.Barrier(4, timeout=10)

    def handle(connection: socket.socket, _: int) -> None:
        while read_request(connection):
            together.wait()
            connection.sendall(OK)

    with Peer(handle) as peer, contextlib.closing(client()) as http:
        threads = [threading.Thread(target=lambda: [fetch(http, peer.url) for _ in range(3)]) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    assert peer.connections == 4


@pytest.mark.parametrize("is_encrypted", [False, True])
def test_a_connection_that_was_closed_meanwhile_is_noticed_before_it_is_used(
    is_encrypted: bool, authority: Authority
) -> None:
    closed = threading.Event()
    tls = authority.server_context() if is_encrypted else None

    def handle(connection: socket.socket, number: int) -> None:
        keep_answering(times=1)(connection, number)
        connection.close()
        closed.set()

    with Peer(handle, tls=tls) as peer, contextlib.closing(client(tls=Tls(insecure_skip_verify=True))) as http:
        fetch(http, peer.url)
        assert closed.wait(5)
        body = http.send(get(peer.url, "PUT", b"x"), deadline=within(), largest_body=10).body

    assert (b"ok", 2) == (body, peer.connections)


def close_at_the_second_request(connection: socket.socket, number: int) -> None:
    keep_answering(times=1 if number == 0 else 9)(connection, number)
    read_request(connection)


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_read_on_a_connection_that_closes_under_it_is_sent_again_once(method: str) -> None:
    with Peer(close_at_the_second_request) as peer, contextlib.closing(client()) as http:
        fetch(http, peer.url)
        fetch(http, peer.url, method=method)

    assert peer.connections == 2


@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH", "DELETE"])
def test_a_change_on_a_connection_that_closes_under_it_is_never_sent_again(method: str) -> None:
    with Peer(close_at_the_second_request) as peer, contextlib.closing(client()) as http:
        fetch(http, peer.url)
        with pytest.raises(ConnectionFailed) as caught:
            fetch(http, peer.url, method=method)

    assert (True, 1) == (caught.value.sent, peer.connections)


def test_a_fresh_connection_that_closes_is_not_tried_again() -> None:
    with Peer(lambda *_: None) as peer, pytest.raises(ConnectionFailed):
        fetch(client(), peer.url)

    assert peer.connections == 1


def test_an_answer_that_broke_off_is_not_asked_for_again() -> None:
    def handle(connection: socket.socket, _: int) -> None:
        read_request(connection)
        connection.sendall(OK)
        read_request(connection)
        connection.sendall(OK[:-1])

    with Peer(handle) as peer, contextlib.closing(client()) as http:
        fetch(http, peer.url)
        with pytest.raises(ConnectionFailed, match="before its answer was complete"):
            fetch(http, peer.url)

    assert peer.connections == 1


def test_a_closed_client_keeps_no_connection() -> None:
    ended = threading.Event()

    def handle(connection: socket.socket, number: int) -> None:
        keep_answering()(connection, number)
        ended.set()

    with Peer(handle) as peer:
        http = client()
        fetch(http, peer.url)
        http.close()
        fetch(http, peer.url)

        assert ended.wait(5)


def test_a_refused_connection_sent_nothing() -> None:
    with nobody() as port, pytest.raises(ConnectionFailed) as caught:
        fetch(client(), f"http://127.0.0.1:{port}/")

    assert not caught.value.sent
    assert str(caught.value) == f"no answer from 127.0.0.1:{port}: it refused the connection"


def test_a_connection_that_is_reset_may_have_carried_the_request() -> None:
    def handle(connection: socket.socket, _: int) -> None:
        read_request(connection)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    with Peer(handle) as peer, pytest.raises(ConnectionFailed, match="it closed the connection") as caught:
        fetch(client(), peer.url, method="PUT")

    assert caught.value.sent


def test_a_name_that_nobody_knows_is_told_so() -> None:
    with pytest.raises(ConnectionFailed, match=r"^no answer from nowhere\.invalid: its name cannot be looked up"):
        fetch(client(), "http://nowhere.invalid/")


class SlowResolver:
    """A resolver that takes an hour, or until it is let go."""

    def __init__(self) -> None:
        self._go_on = threading.Event()
        self.asked: list[bytes] = []

    def __call__(self, host: bytes, port: int) -> list[stream.Address]:
        self.asked.append(host)
        self._go_on.wait(3600)
        return stream.resolve(host, port)

    def end(self) -> None:
        self._go_on.set()


@pytest.fixture
def slow_resolver() -> Iterator[SlowResolver]:
    resolver = SlowResolver()
    yield resolver
    resolver.end()


def test_a_look_up_that_takes_too_long_is_given_up_in_time(slow_resolver: SlowResolver) -> None:
    started = time.monotonic()
    with pytest.raises(DeadlineExceeded) as caught:
        fetch(client(timeout_seconds=0.2, resolve=slow_resolver), "http://registry.example/")

    assert time.monotonic() - started < 20
    assert slow_resolver.asked == [b"registry.example"]
    assert "registry.example did not answer within 0.2s (the name registry.example was still being looked up)" == str(
        caught.value
    )


def test_a_deadline_that_is_shortened_during_a_look_up_is_noticed(slow_resolver: SlowResolver) -> None:
    deadline, started = within(60), time.monotonic()
    threading.Timer(0.1, deadline.shorten, (0.0, "told to stop")).start()
    with pytest.raises(DeadlineExceeded, match=r"^told to stop \(the name registry\.example was still being looked up"):
        fetch(client(resolve=slow_resolver), "http://registry.example/", deadline=deadline)

    assert time.monotonic() - started < 20
    assert slow_resolver.asked


@pytest.mark.parametrize(("host", "is_looked_up"), [("127.0.0.1", False), ("::1", False), ("localhost", True)])
def test_only_a_name_is_looked_up_in_a_thread(host: str, is_looked_up: bool) -> None:
    threads: list[threading.Thread] = []

    def resolve(name: bytes, port: int) -> list[stream.Address]:
        threads.append(threading.current_thread())
        return [(socket.AF_INET, (name.decode(), port))]

    assert [(socket.AF_INET, (host, 80))] == stream.look_up(host, 80, within(), resolve)
    assert is_looked_up == (threads[0] is not threading.current_thread())
    assert is_looked_up == threads[0].daemon


@pytest.mark.parametrize("host", ["a" * 64, "a..b"])
def test_a_name_that_cannot_be_one_is_told_so(host: str) -> None:
    with pytest.raises(ConnectionFailed, match="its name cannot be looked up"):
        fetch(client(), f"http://{host}/")


def test_the_next_address_of_a_host_is_tried_if_the_first_refuses() -> None:
    with Peer(keep_answering()) as peer:
        addresses = [(socket.AF_INET, ("127.0.0.1", 1)), (socket.AF_INET, ("127.0.0.1", peer.port))]
        connected = stream.connect(addresses, within())
        connected.send(b"GET / HTTP/1.1\r\n\r\n", within())

        assert connected.receive(within()) == OK
        connected.close()


def test_a_body_over_the_cap_is_an_error_and_ends_the_connection() -> None:
    with Peer(keep_answering()) as peer, contextlib.closing(client()) as http:
        for _ in range(2):
            with pytest.raises(BadResponse, match=f"^the answer of {peer.host} cannot be taken"):
                http.send(get(peer.url), deadline=within(), largest_body=1)

    assert peer.connections == 2


def test_a_long_refusal_is_an_answer_and_ends_the_connection() -> None:
    refusal = b"HTTP/1.1 404 None\r\nContent-Length: 100000\r\n\r\n" + b"x" * 100_000
    with Peer(keep_answering(refusal)) as peer, contextlib.closing(client()) as http:
        answers = [http.send(get(peer.url), deadline=within(), largest_body=10**9) for _ in range(2)]

    assert [(404, 65536)] * 2 == [(each.status, len(each.body)) for each in answers]
    assert peer.connections == 2


def test_a_refusal_that_drips_is_given_up_in_time() -> None:
    def handle(connection: socket.socket, _: int) -> None:
        read_request(connection)
        connection.sendall(b"HTTP/1.1 503 Not now\r\n\r\n")
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)

    with Peer(handle) as peer, pytest.raises(DeadlineExceeded):
        fetch(client(timeout_seconds=0.3), peer.url)


def test_a_redirect_is_an_answer_like_any_other() -> None:
    moved = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    with Peer(keep_answering(moved)) as peer, contextlib.closing(client()) as http:
        response = http.send(get(peer.url), deadline=within(), largest_body=10)

    assert (302, "http://127.0.0.1:1/") == (response.status, response.headers.get("location"))


def test_a_request_names_its_host_and_us_and_wants_nothing_compressed() -> None:
    heads: list[bytes] = []

    def handle(connection: socket.socket, _: int) -> None:
        heads.append(read_request(connection))
        connection.sendall(OK)

    with Peer(handle) as peer, contextlib.closing(client()) as http:
        request = Request(method="GET", url=f"{peer.url}v2/?a=b", headers={"Accept": "x/y"})
        http.send(request, deadline=within(), largest_body=10)

    assert heads[0].decode().split("\r\n") == [
        "GET /v2/?a=b HTTP/1.1",
        f"Host: {peer.host}",
        "User-Agent: figwasp/test",
        "Accept-Encoding: identity",
        "Accept: x/y",
        "",
        "",
    ]


def test_a_url_that_is_none_is_an_error_that_does_not_show_it() -> None:
    with pytest.raises(FigwaspError, match=r"^it is not an absolute http or https URL without user name$"):
        fetch(client(), "https://ann:secret@host/")


def test_what_is_shown_of_a_request_holds_no_secret() -> None:
    headers = {"authorization": "Bearer s3cret", "Cookie": "s3cret", "Accept": "x/y"}
    request = Request(method="PUT", url="https://host/path?sig=s3cret", headers=headers, body=b"s3cret")

    assert "s3cret" not in repr(request)
    assert "PUT https://host/path" in repr(request)
    assert "x/y" in repr(request)
