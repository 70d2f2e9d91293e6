"""
Logins that a program gives: the exec plugins of kubeconfigs.

Source: Kubernetes, "client-go credential plugins"; client-go, plugin/pkg/client/auth/exec/exec.go.
"""

import sys
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import msgspec
from msgspec import Struct

from figwasp.core.credential import Secret
from figwasp.core.deadline import Deadline
from figwasp.errors import KubeconfigError, shorten
from figwasp.kube.files import read_text
from figwasp.kube.identity import NO_CERTIFICATE, NO_PROOF, NO_SECRET, ClientCertificate, Proof, as_secret, bearer
from figwasp.net.tls import Tls

if TYPE_CHECKING:
    from subprocess import Popen

_API_VERSIONS: Final = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
_LONGEST_WAIT: Final = 0.25
_INSTALL_HINT_LENGTH: Final = 1000


class _Variable(Struct, frozen=True):
    name: str
    value: Secret = NO_SECRET


class Plugin(Struct, frozen=True, rename="camel"):
    """How a kubeconfig's `exec` says to run it."""

    command: str = ""
    api_version: str = ""
    args: list[Secret] = []
    """Some plugins take a client secret so."""
    env: list[_Variable] = []
    install_hint: str = ""
    provide_cluster_info: bool = False
    interactive_mode: str = "IfAvailable"


class ClusterInfo(Struct, frozen=True):
    """What a plugin is told of the cluster, if it wants to be; `extension` reads what the kubeconfig has for it."""

    server: str
    tls: Tls
    proxy_url: Secret
    extension: Callable[[], object]

    def as_json(self) -> dict[str, Any]:
        """The `spec.cluster` of an ExecCredential."""
        from base64 import b64encode  # noqa: PLC0415 - few plugins ask

        ca = self.tls.ca_data or "".join(read_text(path) for path in self.tls.ca_files)
        facts = {
            "server": self.server,
            "tls-server-name": self.tls.server_name,
            "insecure-skip-tls-verify": self.tls.insecure_skip_verify,
            "certificate-authority-data": b64encode(ca.encode()).decode(),
            "proxy-url": self.proxy_url.reveal(),
            "config": self.extension(),
        }
        return {key: value for key, value in facts.items() if value}


class _Status(Struct, frozen=True, rename="camel"):
    token: Secret = NO_SECRET
    client_certificate_data: Secret = NO_SECRET
    client_key_data: Secret = NO_SECRET
    expiration_timestamp: datetime | None = None


class _ExecCredential(Struct, frozen=True, rename="camel"):
    api_version: str = ""
    status: _Status | None = None


