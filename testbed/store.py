"""The API server's store, written past it: what is wanted by the ten thousand."""

import base64
import http.client
import itertools
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from testbed.api import Json
from testbed.errors import TestbedError
from testbed.site import Site

_TIMEOUT_SECONDS = 60.0
_BATCH = 100  # etcd takes 128 changes in one transaction, and 1.5 MiB


@dataclass(frozen=True, slots=True)
class Store:
    """
    Reads and writes objects in the form in which the API server keeps them.

    Source: etcd, "gRPC gateway" (every call as JSON); Kubernetes keeps objects under /registry/PLURAL/NAMESPACE/NAME.
    """

    address: str
    _connection: list[http.client.HTTPConnection] = field(default_factory=list, repr=False)

    @staticmethod
    def of(site: Site) -> "Store":
        """The store of a bed."""
        return Store(f"127.0.0.1:{site.port('etcd')}")

    def get(self, key: str) -> bytes:
        """
        The value under `key`.

        Raises:
            TestbedError: there is none.
        """
        found = self._call("range", {"key": _text(key.encode())}).get("kvs", [])
        if not found:
            raise TestbedError(f"etcd has nothing under {key}")
        return base64.b64decode(found[0]["value"])

    def put_all(self, values: Iterable[tuple[str, bytes]]) -> int:
        """Write all of them, some at a time; gives their number."""
        written = 0
        for batch in _batches(values):
            puts = [{"requestPut": {"key": _text(key.encode()), "value": _text(value)}} for key, value in batch]
            self._call("txn", {"success": puts})
            written += len(batch)
        return written

    def delete_all(self, prefix: str) -> None:
        """Delete every key that begins so."""
        first = prefix.encode()
        # The end of a range of keys with a prefix is the prefix with its last byte raised.
        end = first[:-1] + bytes([first[-1] + 1])
        self._call("deleterange", {"key": _text(first), "range_end": _text(end)})

    def close(self) -> None:
        """Let go of the connection."""
        while self._connection:
            self._connection.pop().close()

    def _call(self, what: str, body: Json) -> Json:
        if not self._connection:
            self._connection.append(http.client.HTTPConnection(self.address, timeout=_TIMEOUT_SECONDS))
        connection = self._connection[0]
        try:
            connection.request("POST", f"/v3/kv/{what}", json.dumps(body))
            response = connection.getresponse()
            answer = response.read()
        except OSError as error:
            self.close()
            raise TestbedError(f"etcd, {what}: {error}; is the bed up?") from error
        if response.status != http.HTTPStatus.OK:
            raise TestbedError(f"etcd, {what}, was answered {response.status}: {answer[:300].decode(errors='replace')}")
        result: Json = json.loads(answer)
        return result


def _batches(values: Iterable[tuple[str, bytes]]) -> Iterator[list[tuple[str, bytes]]]:
    left = iter(values)
    while batch := list(itertools.islice(left, _BATCH)):
        yield batch


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()
