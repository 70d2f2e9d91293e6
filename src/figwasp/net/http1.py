"""
HTTP/1.1 as bytes: a request is written, an answer is read; no sockets, no waiting.

The standard library's `http.client` would do, but costs 25 ms at each start (it parses headers as e-mail), and reads in
a way that only a socket's own time-out bounds.

Source: RFC 9112.
"""

import binascii
import re
from collections.abc import Callable, Mapping
from typing import Final

from msgspec import Struct

from figwasp.core.credential import Secret
from figwasp.errors import BadResponse, ConnectionFailed, TooLarge

LARGEST_HEAD: Final = 65536
LARGEST_REFUSAL: Final = 65536
"""How much of the body is read where the status says that it is an error: enough for every reason."""

_LONGEST_CHUNK_LINE: Final = 1024
_NAME: Final = frozenset("!#$%&'*+.^_`|~-0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
"""The characters of a header's name. A set, since expressions take a millisecond each to compile."""


class Headers:
    """The fields of an answer, in order; names in any case."""

    __slots__ = ("_fields",)

    def __init__(self, fields: tuple[tuple[str, str], ...] = ()) -> None:
        self._fields = fields

    def get(self, name: str) -> str | None:
        """The first value of `name`, None where there is none."""
        return next(iter(self.get_all(name)), None)

    def get_all(self, name: str) -> list[str]:
        """Every value of `name`, one for each line."""
        return [value for key, value in self._fields if key == name.lower()]

    def tokens(self, name: str) -> list[str]:
        """The comma-separated words of all values of `name`, in lower case."""
        return [word.strip().lower() for value in self.get_all(name) for word in value.split(",")]

    def __repr__(self) -> str:
        return f"Headers({', '.join(dict.fromkeys(key for key, _ in self._fields))})"  # values may be secret


class Response(Struct, frozen=True):
    """What a host answered."""

    status: int
    headers: Headers = Headers()
    body: bytes = b""

    def __repr__(self) -> str:
        return f"Response({self.status}, {self.headers!r}, {len(self.body)} bytes)"


class Reader:
    """Cuts what `receive` gives into lines and blocks; `receive` gives no bytes at the end of the connection."""

    def __init__(self, receive: Callable[[], bytes], host: str) -> None:
        self._receive = receive
        self._buffer = bytearray()
        self.host = host
        self.received = 0
        """How many bytes came so far."""

    @property
    def has_begun(self) -> bool:
        """Whether anything at all came."""
        return self.received > 0

    @property
    def is_empty(self) -> bool:
        """Whether all that came was taken."""
        return not self._buffer

    def line(self, limit: int) -> bytes:
        """Take one line without its end, of at most `limit` bytes."""
        start = 0
        while (end := self._buffer.find(b"\n", start)) < 0:
            if len(self._buffer) > limit:
                raise self.malformed("a line is too long")
            start = len(self._buffer)
            if not self._more():
                raise self._truncated()
        if end > limit:
            raise self.malformed("a line is too long")
        taken = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return taken.removesuffix(b"\r")

    def take(self, size: int) -> bytes:
        """Take exactly `size` bytes."""
        parts: list[bytes] = []
        while size:
            if not self._buffer and not self._more():
                raise self._truncated()
            part = bytes(self._buffer[:size])
            del self._buffer[:size]
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def rest(self, limit: int) -> bytes:
        """Take everything until the host ends the connection, but stop beyond `limit`."""
        while len(self._buffer) <= limit and self._more():
            pass
        taken = bytes(self._buffer)
        self._buffer.clear()
        return taken

    def malformed(self, problem: str) -> ConnectionFailed:
        """What to raise for an answer that is no HTTP."""
        return ConnectionFailed(self.host, f"what it sent is not HTTP ({problem})", sent=True)

    def _truncated(self) -> ConnectionFailed:
        problem = "it closed the connection" + (" before its answer was complete" if self.has_begun else "")
        return ConnectionFailed(self.host, problem, sent=True)

    def _more(self) -> bool:
        received = self._receive()
        self._buffer += received
        self.received += len(received)
        return bool(received)


def basic(username: str, password: Secret) -> str:
    """The `Authorization`, or `Proxy-Authorization`, for a user name and password (RFC 7617)."""
    return (
        "Basic "
        + binascii.b2a_base64(
            f"{username}:{password.reveal()}".encode("utf-8", "surrogateescape"), newline=False
        ).decode()
    )


def write_request(method: str, target: str, headers: Mapping[str, str], body: bytes) -> bytes:
    """
    Put a request into bytes.

    Raises:
        ValueError: a name or value would be read as something else; whoever wrote it must check foreign text first.
    """
    lines = [f"{method} {target} HTTP/1.1"]
    for name, value in headers.items():
        if not _is_name(name) or (not value.isprintable() and re.search(r"[\x00-\x08\x0a-\x1f\x7f]", value)):
            raise ValueError(f"the header {name!r} cannot be sent")
        lines.append(f"{name}: {value}")
    if body or method in {"PUT", "POST", "PATCH"}:
        lines.append(f"Content-Length: {len(body)}")
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def read_response(reader: Reader, method: str, largest_body: int) -> tuple[Response, bool]:
    """
    Read one answer to `method`, and whether the connection may be used again.

    Of a refusal (400 and above) the status is what matters: of its body at most 64 KiB are read, nothing if it is
    compressed.

    Raises:
        ConnectionFailed: it is not complete, or not HTTP.
        TooLarge: its body is larger than `largest_body`.
        BadResponse: it is compressed although nobody asked for that.
    """
    status, is_persistent, headers = _read_head(reader)
    while 100 <= status < 200:
        if status == 101:
            raise reader.malformed("it changed the protocol")
        status, is_persistent, headers = _read_head(reader)
    if method == "HEAD" or status in {204, 304} or (method == "CONNECT" and 200 <= status < 300):
        return Response(status, headers), is_persistent and reader.is_empty
    limit = _Limit(min(largest_body, LARGEST_REFUSAL), is_cut=True) if status >= 400 else _Limit(largest_body)
    body, is_framed = _read_body(reader, headers, limit)
    return Response(status, headers, body), is_persistent and is_framed and reader.is_empty


def _read_head(reader: Reader) -> tuple[int, bool, Headers]:
    status_line = reader.line(LARGEST_HEAD)
    version, _, rest = status_line.partition(b" ")
    code, _, _ = rest.partition(b" ")
    is_version = len(version) == len(b"HTTP/1.1") and version.startswith(b"HTTP/1.") and version[7:].isdigit()
    if not is_version or len(code) != 3 or not code.isdigit() or code.startswith(b"0"):
        raise reader.malformed("no status line")
    fields: list[tuple[str, str]] = []
    left = LARGEST_HEAD - len(status_line)
    while line := reader.line(left):
        left -= len(line)
        text = line.decode("latin-1")
        if text[0] in " \t" and fields:  # obs-fold
            name, value = fields.pop()
            fields.append((name, f"{value} {text.strip()}".strip()))
            continue
        name, colon, value = text.partition(":")
        if not colon or not _is_name(name):
            raise reader.malformed("a header without a name")
        fields.append((name.lower(), value.strip(" \t")))
    headers = Headers(tuple(fields))
    connection = headers.tokens("connection")
    is_persistent = "close" not in connection if version != b"HTTP/1.0" else "keep-alive" in connection
    return int(code), is_persistent, headers


def _is_name(text: str) -> bool:
    return bool(text) and _NAME.issuperset(text)


class _Limit(Struct, frozen=True):
    """How large a body may be; `is_cut` says that of a larger one the beginning is taken."""

    size: int
    is_cut: bool = False

    def check(self, reader: Reader, size: int) -> None:
        """Refuse a body that is larger than it may be, unless its beginning is enough."""
        if size > self.size and not self.is_cut:
            shown = f"{self.size // 1024} KiB" if self.size >= 1024 else f"{self.size} bytes"
            raise TooLarge(reader.host, f"it is larger than {shown}")


def _read_body(reader: Reader, headers: Headers, limit: _Limit) -> tuple[bytes, bool]:
    """Read the body, and tell whether the next answer begins just behind what was read."""
    if foreign := set(headers.tokens("content-encoding")) - {"", "identity"}:
        if limit.is_cut:
            return b"", False
        raise BadResponse(reader.host, f"it is compressed ({min(foreign)[:20]}), which was not asked for")
    if codings := headers.tokens("transfer-encoding"):
        if codings != ["chunked"]:
            raise reader.malformed("an unknown transfer encoding")
        body, is_complete = _read_chunks(reader, limit)
        # Both framings at once may be two answers to somebody on the way (RFC 9112, 6.1): do not go on after it.
        return body, is_complete and headers.get("content-length") is None
    lengths = set(headers.tokens("content-length"))
    if not lengths:
        body = reader.rest(limit.size)
        limit.check(reader, len(body))
        return body[: limit.size], False
    length = lengths.pop()
    if lengths or not (length.isascii() and length.isdigit() and len(length) <= 18):
        raise reader.malformed("its length is unclear")
    size = int(length)
    limit.check(reader, size)
    return reader.take(min(size, limit.size)), size <= limit.size


def _read_chunks(reader: Reader, limit: _Limit) -> tuple[bytes, bool]:
    body = bytearray()  # not a list of chunks: each of those may be of one byte
    while True:
        size_text = reader.line(_LONGEST_CHUNK_LINE).partition(b";")[0].strip(b" \t")
        if not re.fullmatch(b"[0-9a-fA-F]{1,15}", size_text):
            raise reader.malformed("a chunk without a size")
        size = int(size_text, 16)
        if size == 0:
            break
        limit.check(reader, len(body) + size)
        fits = size <= limit.size - len(body)
        body += reader.take(min(size, limit.size - len(body)))
        if not fits:
            return bytes(body), False
        if reader.take(2) != b"\r\n":
            raise reader.malformed("a chunk longer than its size")
    budget = LARGEST_HEAD
    while trailer := reader.line(budget):
        budget -= len(trailer)
    return bytes(body), True
