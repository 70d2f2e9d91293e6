"""
Image references: which repository of which registry, and which tag or digest of it.

Source: distribution/reference, the grammar that the kubelet and containerd use. Runs of characters are possessive
below, so that a hostile text cannot cost more than its length. Groups are not: up to CPython 3.11.4 a possessive group
matches what it should not (gh-106052).
"""

import re

from msgspec import Struct

from figwasp.core.digest import Digest, is_hexadecimal
from figwasp.errors import InvalidDigest, InvalidReference

DOCKER_HUB = "docker.io"
LONGEST_INPUT = 4096
LONGEST_PATH = 255

_LABEL = r"[a-zA-Z0-9](?:-*+[a-zA-Z0-9])*"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]++\])(?::[0-9]++)?"
_COMPONENT = r"[a-z0-9]++(?:(?:__|[._]|-++)[a-z0-9]++)*"
_PATH = rf"{_COMPONENT}(?:/{_COMPONENT})*"
_TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}+"


class Reference(Struct, frozen=True, kw_only=True):
    """
    An image's name. `str()` is its canonical text, which parses to an equal value.

    `tag` is empty only where a digest is given without one; a digest means *pinned*: the tag is then only a comment.
    """

    registry: str
    repository: str
    tag: str = ""
    digest: Digest | None = None

    @classmethod
    def parse(cls, text: str) -> "Reference":
        """
        Read a reference as it is written in a pod template, with Docker Hub's defaults.

        Raises:
            InvalidReference: says what is wrong and, where it can be guessed, what was meant.
        """
        if len(text) > LONGEST_INPUT:
            raise InvalidReference(text, f"it is longer than {LONGEST_INPUT} characters")
        if len(text) == 64 and is_hexadecimal(text):
            raise InvalidReference(text, "64 hexadecimal digits are an image's ID, not its name")
        named, at, digest_text = text.partition("@")
        name, tag = _split_tag(named)
        registry, repository = _split_registry(name)
        _check_name(text, name, registry, repository)
        if tag is not None and not re.fullmatch(_TAG, tag):
            raise InvalidReference(text, f'"{tag[:140]}" cannot be a tag')
        try:
            digest = Digest.parse(digest_text) if at else None
        except InvalidDigest as error:
            raise InvalidReference(text, str(error)) from error
        if tag is None:
            tag = "" if digest else "latest"
        return cls(registry=registry, repository=repository, tag=tag, digest=digest)

    @property
    def is_pinned(self) -> bool:
        """Whether a digest fixes the content, so that there is nothing to watch."""
        return self.digest is not None

    @property
    def name(self) -> str:
        """Registry and repository without tag and digest, as logins are looked up by it."""
        return f"{self.registry}/{self.repository}"

    @property
    def target(self) -> str:
        """What a registry is asked for: the digest where there is one, else the tag."""
        return str(self.digest) if self.digest else self.tag

    @property
    def familiar(self) -> str:
        """The text as a person would write it: without Docker Hub's own names."""
        text = str(self)
        if self.registry != DOCKER_HUB:
            return text
        is_official = self.repository.startswith("library/") and self.repository.count("/") == 1
        return text.removeprefix(f"{DOCKER_HUB}/").removeprefix("library/" if is_official else "")

    def at(self, digest: Digest) -> "Reference":
        """The same repository at `digest`."""
        return Reference(registry=self.registry, repository=self.repository, digest=digest)

    def __str__(self) -> str:
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.name}{tag}{digest}"


def _split_tag(named: str) -> tuple[str, str | None]:
    colon = named.rfind(":")
    if colon <= named.rfind("/"):
        return named, None
    return named[:colon], named[colon + 1 :]


def _split_registry(name: str) -> tuple[str, str]:
    first, slash, rest = name.partition("/")
    is_domain = slash and (first == "localhost" or any(char in first for char in ".:") or first != first.lower())
    registry, repository = (first, rest) if is_domain else (DOCKER_HUB, name)
    if registry == "index.docker.io":
        registry = DOCKER_HUB
    if registry == DOCKER_HUB and "/" not in repository:
        repository = f"library/{repository}"
    return registry, repository


def _check_name(text: str, name: str, registry: str, repository: str) -> None:
    length = len(repository)
    if not re.fullmatch(_HOST, registry):
        # A host with an underscore is none to the grammar, which then takes the whole for a path. Runtimes ask that
        # host all the same (containerd pkg/reference), so it is one.
        if not re.fullmatch(_COMPONENT, registry):
            raise InvalidReference(text, f'"{registry[:140]}" cannot be a registry\'s host')
        length += len(registry) + 1
    if length > LONGEST_PATH:
        raise InvalidReference(text, f"the repository is longer than {LONGEST_PATH} characters")
    if re.fullmatch(_PATH, repository):
        return
    written = repository if name.endswith(repository) else repository.removeprefix("library/")
    if re.fullmatch(_PATH, repository.lower()):
        meant = name[: len(name) - len(written)] + written.lower() + text[len(name) :]
        raise InvalidReference(text, "repository names are lower case", hint=f'did you mean "{meant}"?')
    raise InvalidReference(text, f'"{written[:140]}" cannot be a repository')
