"""Whether a registry may still be asked in this pass, and by how many at a time."""

import threading
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import Final

from figwasp.core.deadline import Deadline
from figwasp.errors import ConnectionFailed, DeadlineExceeded, RateLimited, RegistryError, RegistryUnreachable
from figwasp.net.http import Response
from figwasp.net.retry import Wait, may_wait

MOST_UNANSWERED: Final = 3
"""After how many requests in a row without an answer a registry is not asked any more in this pass."""

_LONGEST_WAIT: Final = 0.5


class Gate:
    """
    Counts what becomes of the requests to one registry, and lets none pass once it is silent or wants no more.

    It may want no more of one login, or of whoever shows none, and answer the others: Docker Hub counts by account, and
    by address where there is none. So `who` asks stands beside each request.

    Args:
        registry: as it is written in references.
        width: how many requests may be under way.
        clock: seconds that never go back.
        wait: lets time pass.
    """

    def __init__(self, registry: str, width: int, clock: Callable[[], float], wait: Wait) -> None:
        self._registry = registry
        self._places = threading.Semaphore(width)
        self._clock = clock
        self._wait = wait
        self._lock = threading.Lock()
        self._unanswered = 0
        self._last_problem = ""
        self._limits: dict[Hashable, str] = {}
        self._paused_until = clock()

    @contextmanager
    def turn(self, deadline: Deadline, who: Hashable = None) -> Iterator[None]:
        """
        Wait for a place, and count what becomes of the request that is sent inside.

        Raises:
            RateLimited: the registry wants no more requests, or not before it is too late.
            RegistryUnreachable: it gave no answer too often.
            DeadlineExceeded: `deadline` is over.
        """
        self._pass(deadline, who)
        while not self._places.acquire(timeout=min(deadline.remaining(), _LONGEST_WAIT)):
            pass
        try:
            self._pass(deadline, who)  # much may have happened meanwhile
            yield
        except (ConnectionFailed, DeadlineExceeded) as error:
            with self._lock:
                self._unanswered += 1
                self._last_problem = error.problem if isinstance(error, ConnectionFailed) else "it took too long"
            raise
        finally:
            self._places.release()

    def answered(self, answer: Response, seconds: float | None, who: Hashable = None) -> None:
        """
        Note an answer; `seconds` tell in what time the registry wants to be asked again, None if it does not say.

        Source: Docker Hub's "Usage and limits": `ratelimit-remaining: 0;w=21600`.
        """
        with self._lock:
            self._unanswered = 0
            if answer.status == 429 and seconds is not None:
                self._paused_until = max(self._paused_until, self._clock() + seconds)
        remaining = (answer.headers.get("ratelimit-remaining") or "").partition(";")[0].strip()
        if remaining == "0":
            self.close("its answers say that no requests are left (ratelimit-remaining: 0)", who)

    def close(self, why: str, who: Hashable = None) -> None:
        """Let `who` pass no more."""
        with self._lock:
            self._limits.setdefault(who, why)

    def _pass(self, deadline: Deadline, who: Hashable) -> None:
        if error := self._obstacle(who):
            raise error
        pause = self._paused_until - self._clock()
        if pause <= 0:
            return
        if not may_wait(pause, deadline):
            raise RateLimited(f"{self._registry} was not asked: it wants no requests for {pause:.0f} s")
        self._wait(pause, deadline)

    def _obstacle(self, who: Hashable) -> RegistryError | None:
        with self._lock:
            unanswered, limit = self._unanswered, self._limits.get(who)
        if limit:
            return RateLimited(f"{self._registry} was not asked: {limit}", hint="the next pass asks again")
        if unanswered < MOST_UNANSWERED:
            return None
        return RegistryUnreachable(
            f"{self._registry} was not asked: it gave no answer to {unanswered} requests in a row before "
            f"({self._last_problem})",
            hint="the next pass asks again",
        )
