"""Absolute URLs, read so strictly that no two readers can disagree about the host."""

import re
from collections.abc import Iterable
from typing import Final

from msgspec import Struct

from figwasp.errors import FigwaspError

DEFAULT_PORTS: Final = {"http": 80, "https": 443}

_UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")

_LONGEST_HOST: Final = 253
"""Characters of a name (RFC 1035): a longer one is nobody's, and would stand in messages."""

_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?:(?P<host>[a-z0-9_](?:[a-z0-9._-]*+))|\[(?P<ipv6>[0-9a-f]*+:[0-9a-f:.]*+)\])(?::(?P<port>[0-9]{1,5}))?"
    r"(?P<target>[/?][!-\"$-\[\]-~]*+)?(?:\#[!-~]*+)?",
    re.IGNORECASE | re.ASCII,
)


class Url(Struct, frozen=True):
    """
    An http or https URL without user, password and fragment.

    `host` is lower case and, for IPv6, without brackets; `target` is the path and query, as they are sent.
    """

    scheme: str
    host: str
    port: int
    target: str = "/"

    @classmethod
    def parse(cls, text: str) -> "Url":
        """
        Read a URL.

        Raises:
            FigwaspError: it is none. Shows nothing of the text, which may hold a password or a signature.
        """
        found = _URL.fullmatch(text)
        port = int(found["port"]) if found and found["port"] else 0
        if found is None or port > 65535 or len(found["host"] or "") > _LONGEST_HOST:
            raise FigwaspError("it is not an absolute http or https URL without user name")
        scheme = found["scheme"].lower()
        target = found["target"] or "/"
        return cls(
            scheme,
            (found["host"] or found["ipv6"]).lower(),
            port or DEFAULT_PORTS[scheme],
            target if target.startswith("/") else f"/{target}",
        )

    @property
    def origin(self) -> tuple[str, str, int]:
        """What must be equal for two URLs to belong to one server."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """Host and port as they are written in a URL; a default port is left out."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def address(self) -> str:
        """Host and port, always with the port."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}{self.target}"

    def join(self, reference: str) -> "Url":
        """
        The URL that `reference` (such as a redirect's Location) means where this one is the base.

        Raises:
            FigwaspError: it is none.
        """
        from urllib.parse import urljoin  # noqa: PLC0415 - a rare path, and 5 ms

        try:
            joined = urljoin(str(self), reference)
        except ValueError:  # a bracket without its other half, and the like; its text may quote what must not be shown
            joined = ""
        return Url.parse(joined)

    def with_query(self, parameters: Iterable[tuple[str, str]]) -> "Url":
        """The same URL with `parameters` added to its query."""
        added = "&".join(f"{quote(name)}={quote(value)}" for name, value in parameters)
        joint = "&" if "?" in self.target else "?"
        return Url(self.scheme, self.host, self.port, f"{self.target}{joint}{added}" if added else self.target)


def quote(text: str) -> str:
    """Percent-encode all that could mean something in a URL (RFC 3986, 2.3)."""
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in text.encode())
