"""The tokens of a process: each is fetched once, and shared until it expires or is refused."""

import threading
from collections.abc import Callable

from msgspec import Struct

from figwasp.core.credential import Secret
from figwasp.core.deadline import Deadline
from figwasp.errors import FigwaspError
from figwasp.registry.auth import Token, TokenQuery

LONGEST_WAIT = 0.5
MARGIN_SECONDS = 5.0
"""How long before its end a token is no longer used: it must still hold when it arrives."""


MOST_KEPT = 8 * 1024 * 1024
"""How long all tokens that are kept may be together; the oldest are let go of, and fetched again if need be."""


class _Kept(Struct):
    text: Secret
    until: float


class _Flight:
    """A token that is being fetched, for all who wait for it."""

    def __init__(self) -> None:
        self.is_over = threading.Event()
        self.text = ""
        self.error: FigwaspError | None = None


class Tokens:
    """Gives tokens from memory, or as `fetch` brings them; any number of threads may ask."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: dict[TokenQuery, _Kept] = {}
        self._length = 0
        self._flights: dict[TokenQuery, _Flight] = {}

    def get(self, query: TokenQuery, refused: str, fetch: Callable[[], Token], deadline: Deadline) -> str:
        """
        Give a token for `query`, but not `refused`. Threads that want the same one wait for one fetch.

        Raises:
            DeadlineExceeded: `deadline` is over.
            FigwaspError: what `fetch` raised, here or in the thread that was waited for.
        """
        with self._lock:
            kept = self._kept.get(query)
            if kept and kept.text.reveal() != refused and self._clock() < kept.until - MARGIN_SECONDS:
                return kept.text.reveal()
            flight, is_ours = self._flights.get(query), False
            if flight is None:
                flight, is_ours = self._flights.setdefault(query, _Flight()), True
        if is_ours:
            return self._fetch(query, fetch, flight)
        while not flight.is_over.wait(min(deadline.remaining(), LONGEST_WAIT)):
            pass
        if flight.error is not None:
            raise flight.error
        return flight.text

    def _fetch(self, query: TokenQuery, fetch: Callable[[], Token], flight: _Flight) -> str:
        started = self._clock()
        kept: _Kept | None = None
        try:
            token = fetch()
            kept = _Kept(Secret(token.text), started + token.expires_in)
            flight.text = token.text
        except BaseException as error:
            flight.error = error if isinstance(error, FigwaspError) else FigwaspError("the token could not be fetched")
            raise
        finally:
            with self._lock:
                if kept is not None:
                    self._keep(query, kept)
                del self._flights[query]
            flight.is_over.set()
        return token.text

    def _keep(self, query: TokenQuery, kept: _Kept) -> None:
        self._let_go(query)
        self._kept[query] = kept
        self._length += len(kept.text.reveal())
        while self._length > MOST_KEPT and len(self._kept) > 1:
            self._let_go(next(iter(self._kept)))

    def _let_go(self, query: TokenQuery) -> None:
        if query in self._kept:
            self._length -= len(self._kept.pop(query).text.reveal())
