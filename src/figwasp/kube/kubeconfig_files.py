"""
Kubeconfig files as they are written: read, and merged where there are several.

Source: client-go, tools/clientcmd (loader.go) and its api/v1/types.go.
"""

import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from figwasp.core.credential import Secret
from figwasp.errors import KubeconfigError, printable, shorten
from figwasp.kube.exec_plugin import Plugin
from figwasp.kube.files import is_file, read_text
from figwasp.kube.identity import NO_SECRET, as_secret


class Extension(Struct, frozen=True):
    """What other programs keep with a cluster; read again by whoever wants its content."""

    name: str = ""


class Cluster(Struct, frozen=True, rename="kebab"):
    """Where an API server is, and whom to trust there."""

    server: str = ""
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    insecure_skip_tls_verify: bool = False
    tls_server_name: str = ""
    proxy_url: Secret = NO_SECRET
    extensions: list[Extension] = []


class AuthProvider(Struct, frozen=True):
    """A way to log in that Kubernetes has dropped, without its tokens."""

    name: str = ""


class User(Struct, frozen=True, rename="kebab"):
    """Who somebody is to an API server; ways that Kubernetes has dropped are only named."""

    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: Secret = NO_SECRET
    token: Secret = NO_SECRET
    token_file: str = msgspec.field(default="", name="tokenFile")
    username: str = ""
    password: Secret = NO_SECRET
    exec: Plugin | None = None
    auth_provider: AuthProvider | None = None
    impersonate: str = msgspec.field(default="", name="as")
    as_uid: str = ""
    as_groups: list[str] = []
    as_user_extra: dict[str, list[str]] = {}


class Context(Struct, frozen=True):
    """A cluster, a user and the namespace to start in, by their names."""

    cluster: str = ""
    user: str = ""
    namespace: str = ""


class _NamedCluster(Struct, frozen=True):
    name: str
    cluster: Cluster = Cluster()


class _NamedUser(Struct, frozen=True):
    name: str
    user: User = User()


class _NamedContext(Struct, frozen=True):
    name: str
    context: Context = Context()


class _File(Struct, frozen=True, rename="kebab"):
    """A kubeconfig as it is written."""

    current_context: str = ""
    clusters: list[_NamedCluster] = []
    users: list[_NamedUser] = []
    contexts: list[_NamedContext] = []


class Place(Struct, frozen=True):
    """Where in which file an entry stands, for messages and for relative paths."""

    path: str
    shown: str
    """The path for people, with ~ for the home directory."""
    entry: str = ""

    def error(self, problem: str, hint: str = "") -> KubeconfigError:
        """What to raise for a problem of the entry, or of the file where there is no entry."""
        where = f"{self.shown}: {self.entry}" if self.entry else self.shown
        return KubeconfigError(f"{where} {problem}", hint=hint)

    def beside(self, path: str) -> str:
        """A path that the file names, which is relative to the file's folder."""
        return os.path.join(os.path.dirname(os.path.abspath(self.path)), path)  # noqa: PTH100, PTH118, PTH120

    def file(self, key: str, path: str) -> str:
        """The path of a file that `key` names, which must be there."""
        if not path:
            return ""
        if not is_file(found := self.beside(path)):
            raise self.error(f"names a file that cannot be read: {key}: {printable(found)}")
        return found


class Merged:
    """All files together: of entries with one name, and of current contexts, the first counts."""

    def __init__(self) -> None:
        self.current = ""
        self.places: list[Place] = []
        self.clusters: dict[str, tuple[Place, Cluster]] = {}
        self.users: dict[str, tuple[Place, User]] = {}
        self.contexts: dict[str, tuple[Place, Context]] = {}

    def add(self, place: Place, file: _File) -> None:
        """Put a file behind those that are there."""
        self.places.append(place)
        self.current = self.current or file.current_context
        for cluster in file.clusters:
            self.clusters.setdefault(cluster.name, (_entry(place, "cluster", cluster.name), cluster.cluster))
        for user in file.users:
            self.users.setdefault(user.name, (_entry(place, "user", user.name), user.user))
        for context in file.contexts:
            self.contexts.setdefault(context.name, (_entry(place, "context", context.name), context.context))

    @property
    def shown(self) -> str:
        """The files, for people."""
        return " and ".join(place.shown for place in self.places)


