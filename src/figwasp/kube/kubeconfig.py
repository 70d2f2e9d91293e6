"""
What a kubeconfig says: followed from a context to the way to reach its cluster.

Source: client-go, tools/clientcmd (client_config.go, validation.go).
"""

import binascii
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence

import msgspec

from figwasp.core.credential import Secret
from figwasp.core.url import Url
from figwasp.errors import FigwaspError, KubeconfigError, shorten
from figwasp.kube.access import Access
from figwasp.kube.exec_plugin import ClusterInfo, ExecPlugin
from figwasp.kube.files import is_file, read_text
from figwasp.kube.identity import (
    NO_CERTIFICATE,
    NO_SECRET,
    ClientCertificate,
    Fixed,
    Identity,
    Proof,
    TokenFile,
    bearer,
)
from figwasp.kube.kubeconfig_files import Cluster, Merged, Place, User, parse_tree, read_all
from figwasp.net.http1 import basic
from figwasp.net.proxy import ProxyUrl
from figwasp.net.tls import Tls

_PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----[^-]+-----END \1-----")
_EXEC_EXTENSION = "client.authentication.k8s.io/exec"


def load(
    paths: Sequence[str], *, origin: str, context: str, environ: Mapping[str, str], now: Callable[[], float]
) -> Access:
    """
    Read the files at `paths`, and reach the cluster of `context`, or of the current context where it is empty.

    `origin` says what named them, for messages; empty where nothing did.

    Raises:
        KubeconfigError: see `figwasp.kube.config.find_access`.
    """
    merged = read_all(paths, origin, environ)
    name = _choose(merged, context)
    context_place, chosen = merged.contexts[name]
    if chosen.cluster not in merged.clusters:
        raise context_place.error(*_missing("cluster", chosen.cluster, merged.clusters))
    if chosen.user and chosen.user not in merged.users:
        raise context_place.error(*_missing("user", chosen.user, merged.users))
    cluster_place, cluster = merged.clusters[chosen.cluster]
    user_place, user = merged.users.get(chosen.user, (context_place, User()))

    tls = _tls(cluster_place, cluster)
    server = _server(cluster_place, cluster)
    info = ClusterInfo(server, tls, cluster.proxy_url, lambda: _extension(cluster_place, chosen.cluster, cluster))
    # As client-go: nothing secret travels over a connection that anybody can read.
    is_safe = server.startswith("https://")
    return Access(
        server=server,
        tls=tls,
        identity=_identity(user_place, user, info, environ, now) if is_safe else Fixed(),
        headers=_impersonation(user_place, user),
        namespace=chosen.namespace,
        proxy_url=_proxy_url(cluster_place, cluster),
        described=f"context {name} of {context_place.shown}",
    )


def _choose(merged: Merged, wanted: str) -> str:
    name = wanted or merged.current
    if name in merged.contexts:
        return name
    if not name:
        listed = ", ".join(merged.contexts) or "none"
        raise KubeconfigError(
            f"{merged.shown} names no current context",
            hint=f"choose one with --context or kubectl config use-context; there are: {listed}",
        )
    problem, hint = _missing("context", name, merged.contexts)
    raise KubeconfigError(f"{merged.shown} {problem}", hint=hint)


def _missing(kind: str, name: str, known: Iterable[str]) -> tuple[str, str]:
    """The problem that an entry is not there, and the hint to what is."""
    from difflib import get_close_matches  # noqa: PLC0415 - only for the message

    names = list(known)
    nearest = get_close_matches(name, names, n=1)
    suggestion = f'did you mean "{nearest[0]}"? ' if nearest else ""
    names_it = f'has no context "{name}"' if kind == "context" else f'names {kind} "{name}", which is not there'
    return names_it, f"{suggestion}there are: {', '.join(names)}" if names else f"add a {kind}: there is none"


def _server(place: Place, cluster: Cluster) -> str:
    if not cluster.server:
        raise place.error("has no server", "add server: https://HOST:PORT")
    try:
        return str(Url.parse(cluster.server)).rstrip("/")
    except FigwaspError as error:
        raise place.error(f"has a server that cannot be used: {error}", "write it as https://HOST:PORT") from None


def _tls(place: Place, cluster: Cluster) -> Tls:
    data = cluster.certificate_authority_data
    files = () if data or not cluster.certificate_authority else (cluster.certificate_authority,)
    if cluster.insecure_skip_tls_verify and (data or files):
        raise place.error(
            "has both a certificate-authority and insecure-skip-tls-verify",
            "remove insecure-skip-tls-verify, unless the certificate cannot be checked",
        )
    if not re.fullmatch(r"[!-~]*", cluster.tls_server_name):
        raise place.error("has a tls-server-name that is none: it must be a host name or an address")
    return Tls(
        ca_files=tuple(place.file("certificate-authority", path) for path in files),
        ca_data=_pem(place, "certificate-authority-data", data) if data else "",
        only_these_cas=bool(data or files),
        insecure_skip_verify=cluster.insecure_skip_tls_verify,
        server_name=cluster.tls_server_name,
    )


