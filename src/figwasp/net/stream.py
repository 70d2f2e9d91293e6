"""
Bytes to and from a host, by plain TCP or TLS, where every wait is bounded by a deadline.

A socket's own time-out bounds each read, so a peer that drips a byte a second would hold us for ever. Here sockets
never block; each wait asks the deadline and lasts half a second at most, so that one that came nearer is noticed.
"""

import os
import select
import socket
import ssl
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any, Final, Protocol, TypeVar

from figwasp.core.deadline import Deadline
from figwasp.errors import DeadlineExceeded

LONGEST_WAIT: Final = 0.5
NEXT_ADDRESS_AFTER: Final = 0.25
"""Seconds after which the next address of a host is tried as well (RFC 8305, "Happy Eyeballs")."""

CHUNK: Final = 65536

T = TypeVar("T")
Address = tuple[int, tuple[Any, ...]]
"""An address family, and what `socket.connect` takes for it."""


class Stream(Protocol):
    """A connection in both directions. Failures are `OSError`, of which `ssl.SSLError` is one."""

    @property
    def sent(self) -> int:
        """How many bytes the operating system took so far."""
        ...

    def send(self, data: bytes, deadline: Deadline) -> None:
        """Send all of `data`."""
        ...

    def receive(self, deadline: Deadline) -> bytes:
        """Wait for some bytes; none mean that the host has ended the connection."""
        ...

    def is_quiet(self) -> bool:
        """Whether the host said nothing more, not even that it has closed."""
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


class Tcp:
    """A plain connection."""

    def __init__(self, connected: socket.socket) -> None:
        self._socket = connected
        self.sent = 0

    def send(self, data: bytes, deadline: Deadline) -> None:
        """Send all of `data`."""
        rest = memoryview(data)
        while rest:
            deadline.remaining()
            try:
                count = self._socket.send(rest)
            except BlockingIOError:
                _wait(self._socket, select.POLLOUT, deadline)
                continue
            self.sent += count
            rest = rest[count:]

    def receive(self, deadline: Deadline) -> bytes:
        """Wait for some bytes; none mean that the host has ended the connection."""
        while True:
            deadline.remaining()
            try:
                return self._socket.recv(CHUNK)
            except BlockingIOError:
                _wait(self._socket, select.POLLIN, deadline)

    def is_quiet(self) -> bool:
        """Whether the host said nothing more, not even that it has closed."""
        poll = select.poll()
        poll.register(self._socket, select.POLLIN)
        return not poll.poll(0)

    def close(self) -> None:
        """Let go of the connection."""
        self._socket.close()


class Tls:
    """TLS over another stream, which may be TLS itself (a tunnel through a proxy that is reached by TLS)."""

    def __init__(self, below: Stream, context: ssl.SSLContext, server_name: str, deadline: Deadline) -> None:
        self._below = below
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        # As bytes for the same reason as in `look_up`.
        name = server_name.encode("ascii")
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)
        self._run(self._tls.do_handshake, deadline)

    @property
    def sent(self) -> int:
        """How many bytes the operating system took so far."""
        return self._below.sent

    def send(self, data: bytes, deadline: Deadline) -> None:
        """Send all of `data`."""
        rest = memoryview(data)
        while rest:
            rest = rest[self._run(partial(self._tls.write, rest), deadline) :]

    def receive(self, deadline: Deadline) -> bytes:
        """Wait for some bytes; none mean that the host has ended the connection."""
        try:
            return self._run(partial(self._tls.read, CHUNK), deadline)
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            return b""  # many servers close without saying so: lengths and digests tell whether all came

    def is_quiet(self) -> bool:
        """Whether the host said nothing more, not even that it has closed."""
        return not self._incoming.pending and self._below.is_quiet()

    def close(self) -> None:
        """Let go of the connection."""
        self._below.close()

    def _run(self, step: Callable[[], T], deadline: Deadline) -> T:
        while True:
            try:
                result = step()
            except ssl.SSLWantReadError:
                self._flush(deadline)
                if data := self._below.receive(deadline):
                    self._incoming.write(data)
                else:
                    self._incoming.write_eof()
            except ssl.SSLError:
                self._flush(deadline)  # the alert that tells the host why
                raise
            else:
                self._flush(deadline)
                return result

    def _flush(self, deadline: Deadline) -> None:
        if self._outgoing.pending:
            self._below.send(self._outgoing.read(), deadline)


def resolve(name: bytes, port: int) -> list[Address]:
    """Ask the system for a host's addresses; nothing bounds how long that takes."""
    found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return [(family, address) for family, _, _, _, address in found]


Resolve = Callable[[bytes, int], list[Address]]


def look_up(host: str, port: int, deadline: Deadline, resolve: Resolve = resolve) -> list[Address]:
    """
    Ask for a host's addresses.

    Nothing can interrupt the system's resolver. So it is asked in a thread, which is left behind if it takes too long.

    Raises:
        OSError: it has none.
        UnicodeError: it is no name.
        DeadlineExceeded: `deadline` is over.
    """
    # As bytes, since for a text the standard library loads its tables of international names, which takes 3 ms.
    name = host.encode("ascii")
    if _is_address(host):
        return resolve(name, port)
    outcome: list[list[Address] | Exception] = []

    def ask() -> None:
        try:
            outcome.append(resolve(name, port))
        except (OSError, UnicodeError) as error:
            outcome.append(error)

    asking = threading.Thread(target=ask, name=f"look-up of {host}", daemon=True)
    asking.start()
    while asking.is_alive():
        try:
            longest = min(LONGEST_WAIT, deadline.remaining())
        except DeadlineExceeded as over:
            raise DeadlineExceeded(f"{over} (the name {host} was still being looked up)", hint=over.hint) from over
        asking.join(longest)
    found = outcome[0]
    if isinstance(found, Exception):
        raise found
    return found


def _is_address(host: str) -> bool:
    for family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError):
            socket.inet_pton(family, host)
            return True
    return False


def connect(addresses: Sequence[Address], deadline: Deadline) -> Tcp:
    """
    Connect to the first of `addresses` that answers.

    Raises:
        OSError: none did; it is the first one's problem.
    """
    waiting, pending = list(addresses), dict[int, socket.socket]()
    problem: OSError | None = None
    poll = select.poll()
    try:
        while waiting or pending:
            if waiting:
                family, address = waiting.pop(0)
                try:
                    started = _start(family, address)
                except OSError as error:
                    problem = problem or error
                    continue
                pending[started.fileno()] = started
                poll.register(started, select.POLLOUT)
            longest = NEXT_ADDRESS_AFTER if waiting else LONGEST_WAIT
            for number, _ in poll.poll(_milliseconds(min(longest, deadline.remaining()))):
                poll.unregister(number)
                candidate = pending.pop(number)
                code = candidate.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if code == 0:
                    candidate.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    return Tcp(candidate)
                candidate.close()
                problem = problem or OSError(code, os.strerror(code))
    finally:
        for each in pending.values():
            each.close()
    raise problem or OSError("it has no address")


def _start(family: int, address: tuple[Any, ...]) -> socket.socket:
    started = socket.socket(family, socket.SOCK_STREAM)
    started.setblocking(False)
    try:
        started.connect(address)
    except BlockingIOError:
        pass
    except OSError:
        started.close()
        raise
    return started


def _wait(waiting: socket.socket, event: int, deadline: Deadline) -> None:
    poll = select.poll()
    poll.register(waiting, event)
    while not poll.poll(_milliseconds(min(LONGEST_WAIT, deadline.remaining()))):
        pass


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000) + 1
