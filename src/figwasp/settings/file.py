"""The settings file, TOML: what is not as usual at single registries. Reports all problems at once."""

import difflib
import os
import re
import tomllib
from collections.abc import Mapping
from typing import Any, Final

from msgspec import Struct

from figwasp.core.names import DNS_LABEL, DNS_NAME
from figwasp.core.reference import DOCKER_HUB, Reference
from figwasp.core.registry_settings import USUAL, RegistrySettings
from figwasp.core.url import Url
from figwasp.errors import FigwaspError, UsageError, shorten

_TABLE: Final = "registry"
_DOCKER_HUB: Final = {"index.docker.io", "registry-1.docker.io", "hub.docker.com"}


class Key(Struct, frozen=True):
    """A setting of one registry, as the file has it."""

    name: str
    kind: str
    default: str
    meaning: str


KEYS: Final = (
    Key("ca", "file", "", "CA certificates (PEM) to trust for it, besides the system's and `--registry-ca`"),
    Key(
        "insecure", "true or false", "false", "do not look at its certificate: whoever is on the way can read the login"
    ),
    Key("plain_http", "true or false", "false", "ask it without encryption, logins too"),
    Key(
        "mirror",
        "host[:port][/prefix]",
        "",
        "asked first, without a login, as your nodes ask it; what it does not have (404) is asked of the registry "
        "itself",
    ),
    Key("concurrency", "number", str(USUAL.concurrency), f"requests under way at a time, 1 to {USUAL.concurrency}"),
    Key(
        "pull_secret",
        "namespace/name",
        "",
        "a pull secret for images that the workload has no login for: for what your nodes may pull by a login of their "
        "own",
    ),
    Key(
        "token_server",
        "host[:port]",
        "",
        "may give its tokens, and be shown logins for it, though it lies in another domain; by https only, unless "
        "`plain_http` is set",
    ),
)
"""Every setting of `[registry."HOST"]`."""


def read_settings_file(path: str) -> dict[str, RegistrySettings]:
    """
    Read what the file says of registries, by their names as images have them; files that it names lie beside it.

    Raises:
        UsageError: names every problem, with its place.
    """
    try:
        with open(path, "rb") as file:  # noqa: PTH123 - pathlib takes 5 ms to load
            text = file.read().decode("utf-8-sig")  # with the byte order mark that some editors write
        tables = tomllib.loads(text)
    except OSError as error:
        raise UsageError([f"{path}: {(error.strerror or str(error)).lower()}"]) from error
    except UnicodeDecodeError as error:
        raise UsageError([f"{path}: it is no text (UTF-8)"]) from error
    except tomllib.TOMLDecodeError as error:
        raise UsageError([f"{path}: it is no TOML: {shorten(str(error))}"]) from error
    reading = _Reading(path, text)
    registries = reading.registries(tables)
    if reading.problems:
        raise UsageError(reading.problems)
    return registries


