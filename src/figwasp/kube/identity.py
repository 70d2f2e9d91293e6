"""Who we are to the API server: what a request carries to prove it."""

import threading
from typing import Final, Protocol

from msgspec import Struct

from figwasp.core.credential import Secret
from figwasp.core.deadline import Deadline
from figwasp.errors import KubeconfigError
from figwasp.kube.files import read_text, stamp


def as_secret(wanted: type, value: object) -> Secret:
    """Decode a field that is a Secret: msgspec's `dec_hook`."""
    if wanted is Secret and isinstance(value, str):
        return Secret(value)
    raise TypeError(f"Expected `str`, got `{type(value).__name__}`")


class ClientCertificate(Struct, frozen=True):
    """A certificate and its key: of each the path of a file, or the PEM text itself as a Secret."""

    certificate: str | Secret
    key: str | Secret


NO_SECRET: Final = Secret("")
NO_CERTIFICATE: Final = ClientCertificate("", "")


class Proof(Struct, frozen=True):
    """What proves who we are: the value of the Authorization header (empty: none), and a client certificate."""

    authorization: Secret
    certificate: ClientCertificate = NO_CERTIFICATE


NO_PROOF: Final = Proof(NO_SECRET)


class Identity(Protocol):
    """A source of proofs, safe for threads."""

    def proof(self, deadline: Deadline) -> Proof:
        """
        Answer what the next request shall carry.

        Raises:
            KubeconfigError: there is none; never shows content.
            DeadlineExceeded: it could not be had in time.
        """
        ...

    def renewed(self, refused: Proof, deadline: Deadline) -> Proof:
        """
        Answer what to try after the API server refused a proof (401); equal to it where there is nothing better.

        Raises as `proof` does.
        """
        ...


class Fixed:
    """An identity that never changes."""

    def __init__(self, proof: Proof = NO_PROOF) -> None:
        self._proof = proof

    def proof(self, deadline: Deadline) -> Proof:  # noqa: ARG002 - the protocol's
        """Answer the one proof."""
        return self._proof

    def renewed(self, refused: Proof, deadline: Deadline) -> Proof:  # noqa: ARG002
        """Answer the one proof."""
        return self._proof


class TokenFile:
    """
    A bearer token in a file, read again whenever the file changes: the kubelet replaces a pod's token hourly.

    A file that cannot be read while it is being replaced is no error as long as there is an earlier token.
    """

    def __init__(self, path: str, *, certificate: ClientCertificate = NO_CERTIFICATE) -> None:
        self._path = path
        self._certificate = certificate
        self._lock = threading.Lock()
        self._stamp = (0, 0, 0)
        self._proof = NO_PROOF

    def proof(self, deadline: Deadline) -> Proof:  # noqa: ARG002 - nothing here takes time
        """Answer the token as it is now in the file."""
        return self._read(always=False)

    def renewed(self, refused: Proof, deadline: Deadline) -> Proof:  # noqa: ARG002
        """Read the file again, even if it looks unchanged."""
        return self._read(always=True)

    def _read(self, *, always: bool) -> Proof:
        with self._lock:
            try:
                now = stamp(self._path)
                if always or now != self._stamp:
                    text = read_text(self._path)
                    self._proof = Proof(bearer(text, f"the token file {self._path}"), self._certificate)
                    self._stamp = now
            except (OSError, KubeconfigError) as error:
                if self._proof is not NO_PROOF:
                    return self._proof
                if isinstance(error, OSError):
                    problem = f"cannot read the token file {self._path}: {error.strerror}"
                    raise KubeconfigError(problem) from error
                raise
            return self._proof


def bearer(token: str, source: str) -> Secret:
    """
    Make the Authorization header of a bearer token.

    Raises:
        KubeconfigError: it is empty or could not be sent; names `source` and never shows the token.
    """
    token = token.strip()
    if not token:
        raise KubeconfigError(f"{source} is empty")
    if not token.isascii() or not token.isprintable() or " " in token:
        raise KubeconfigError(f"{source} does not hold a token: it has characters that no token has")
    return Secret(f"Bearer {token}")
