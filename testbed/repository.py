"""A repository in one of the bed's registries, as one who pushes sees it."""

import http.client
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from testbed.errors import TestbedError
from testbed.images import Blob, Image, Index, Style
from testbed.parts.registry import Login, Registry

_TIMEOUT_SECONDS = 30.0
_USER_AGENT = "testbed"
_ACCEPT = ", ".join(media_type for style in Style for media_type in style.value[:2])


@dataclass(frozen=True, slots=True)
class Repository:
    """
    Pushes to, asks and deletes from one repository; logs in as the registry's first user.

    Source: OCI distribution-spec, "Push" and "Content Management".
    """

    registry: Registry
    name: str
    """Path below the registry's host, as team/web."""

    ca: Path

    authorization: str = ""
    """Shown in place of the registry's first login, where that is not what it wants."""

    def reference(self, tag_or_digest: str) -> str:
        """What a pod template calls the image: `host/name:tag`, or `host/name@digest`."""
        separator = "@" if ":" in tag_or_digest else ":"
        return f"{self.registry.host}/{self.name}{separator}{tag_or_digest}"

    def push(self, content: Image | Index, *tags: str) -> str:
        """
        Upload what the registry lacks of it, let the tags name it, and return its digest.

        Without a tag it can be had by digest only. Costs 0.1 to 0.3 s.

        Raises:
            TestbedError: the registry refused something.
        """
        if isinstance(content, Index):
            for child in content.children:
                self.push(child)
        else:
            for blob in (content.config, *content.layers):
                self._push_blob(blob)
        for target in tags or (content.digest,):
            self._call(
                "PUT",
                f"manifests/{target}",
                content.manifest.data,
                {"Content-Type": content.media_type},
                allowed=(201,),
            )
        return content.digest

    def digest(self, tag: str) -> str:
        """The digest that the tag names now; empty if there is no such tag."""
        status, headers, _ = self._call("HEAD", f"manifests/{tag}", headers={"Accept": _ACCEPT}, allowed=(200, 404))
        return headers.get("docker-content-digest", "") if status == 200 else ""

    def delete(self, digest: str) -> None:
        """
        Delete the manifest, and with it every tag that names it.

        Raises:
            TestbedError: it is not there.
        """
        self._call("DELETE", f"manifests/{digest}", allowed=(202,))

    def _push_blob(self, blob: Blob) -> None:
        status, _, _ = self._call("HEAD", f"blobs/{blob.digest}", allowed=(200, 404))
        if status == 200:
            return
        _, headers, _ = self._call("POST", "blobs/uploads/", allowed=(202,))
        location = urlsplit(headers["location"])
        target = f"{location.path}?{location.query}&digest={blob.digest}"
        self._call("PUT", target, blob.data, {"Content-Type": "application/octet-stream"}, allowed=(201,))

    def _call(
        self,
        method: str,
        path: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        allowed: tuple[int, ...],
    ) -> tuple[int, dict[str, str], bytes]:
        """One request; `path` is below the repository unless it is absolute. Header names come in lower case."""
        target = path if path.startswith("/") else f"/v2/{self.name}/{path}"
        shown = self.authorization or (self._login.basic if self.registry.logins else "")
        login = {"Authorization": shown} if shown else {}
        connection = self._connection()
        try:
            connection.request(method, target, body or None, {"User-Agent": _USER_AGENT, **login, **(headers or {})})
            response = connection.getresponse()
            answer = response.read()
        except OSError as error:
            raise TestbedError(f"{method} {self.registry.url}{target}: {error}; is the bed up?") from error
        finally:
            connection.close()
        if response.status not in allowed:
            text = answer.decode(errors="replace")[:256]
            raise TestbedError(f"{method} {self.registry.url}{target} was answered {response.status}: {text}")
        return response.status, {name.lower(): value for name, value in response.getheaders()}, answer

    @property
    def _login(self) -> Login:
        return self.registry.logins[0]

    def _connection(self) -> http.client.HTTPConnection:
        if not self.registry.tls:
            return http.client.HTTPConnection(self.registry.host, timeout=_TIMEOUT_SECONDS)
        context = ssl.create_default_context(cafile=str(self.ca))
        return http.client.HTTPSConnection(self.registry.host, timeout=_TIMEOUT_SECONDS, context=context)
