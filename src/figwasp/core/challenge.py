"""
What a registry wants before it answers, what a token is asked for, and which servers may be asked or shown a login.

Source: RFC 9110, 11.6.1; distribution's "Token authentication specification".
"""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from msgspec import Struct

from figwasp.core.url import Url

BASIC: Final = "basic"
BEARER: Final = "bearer"

_WORD: Final = r"[!#$%&'*+.^_`|~0-9A-Za-z-]++"
# Compiled where they are first needed: most registries of most passes are not asked again for a login.
_PARAMETER: Final = rf'(?s:({_WORD})[ \t]*=[ \t]*(?:"([^"\\]*+(?:\\.[^"\\]*+)*)"|({_WORD}))?)'
_FIRST_SCHEME: Final = rf"({_WORD})"
_SCHEME: Final = rf"({_WORD})(?=[ \t,]|$)"
# One = at the end is a parameter without a value to those who run images, so it is one here.
_TOKEN68: Final = rf"(?!{_WORD}=[ \t]*(?:,|$))[A-Za-z0-9._~+/-]++=*+(?=[ \t]*(?:,|$))"
_SPACE: Final = "[ \t]*+"
_BETWEEN: Final = r"[ \t,]*+"

_SHARED_SUFFIXES: Final = frozenset(
    (  # noqa: SIM905
        "amazonaws.com amplifyapp.com appdomain.cloud appspot.com awsapprunner.com azure-api.net "
        "azurecontainer.io azurecontainerapps.io azurecr.io azurefd.net azurestaticapps.net azurewebsites.net "
        "bitbucket.io cleverapps.io cloudapp.azure.com cloudapp.net cloudfront.net cloudfunctions.net cluster.local "
        "code.run core.windows.net ddns.net ddnss.de dedyn.io deno.dev devtunnels.ms digitaloceanspaces.com "
        "diskstation.me dscloud.me duckdns.org dyndns.org dynu.net dynv6.net elasticbeanstalk.com firebaseapp.com "
        "fly.dev freeddns.org github.dev github.io githubusercontent.com gitlab.io gitpod.io glitch.me goip.de "
        "googleusercontent.com herokuapp.com hf.space hopto.org jfrog.io koyeb.app lhr.life linodeusercontent.com "
        "loca.lt members.linode.com mooo.com myds.me myfritz.net mynetgear.com myqnapcloud.com netlify.app "
        "ngrok-free.app ngrok-free.dev ngrok.app ngrok.dev ngrok.io nip.io no-ip.org on.aws ondigitalocean.app "
        "onrender.com openshiftapps.com pages.dev pkg.dev platformsh.site r2.dev redirectme.net repl.co replit.app "
        "replit.dev run.app scalingo.io scw.cloud selfhost.eu selfip.com servehttp.com serveo.net spdns.de sslip.io "
        "surge.sh synology.me sytes.net traefik.me trafficmanager.net trycloudflare.com ts.net up.railway.app "
        "vercel.app vps.ovh.net web.app workers.dev xip.io your-server.de zapto.org"
    ).split()
)
"""Domains under which anybody may have a host: two hosts in them need not belong together."""

_COUNTRY_GROUPS: Final = frozenset(
    "ac asso co com ed edu go gob gouv gov govt gv mil ne net nom or org res sch".split()  # noqa: SIM905
)
"""What stands before a country's two letters in domains such as co.uk and com.br."""


class Challenge(Struct, frozen=True):
    """One way to log in. `scheme` is BASIC or BEARER; the names of `parameters` are lower case."""

    scheme: str
    parameters: Mapping[str, str] = {}


def parse_challenges(lines: Iterable[str]) -> tuple[Challenge, ...]:
    """
    Read all values of WWW-Authenticate, the best way first: Bearer before Basic.

    Other schemes are left out, and so is what cannot be read.
    """
    found = [challenge for line in lines for challenge in _parse(line) if challenge.scheme in {BASIC, BEARER}]
    return tuple(sorted(found, key=lambda challenge: challenge.scheme == BASIC))


