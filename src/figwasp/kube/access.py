"""A way to reach an API server, and to be let in."""

from msgspec import Struct

from figwasp.core.credential import Secret
from figwasp.kube.identity import NO_SECRET, Identity
from figwasp.net.tls import Tls


class Access(Struct, frozen=True, kw_only=True):
    """
    A way to reach an API server.

    `server` is a URL without a slash at its end. `tls` has no client certificate: that is the identity's.
    `namespace` is the one that the context starts in, empty where it names none. `described` is for people, such as
    "context dev of ~/.kube/config".
    """

    server: str
    tls: Tls
    identity: Identity
    headers: tuple[tuple[str, str], ...] = ()
    """Sent with every request; they name whom to impersonate."""
    namespace: str = ""
    proxy_url: Secret = NO_SECRET
    """Of the one proxy to use; empty for those of the environment."""
    in_cluster: bool = False
    described: str
