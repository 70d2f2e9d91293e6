"""
Every error that Figwasp raises on purpose. Each says what failed, on what and why, and `hint` says what to do.

    FigwaspError
    ├── InternalError          a bug of ours
    ├── UsageError             the command line or environment is wrong (exit 2)
    ├── InvalidDigest
    ├── InvalidReference
    ├── InvalidManifest
    ├── DeadlineExceeded       the operation's or the pass's time is over
    ├── ConnectionFailed       no answer from a host
    │   ├── UnknownAuthority   its certificate is signed by none of those that we trust
    │   └── NotTls             it does not speak TLS
    ├── BadResponse            a host's answer is in an encoding that we do not take
    │   └── TooLarge           … or has more bytes than were to be read
    ├── RegistryError
    │   ├── TagNotFound
    │   │   └── NotCached      … or could not be asked for by a registry that is a cache
    │   ├── AccessDenied
    │   │   └── LoginWithheld  the registry wants the login shown to somebody else, who gets none
    │   ├── RateLimited
    │   ├── RegistryUnreachable
    │   └── UnusableAnswer
    │       └── LargeAnswer    … of more bytes than were to be read
    └── KubernetesError
        ├── KubeconfigError
        ├── Unauthenticated
        ├── Forbidden
        ├── ObjectNotFound
        ├── UnknownResource    the API server, or what stands before it, knows no such kind of object
        ├── Conflict
        ├── Unrecorded         a restart was begun, and the record of it was taken away
        ├── ApiUnreachable
        │   └── AnswerLost     a change was sent and its answer never came
        └── PullSecretError

They lie below every layer, because `app` must catch what the adapters raise without importing them.
Classes take facts and build their own text, so that one fact reads the same everywhere.
"""

from collections.abc import Sequence
from typing import Self

SHOWN_PROBLEMS = 20
"""So many problems of a command line and its files are shown."""


class FigwaspError(Exception):
    """Something went wrong that a person can understand and mend."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return self.message

    def again(self) -> Self:
        """
        Give the same error, to be kept, or to be raised once more.

        One that was raised holds the frames that it went through, with whole answers in them; and who keeps it in such
        a frame makes a circle, which nothing collects in a pass.
        """
        same = type(self).__new__(type(self), *self.args)
        same.__dict__.update(self.__dict__)
        return same


class InternalError(FigwaspError):
    """Something that nobody foresaw, which makes it a bug of ours; `trace` tells where it is."""

    def __init__(self, error: Exception) -> None:
        import traceback  # noqa: PLC0415 - 6 ms that no good pass needs to spend

        super().__init__(f"internal error: {type(error).__name__}", hint="please report this as a bug")
        self.trace = "".join(traceback.format_exception(error))


class UsageError(FigwaspError):
    """
    The command line or the environment cannot be understood; all `problems` are reported at once.

    `told` are those that are shown to a person, who would not read thousands: the last one then counts the others.
    """

    def __init__(self, problems: Sequence[str], *, hint: str = "") -> None:
        self.problems = tuple(problems)
        others = len(self.problems) - SHOWN_PROBLEMS
        self.told = (*self.problems[:SHOWN_PROBLEMS], *([f"and {others} more"] if others > 0 else []))
        super().__init__(self.counted + "; ".join(self.told), hint=hint)

    @property
    def counted(self) -> str:
        """How many there are, empty for a single one."""
        return f"{len(self.problems)} problems: " if len(self.problems) > 1 else ""


class InvalidDigest(FigwaspError):
    """A text is not a digest of a known algorithm."""

    def __init__(self, text: str, problem: str) -> None:
        super().__init__(f'"{shorten(text)}" is not a digest: {problem}')


class InvalidReference(FigwaspError):
    """A text is not an image reference."""

    def __init__(self, text: str, problem: str, *, hint: str = "") -> None:
        super().__init__(f'"{shorten(text)}" is not an image reference: {problem}', hint=hint)


class InvalidManifest(FigwaspError):
    """Bytes are not a manifest or index that we can read."""


class DeadlineExceeded(FigwaspError):
    """The time for an operation, or for the whole pass, is over."""


class ConnectionFailed(FigwaspError):
    """
    A host could not be reached, or the connection broke before the answer was complete.

    `sent` tells whether (part of) the request may have reached the host.
    """

    def __init__(self, host: str, problem: str, *, sent: bool, hint: str = "") -> None:
        super().__init__(f"no answer from {host}: {problem}", hint=hint)
        self.host = host
        self.problem = problem
        self.sent = sent


class UnknownAuthority(ConnectionFailed):
    """A host's certificate is signed by none of the authorities that we trust; nothing was sent to it."""

    def __init__(self, host: str, problem: str) -> None:
        super().__init__(host, problem, sent=False)