def scopes_to_pull(repository: str, wanted: str) -> tuple[str, ...]:
    """
    Tell which scopes to ask a token for: that to pull `repository`, and those that a challenge `wanted`.

    A registry behind a proxy may call the repository otherwise, or want several. Of each that lists actions only
    pulling is asked for, and nothing where that is none of them (`registry:catalog:*`); a word without actions, such as
    `aws`, is passed on. They are sorted, each once.

    Source: containerd remotes/docker/scope.go, GetTokenScopes; distribution's "Token scope documentation".
    """
    found = [_to_pull(each) for each in wanted.split(" ") if re.fullmatch("[!-~]+", each)]
    return tuple(sorted({f"repository:{repository}:pull", *filter(None, found)}))


def _to_pull(scope: str) -> str:
    kind, _, rest = scope.partition(":")
    name, colon, actions = rest.rpartition(":")
    if not colon:
        return scope
    is_repository = re.fullmatch(r"repository(\([a-z0-9]+\))?", kind) is not None
    grants = {"pull", "*"} if is_repository else {"pull"}
    return f"{kind}:{name}:pull" if name and grants & set(actions.split(",")) else ""


def may_ask(realm: Url, registry: Url) -> bool:
    """
    Whether a token may be asked for at `realm`, which `registry` chose, without showing a login.

    Only by https, unless the registry's own connection is plain. An address instead of a name, or a name without
    a domain, would lead into our own network: only the registry's own host may be that.
    """
    if realm.host == registry.host:
        return realm.scheme == "https" or registry.scheme == "http"
    return realm.scheme == "https" and not _is_inside(realm.host)


def may_show_login(realm: Url, registry: Url) -> bool:
    """
    Whether a login for `registry` may be shown at `realm`.

    The host must be the registry's own, or both must lie in one domain of at least two labels that a single owner
    has: `auth.docker.io` for `registry-1.docker.io`, `gitlab.com` for `registry.gitlab.com`. There is no list of all
    public suffixes here, so under a country's second level (`co.uk`) three labels must be shared, and where one of
    the two lies at any depth under a well-known domain that lends names to anybody, only the same host is taken.
    """
    if not may_ask(realm, registry):
        return False
    if realm.host == registry.host:
        return True
    if _is_lent(realm.host) or _is_lent(registry.host):
        return False
    shared: list[str] = []
    for ours, theirs in zip(reversed(registry.host.split(".")), reversed(realm.host.split(".")), strict=False):
        if ours != theirs:
            break
        shared.insert(0, ours)
    is_country_group = len(shared) >= 2 and len(shared[-1]) == 2 and shared[-2] in _COUNTRY_GROUPS
    return len(shared) >= (3 if is_country_group else 2)


def is_named(realm: Url, registry: Url, token_server: str) -> bool:
    """
    Whether `realm` lies on `token_server` (HOST[:PORT], empty for none), so that it may be asked and shown logins.

    Only by https, unless the registry's own connection is plain.
    """
    if not token_server or (realm.scheme != "https" and registry.scheme == "https"):
        return False
    return realm.origin == Url.parse(f"{realm.scheme}://{token_server}").origin


def _is_lent(host: str) -> bool:
    """Whether `host` is, or lies under, a domain that lends names to anybody."""
    labels = host.rstrip(".").split(".")
    return any(".".join(labels[start:]) in _SHARED_SUFFIXES for start in range(len(labels)))


def _is_inside(host: str) -> bool:
    """Whether `host` is an address (in any of its spellings), or a name without a domain."""
    last = host.rstrip(".").rpartition(".")[2]
    return ":" in host or "." not in host.rstrip(".") or re.fullmatch("0x[0-9a-f]*|[0-9]+", last) is not None


def _parse(line: str) -> list[Challenge]:
    found: list[tuple[str, dict[str, str]]] = []
    position = _after(_BETWEEN, line, 0)
    while position < len(line):
        if found and (parameter := re.compile(_PARAMETER).match(line, position)):
            name, quoted, plain = parameter.groups()
            value = re.sub(r"\\(.)", r"\1", quoted, flags=re.DOTALL) if quoted is not None else plain or ""
            found[-1][1][name.lower()] = value  # the last of a name counts, as in containerd
            position = parameter.end()
        elif scheme := re.compile(_SCHEME if found else _FIRST_SCHEME).match(line, position):
            found.append((scheme[1].lower(), {}))
            position = _after(_TOKEN68, line, _after(_SPACE, line, scheme.end()))
        else:
            break
        position = _after(_BETWEEN, line, position)
    return [Challenge(scheme, parameters) for scheme, parameters in found]


def _after(pattern: str, line: str, position: int) -> int:
    found = re.compile(pattern).match(line, position)
    return found.end() if found else position
