"""What a registry was asked: its access log, read."""

import http.client
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from testbed.wait import wait_for

# Apache's "combined" format. The date has brackets, the three quoted fields escape quotes by a backslash.
_QUOTED = r'"((?:[^"\\]|\\.)*)"'
_LINE = re.compile(rf"\S+ - \S+ \[[^]]+\] {_QUOTED} (\d+) \d+ {_QUOTED} {_QUOTED}\n")

_STACKS = "/debug/pprof/goroutine?debug=1"
_WRITES_THE_LINE = b"loggingHandler.ServeHTTP"
_TIMEOUT_SECONDS = 10.0


class Call(NamedTuple):
    """Method and path of one request, for counting."""

    method: str
    path: str
    """With its query, as sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryRequest:
    """One request and the status that it was answered."""

    call: Call
    status: int
    user_agent: str


@dataclass(frozen=True, slots=True)
class AccessLog:
    """
    A registry's access log.

    Complete: the registry writes a request's line after its handler has answered, which for a large
    answer may be after the client has read it. So before the log is read, the registry is asked for
    the stacks of its goroutines until none is between a request and its line.
    """

    path: Path
    debug_url: str

    def mark(self) -> int:
        """Now, as an argument for `since`."""
        self._settle()
        return self.path.stat().st_size

    def requests(self, *, since: int = 0, user_agent: str = "") -> tuple[RegistryRequest, ...]:
        """
        The requests after the mark, in the order of their end; not the bed's own question whether the registry lives.

        Args:
            since: a mark; 0: since the start of the bed.
            user_agent: only those whose user agent begins so (the testbed's own is "testbed", the node's "containerd").
        """
        self._settle()
        with self.path.open(errors="replace") as log:
            log.seek(since)
            matches = [match for line in log if (match := _LINE.fullmatch(line))]
        found = [_request(match) for match in matches]
        return tuple(r for r in found if r.call.path != "/" and r.user_agent.startswith(user_agent))

    def count(self, *, since: int = 0, user_agent: str = "") -> Counter[Call]:
        """How often each path was asked after the mark; arguments as in `requests`."""
        return Counter(request.call for request in self.requests(since=since, user_agent=user_agent))

    def _settle(self) -> None:
        wait_for(lambda: _WRITES_THE_LINE not in self._stacks(), f"the end of requests to {self.path.stem}")

    def _stacks(self) -> bytes:
        connection = http.client.HTTPConnection(urlsplit(self.debug_url).netloc, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request("GET", _STACKS)
            return connection.getresponse().read()
        finally:
            connection.close()


def _request(match: re.Match[str]) -> RegistryRequest:
    request, status, _, user_agent = match.groups()
    method, _, rest = request.partition(" ")
    return RegistryRequest(
        call=Call(method, rest.rpartition(" ")[0]), status=int(status), user_agent=user_agent.replace('\\"', '"')
    )
