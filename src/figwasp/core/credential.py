"""
Logins: which of a pod's pull secrets fits which image, exactly as the kubelet chooses.

Source: kubernetes pkg/credentialprovider/keyring.go and config.go (1.33 and later; the same rules since 1.x).
"""

import binascii
import re
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Final

import msgspec
from msgspec import Struct

from figwasp.errors import PullSecretError, shorten


class Secret:
    """A text that must not be shown: masked in `str` and `repr`, read by `reveal()` at its one use."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The text itself."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__


class Credential(Struct, frozen=True):
    """A user name and password; `source` names the pull secret that they come from, for people."""

    username: str
    password: Secret
    source: str


class Login(Struct, frozen=True):
    """The credentials to try for an image, in order; `ANONYMOUS` has none."""

    candidates: tuple[Credential, ...] = ()

    @property
    def source(self) -> str:
        """Where the credentials come from, for people."""
        return ", ".join(dict.fromkeys(each.source for each in self.candidates)) or "no login"


ANONYMOUS: Final = Login()


class Entry(Struct, frozen=True):
    """One `auths` entry of a pull secret; `host` and `path` are its normalised key."""

    host: str
    path: str
    credential: Credential

    @property
    def key(self) -> str:
        """The normalised key."""
        return self.host + self.path


class Keyring(Struct, frozen=True):
    """The entries of all pull secrets of a pod, in the order in which they are tried."""

    entries: tuple[Entry, ...] = ()

    @classmethod
    def of(cls, entries: tuple[Entry, ...]) -> "Keyring":
        """
        Put `entries` (in the order of the secrets) into the kubelet's order.

        Keys are tried in reverse string order, so that a longer path comes before a shorter one of the same host;
        entries of one key stay in the order of the secrets.
        """
        return cls(tuple(sorted(entries, key=lambda entry: entry.key, reverse=True)))

    def login(self, name: str) -> Login:
        """Every credential that fits `name` (registry and repository, always with the registry), in order."""
        found = tuple(entry.credential for entry in self.entries if _matches(entry, name))
        if not found and name.startswith("docker.io/"):
            found = tuple(entry.credential for entry in self.entries if entry.key == "index.docker.io")
        return Login(found) if found else ANONYMOUS


# Go reads null as nothing, so the kubelet takes a null anywhere.
class _AuthJson(Struct):
    username: str | None = None
    password: str | None = None
    auth: str | None = None


_Auths = dict[str, _AuthJson | None]


class _ConfigJson(Struct):
    auths: _Auths | None = None


def parse_pull_secret(kind: str, data: Mapping[str, str], *, source: str) -> tuple[Entry, ...]:
    """
    Read the entries of a pull secret; a secret of another type has none, as for the kubelet.

    Args:
        kind: the Secret's `type`.
        data: its `data`, values in base64.
        source: what the secret is called in messages, such as `secret shop/pull`.

    Raises:
        PullSecretError: the kubelet could not read it either. Never shows content.
    """
    field = _FIELDS.get(kind, "")
    if not data.get(field):
        return ()
    try:
        content = _unbase64(data[field])
        if kind == "kubernetes.io/dockercfg":
            auths: _Auths | None = msgspec.json.decode(content, type=_Auths)
        else:
            auths = msgspec.json.decode(content, type=_ConfigJson).auths
    except (msgspec.MsgspecError, ValueError, RecursionError):
        # `from None`: the decoder's own message may quote what the secret holds.
        raise PullSecretError(
            f"{source} does not hold a valid {field.removeprefix('.')}",
            hint="create it anew with kubectl create secret docker-registry",
        ) from None
    return tuple(_entry(key, auth or _AuthJson(), source) for key, auth in (auths or {}).items())


_FIELDS = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}
"""The key of `data` that a Secret of each type must have; with another one it is passed over."""


def _entry(key: str, auth: _AuthJson, source: str) -> Entry:
    host, path = _normalise(key)
    username, password = auth.username or "", auth.password or ""
    if auth.auth:
        try:
            username, colon, password = _unbase64(auth.auth.replace("\n", "").replace("\r", "")).decode().partition(":")
        except ValueError:
            colon = ""
        if not colon:
            shown = shorten((host + path).rpartition("@")[2])  # a key may hold a user's password before an @
            raise PullSecretError(
                f'{source} has an unreadable "auth" for {shown}: it must be base64 of user:password'
            ) from None
    return Entry(host, path, Credential(username, Secret(password), source))


def _unbase64(text: str) -> bytes:
    padded = text if text.endswith("=") else text + "=" * (-len(text) % 4)
    return binascii.a2b_base64(padded, strict_mode=True)


def _normalise(key: str) -> tuple[str, str]:
    without_scheme = re.sub("^https?://", "", key)
    host, slash, rest = without_scheme.partition("/")
    path = slash + rest
    if path.startswith(("/v1/", "/v2/")):
        path = path[3:]
    return host, "" if path == "/" else path


def _matches(entry: Entry, name: str) -> bool:
    host, _, path = name.partition("/")
    pattern_host, _, pattern_port = entry.host.partition(":")
    target_host, _, target_port = host.partition(":")
    if pattern_port != target_port or not f"/{path}".startswith(entry.path):
        return False
    patterns, labels = pattern_host.split("."), target_host.split(".")
    return len(patterns) == len(labels) and all(map(fnmatchcase, labels, patterns))
