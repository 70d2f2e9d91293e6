"""Requests to many hosts, some of which are reached in a way of their own."""

from collections import Counter
from collections.abc import Mapping
from typing import Protocol

from figwasp.core.deadline import Deadline
from figwasp.core.url import Url
from figwasp.net.http import HttpClient, Request, Response


class Http(Protocol):
    """Sends requests, as `HttpClient` does."""

    @property
    def asked(self) -> dict[str, int]:
        """How many requests were sent, by method."""
        ...

    def send(self, request: Request, *, deadline: Deadline, largest_body: int) -> Response:
        """Send `request` and read its answer."""
        ...


class HttpByHost:
    """
    Sends each request by the client that is for its host.

    Args:
        usual: for all hosts that have no client of their own.
        others: by host and port, as `Url.address` gives them.
    """

    def __init__(self, usual: HttpClient, others: Mapping[str, HttpClient]) -> None:
        self._usual = usual
        self._others = others

    @property
    def asked(self) -> dict[str, int]:
        """How many requests were sent, by method."""
        total: Counter[str] = Counter()
        for each in self._all:
            total.update(each.asked)
        return dict(total)

    def send(self, request: Request, *, deadline: Deadline, largest_body: int) -> Response:
        """Send `request` and read its answer; raises as `HttpClient.send` does."""
        client = self._others.get(Url.parse(request.url).address, self._usual)
        return client.send(request, deadline=deadline, largest_body=largest_body)

    def close(self) -> None:
        """Close the connections that are not in use."""
        for each in self._all:
            each.close()

    @property
    def _all(self) -> tuple[HttpClient, ...]:
        return self._usual, *self._others.values()
