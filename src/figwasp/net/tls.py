"""Which certificates a connection trusts and shows."""

import os
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from msgspec import Struct

from figwasp.core.digest import is_hexadecimal
from figwasp.errors import UsageError

_SMALL_BUNDLE: Final = 32768
"""Up to this size SSL_CERT_FILE is read at once: then it is somebody's own authority, not the usual 140 of them."""


class Tls(Struct, frozen=True, kw_only=True):
    """
    What a connection trusts and shows; without anything: the system's authorities, and no certificate.

    `ca_files` and `ca_data` (PEM) are trusted as well, or, with `only_these_cas`, alone.
    `server_name` is what the host's certificate must be for, if that is not the host's name.
    """

    ca_files: tuple[str, ...] = ()
    ca_data: str = ""
    only_these_cas: bool = False
    client_certificate: str = ""
    client_key: str = ""
    insecure_skip_verify: bool = False
    server_name: str = ""


SYSTEM_TRUST: Final = Tls()


class Trust:
    """
    The OpenSSL context for a `Tls`, made when it is first asked for.

    Reading all of the system's authorities takes 50 ms, longer than most passes. Where their folder is hashed (as
    Debian, Alpine and Red Hat leave it), OpenSSL reads the one that it needs; the others are read by `widen`, once a
    certificate was not trusted: a bundle or file that was mounted beside them then counts as well, as it does in Go.
    """

    def __init__(self, tls: Tls) -> None:
        self._tls = tls
        self._lock = threading.Lock()
        self._context: ssl.SSLContext | None = None
        self._unread: list[str] = []

    def context(self) -> tuple[ssl.SSLContext, bool]:
        """
        Give the context, the same each time, and whether it has read all that it may trust.

        Raises:
            UsageError: a file that was named cannot be read, or holds no certificate.
        """
        with self._lock:
            if self._context is None:
                self._context = self._make()
            return self._context, not self._unread

    def widen(self) -> None:
        """Read the system's authorities that were not read yet."""
        with self._lock:
            unread, self._unread = self._unread, []
            for path in unread:
                with suppress(OSError):  # a folder of certificates holds other things too
                    if self._context is not None:
                        self._context.load_verify_locations(cafile=path)

    def _make(self) -> ssl.SSLContext:
        tls = self._tls
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # as in Go: what is named is trusted, root or not
        context.set_alpn_protocols(["http/1.1"])
        if tls.insecure_skip_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        elif not tls.only_these_cas:
            self._unread = _trust_system(context)
        for path in tls.ca_files:
            with _naming(f"the CA file {path}"):
                context.load_verify_locations(cafile=path)
        if tls.ca_data:
            with _naming("the given CA certificate"):
                # Bundles may name their authorities in any language, but OpenSSL takes only ASCII here.
                context.load_verify_locations(cadata=tls.ca_data.encode("ascii", "ignore").decode())
        if tls.client_certificate:
            with _naming(f"the client certificate {tls.client_certificate}"):
                # The empty password keeps OpenSSL from asking for one on the terminal.
                context.load_cert_chain(tls.client_certificate, tls.client_key or None, password="")
        return context


def _trust_system(context: ssl.SSLContext) -> list[str]:
    """Trust the system's authorities, and tell which files were left unread."""
    paths = ssl.get_default_verify_paths()
    folders = os.environ.get(paths.openssl_capath_env) or paths.openssl_capath
    files = [file for folder in folders.split(os.pathsep) for file in _files(folder)]
    plain = [file.path for file in files if not _is_hashed(file.name)]
    bundle = paths.cafile or ""
    if len(plain) == len(files):
        context.set_default_verify_paths()
        return plain
    context.load_verify_locations(capath=folders)
    is_given = bool(bundle) and paths.openssl_cafile_env in os.environ
    if is_given and os.stat(bundle).st_size <= _SMALL_BUNDLE:  # noqa: PTH116 - pathlib takes 5 ms to load
        with _naming(f"the CA file {bundle} (SSL_CERT_FILE)"):
            context.load_verify_locations(cafile=bundle)
    return [bundle, *plain] if bundle else plain


def _files(folder: str) -> "list[os.DirEntry[str]]":
    with suppress(OSError), os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)
    return []


@contextmanager
def _naming(what: str) -> Iterator[None]:
    try:
        yield
    except (OSError, ValueError) as error:
        missing = isinstance(error, FileNotFoundError)
        problem = "there is no such file" if missing else "it holds no usable certificate"
        if isinstance(error, PermissionError):
            problem = "it may not be read"
        raise UsageError([f"{what} cannot be used: {problem}"]) from error


def _is_hashed(name: str) -> bool:
    """Whether a file of an authority is named as OpenSSL looks it up: `1a2b3c4d.0`."""
    stem, _, number = name.partition(".")
    return len(stem) == 8 and is_hexadecimal(stem) and number.isdigit()
