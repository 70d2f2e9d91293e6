"""
Asks registries what a tag names, and for content by its digest.

Source: OCI distribution-spec, "Pulling manifests" and "Checking if content exists in the registry".
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Final, TypeVar

from msgspec.structs import replace

from figwasp.core.credential import ANONYMOUS, Credential, Login
from figwasp.core.deadline import Deadline
from figwasp.core.digest import Digest
from figwasp.core.manifest import LARGEST, parse_manifest
from figwasp.core.reference import Reference
from figwasp.core.registry_settings import USUAL, RegistrySettings
from figwasp.core.resolution import Resolution
from figwasp.errors import AccessDenied, InvalidDigest, InvalidManifest, RegistryError, TagNotFound, UnusableAnswer
from figwasp.net.hosts import Http
from figwasp.net.http import Response
from figwasp.net.retry import Retries
from figwasp.registry import faults
from figwasp.registry.faults import image_of
from figwasp.registry.session import BLOBS, MANIFESTS, Resource, Session

_SCHEMA_1: Final = "application/vnd.docker.distribution.manifest.v1+"
_LONGEST_MEDIA_TYPE: Final = 255
"""Characters (RFC 6838, 4.2); it is kept for each tag, and a header may have 64 KiB."""

_HEAD_REFUSED: Final = {400, 403, 404, 405}

T = TypeVar("T")


class RegistryClient:
    """
    Implements `core.ports.Resolver`, for one pass. Any number of threads may share one.

    A registry that gives no answer, or wants no more requests, is not asked any more by it.

    Args:
        http: sends the requests.
        registries: what is not as usual, by registry as it is written in references.
        retries: repeats what failed in passing.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        http: Http,
        *,
        registries: Mapping[str, RegistrySettings] | None = None,
        retries: Retries | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._http = http
        self._registries = registries or {}
        self._session = Session(http, self._registries, retries or Retries(), clock)
        self._needing_get: set[str] = set()
        self._answering_head: set[str] = set()

    @property
    def asked(self) -> dict[str, int]:
        """How many requests were sent so far, those for logins too, by method."""
        return self._http.asked

    def resolve(self, reference: Reference, login: Login, deadline: Deadline, largest: int = LARGEST) -> Resolution:
        """
        Ask which digest the tag of `reference` names now.

        Costs one HEAD, and one GET where HEAD is refused or sends no digest; on each host once the requests by
        which the registry says how to log in.

        Raises:
            DeadlineExceeded: `deadline` is over, or the registry took too long.
            LargeAnswer: what had to be read for it has more than `largest` bytes.
            RegistryError: no answer that may be believed.
        """
        if mirrored := self._mirrored(reference):
            # As a node does, which is let in without a login or with one that only it has; and what the mirror has is
            # what the node gets, be it old.
            with suppress(TagNotFound):
                digest, media_type = self._digest(
                    mirrored, None, deadline, largest, replace(MANIFESTS, of=reference.registry)
                )
                return Resolution(reference, digest, ANONYMOUS, media_type)
        (digest, media_type), used = _as_any_of(
            login, lambda credential: self._digest(reference, credential, deadline, largest)
        )
        return Resolution(reference, digest, used, media_type)

    def manifest(self, reference: Reference, login: Login, deadline: Deadline, largest: int = LARGEST) -> bytes:
        """
        Fetch the manifest that `reference` pins by digest; its bytes are proven to have that digest.

        Raises:
            TagNotFound: the registry has no such content.
            DeadlineExceeded: `deadline` is over, or the registry took too long.
            LargeAnswer: it has more than `largest` bytes.
            RegistryError: no answer that may be believed.
        """
        return self._pinned(MANIFESTS, reference, login, deadline, largest)

    def config(self, reference: Reference, login: Login, deadline: Deadline, largest: int = LARGEST) -> bytes:
        """
        Fetch the image config that `reference` pins by digest, from wherever the registry keeps it.

        Raises:
            TagNotFound: the registry has no such content.
            DeadlineExceeded: `deadline` is over, or the registry took too long.
            LargeAnswer: it has more than `largest` bytes.
            RegistryError: no answer that may be believed.
        """
        return self._pinned(BLOBS, reference, login, deadline, largest)

    def _pinned(self, what: Resource, reference: Reference, login: Login, deadline: Deadline, largest: int) -> bytes:
        pinned = reference.digest
        if pinned is None:
            raise ValueError(f"{reference} names no digest")
        content = self._content(what, reference, login, deadline, largest)
        if not pinned.names(content):
            raise UnusableAnswer(
                f"{reference.registry} was asked for {image_of(reference)}, "
                f"but the content it sent is {Digest.of(content, pinned.algorithm)}"
            )
        return content

    def _content(self, what: Resource, reference: Reference, login: Login, deadline: Deadline, largest: int) -> bytes:
        if mirrored := self._mirrored(reference):
            with suppress(TagNotFound):
                return self._get(mirrored, None, deadline, replace(what, of=reference.registry), largest).body
        answer, _ = _as_any_of(login, lambda credential: self._get(reference, credential, deadline, what, largest))
        return answer.body

    def _mirrored(self, reference: Reference) -> Reference | None:
        """The same image in the mirror that is asked first, None where there is none."""
        mirror = self._registries.get(reference.registry, USUAL).mirror
        if not mirror:
            return None
        host, slash, prefix = mirror.partition("/")
        return replace(reference, registry=host, repository=f"{prefix}{slash}{reference.repository}")

    def _digest(
        self,
        reference: Reference,
        credential: Credential | None,
        deadline: Deadline,
        largest: int,
        what: Resource = MANIFESTS,
    ) -> tuple[Digest, str]:
        """The digest that the tag names, and the media type of what has it."""
        refused = 0
        if reference.registry not in self._needing_get:
            head = self._session.ask("HEAD", reference, credential, deadline, what)
            if head.status == 200 and (digest := _stated(head, reference)) and (media_type := _media_type(head)):
                self._answering_head.add(reference.registry)
                return digest, media_type
            if head.status in {401, 429}:
                raise faults.refusal(head, reference, credential)
            refused = head.status
        # Some servers answer HEAD wrongly (Nexus: 404, registry.centos.org: 403), and older ones send no digest.
        answer = self._get(reference, credential, deadline, what, largest)
        if refused in _HEAD_REFUSED and reference.registry not in self._answering_head:
            self._needing_get.add(reference.registry)
        return _proven(answer, reference), _media_type(answer)

    def _get(
        self, reference: Reference, credential: Credential | None, deadline: Deadline, what: Resource, largest: int
    ) -> Response:
        answer = self._session.ask("GET", reference, credential, deadline, what, largest)
        if answer.status != 200:
            raise faults.refusal(answer, reference, credential, is_harbor=self._session.is_harbor(reference))
        return answer