class NotTls(ConnectionFailed):
    """A host answers a TLS handshake with something else; nothing was sent to it."""

    def __init__(self, host: str) -> None:
        super().__init__(host, "it does not speak TLS on this port", sent=False)


class BadResponse(FigwaspError):
    """A host answered, so that the request had its effect, but the answer cannot be taken."""

    def __init__(self, host: str, problem: str) -> None:
        super().__init__(f"the answer of {host} cannot be taken: {problem}")
        self.host = host


class TooLarge(BadResponse):
    """An answer has more bytes than were to be read."""


class RegistryError(FigwaspError):
    """A registry did not say what a reference names."""


class TagNotFound(RegistryError):
    """The repository or tag does not exist (404)."""


class NotCached(TagNotFound):
    """The same of a registry that says so, too, where it is a cache and could not ask the registry behind it."""


class AccessDenied(RegistryError):
    """The registry refused the login, or wants one (401, 403)."""


class LoginWithheld(AccessDenied):
    """The registry wants a login shown to a host that may be anybody's, so that it was not sent."""


class RateLimited(RegistryError):
    """The registry wants fewer requests (429)."""


class RegistryUnreachable(RegistryError):
    """The registry gave no answer, or a server error (5xx)."""


class UnusableAnswer(RegistryError):
    """The registry answered something that contradicts itself or the specification."""


class LargeAnswer(UnusableAnswer):
    """The registry sends more bytes than were to be read; it may be asked again for all that may be read at all."""


class KubernetesError(FigwaspError):
    """The Kubernetes API server did not do what was asked."""


class KubeconfigError(KubernetesError):
    """There is no usable way to reach a cluster: kubeconfig or service account are missing or wrong."""


class Unauthenticated(KubernetesError):
    """The API server does not know who we are (401)."""


class Forbidden(KubernetesError):
    """The API server knows us and refuses (403); names the verb, the resource and where."""

    def __init__(
        self, *, verb: str, resource: str, group: str, namespace: str, name: str = "", detail: str = ""
    ) -> None:
        self.verb, self.resource, self.group, self.namespace, self.name = (
            verb,
            resource,
            group,
            namespace,
            name,
        )
        what = f"{resource}/{name}" if name else resource
        where = f" in namespace {namespace}" if namespace else ""
        message = f"not allowed to {verb} {what}{where}" + (f" ({shorten(detail)})" if detail else "")
        role = f"Role in namespace {namespace}" if namespace else "ClusterRole"
        # Whoever may list secrets may read them all, so the rule that is proposed names the one that is needed.
        names = f", resourceNames: [{_quoted(name)}]" if resource == "secrets" and name else ""
        rule = f'- {{apiGroups: ["{group}"], resources: ["{resource}"], verbs: ["{verb}"]{names}}}'
        super().__init__(message, hint=f"add this rule to its {role}: {rule}")


def _quoted(name: str) -> str:
    """A name as a YAML string: whoever wrote it must not write a rule."""
    chars = (char if char.isalnum() or char in "-._" else f"\\u{ord(char) % 65536:04x}" for char in name[:253])
    return f'"{"".join(chars)}"'


class ObjectNotFound(KubernetesError):
    """The named object does not exist."""


class UnknownResource(KubernetesError):
    """The API server, or what stands before it, knows no such kind of object; whether there is one is not known."""


class Conflict(KubernetesError):
    """The object changed since it was read (409); decide anew."""


class Unrecorded(KubernetesError):
    """A restart was begun, and something took the record of it away as both were written."""


class ApiUnreachable(KubernetesError):
    """The API server gave no answer, or a server error."""


class AnswerLost(ApiUnreachable):
    """A change was sent, but no answer came: it may or may not have happened."""


class PullSecretError(KubernetesError):
    """An image pull secret cannot be used; the text names it and never shows its content."""


def shorten(text: str, limit: int = 256) -> str:
    """Cut `text` to `limit` characters on one line, so that foreign text cannot flood or forge a report."""
    line = printable(text[: limit + 1]).strip()
    return line if len(text) <= limit else line[:limit] + "…"


def printable(text: str) -> str:
    """Put a blank for each character that is no ordinary one: line breaks, escape sequences."""
    return "".join(char if char.isprintable() else " " for char in text)
