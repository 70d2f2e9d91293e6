"""
Logins: which of a pod's pull secrets fits which image, exactly as the kubelet chooses.

Source: kubernetes pkg/credentialprovider/keyring.go and config.go (1.33 and later; the same rules since 1.x).
"""

import binascii
import re
from collections.abc import Iterable, Mapping
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

    @property
    def is_nobodys(self) -> bool:
        """
        Whether there is no user name: whatever the password, no runtime logs in with it, and asks as anybody.

        Source: containerd internal/cri/server/images/image_pull.go, ParseAuth; cri-o server/image_pull.go.
        """
        return not self.username

    @property
    def proof(self) -> tuple[str, Secret]:
        """What a registry is shown: the same where several pull secrets hold one login."""
        return self.username, self.password

    def __repr__(self) -> str:
        return f"Credential(***, {self.source!r})"  # some registries take a token for a user name


class Login(Struct, frozen=True):
    """The credentials to try for an image, in order; `ANONYMOUS` has none."""

    candidates: tuple[Credential, ...] = ()

    @property
    def proofs(self) -> tuple[tuple[str, Secret], ...]:
        """What a registry is shown, one after another."""
        return tuple(each.proof for each in self.candidates)

    def named_as(self, own: "Login") -> "Login":
        """The same, from the pull secrets that `own` has it from."""
        return Login(tuple(each for proof in self.proofs for each in own.candidates if each.proof == proof)[:1])

    @property
    def source(self) -> str:
        """Where the credentials come from, for people."""
        return ", ".join(dict.fromkeys(each.source for each in self.candidates)) or "no login"


ANONYMOUS: Final = Login()


_SIZE_OF_ENTRY = 512


class Entry(Struct, frozen=True):
    """One `auths` entry of a pull secret; `host` (a pattern, with the port) and `path` are its normalised key."""

    host: str
    path: str
    credential: Credential

    @property
    def key(self) -> str:
        """The normalised key."""
        return self.host + self.path

    @property
    def size(self) -> int:
        """Bytes, about, that it takes."""
        credential = self.credential
        texts = (self.host, self.path, credential.username, credential.password.reveal())
        return _SIZE_OF_ENTRY + sum(map(len, texts))


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
        """What a node logs in with for `name`: the credentials that fit it, in order, but for those of nobody."""
        found = tuple(each for each in self.credentials(name) if not each.is_nobodys)
        return Login(found) if found else ANONYMOUS

    def credentials(self, name: str) -> tuple[Credential, ...]:
        """Every credential that fits `name` (registry and repository, always with the registry), in order."""
        if name.startswith("[") and not _is_ipv6(name[1 : name.find("]")]):
            return ()  # what Go's net/url refuses, no key fits
        found = tuple(entry.credential for entry in self.entries if _matches(entry, name))
        if not found and name.startswith("docker.io/"):
            found = tuple(entry.credential for entry in self.entries if entry.key == "index.docker.io")
        return found


def login_hosts(entries: Iterable[Entry]) -> str:
    """Name the hosts that `entries` have logins for, empty if there are none."""
    return ", ".join(dict.fromkeys(each.host for each in entries if not each.credential.is_nobodys))


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
        auths = _read_auths(_unbase64(data[field]), is_old=kind == "kubernetes.io/dockercfg")
    except _TooMany:
        raise PullSecretError(f"{source} has more than {MOST_LOGINS} logins, which are not read") from None
    except (msgspec.MsgspecError, ValueError, RecursionError):
        # `from None`: the decoder's own message may quote what the secret holds.
        raise PullSecretError(
            f"{source} does not hold a valid {field.removeprefix('.')}",
            hint="create it anew with kubectl create secret docker-registry",
        ) from None
    read = ((key, _credential(key, auth, source)) for key, auth in auths.items())
    return tuple(Entry(*address, credential) for key, credential in read if (address := _address(key)))


_FIELDS = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}
"""The key of `data` that a Secret of each type must have; with another one it is passed over."""


MOST_LOGINS = 1024
"""How many logins of one secret are read; one may have a hundred thousand, and of each something is kept."""


class _TooMany(Exception):
    """There are more logins than are read."""


_Json = dict[str, msgspec.Raw] | None  # Go reads null as nothing, so the kubelet takes a null anywhere


def _read_auths(content: bytes, *, is_old: bool) -> dict[str, dict[str, str]]:
    """The fields of each entry of a pull secret, by its key."""
    if content.count(b"{") > MOST_LOGINS + 3:  # the others are the objects that they lie in, and `HttpHeaders`
        raise _TooMany
    try:
        content.decode()
    except UnicodeDecodeError:  # Go puts one replacement for each byte that is not UTF-8
        content = re.sub("[\udc80-\udcff]", "\ufffd", content.decode("utf-8", "surrogateescape")).encode()
    if not is_old:
        fields = _fields(content, "auths", "httpheaders")
        msgspec.json.decode(fields.get("httpheaders", b"null"), type=dict[str, str | None] | None)
        content = bytes(fields.get("auths", b"null"))
    auths = msgspec.json.decode(content, type=_Json) or {}
    return {key: _texts(auth) for key, auth in auths.items()}


