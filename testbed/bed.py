"""A bed that is up, as tests use it."""

import contextlib
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from testbed import lifecycle, processes
from testbed.access import AccessLog
from testbed.api import Api
from testbed.audit import AuditLog
from testbed.binaries import node_binaries
from testbed.command import run
from testbed.errors import TestbedError
from testbed.images import Image, archive
from testbed.namespace import Namespace
from testbed.parts import containerd
from testbed.parts.control_plane import audit_log
from testbed.parts.registry import (
    Login,
    Program,
    Registry,
    TokenServer,
    data,
    hosts_toml,
    hosts_toml_text,
    registry_part,
    standard,
)
from testbed.pki import Pki
from testbed.repository import Repository
from testbed.site import STANDARD_PARTS, Site, is_free
from testbed.wait import wait_for


@dataclass(frozen=True)
class Bed:
    """The node, its API server and its registries; making one starts nothing (lifecycle.up does)."""

    site: Site

    def __post_init__(self) -> None:
        """Raise TestbedError unless the bed is up."""
        if not lifecycle.is_up(self.site):
            raise TestbedError(f"no test bed is up in {self.site.root}: run python -m testbed up")

    @property
    def registry(self) -> Registry:
        """The registry that is open to all."""
        return standard(self.site)[0]

    @property
    def private(self) -> Registry:
        """The registry that only its owner may use, `private.logins[0]`."""
        return standard(self.site)[1]

    @property
    def registry_ca(self) -> Path:
        """The certificate that every registry's is signed by; for SSL_CERT_FILE and the like."""
        return self._pki.registry_ca

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.site.admin_kubeconfig

    @cached_property
    def api(self) -> Api:
        """The API server, spoken to as the administrator."""
        return Api(self.site)

    @property
    def audit(self) -> AuditLog:
        """What the API server was asked."""
        return AuditLog(audit_log(self.site))

    def access(self, registry: Registry) -> AccessLog:
        """What the registry was asked."""
        return AccessLog(processes.log_file(self.site, registry.name), registry.debug_url)

    def repository(self, name: str, registry: Registry | None = None) -> Repository:
        """The repository `name` in `registry`, by default the open one."""
        return Repository(registry or self.registry, name, self.registry_ca)

    def namespace(self, prefix: str = "test") -> Namespace:
        """Make a namespace with a new name, and return it when pods can be made in it."""
        name = f"{prefix}-{secrets.token_hex(4)}"
        self.api.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        namespace = Namespace(name, self.api, self.site)
        wait_for(lambda: namespace.objects("ServiceAccount"), f"the default service account of {name}")
        return namespace

    def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """
        What kubectl prints, as the administrator.

        Raises:
            TestbedError: it ended with another code than 0.
        """
        kubectl = node_binaries(print) / "kubectl"
        return run(str(kubectl), f"--kubeconfig={self.kubeconfig}", *arguments, stdin=stdin)

    def etcdctl(self, *arguments: str) -> str:
        """What etcdctl prints: `compact REVISION` makes watches and continue tokens from before it expire (410)."""
        endpoint = f"--endpoints=http://127.0.0.1:{self.site.port('etcd')}"
        return run("etcdctl", endpoint, *arguments, env={"ETCDCTL_API": "3"})

    def import_image(self, content: Image, name: str, *, digests: bool) -> None:
        """
        Load an image into the node's store under its full name, without any registry.

        With `digests`, as kind does, also under import-YYYY-MM-DD@sha256:…: the node reports that, else the bare ID.
        """
        with tempfile.NamedTemporaryFile(suffix=".tar") as file:
            file.write(archive(content, name))
            file.flush()
            ctr = ("ctr", f"--address={containerd.socket(self.site)}", f"--namespace={containerd.CGROUP}")
            run(*ctr, "images", "import", "--all-platforms", *(["--digests"] if digests else []), file.name)

    @contextlib.contextmanager
    def another_registry(
        self,
        name: str,
        *,
        logins: tuple[Login, ...] = (),
        tls: bool = True,
        program: Program = Program.DEBIAN,
        tokens: TokenServer | None = None,
    ) -> Iterator[Registry]:
        """
        Start one more registry, empty, which the node can pull from, and end it afterwards.

        Raises:
            PartFailed: it did not start; carries the end of its log.
        """
        port = self._free_port()
        registry = Registry(name=name, port=port, logins=logins, tls=tls, program=program, tokens=tokens)
        part = registry_part(registry, self.site, self._pki)
        try:
            lifecycle.start_together([part], self.site)
            yield registry
        finally:
            processes.stop(self.site, name)
            shutil.rmtree(data(self.site, name), ignore_errors=True)
            shutil.rmtree(hosts_toml(registry.host, self.site).parent)

    @contextlib.contextmanager
    def mirror(self, of: Registry, *, by: Registry) -> Iterator[None]:
        """
        Have the node ask `by` first for what references name in `of`; containerd reads this at each pull.

        What `by` lacks is asked of `of` itself, so a mirror that stays behind is one that has an old manifest.
        """
        path = hosts_toml(of.host, self.site)
        path.write_text(hosts_toml_text(of, self._pki, mirror=by))
        try:
            yield
        finally:
            path.write_text(hosts_toml_text(of, self._pki))

    def drop_extras(self) -> None:
        """Undo what a killed run left of `another_registry` and `mirror`."""
        registries = standard(self.site)
        for name in set(processes.names(self.site)) - set(STANDARD_PARTS):
            processes.stop(self.site, name)
            shutil.rmtree(data(self.site, name), ignore_errors=True)
        for folder in self.site.certs_d.glob("*/"):
            if folder.name not in {registry.host for registry in registries}:
                shutil.rmtree(folder)
        for registry in registries:
            hosts_toml(registry.host, self.site).write_text(hosts_toml_text(registry, self._pki))

    @property
    def _pki(self) -> Pki:
        return Pki(self.site.pki)

    def _free_port(self) -> int:
        # The node's file counts too: a test may have ended a registry's program and still mean its port.
        taken = {int(path.name.rpartition(":")[2]) for path in self.site.certs_d.iterdir() if ":" in path.name}
        ports = (self.site.free_port(number) for number in range(0, 80, 2))
        return next(port for port in ports if port not in taken and is_free(port) and is_free(port + 1))
