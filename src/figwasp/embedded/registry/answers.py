"""Answers that several resources of the small registry give, in docker-registry's words."""

import json
from typing import Final

from figwasp.embedded.registry.http import Answer

JSON: Final = "application/json; charset=utf-8"
_TEXT: Final = "text/plain; charset=utf-8"
_NO_DETAIL: Final = object()


def refusal(status: int, code: str, message: str, detail: object = _NO_DETAIL) -> Answer:
    """An error in the form of the distribution-spec; one that has no detail is not the same as `null`."""
    return refusals(status, (code, message, detail))


def refusals(status: int, *errors: tuple[str, str, object]) -> Answer:
    """Several errors (code, message, detail) at once."""
    listed = [
        {"code": code, "message": message, **({} if detail is _NO_DETAIL else {"detail": detail})}
        for code, message, detail in errors
    ]
    body = json.dumps({"errors": listed}).encode() + b"\n"
    return Answer(status=status, headers={"Content-Type": JSON}, body=body)


def wrong_digest(detail: object = _NO_DETAIL) -> Answer:
    """What was sent is not what its digest says."""
    return refusal(400, "DIGEST_INVALID", "provided digest did not match uploaded content", detail)


def no_page() -> Answer:
    """There is nothing under this path, and never will be."""
    return Answer(status=404, headers={"Content-Type": _TEXT}, body=b"404 page not found\n")


def wrong_method(allowed: list[str]) -> Answer:
    """What the path names cannot be used so."""
    headers = {"Content-Type": _TEXT, "Allow": ", ".join(sorted(allowed))}
    return Answer(status=405, headers=headers, body=b"Method not allowed\n")
