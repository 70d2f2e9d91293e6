"""What a registry said that a tag names."""

from msgspec import Struct

from figwasp.core.credential import Login
from figwasp.core.digest import Digest
from figwasp.core.reference import Reference


class Resolution(Struct, frozen=True):
    """
    What a tag names now. `login` has just the credential that was answered, or is `ANONYMOUS`.

    `media_type` is as the registry gave it, in lower case and without parameters.
    """

    reference: Reference
    digest: Digest
    login: Login
    media_type: str = ""
