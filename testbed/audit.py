"""What the API server was asked: its audit log, read."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from testbed.api import Json


class Asked(NamedTuple):
    """What one request was about, for counting: empty where the request names none."""

    verb: str
    """get, list, watch, create, update, patch, delete, deletecollection; for other paths the HTTP method."""
    resource: str
    subresource: str = ""
    namespace: str = ""
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiRequest:
    """One request that was answered in full."""

    asked: Asked
    uri: str
    """Path and query, as sent: fieldSelector, limit and dryRun are here."""
    user: str
    user_agent: str
    status: int


@dataclass(frozen=True, slots=True)
class AuditLog:
    """
    The API server's audit log.

    Complete: the server writes a request's line before it ends its answer, so every request whose
    answer was read to its end is here. A watch is counted when it ends.

    Source: Kubernetes, "Auditing": blocking mode, stage ResponseComplete.
    """

    path: Path

    def mark(self) -> int:
        """Now, as an argument for `since`."""
        return self.path.stat().st_size

    def requests(self, *, since: int = 0, user: str = "", user_agent: str = "") -> tuple[ApiRequest, ...]:
        """
        The requests after the mark, in the order of their end.

        Args:
            since: a mark; 0: since the start of the bed.
            user: only those of this user (ServiceAccount.user, "admin"); empty: of all.
            user_agent: only those whose user agent begins so.
        """
        with self.path.open("rb") as log:
            if since:
                # A line that was being written at the mark is of a request that nobody had the answer to: not after it.
                log.seek(since - 1)
                log.readline()
            events = [json.loads(line) for line in log if line.endswith(b"\n")]
        found = [_request(event) for event in events if event["stage"] == "ResponseComplete"]
        return tuple(r for r in found if user in ("", r.user) and r.user_agent.startswith(user_agent))

    def count(self, *, since: int = 0, user: str = "", user_agent: str = "") -> Counter[Asked]:
        """How often each thing was asked after the mark; arguments as in `requests`."""
        return Counter(request.asked for request in self.requests(since=since, user=user, user_agent=user_agent))


def _request(event: Json) -> ApiRequest:
    about = event.get("objectRef", {})
    asked = Asked(
        verb=event["verb"],
        resource=about.get("resource", ""),
        subresource=about.get("subresource", ""),
        namespace=about.get("namespace", ""),
        name=about.get("name", ""),
    )
    return ApiRequest(
        asked=asked,
        uri=event["requestURI"],
        user=event["user"]["username"],
        user_agent=event.get("userAgent", ""),
        status=event["responseStatus"]["code"],
    )
