"""
The only retry loop: what failed in passing is asked for again, a little later.

Only what may be repeated is: a GET or HEAD, or whatever never reached the host. A change whose fate is not known is not
sent again by anybody.
"""

import os
import re
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from figwasp.core.deadline import Deadline
from figwasp.core.duration import parse_duration
from figwasp.core.meter import SILENT, Meter
from figwasp.errors import ConnectionFailed, NotTls, UnknownAuthority
from figwasp.net.http import Response

ATTEMPTS: Final = 3
"""How often a request is sent at most."""

FIRST_WAIT_SECONDS: Final = 0.5
"""The longest first wait; the next one is twice as long."""

MOST_REPEATED: Final = 10
"""After how many repeated requests in vain no more are repeated, so that a host in trouble is not given more work."""

_LONGEST_STEP: Final = 0.5

_CLOUDFLARES: Final = frozenset(range(520, 525))
"""By which it says that the host behind it gave it no answer, or none that is one."""

_REPEATED: Final = {"GET": frozenset({408, 429, 500, 502, 503, 504}) | _CLOUDFLARES, "HEAD": frozenset({408, 429})}
"""After which answers a request is repeated. Of a HEAD that fails otherwise the retry is the GET that confirms it."""

Wait = Callable[[float, Deadline], None]
"""Lets so many seconds pass; raises DeadlineExceeded where the deadline comes first."""


def wait(seconds: float, deadline: Deadline) -> None:
    """Wait in small steps, so that a deadline that comes nearer is noticed."""
    end = time.monotonic() + seconds
    while (left := end - time.monotonic()) > 0:
        time.sleep(min(left, _LONGEST_STEP, deadline.remaining()))


def chance() -> float:
    """A number from 0 to 1. Not by `random`, whose import takes longer than a small pass has."""
    return int.from_bytes(os.urandom(4), "big") / 2**32


def may_wait(seconds: float, deadline: Deadline) -> bool:
    """
    Whether so long a wait is worth it: it may take half of the time that is left.

    A host that wants us back just before the end would leave no time for all the others.
    """
    return seconds <= deadline.remaining() / 2


def retry_after(answer: Response, now: Callable[[], float]) -> float | None:
    """
    Read in how many seconds the host wants to be asked again, None where it does not say.

    Source: RFC 9110, 10.2.3: a number of seconds, or a date.
    """
    text = (answer.headers.get("retry-after") or "").strip()
    if not text and answer.status == 429:
        return _in_words(answer.body)
    try:
        seconds = float(text)  # some servers send fractions
    except ValueError:
        return _until(text, now)
    return max(seconds, 0.0) if seconds < float("inf") else None


def _in_words(body: bytes) -> float | None:
    """GitHub's registry says it in its message alone: `retry-after: 825.911µs, allowed: 44000/minute`."""
    found = re.search(rb"retry-after: *([^ ,;\"]+)", body, re.IGNORECASE)
    try:
        return parse_duration(found[1].decode()) if found else None
    except ValueError:
        return None


def _until(text: str, now: Callable[[], float]) -> float | None:
    if not text:
        return None
    from email.utils import mktime_tz, parsedate_tz  # noqa: PLC0415 - a rare path, and 20 ms

    parts = parsedate_tz(text)
    try:
        return max(mktime_tz(parts) - now(), 0.0) if parts else None
    except (OverflowError, ValueError):
        return None


class Retries:
    """
    Repeats requests. Any number of threads may share one.

    Args:
        wait: lets time pass.
        chance: a number from 0 to 1 that is another one each time, so that many who failed together do not all come
            back together.
        now: seconds since 1970, for hosts that say by the clock when to come back.
        meter: is told of what is asked again.
    """

    def __init__(
        self,
        *,
        wait: Wait = wait,
        chance: Callable[[], float] = chance,
        now: Callable[[], float] = time.time,
        meter: Meter = SILENT,
    ) -> None:
        self._meter = meter
        self.wait = wait
        self._chance = chance
        self._now = now
        self._repeated: Counter[str] = Counter()

    def run(self, method: str, host: str, attempt: Callable[[], Response], deadline: Deadline) -> Response:
        """
        Give what `attempt` gives, which sends one request to `host`, or what a later attempt gives.

        Raises:
            DeadlineExceeded: `deadline` is over.
            ConnectionFailed: what the last attempt raised.
        """
        for number in range(ATTEMPTS):
            seconds = FIRST_WAIT_SECONDS * 2**number * (1 + self._chance()) / 2
            is_last = number == ATTEMPTS - 1
            try:
                answer = attempt()
            except ConnectionFailed as error:
                if is_last or not (_is_repeatable(method, error) and self._may_repeat(host, seconds, deadline)):
                    raise
            else:
                asked = self.retry_after(answer)
                if answer.status not in _REPEATED.get(method, ()):
                    self._repeated.pop(host, None)
                    return answer
                # Who wants fewer requests and does not say when to come back is not asked again.
                is_over = is_last or (answer.status == 429 and asked is None)
                seconds = max(seconds, asked or 0.0)
                if is_over or not self._may_repeat(host, seconds, deadline):
                    return answer
            self._meter.repeats(host, seconds)
            self.wait(seconds, deadline)
        raise AssertionError("the last attempt returns or raises")

    def retry_after(self, answer: Response) -> float | None:
        """Read in how many seconds the host wants to be asked again, None where it does not say."""
        return retry_after(answer, self._now)

    def _may_repeat(self, host: str, seconds: float, deadline: Deadline) -> bool:
        if self._repeated[host] >= MOST_REPEATED or not may_wait(seconds, deadline):
            return False
        self._repeated[host] += 1
        return True


def _is_repeatable(method: str, error: ConnectionFailed) -> bool:
    """Whether it is harmless to send the request again, and may help."""
    return (method in _REPEATED or not error.sent) and not isinstance(error, UnknownAuthority | NotTls)
