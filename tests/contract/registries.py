"""The registries under contract, each with a repository: the tests' own program, and the bed's real ones."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from figwasp.core.manifest import ACCEPT
from figwasp.core.reference import Reference
from figwasp.core.registry_settings import RegistrySettings
from figwasp.embedded.registry.server import Registry
from figwasp.net.http import HttpClient
from figwasp.net.tls import Tls
from figwasp.registry.client import RegistryClient
from testbed import OWNER, Bed, Image, Index, Login, Repository, Style
from testbed import Registry as BedRegistry
from testbed.images import Blob
from tests.contract.http import Answer, ask
from tests.contract.tokens import JwtServer

WRONG_PASSWORD: Final = Login(OWNER.user, "wrong")
STRANGER: Final = Login("nobody", OWNER.password)
NO_CA: Final = Path("/dev/null")
"""For a repository in a registry without TLS."""


def image(
    content: str = "1", style: Style = Style.OCI, platform: str = "linux/amd64", entrypoint: Sequence[str] = ()
) -> Image:
    """An image without layers, which no node could run and every registry keeps."""
    _, media_type, config_type, _ = style.value
    os, architecture = platform.split("/")
    run = {"config": {"Entrypoint": list(entrypoint)}} if entrypoint else {}
    config = Blob(json.dumps({"architecture": architecture, "os": os, "author": content, **run}).encode())
    descriptor = {"mediaType": config_type, "digest": config.digest, "size": len(config.data)}
    manifest = {"schemaVersion": 2, "mediaType": media_type, "config": descriptor, "layers": []}
    data = Blob(json.dumps(manifest).encode())
    return Image(manifest=data, media_type=media_type, config=config, layers=(), platform=platform)


class Pushable:
    """A registry, and a repository in it that is the test's own."""

    realm: str
    """What the challenge of a private one names."""

    def __init__(self, repository: Repository, tls: Tls) -> None:
        self._repository = repository
        self._http = HttpClient(tls=tls, user_agent="contract")
        self.host, self.url, self.name = repository.registry.host, repository.registry.url, repository.name
        self.realm = repository.registry.name

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def push(self, content: Image | Index, tag: str) -> str:
        """Push the content with all its parts and let `tag` name it; answers its digest."""
        return self._repository.push(content, tag)

    def delete(self, digest: str) -> None:
        """Have a manifest deleted."""
        self._repository.delete(digest)

    def ask(
        self, method: str, target: str, *, accept: str = ACCEPT, login: Login | str = "", repository: str = ""
    ) -> Answer:
        """Ask for a manifest by tag or digest, as one who accepts these media types."""
        path = f"/v2/{repository or self.name}/manifests/{target}"
        return self._send(method, path, {"Accept": accept}, login)

    def call(
        self, method: str, path: str, body: bytes = b"", *, content_type: str = "", login: Login | str = ""
    ) -> Answer:
        """Send any request; `path` is below the repository, or a Location that an answer gave."""
        path = path.removeprefix(self.url)
        path = path if path.startswith("/") else f"/v2/{self.name}/{path}"
        return self._send(method, path, {"Content-Type": content_type} if content_type else {}, login, body)

    def location(self, path: str) -> str:
        """What an answer calls a path below the repository."""
        return f"{self.url}/v2/{self.name}/{path}"

    def root(self, login: Login | None = None) -> Answer:
        """Ask whether it is a registry."""
        return self._send("GET", "/v2/", {}, login or "")

    def reference(self, target: str) -> Reference:
        """The image as a workload names it."""
        return Reference.parse(self._repository.reference(target))

    def as_figwasp(self) -> RegistryClient:
        """Figwasp's own client."""
        plain = {self.host: RegistrySettings(plain_http=self.url.startswith("http:"))}
        return RegistryClient(self._http, registries=plain)

    def _send(
        self, method: str, path: str, headers: Mapping[str, str], login: Login | str, body: bytes = b""
    ) -> Answer:
        authorization = login.basic if isinstance(login, Login) else login
        given = {**headers, **({"Authorization": authorization} if authorization else {})}
        return ask(self._http, method, f"{self.url}{path}", given, body)


class ProgramRegistry(Pushable):
    """The program."""

    def __init__(self, registry: Registry, *, is_private: bool = False) -> None:
        logins = (OWNER,) if is_private else ()
        if is_private:
            registry.want_basic({OWNER.user: OWNER.password})
        described = BedRegistry(name="test", port=registry.port, logins=logins, tls=False)
        super().__init__(Repository(described, "team/web", NO_CA), Tls())


class RealRegistry(Pushable):
    """One of the bed's registries."""

    def __init__(self, bed: Bed, registry: BedRegistry, tokens: JwtServer | None = None) -> None:
        repository = bed.repository(f"contract-{secrets.token_hex(4)}/web", registry)
        if tokens is not None:
            bearer = f"Bearer {tokens.token('owner', repository.name, 'pull', 'push', 'delete')}"
            repository = replace(repository, authorization=bearer)
        super().__init__(repository, Tls(ca_files=(str(bed.registry_ca),), only_these_cas=True))