class _Reading:
    """One file being read, and what is wrong with it."""

    def __init__(self, path: str, text: str) -> None:
        self._path = path
        self._lines = _lines(text)
        self.problems: list[str] = []

    def registries(self, tables: Mapping[str, Any]) -> dict[str, RegistrySettings]:
        """What is said of each registry."""
        for name in (each for each in tables if each != _TABLE):
            self._unknown((name,), [_TABLE])
        found = tables.get(_TABLE, {})
        if not isinstance(found, dict):
            self._problem((_TABLE,), f'it must be a table for each registry, such as [{_TABLE}."ghcr.io"]')
            return {}
        return {host: self._registry(host, table) for host, table in found.items()}

    def _registry(self, host: str, table: object) -> RegistrySettings:
        place = (_TABLE, host)
        if problem := _wrong_host(host):
            self._problem(place, problem)
        if not isinstance(table, dict):
            self._problem(place, f'it must be a table: [{_TABLE}."{shorten(host, 80)}"]')
            return USUAL
        known = [each.name for each in KEYS]
        for name in (each for each in table if each not in known):
            self._unknown((*place, name), known)
        if table.get("plain_http") is True and (table.get("insecure") is True or "ca" in table):
            self._problem(place, "plain_http has no certificate to look at: leave out ca and insecure")
        return RegistrySettings(
            ca_file=self._ca(place, table),
            insecure=self._flag((*place, "insecure"), table),
            plain_http=self._flag((*place, "plain_http"), table),
            mirror=self._mirror((*place, "mirror"), table),
            concurrency=self._concurrency((*place, "concurrency"), table),
            pull_secret=self._pull_secret((*place, "pull_secret"), table),
            token_server=self._token_server((*place, "token_server"), table),
        )

    def _ca(self, place: tuple[str, ...], table: Mapping[str, Any]) -> str:
        text = self._text((*place, "ca"), table, "the name of a file")
        path = os.path.join(os.path.dirname(self._path), text) if text else ""  # noqa: PTH118, PTH120 - see above
        if path and not os.access(path, os.R_OK):
            self._problem((*place, "ca"), f'there is no file "{shorten(path)}" that can be read')
        return path

    def _flag(self, place: tuple[str, ...], table: Mapping[str, Any]) -> bool:
        value = table.get(place[-1], False)
        if not isinstance(value, bool):
            meant = f", without quotes ({value.lower()})" if str(value).lower() in {"true", "false"} else ""
            self._problem(place, f"it must be true or false{meant}")
            return False
        return value

    def _mirror(self, place: tuple[str, ...], table: Mapping[str, Any]) -> str:
        text = self._text(place, table, "a host, such as mirror.example.com")
        host, _, prefix = text.partition("/")
        if text and (_wrong_host(host) or _wrong_host(host, prefix)):
            self._problem(place, f'"{shorten(text, 80)}" is no host[:port][/prefix], such as mirror.example.com')
        return text

    def _concurrency(self, place: tuple[str, ...], table: Mapping[str, Any]) -> int:
        value = table.get(place[-1], USUAL.concurrency)
        if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= USUAL.concurrency:
            self._problem(place, f"it must be a number from 1 to {USUAL.concurrency}")
            return USUAL.concurrency
        return value

    def _pull_secret(self, place: tuple[str, ...], table: Mapping[str, Any]) -> tuple[str, str] | None:
        text = self._text(place, table, "namespace/name")
        namespace, slash, name = text.partition("/")
        if text and not (slash and re.fullmatch(DNS_LABEL, namespace) and re.fullmatch(DNS_NAME, name)):
            self._problem(place, f'"{shorten(text, 80)}" names no secret: say namespace/name')
        return (namespace, name) if text else None

    def _token_server(self, place: tuple[str, ...], table: Mapping[str, Any]) -> str:
        text = self._text(place, table, "a host, such as auth.example.com")
        if text and not _is_host(text):
            self._problem(place, f'"{shorten(text, 80)}" is no host[:port], such as auth.example.com')
        return text

    def _text(self, place: tuple[str, ...], table: Mapping[str, Any], what: str) -> str:
        value = table.get(place[-1], "")
        if not isinstance(value, str) or (place[-1] in table and not value):
            self._problem(place, f"it must be {what}, in quotes")
            return ""
        return value

    def _unknown(self, place: tuple[str, ...], known: list[str]) -> None:
        near = difflib.get_close_matches(place[-1].lower().replace("-", "_"), known, n=1)
        meant = f'did you mean "{near[0]}"?' if near else f"there are: {', '.join(known)}"
        self._problem(place, f"there is no such setting ({meant})")

    def _problem(self, place: tuple[str, ...], problem: str) -> None:
        line = self._lines.get(place)
        at = f"{self._path}:{line}" if line else self._path
        key = ".".join(part if re.fullmatch(r"[\w-]+", part) else f'"{shorten(part, 80)}"' for part in place)
        self.problems.append(f"{at}: {key}: {problem}")


def _wrong_host(host: str, prefix: str = "") -> str:
    """Why images cannot have this registry (and begin with this prefix in it), empty if they can."""
    if host in _DOCKER_HUB:
        return f'images of it are called otherwise: "{DOCKER_HUB}"'
    try:
        Url.parse(f"https://{host}")  # the grammar of references allows ports that do not exist
        registry = Reference.parse("/".join(filter(None, (host, prefix, "app")))).registry
    except FigwaspError:
        registry = ""
    return "" if registry == host != "" else "it is no registry as images name it, such as registry.example.com:5000"


def _is_host(text: str) -> bool:
    try:
        Url.parse(f"https://{text}")
    except FigwaspError:
        return False
    return not set("/?#") & set(text)


def _lines(text: str) -> dict[tuple[str, ...], int]:
    """In which line each table and key begins, as far as that can be told line by line."""
    found: dict[tuple[str, ...], int] = {}
    table: tuple[str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        begin = line.strip()
        try:
            keys = _keys(tomllib.loads(begin if begin.startswith("[") else begin.partition("=")[0] + "= 0"))
        except tomllib.TOMLDecodeError:
            continue
        if begin.startswith("["):
            table, keys = keys, ()
        place = (*table, *keys)
        for length in range(1, len(place) + 1):  # what a table is in begins with it
            found.setdefault(place[:length], number)
    return found


def _keys(tables: Mapping[str, Any]) -> tuple[str, ...]:
    keys: list[str] = []
    while isinstance(tables, dict) and tables:
        name, tables = next(iter(tables.items()))
        keys.append(name)
    return tuple(keys)
