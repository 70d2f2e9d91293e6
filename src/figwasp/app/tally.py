"""Counts what a pass does while it does it: the `Meter` of those who want to know where the time goes."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

from msgspec import Struct

from figwasp.core.meter import Exchange, Meter, Phase, Step


class Traffic(Struct, frozen=True):
    """Requests that are alike: how many were sent, the bytes both ways, and the seconds that all of them took."""

    requests: int = 0
    sent: int = 0
    received: int = 0
    seconds: float = 0.0

    def plus(self, other: "Traffic") -> "Traffic":
        """Both together."""
        return Traffic(
            self.requests + other.requests,
            self.sent + other.sent,
            self.received + other.received,
            self.seconds + other.seconds,
        )


class Waiting(Struct, frozen=True):
    """The request that has been under way longest, and for how many seconds."""

    exchange: Exchange
    seconds: float


class Count(Struct, frozen=True):
    """
    All that was counted up to one moment.

    `phases` add up to `seconds`. `traffic` is by verb and resource for the API server (as `Exchange` names it), and
    by method and host for others.
    """

    seconds: float
    phase: Phase
    phases: Mapping[Phase, float]
    done: Mapping[Step, int]
    expected: Mapping[Step, int]
    kubernetes: Mapping[str, Traffic]
    others: Mapping[tuple[str, str], Traffic]
    connections: Mapping[str, int]
    repeats: Mapping[str, int]
    waiting: Waiting | None = None
    pauses: Mapping[str, float] = {}
    """For how many seconds more it is waited before a host is asked again."""


class Tally(Meter):
    """
    Counts. Any number of threads may tell it something, and ask it.

    Args:
        clock: seconds that never go back.
        already: seconds that went by before, for the start of the program.
    """

    def __init__(self, clock: Callable[[], float], already: float = 0.0) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._since = clock()
        self._under_way = [Phase.START]
        self._seconds: dict[Phase, float] = {Phase.START: already}
        self._done: Counter[Step] = Counter()
        self._expected: dict[Step, int] = {}
        self._kubernetes: dict[str, Traffic] = {}
        self._others: dict[tuple[str, str], Traffic] = {}
        self._connections: Counter[str] = Counter()
        self._repeats: Counter[str] = Counter()
        self._pauses: dict[str, float] = {}
        self._open: dict[int, tuple[Exchange, float]] = {}

    @contextmanager
    def during(self, phase: Phase) -> Iterator[None]:
        """Say that `phase` is under way until the context ends."""
        with self._lock:
            self._charge()
            self._under_way.append(phase)
        try:
            yield
        finally:
            with self._lock:
                self._charge()
                # Phases of several threads may end in any order.
                index = len(self._under_way) - 1 - self._under_way[::-1].index(phase)
                del self._under_way[index]

    def expect(self, step: Step, number: int) -> None:
        """Say how many of `step` there will be."""
        with self._lock:
            self._expected[step] = number

    def did(self, step: Step) -> None:
        """Say that one more of `step` is done."""
        with self._lock:
            self._done[step] += 1

    def began(self, exchange: Exchange) -> None:
        """Say that a request is to be sent."""
        with self._lock:
            self._open[id(exchange)] = exchange, self._clock()

    def sent(self, exchange: Exchange, sent: int, received: int) -> None:
        """Say that a request was sent."""
        self._add(exchange, Traffic(1, sent, received))

    def ended(self, exchange: Exchange) -> None:
        """Say that nothing more is to come of a request."""
        with self._lock:
            _, since = self._open.pop(id(exchange))
            seconds = self._clock() - since
        self._add(exchange, Traffic(seconds=seconds))

    def connected(self, host: str) -> None:
        """Say that a connection was made."""
        with self._lock:
            self._connections[host] += 1

    def repeats(self, host: str, seconds: float) -> None:
        """Say that a host is to be asked again."""
        with self._lock:
            self._repeats[host] += 1
            self._pauses[host] = self._clock() + seconds

    def count(self) -> Count:
        """What was counted so far."""
        with self._lock:
            self._charge()
            now = self._since
            longest = min(self._open.values(), key=lambda each: each[1], default=None)
            return Count(
                seconds=sum(self._seconds.values()),
                phase=self._under_way[-1],
                phases={phase: self._seconds.get(phase, 0.0) for phase in Phase},
                done={step: self._done[step] for step in Step},
                expected=dict(self._expected),
                kubernetes=dict(sorted(self._kubernetes.items())),
                others=dict(sorted(self._others.items())),
                connections=dict(sorted(self._connections.items())),
                repeats=dict(sorted(self._repeats.items())),
                waiting=Waiting(longest[0], now - longest[1]) if longest else None,
                pauses={host: end - now for host, end in self._pauses.items() if end > now},
            )

    def _charge(self) -> None:
        now = self._clock()
        phase = self._under_way[-1]
        self._seconds[phase] = self._seconds.get(phase, 0.0) + now - self._since
        self._since = now

    def _add(self, exchange: Exchange, more: Traffic) -> None:
        with self._lock:
            if exchange.kubernetes:
                found = self._kubernetes.get(exchange.kubernetes, Traffic())
                self._kubernetes[exchange.kubernetes] = found.plus(more)
            else:
                key = exchange.host, exchange.method
                self._others[key] = self._others.get(key, Traffic()).plus(more)
