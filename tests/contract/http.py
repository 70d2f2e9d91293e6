"""One request to a server under contract, and its whole answer."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from figwasp.core.deadline import Deadline
from figwasp.net.http import HttpClient, Request
from figwasp.net.http1 import Headers

_LARGEST = 4 * 1024 * 1024


def soon() -> Deadline:
    """Time enough for anything."""
    return Deadline(30, time.monotonic, "the server took too long")


@dataclass(frozen=True)
class Answer:
    """An answer, whatever its status."""

    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        """The body's JSON."""
        return json.loads(self.body)

    @property
    def content_type(self) -> str | None:
        """What the body is said to be."""
        return self.headers.get("content-type")


def ask(client: HttpClient, method: str, url: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
    """Send one request."""
    request = Request(method=method, url=url, headers=headers, body=body)
    response = client.send(request, deadline=soon(), largest_body=_LARGEST)
    return Answer(response.status, response.headers, response.body)