def read_all(paths: Sequence[str], origin: str, environ: Mapping[str, str]) -> Merged:
    """
    Read and merge the files at `paths`; one that does not exist is passed over, unless none is left.

    `origin` is what named them; empty where nothing did.

    Raises:
        KubeconfigError: there is none, or one is not a kubeconfig.
    """
    merged = Merged()
    places = [Place(path, _shown(path, environ)) for path in dict.fromkeys(paths)]
    for place in places:
        try:
            merged.add(place, _parse(place, read_text(place.path)))
        except FileNotFoundError as error:
            if len(places) == 1:
                raise KubeconfigError(f"there is no {place.shown}", hint=_where_else(origin)) from error
        except OSError as error:
            raise place.error(f"cannot be read: {error.strerror}") from error
    if not merged.places:
        listed = ", ".join(place.shown for place in places)
        raise KubeconfigError(f"none of the files that {origin} names exists: {listed}", hint=f"check {origin}")
    return merged


def _parse(place: Place, text: str) -> _File:
    try:
        tree = _without_nulls(parse_tree(place, text, as_text=True)) or {}
        if not isinstance(tree, dict):
            raise place.error("is not a kubeconfig", "give one of kind Config, such as ~/.kube/config")
        kind = tree.get("kind") or "Config"
        if kind != "Config":
            shown = f': its kind is "{shorten(kind, 80)}"' if isinstance(kind, str) else ""
            raise place.error(f"is not a kubeconfig{shown}", "give one of kind Config, such as ~/.kube/config")
        return msgspec.convert(tree, _File, strict=False, dec_hook=as_secret)
    except msgspec.ValidationError as error:
        # Its text names types and the path, never what stands there.
        raise place.error(f"is not a kubeconfig: {error}") from None
    except RecursionError:
        raise place.error("is not a kubeconfig: it is nested too deeply") from None


def parse_tree(place: Place, text: str, *, as_text: bool) -> Any:
    """
    Parse YAML or JSON.

    With `as_text` every scalar of YAML but null stays the text that it is: a token may look like a number.

    Raises:
        KubeconfigError: it is neither; shows nothing of it.
    """
    if text.lstrip().startswith("{"):
        try:
            return msgspec.json.decode(text)
        except msgspec.DecodeError:
            pass  # YAML may start so too

    import yaml  # noqa: PLC0415 - a pass in a cluster needs none

    safe: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

    class TextLoader(safe):  # type: ignore[misc, valid-type] # whichever there is
        yaml_implicit_resolvers = _only_null(safe.yaml_implicit_resolvers)

    try:
        return yaml.load(text, TextLoader if as_text else safe)  # noqa: S506 - both are safe
    except yaml.YAMLError as error:
        # Its text quotes the file, secrets included; only where it stopped is told.
        mark = getattr(error, "problem_mark", None)
        line = f"line {mark.line + 1}" if mark else ""
        if mark and getattr(error, "context", "") == "expected a single document in the stream":
            raise place.error(
                f"has several YAML documents (the second begins at {line})", "keep the one that is the kubeconfig"
            ) from None
        raise place.error("is not valid YAML" + (f" ({line})" if line else "")) from None
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        # PyYAML does not guard the readers of its own tags: `token: !!int hunter2`. Their texts quote the value.
        raise place.error("is not valid YAML: a value is not of the type that its tag (!!) or its form says") from None


def _only_null(resolvers: Mapping[str, Iterable[tuple[str, object]]]) -> dict[str, list[tuple[str, object]]]:
    return {
        first: [(tag, pattern) for tag, pattern in known if tag == "tag:yaml.org,2002:null"]
        for first, known in resolvers.items()
    }


def _without_nulls(tree: object) -> object:
    """Leave out what has no value, so that it has its default."""
    match tree:
        case dict():
            return {key: _without_nulls(value) for key, value in tree.items() if value is not None}
        case list():
            return [_without_nulls(value) for value in tree if value is not None]
        case _:
            return tree


def _where_else(origin: str) -> str:
    return f"check {origin}" if origin else "give --kubeconfig FILE or set KUBECONFIG: a context is one of a kubeconfig"


def _entry(place: Place, kind: str, name: str) -> Place:
    return msgspec.structs.replace(place, entry=f'{kind} "{name}"')


def _shown(path: str, environ: Mapping[str, str]) -> str:
    home = environ.get("HOME", "").rstrip("/")
    return f"~{path[len(home) :]}" if home and path.startswith(f"{home}/") else path