def _texts(auth: msgspec.Raw) -> dict[str, str]:
    found = _fields(auth, "username", "password", "email", "auth")
    return {name: msgspec.json.decode(value, type=str) for name, value in found.items()}


def _fields(content: bytes | msgspec.Raw, *names: str) -> dict[str, msgspec.Raw]:
    """The values of `names` in an object. Go takes the names in any case, and with the long s; null changes nothing."""
    found = msgspec.json.decode(content, type=_Json) or {}
    folded = ((name.lower().replace("\N{LATIN SMALL LETTER LONG S}", "s"), value) for name, value in found.items())
    return {name: value for name, value in folded if name in names and bytes(value) != b"null"}


def _credential(key: str, auth: Mapping[str, str], source: str) -> Credential:
    username, password = auth.get("username", ""), auth.get("password", "")
    if encoded := auth.get("auth"):
        try:
            decoded = _unbase64(encoded.replace("\n", "").replace("\r", ""))
        except ValueError:
            decoded = b""
        # A password need not be UTF-8; the same bytes come out where it is sent.
        username, colon, password = decoded.decode("utf-8", "surrogateescape").partition(":")
        if not colon:
            shown = shorten(key.rpartition("@")[2])  # a key may hold a user's password before an @
            raise PullSecretError(
                f'{source} has an unreadable "auth" for {shown}: it must be base64 of user:password'
            ) from None
    return Credential(username, Secret(password), source)


def _unbase64(text: str) -> bytes:
    padded = text if text.endswith("=") else text + "=" * (-len(text) % 4)
    # `strict_mode` of binascii takes padding where none belongs.
    if len(padded) % 4 or not re.fullmatch("[A-Za-z0-9+/]*+={0,2}", padded):
        raise ValueError
    return binascii.a2b_base64(padded)


_USER = r"(?:[A-Za-z0-9._:~!$&'()*+,;=@-]|%[0-9A-Fa-f]{2})*"
_HOST = r"[A-Za-z0-9._*-]++(?::[0-9]*+)?|\[[0-9A-Fa-f:]++\]:[0-9]++"
_BROKEN_ESCAPE = "%(?![0-9A-Fa-f]{2})"
_NEVER_IN_A_NAME = r"[\x00-\x1f\x7f?#%]"


def _address(key: str) -> tuple[str, str] | None:
    """
    Host pattern and path of the URL that `key` is, with or without its scheme.

    None where it fits no image: the kubelet passes over what Go's net/url refuses, and other hosts than those of
    `_HOST` no reference can have.
    """
    url, _, fragment = re.sub("^https?://", "", key).partition("#")
    authority, slash, rest = url.partition("?")[0].partition("/")
    user, _, host = authority.rpartition("@")
    is_refused = (
        re.search(r"[\x00-\x1f\x7f]", url)
        or re.search(_BROKEN_ESCAPE, rest + "/" + fragment)
        or not re.fullmatch(_USER, user)
        or not re.fullmatch(_HOST, host)
        or (host.startswith("[") and not _is_ipv6(host[1 : host.index("]")]))
    )
    path = slash + _unescape(rest)
    if is_refused or re.search(_NEVER_IN_A_NAME, path):
        return None
    if path.startswith(("/v1/", "/v2/")):
        path = path[3:]
    return host, "" if path == "/" else path


def _unescape(path: str) -> str:
    if "%" not in path:
        return path
    from urllib.parse import unquote  # noqa: PLC0415 - 5 ms, for what hardly any key has

    return unquote(path, errors="surrogateescape")


def _is_ipv6(text: str) -> bool:
    from ipaddress import IPv6Address  # noqa: PLC0415 - hardly any key has one

    try:
        IPv6Address(text)
    except ValueError:
        return False
    return True


def _matches(entry: Entry, name: str) -> bool:
    host, _, path = name.partition("/")
    return f"/{path}".startswith(entry.path) and _fits(entry.host, host)


def _fits(pattern: str, host: str) -> bool:
    """Whether the ports are the same text, and every label of `host` fits its own of `pattern`, where * is any text."""
    (pattern, pattern_port), (host, port) = _split_port(pattern), _split_port(host)
    patterns, labels = pattern.split("."), host.split(".")
    return pattern_port == port and len(patterns) == len(labels) and all(map(fnmatchcase, labels, patterns))


def _split_port(host: str) -> tuple[str, str]:
    """Host and port. As in Go, an IPv6 address loses its brackets only where a port follows."""
    if not host.startswith("["):
        return host.partition(":")[::2]
    address, colon, port = host.rpartition("]:")
    return (address[1:], port) if colon else (host, "")