def _proxy_url(place: Place, cluster: Cluster) -> Secret:
    proxy_url = cluster.proxy_url.reveal()
    if proxy_url and ProxyUrl.parse(proxy_url) is None:
        # Not shown: it may hold a password.
        raise place.error("has a proxy-url that is no URL", "write it as http://HOST:PORT")
    return cluster.proxy_url


def _identity(
    place: Place, user: User, info: ClusterInfo, environ: Mapping[str, str], now: Callable[[], float]
) -> Identity:
    """Choose as client-go does: what is written here before what a program gives."""
    token, has_password = user.token.reveal(), bool(user.username or user.password.reveal())
    if has_password and (token or user.token_file):
        raise place.error("has both a token and a user name with password", "remove one of them")
    certificate = _certificate(place, user)
    if user.token_file and (not token or is_file(place.beside(user.token_file))):
        return TokenFile(place.file("tokenFile", user.token_file), certificate=certificate)
    if token:
        return Fixed(Proof(bearer(token, f"the token of {place.entry} of {place.shown}"), certificate))
    if has_password:
        return Fixed(Proof(Secret(basic(user.username, user.password)), certificate))
    if user.exec is not None and certificate == NO_CERTIFICATE:
        command = place.beside(user.exec.command) if os.sep in user.exec.command else user.exec.command
        plugin = msgspec.structs.replace(user.exec, command=command)
        return ExecPlugin(plugin, f"{place.shown}: {place.entry}", info, environ, now)
    if user.auth_provider is not None and certificate == NO_CERTIFICATE:
        name = shorten(user.auth_provider.name)
        raise place.error(
            f'logs in with the auth-provider "{name}", which Kubernetes removed in 1.26',
            "use its exec plugin, such as gke-gcloud-auth-plugin, kubelogin or kubectl oidc-login",
        )
    return Fixed(Proof(NO_SECRET, certificate))


def _certificate(place: Place, user: User) -> ClientCertificate:
    certificate = user.client_certificate_data or user.client_certificate
    key = user.client_key_data.reveal() or user.client_key
    if not certificate:
        return NO_CERTIFICATE
    if not key:
        raise place.error("has a client certificate without a key", "add client-key or client-key-data")
    return ClientCertificate(
        _pem_or_file(place, "client-certificate", user.client_certificate_data, user.client_certificate),
        _pem_or_file(place, "client-key", user.client_key_data.reveal(), user.client_key),
    )


def _pem_or_file(place: Place, key: str, data: str, path: str) -> str | Secret:
    return Secret(_pem(place, f"{key}-data", data)) if data else place.file(key, path)


def _pem(place: Place, key: str, data: str) -> str:
    """Decode base64 of PEM; only its blocks are kept, since OpenSSL wants no other characters."""
    try:
        text = binascii.a2b_base64("".join(data.split()), strict_mode=True).decode("ascii", errors="replace")
    except ValueError:
        raise place.error(f"has a {key} that is not base64") from None
    blocks = [f"{found[0]}\n" for found in _PEM.finditer(text)]
    if not blocks:
        raise place.error(f"has a {key} that holds no PEM (-----BEGIN …)")
    return "".join(blocks)


def _impersonation(place: Place, user: User) -> tuple[tuple[str, str], ...]:
    if not user.impersonate:
        if user.as_uid or user.as_groups or user.as_user_extra:
            raise place.error("impersonates a group without a user", 'add "as"')
        return ()
    if len(user.as_groups) > 1 or user.as_user_extra:
        raise place.error(
            "impersonates with as-user-extra or several as-groups, which Figwasp does not do",
            "give one group, or a token of the user itself",
        )
    values = (user.impersonate, user.as_uid, *user.as_groups)
    if not all(value.isascii() and value.isprintable() for value in values):
        raise place.error("impersonates a name that cannot be sent: it must be ASCII")
    headers = [("Impersonate-User", user.impersonate)]
    headers += [("Impersonate-Uid", user.as_uid)] if user.as_uid else []
    headers += [("Impersonate-Group", group) for group in user.as_groups]
    return tuple(headers)


def _extension(place: Place, name: str, cluster: Cluster) -> object:
    """What the cluster has for exec plugins, with YAML's own types; None for nothing."""
    if all(each.name != _EXEC_EXTENSION for each in cluster.extensions):
        return None
    text = read_text(place.path)
    # Twice, since a name may look like a number, and what an extension holds may be one.
    named, typed = (parse_tree(place, text, as_text=as_text)["clusters"] for as_text in (True, False))
    found = next(its["cluster"] for each, its in zip(named, typed, strict=True) if each and each["name"] == name)
    return next(each.get("extension") for each in found["extensions"] if each and each["name"] == _EXEC_EXTENSION)
