"""In which form an answer is wanted."""

import enum

from figwasp.embedded.api.status import not_acceptable


class Form(enum.Enum):
    """A form that the server can answer in."""

    OBJECT = "the object as it is"
    TABLE = "a table of it"
    METADATA = "a list of which only the objects' metadata is given"


_FORMS = {"Table": Form.TABLE, "PartialObjectMetadataList": Form.METADATA}


def wanted_form(accept: str) -> Form:
    """
    The first form of an Accept header that the server has.

    Raises:
        Refusal: it has none of them (406).
    """
    for clause in accept.split(",") if accept.strip() else ("*/*",):
        kind, *given = (part.strip() for part in clause.split(";"))
        parameters = dict(part.partition("=")[::2] for part in given)
        if kind not in ("application/json", "*/*"):
            continue
        if "as" not in parameters:
            return Form.OBJECT
        if parameters["as"] in _FORMS and (parameters.get("g"), parameters.get("v")) == ("meta.k8s.io", "v1"):
            return _FORMS[parameters["as"]]
    raise not_acceptable()