def _as_any_of(login: Login, ask: Callable[[Credential | None], T]) -> tuple[T, Login]:
    """
    Ask with one credential after another, like the kubelet: without any only where there is none.

    Gives the answer, and the login with just the credential that got it.

    Only if all of them were told that there is no such image is that believed.
    """
    refusals: list[RegistryError] = []
    for credential in login.candidates or (None,):
        try:
            return ask(credential), Login((credential,)) if credential else ANONYMOUS
        except (AccessDenied, TagNotFound) as error:
            refusals.append(error.again())
    raise next((each for each in refusals if isinstance(each, AccessDenied)), refusals[0]).again()


def _media_type(answer: Response) -> str:
    stated = (answer.headers.get("content-type") or "").partition(";")[0].strip().lower()
    return stated if len(stated) <= _LONGEST_MEDIA_TYPE else ""


def _stated(answer: Response, reference: Reference) -> Digest | None:
    """The digest that the headers name, None if they name none."""
    if _media_type(answer).startswith(_SCHEMA_1):
        raise UnusableAnswer(f"{reference.registry} has {image_of(reference)} only in a format that no runtime runs")
    texts = set(answer.headers.get_all("docker-content-digest")) - {""}
    if len(texts) > 1:
        raise UnusableAnswer(f"{reference.registry} names two digests for {image_of(reference)}")
    try:
        return Digest.parse(texts.pop()) if texts else None
    except InvalidDigest as error:
        raise UnusableAnswer(
            f"{reference.registry} names no usable digest for {image_of(reference)}: {error}"
        ) from error


def _proven(answer: Response, reference: Reference) -> Digest:
    """The digest of the content that was sent; what the headers say must agree."""
    stated = _stated(answer, reference)
    try:
        parse_manifest(answer.body)
    except InvalidManifest as error:
        raise UnusableAnswer(
            f"what {reference.registry} sent for {image_of(reference)} cannot be used: {error}"
        ) from error
    digest = Digest.of(answer.body, stated.algorithm if stated else "sha256")
    if stated not in {None, digest}:
        raise UnusableAnswer(
            f"{reference.registry} says that {image_of(reference)} is {stated}, but the content it sent is {digest}"
        )
    return digest
