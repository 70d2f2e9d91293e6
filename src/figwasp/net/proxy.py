"""
Which proxy a request goes through, read from the environment as Go programs read it.

Source: golang.org/x/net/http/httpproxy.
"""

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from msgspec import Struct

from figwasp.core.credential import Secret
from figwasp.core.url import Url
from figwasp.errors import UsageError
from figwasp.net.http1 import basic

if TYPE_CHECKING:
    from ipaddress import IPv4Address, IPv6Address

_PORTS: Final = {"http": 80, "https": 443, "socks5": 1080}


class ProxyUrl(Struct, frozen=True):
    """A proxy, and the login for it (`user` is empty where there is none)."""

    scheme: str
    host: str
    port: int
    user: str = ""
    password: Secret = Secret("")

    @classmethod
    def parse(cls, text: str) -> "ProxyUrl | None":
        """Read a proxy's URL, or host and port alone for an http proxy; None where it is neither."""
        if not re.match("[a-zA-Z][a-zA-Z0-9+.-]*://[^/]", text):
            text = f"http://{text}"
        scheme, _, rest = text.partition("://")
        authority = re.split("[/?#]", rest, maxsplit=1)[0]
        login, _, address = authority.rpartition("@")
        found = re.fullmatch(
            r"(?:\[(?P<ipv6>[0-9a-fA-F:.]+)\]|(?P<host>[^\[\]:\s]+))(?::(?P<port>[0-9]{1,5})?)?", address
        )
        scheme = scheme.lower()
        port = int((found and found["port"]) or _PORTS.get(scheme, 80))
        if found is None or port > 65535:
            return None
        user, _, password = login.partition(":")
        return cls(scheme, found["ipv6"] or _ascii(found["host"]), port, _unquote(user), Secret(_unquote(password)))

    @property
    def address(self) -> str:
        """Host and port, without the login."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def authorization(self) -> str | None:
        """The `Proxy-Authorization` to send, None for none."""
        if not self.user and not self.password.reveal():
            return None
        return basic(self.user, self.password)


class Proxies(Struct, frozen=True):
    """The proxies for http and https targets, and the targets (`NO_PROXY`) that are reached without."""

    http: ProxyUrl | None = None
    https: ProxyUrl | None = None
    exceptions: tuple[str, ...] = ()
    always: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> "Proxies":
        """
        Read HTTP_PROXY, HTTPS_PROXY and NO_PROXY, or the same in lower case where these are not set.

        Raises:
            UsageError: a proxy cannot be understood. Going without one would show requests to whom they must not be
                shown. Shows nothing of the value, which may hold a password.
        """
        problems: list[str] = []

        def proxy(name: str) -> ProxyUrl | None:
            name = name if environ.get(name) else name.lower()
            text = environ.get(name)
            found = ProxyUrl.parse(text) if text else None
            if text and not found:
                problems.append(f"{name} is not the URL of a proxy")
            return found

        http, https = proxy("HTTP_PROXY"), proxy("HTTPS_PROXY")
        if problems:
            raise UsageError(problems, hint="write it as http://host:port")
        listed = environ.get("NO_PROXY") or environ.get("no_proxy") or ""
        exceptions = (entry.strip().lower() for entry in listed.split(","))
        return cls(http, https, tuple(entry for entry in exceptions if entry))

    @classmethod
    def only(cls, proxy: ProxyUrl) -> "Proxies":
        """One proxy for everything, whatever the environment says (a kubeconfig's `proxy-url`)."""
        return cls(proxy, proxy, always=True)

    def for_url(self, url: Url) -> ProxyUrl | None:
        """The proxy that a request to `url` goes through, None for none."""
        proxy = self.https if url.scheme == "https" else self.http
        return None if proxy is None or (not self.always and self._is_exempt(url.host, url.port)) else proxy

    def _is_exempt(self, host: str, port: int) -> bool:
        if host == "localhost" or "*" in self.exceptions:
            return True
        ip = _ip(host)
        if ip is None:
            return any(_names(entry, host, port) for entry in self.exceptions)
        return ip.is_loopback or any(_holds(entry, ip, port) for entry in self.exceptions)


NO_PROXIES: Final = Proxies()


def _names(entry: str, host: str, port: int) -> bool:
    name, wanted_port = _split(entry)
    name = _ascii(name[1:] if name.startswith("*.") else name)
    if not name or wanted_port not in {"", str(port)}:
        return False
    return host.endswith(name) if name.startswith(".") else host == name or host.endswith(f".{name}")


def _holds(entry: str, ip: "IPv4Address | IPv6Address", port: int) -> bool:
    if re.fullmatch("[^/]+/[0-9]+", entry):
        import ipaddress  # noqa: PLC0415 - most have no proxy

        try:
            return ip in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    host, wanted_port = _split(entry)
    return _ip(host) == ip and wanted_port in {"", str(port)}


def _split(entry: str) -> tuple[str, str]:
    """Host and port of an entry; as in Go, brackets belong to the host unless a port follows."""
    found = re.fullmatch(r"(?:\[([^\[\]]*)\]|([^\[\]:]*)):([^:]*)", entry)
    return (found[1] or found[2] or "", found[3]) if found else (entry, "")


def _ip(host: str) -> "IPv4Address | IPv6Address | None":
    import ipaddress  # noqa: PLC0415 - most have no proxy

    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        return None
    return getattr(ip, "ipv4_mapped", None) or ip


def _ascii(host: str) -> str:
    if host.isascii():
        return host.lower()
    try:
        return ".".join(label.encode("idna").decode() for label in host.lower().split("."))
    except UnicodeError:
        return host


def _unquote(text: str) -> str:
    if "%" not in text:
        return text
    from urllib.parse import unquote  # noqa: PLC0415 - few proxies want a login

    return unquote(text)