class ExecPlugin:
    """
    An identity that a program gives: it is run when first needed, when its login expires, and after a 401.

    Its standard error is ours, and so is its standard input where it may talk to a person.
    """

    def __init__(
        self, plugin: Plugin, place: str, cluster: ClusterInfo, environ: Mapping[str, str], now: Callable[[], float]
    ) -> None:
        self._plugin = plugin
        self._place = place
        self._cluster = cluster
        self._environ = environ
        self._now = now
        self._lock = threading.Lock()
        self._proof = NO_PROOF
        self._ends = float("inf")
        if not plugin.command:
            raise self._error("has an exec plugin without a command", "add exec.command")
        if plugin.api_version not in _API_VERSIONS:
            raise self._error(
                f'has an exec plugin with apiVersion "{plugin.api_version}"',
                f"Kubernetes knows {' and '.join(_API_VERSIONS)}; a newer release of the plugin may help",
            )
        if plugin.interactive_mode not in ("Never", "IfAvailable", "Always"):
            raise self._error(
                f'has an exec plugin with interactiveMode "{plugin.interactive_mode}"',
                "write Never, IfAvailable or Always",
            )

    def proof(self, deadline: Deadline) -> Proof:
        """Answer the login as long as it has not expired, else run the program."""
        with _Held(self._lock, deadline):
            if self._proof is NO_PROOF or self._now() >= self._ends:
                self._refresh(deadline)
            return self._proof

    def renewed(self, refused: Proof, deadline: Deadline) -> Proof:
        """Run the program again, unless another thread did since the proof was given."""
        with _Held(self._lock, deadline):
            if self._proof is refused:
                self._refresh(deadline)
            return self._proof

    def _refresh(self, deadline: Deadline) -> None:
        answer = self._run(deadline)
        try:
            credential = msgspec.json.decode(answer, type=_ExecCredential, dec_hook=as_secret)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            # `from None`: the answer holds secrets.
            raise self._error("has an exec plugin that printed no ExecCredential", self._by_hand) from None
        if credential.api_version != self._plugin.api_version:
            raise self._error(
                f'has an exec plugin that answered in "{shorten(credential.api_version)}"',
                f"it was asked for {self._plugin.api_version}: set exec.apiVersion to what it speaks",
            )
        status = credential.status or _Status()
        token, certificate, key = status.token, status.client_certificate_data, status.client_key_data
        if (certificate == NO_SECRET) != (key == NO_SECRET):
            raise self._error("has an exec plugin that gave only one of certificate and key", self._by_hand)
        if token == key == NO_SECRET:
            raise self._error("has an exec plugin that gave neither a token nor a certificate", self._by_hand)
        self._proof = Proof(
            NO_SECRET if token == NO_SECRET else bearer(token.reveal(), f"the token of {self._place}'s exec plugin"),
            NO_CERTIFICATE if key == NO_SECRET else ClientCertificate(certificate, key),
        )
        self._ends = status.expiration_timestamp.timestamp() if status.expiration_timestamp else float("inf")

    def _run(self, deadline: Deadline) -> bytes:
        from subprocess import DEVNULL, PIPE, Popen  # noqa: PLC0415 - most logins need no program

        interactive = self._is_interactive()
        given = {each.name: each.value.reveal() for each in self._plugin.env}
        environ = {**self._environ, **given, "KUBERNETES_EXEC_INFO": self._info(interactive=interactive)}
        argv = [self._plugin.command, *(each.reveal() for each in self._plugin.args)]
        try:
            process = Popen(argv, env=environ, stdin=None if interactive else DEVNULL, stdout=PIPE)
        except OSError as error:
            problem = f'wants to run "{self._plugin.command}", which cannot be started: {error.strerror}'
            raise self._error(problem, self._install_hint()) from error
        except ValueError:
            # `from None`: the arguments and the environment may hold secrets.
            problem = "has an exec plugin whose command, args or env cannot be given to any program"
            raise self._error(problem, "they must not have null characters, nor the names in env a =") from None
        with process:
            output = _wait(process, deadline)
        if code := process.returncode:
            how = f"exit code {code}" if code > 0 else f"ended by signal {-code}"
            raise self._error(f"has an exec plugin that failed ({how})", self._by_hand)
        return output

    def _is_interactive(self) -> bool:
        has_person = sys.stdin is not None and sys.stdin.isatty()
        if self._plugin.interactive_mode == "Always" and not has_person:
            raise self._error(
                "has an exec plugin that must talk to a person, and standard input is no terminal",
                "run it in a terminal, or use a login that needs nobody, such as a token",
            )
        return has_person and self._plugin.interactive_mode != "Never"

    def _info(self, *, interactive: bool) -> str:
        spec: dict[str, Any] = {"interactive": interactive}
        if self._plugin.provide_cluster_info:
            try:
                spec["cluster"] = self._cluster.as_json()
            except OSError as error:
                problem = f"has an exec plugin that wants {error.filename}, which cannot be read: {error.strerror}"
                raise self._error(problem, "put the file back, or remove provideClusterInfo") from error
        info = {"kind": "ExecCredential", "apiVersion": self._plugin.api_version, "spec": spec}
        return msgspec.json.encode(info).decode()

    def _install_hint(self) -> str:
        import re  # noqa: PLC0415

        without_colours = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", self._plugin.install_hint)
        return shorten(without_colours, _INSTALL_HINT_LENGTH) or "install it, or correct exec.command"

    @property
    def _by_hand(self) -> str:
        return f'its own message is above, if it had one; try "{self._plugin.command}" by hand'

    def _error(self, problem: str, hint: str) -> KubeconfigError:
        return KubeconfigError(f"{self._place} {problem}", hint=hint)


class _Held:
    """A lock for whose release the deadline limits the wait."""

    def __init__(self, lock: threading.Lock, deadline: Deadline) -> None:
        self._lock = lock
        self._deadline = deadline

    def __enter__(self) -> None:
        while not self._lock.acquire(timeout=min(self._deadline.remaining(), _LONGEST_WAIT)):
            pass

    def __exit__(self, *_: object) -> None:
        self._lock.release()


def _wait(process: "Popen[bytes]", deadline: Deadline) -> bytes:
    """Wait in short steps, since a deadline may come nearer; the program is killed when it is over."""
    from subprocess import TimeoutExpired  # noqa: PLC0415

    try:
        while True:
            try:
                return process.communicate(timeout=min(deadline.remaining(), _LONGEST_WAIT))[0]
            except TimeoutExpired:
                continue
    except BaseException:
        process.kill()
        raise
