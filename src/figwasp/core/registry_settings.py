"""What an operator may say about one registry."""

from msgspec import Struct


class RegistrySettings(Struct, frozen=True, kw_only=True):
    """
    How a registry is asked, where that is not as usual.

    `ca_file` is trusted besides what is trusted anyway. `mirror` is HOST[:PORT][/PREFIX], empty for none. `concurrency`
    bounds the requests under way at a time. `pull_secret` is (namespace, name), empty for none. `token_server` is
    HOST[:PORT] of one that may have logins shown although its domain is not the registry's, empty for none.
    """

    ca_file: str = ""
    insecure: bool = False
    plain_http: bool = False
    mirror: str = ""
    concurrency: int = 16
    pull_secret: tuple[str, str] | None = None
    token_server: str = ""


USUAL = RegistrySettings()
