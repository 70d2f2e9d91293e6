"""References by the thousand in one registry, each with an image that is tagged and one that was."""

import functools
import http.client
import ssl
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from testbed import Bed, Image, TestbedError, image
from testbed.ghost_objects import Image as Running
from testbed.images import Blob
from testbed.parts.registry import Registry

_THREADS = 4
_BASE = "bench/base"
_TAG = "latest"  # the only one that the original knows
_MEDIA_TYPES = "application/vnd.oci.image.manifest.v1+json"


class Book(NamedTuple):
    """One repository of the shelf: its name, the digest that its tag names, and the one that it named before."""

    name: str
    now: str
    before: str

    def running(self, host: str, *, stale: bool = False) -> Running:
        """What a pod of it runs, with the registry under the name `host`."""
        digest = self.before if stale else self.now
        return Running(f"{host}/{self.name}:{_TAG}", f"{host}/{self.name}@{digest}")


@dataclass(frozen=True, slots=True)
class Shelf:
    """Repositories `bench/r00000` and so on, tag `latest`; their images share all blobs, not their manifests."""

    registry: Registry
    ca: Path

    @staticmethod
    def of(bed: Bed) -> "Shelf":
        """The shelf in the bed's registry that is open to all."""
        return Shelf(bed.registry, bed.registry_ca)

    def filled(self, bed: Bed, number: int) -> tuple[Book, ...]:
        """Push what is missing of the first `number` repositories; some 200 a second."""
        blobs = dict.fromkeys(blob.digest for one in (_image("before", 0), _image("now", 0)) for blob in _blobs(one))
        base = bed.repository(_BASE)
        for content in ("before", "now"):
            base.push(_image(content, 0), content)
        here = threading.local()
        fill = functools.partial(self._fill, here, tuple(blobs))
        with ThreadPoolExecutor(_THREADS) as threads:
            return tuple(threads.map(fill, range(number)))

    def _fill(self, here: threading.local, blobs: Sequence[str], number: int) -> Book:
        book = Book(f"bench/r{number:05d}", _image("now", number).digest, _image("before", number).digest)
        ask = self._asker(here)
        root = f"/v2/{book.name}"
        status, found = ask("HEAD", f"{root}/manifests/{_TAG}", b"")
        if status == 200 and found == book.now:
            return book
        for digest in blobs:
            _expect(201, ask("POST", f"{root}/blobs/uploads/?mount={digest}&from={_BASE}", b""))
        for content in ("before", "now"):
            _expect(201, ask("PUT", f"{root}/manifests/{_TAG}", _image(content, number).manifest.data))
        return book

    def _asker(self, here: threading.local) -> Callable[[str, str, bytes], tuple[int, str]]:
        """Give a thread its own connection, which is kept."""
        if not hasattr(here, "connection"):
            context = ssl.create_default_context(cafile=str(self.ca))
            here.connection = http.client.HTTPSConnection(self.registry.host, timeout=30, context=context)
        connection = here.connection
        headers = {"Content-Type": _MEDIA_TYPES, "Accept": _MEDIA_TYPES, "User-Agent": "testbed"}

        def ask(method: str, path: str, body: bytes) -> tuple[int, str]:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            response.read()
            return response.status, response.headers.get("Docker-Content-Digest", "")

        return ask


def _expect(status: int, answer: tuple[int, str]) -> None:
    if answer[0] != status:
        raise TestbedError(f"the registry answered {answer[0]} instead of {status}")


@functools.cache
def _image(content: str, number: int) -> Image:
    """Another config for other content, another manifest for another number."""
    return image("bench", labels={"content": content}, annotations={"number": str(number)})


def _blobs(one: Image) -> tuple[Blob, ...]:
    return (one.config, *one.layers)
