"""How answers of an API server are read: the facts of a refusal, the names of a list, the version of an object."""

from tests.contract.api import Json
from tests.contract.http import Answer

STALE = "the object has been modified; please apply your changes to the latest version and try again"


def status(answer: Answer) -> Json:
    """The facts of a refusal, which must be a whole Status with the answer's own code."""
    body: Json = answer.json
    assert answer.content_type == "application/json"
    assert ("Status", "v1", "Failure", answer.status) == tuple(
        body.pop(key) for key in ("kind", "apiVersion", "status", "code")
    )
    return {key: value for key, value in body.items() if value != {} or key == "details"}


def refusal(reason: str, message: str, **details: str) -> Json:
    """The facts of an expected refusal."""
    return {"reason": reason, "message": message, **({"details": details} if details else {})}


def names(page: Json) -> list[str]:
    """The names of what is in a list."""
    return [item["metadata"]["name"] for item in page["items"]]


def version(value: Json) -> int:
    """The version of an object or list."""
    return int(value["metadata"]["resourceVersion"])
