"""Registries, as often as wanted: Debian's docker-registry (distribution 2.8), and two newer ones."""

import base64
import enum
import json
from dataclasses import dataclass, field
from pathlib import Path

from testbed.binaries import registry_binary
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


class Program(enum.Enum):
    """Which registry it is."""

    DEBIAN = "docker-registry"
    DISTRIBUTION = "distribution"
    """The same, ten years younger."""
    GGCR = "ggcr"
    """go-containerregistry's: without encryption and logins, and in memory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenServer:
    """Where a registry sends those who want in, and whose signature it believes."""

    realm: str
    certificate: Path
    service: str = "registry"
    issuer: str = "tokens"


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

    program: Program = Program.DEBIAN
    tokens: TokenServer | None = None
    """Set: it wants tokens, and `logins` are the token server's business."""

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
    wants_password = bool(registry.logins) and registry.tokens is None
    settings = {
        "version": 0.1,
        "log": {"level": "warn"},
        "storage": {
            "filesystem": {"rootdirectory": str(data(site, registry.name))},
            "delete": {"enabled": True},
        },
        "http": {"addr": registry.host, "secret": "of no use", "debug": {"addr": registry.debug_url[7:]}, **tls},
        **_auth(registry, htpasswd),
    }
    argv: tuple[str, ...] = ("docker-registry", "serve", str(config))
    if registry.program is not Program.DEBIAN:
        binary = str(registry_binary(registry.program.value))
        is_ggcr = registry.program is Program.GGCR
        argv = (binary, "--port", str(registry.port)) if is_ggcr else (binary, "serve", str(config))
    return Part(
        name=registry.name,
        argv=argv,
        files={
            # JSON is YAML too.
            config: json.dumps(settings, indent=1),
            **({htpasswd: _htpasswd(registry.logins)} if wants_password else {}),
            hosts_toml(registry.host, site): hosts_toml_text(registry, pki),
        },
        ready=lambda: answers(f"{registry.url}{'/v2/' if registry.program is Program.GGCR else '/'}"),
    )


def _auth(registry: Registry, htpasswd: Path) -> dict[str, object]:
    if registry.tokens is not None:
        tokens = registry.tokens
        said = {"realm": tokens.realm, "service": tokens.service, "issuer": tokens.issuer}
        return {"auth": {"token": {**said, "rootcertbundle": str(tokens.certificate)}}}
    return {"auth": {"htpasswd": {"realm": registry.name, "path": str(htpasswd)}}} if registry.logins else {}


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
