"""The registries under contract, each with a repository: the tests' own program, and the bed's real ones."""

import json
import secrets
from abc import ABC, abstractmethod
from typing import Final

from figwasp.core.manifest import ACCEPT
from figwasp.core.reference import Reference
from figwasp.embedded.registry.server import Registry
from figwasp.net.http import HttpClient
from figwasp.net.tls import Tls
from figwasp.registry.client import RegistryClient
from testbed import OWNER, Bed, Image, Index, Login, Style
from testbed import Registry as BedRegistry
from testbed.images import Blob
from tests.contract.http import Answer, ask

WRONG_PASSWORD: Final = Login(OWNER.user, "wrong")
STRANGER: Final = Login("nobody", OWNER.password)


def image(content: str = "1", style: Style = Style.OCI) -> Image:
    """An image without layers, which no node could run and every registry keeps."""
    _, media_type, config_type, _ = style.value
    config = Blob(json.dumps({"architecture": "amd64", "os": "linux", "author": content}).encode())
    descriptor = {"mediaType": config_type, "digest": config.digest, "size": len(config.data)}
    manifest = {"schemaVersion": 2, "mediaType": media_type, "config": descriptor, "layers": []}
    data = Blob(json.dumps(manifest).encode())
    return Image(manifest=data, media_type=media_type, config=config, layers=(), platform="linux/amd64")


class Pushable(ABC):
    """A registry and a repository in it that is the test's own."""

    host: str
    url: str
    name: str
    realm: str
    """What the challenge of a private one names."""

    def __init__(self, tls: Tls) -> None:
        self._http = HttpClient(tls=tls, user_agent="contract")

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    @abstractmethod
    def push(self, content: Image | Index, tag: str) -> str:
        """Let `tag` name the content; answers its digest."""

    @abstractmethod
    def delete(self, digest: str) -> None:
        """Delete a manifest."""

    def ask(
        self, method: str, target: str, *, accept: str = ACCEPT, login: Login | str = "", repository: str = ""
    ) -> Answer:
        """Ask for a manifest by tag or digest, as one who accepts these media types."""
        path = f"/v2/{repository or self.name}/manifests/{target}"
        authorization = login.basic if isinstance(login, Login) else login
        given = {"Accept": accept, **({"Authorization": authorization} if authorization else {})}
        return ask(self._http, method, f"{self.url}{path}", given)

    def root(self, login: Login | None = None) -> Answer:
        """Ask whether it is a registry."""
        return ask(self._http, "GET", f"{self.url}/v2/", {"Authorization": login.basic} if login else {})

    def reference(self, target: str) -> Reference:
        """The image as a workload names it."""
        return Reference.parse(f"{self.host}/{self.name}{'@' if ':' in target else ':'}{target}")

    def as_figwasp(self) -> RegistryClient:
        """Figwasp's own client."""
        plain = frozenset({self.host}) if self.url.startswith("http:") else frozenset[str]()
        return RegistryClient(self._http, plain_http_hosts=plain)


class ProgramRegistry(Pushable):
    """The program."""

    def __init__(self, registry: Registry, *, is_private: bool = False) -> None:
        super().__init__(Tls())
        self._registry = registry
        self.host, self.url, self.name = registry.host, registry.url, "team/web"
        self.realm = "test"
        if is_private:
            registry.want_basic({OWNER.user: OWNER.password})

    def push(self, content: Image | Index, tag: str) -> str:
        """Store it, and what it lists."""
        for child in content.children if isinstance(content, Index) else ():
            self._registry.put(self.name, "", child.manifest.data, child.media_type)
        return self._registry.put(self.name, tag, content.manifest.data, content.media_type)

    def delete(self, digest: str) -> None:
        """Remove it."""
        self._registry.delete(self.name, digest)


class RealRegistry(Pushable):
    """One of the bed's registries."""

    def __init__(self, bed: Bed, registry: BedRegistry) -> None:
        super().__init__(Tls(ca_files=(str(bed.registry_ca),), only_these_cas=True))
        self.host, self.url, self.name = registry.host, registry.url, f"contract-{secrets.token_hex(4)}/web"
        self.realm = registry.name
        self._repository = bed.repository(self.name, registry)

    def push(self, content: Image | Index, tag: str) -> str:
        """Push it."""
        return self._repository.push(content, tag)

    def delete(self, digest: str) -> None:
        """Have it deleted."""
        self._repository.delete(digest)
