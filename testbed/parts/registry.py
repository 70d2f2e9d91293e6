"""Registries: Debian's docker-registry (distribution 2.8), as often as wanted."""

import base64
import json
from dataclasses import dataclass, field
from pathlib import Path

from testbed.command import run
from testbed.part import Part
from testbed.pki import Pki
from testbed.probe import answers
from testbed.site import Site


@dataclass(frozen=True, slots=True)
class Login:
    """A user of a registry and the password, which is no secret here."""

    user: str
    password: str = field(repr=False)

    @property
    def basic(self) -> str:
        """The value of an Authorization header."""
        return "Basic " + base64.b64encode(f"{self.user}:{self.password}".encode()).decode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """A registry of the bed, as a value; its port + 1 is taken too, for looking inside it."""

    name: str
    """Unique among the bed's parts; names its log and its data."""

    port: int

    logins: tuple[Login, ...] = ()
    """Who may pull, push and delete; empty: everybody."""

    tls: bool = True
    """Whether it speaks HTTPS, with a certificate of the bed's registry authority."""

    @property
    def host(self) -> str:
        """How references name it."""
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        """Where its API begins, without /v2."""
        return f"{'https' if self.tls else 'http'}://{self.host}"

    @property
    def debug_url(self) -> str:
        """Where it tells what it is doing."""
        return f"http://127.0.0.1:{self.port + 1}"


OWNER = Login("figwasp", "figwasp-password")
"""The user of the standard private registry."""


def standard(site: Site) -> tuple[Registry, Registry]:
    """The two that every bed has: open to all, and private."""
    return (
        Registry(name="registry", port=site.port("registry")),
        Registry(name="private", port=site.port("private"), logins=(OWNER,)),
    )


def registry_part(registry: Registry, site: Site, pki: Pki) -> Part:
    """The program behind `registry`, and the file by which containerd finds it."""
    folder = site.etc / registry.name
    config, htpasswd = folder / "config.json", folder / "htpasswd"
    serving = pki.pair("registry")
    tls = {"tls": {"certificate": str(serving.certificate), "key": str(serving.key)}} if registry.tls else {}
    auth = {"auth": {"htpasswd": {"realm": registry.name, "path": str(htpasswd)}}} if registry.logins else {}
    settings = {
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {
            "filesystem": {"rootdirectory": str(data(site, registry.name))},
            "delete": {"enabled": True},
        },
        "http": {"addr": registry.host, "secret": "of no use", "debug": {"addr": registry.debug_url[7:]}, **tls},
        **auth,
    }
    return Part(
        name=registry.name,
        argv=("docker-registry", "serve", str(config)),
        files={
            # JSON is YAML too.
            config: json.dumps(settings, indent=1),
            **({htpasswd: _htpasswd(registry.logins)} if registry.logins else {}),
            hosts_toml(registry.host, site): hosts_toml_text(registry, pki),
        },
        ready=lambda: answers(f"{registry.url}/"),
    )


def data(site: Site, name: str) -> Path:
    """Where the registry called `name` keeps what is pushed to it."""
    return site.root / "registries" / name


def hosts_toml(host: str, site: Site) -> Path:
    """The file in which containerd looks, at each pull, how to reach `host`."""
    return site.certs_d / host / "hosts.toml"


def hosts_toml_text(registry: Registry, pki: Pki, *, mirror: Registry | None = None) -> str:
    """
    What containerd has to know of `registry`: its URL and authority, and the mirror that it asks first.

    Source: containerd, docs/hosts.md.
    """
    text = f'server = "{registry.url}"\n'
    for host in ([mirror] if mirror else []) + [registry]:
        text += f'[host."{host.url}"]\n  capabilities = ["pull", "resolve"]\n'
        text += f'  ca = "{pki.registry_ca}"\n' if host.tls else ""
    return text


def _htpasswd(logins: tuple[Login, ...]) -> str:
    # 4 is bcrypt's least cost: the registry computes it for each request.
    return "".join(run("htpasswd", "-niBC4", login.user, stdin=login.password) for login in logins)
