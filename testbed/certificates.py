"""Certificate authorities and the certificates they issue, by the openssl command."""

from dataclasses import dataclass
from pathlib import Path

from testbed.command import run

_DAYS = "30"
_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc")

# openssl's own configuration would add extensions that contradict ours.
_EMPTY_CONFIG = "[req]\ndistinguished_name = none\n[none]\n"


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate and its private key, as files."""

    certificate: Path
    key: Path


def authority(folder: Path, name: str) -> Pair:
    """Make a new certificate authority, `name`.crt and `name`.key in `folder`."""
    pair = _pair(folder, name)
    usage = "keyUsage=critical,keyCertSign,cRLSign"
    _request(pair, f"/CN={name}", "basicConstraints=critical,CA:TRUE", usage)
    return pair


def issue(issuer: Pair, name: str, *, user: str, group: str = "") -> Pair:
    """
    Make a certificate that serves on loopback and is `user` (CN) of `group` (O) as a client.

    Source: Kubernetes takes user and group from these fields ("X.509 client certificates").
    """
    pair = _pair(issuer.certificate.parent, name)
    _request(
        pair,
        (f"/O={group}" if group else "") + f"/CN={user}",
        "basicConstraints=critical,CA:FALSE",
        "keyUsage=critical,digitalSignature",
        "extendedKeyUsage=serverAuth,clientAuth",
        "subjectAltName=IP:127.0.0.1,DNS:localhost",
        "authorityKeyIdentifier=keyid",
        issuer=issuer,
    )
    return pair


def _pair(folder: Path, name: str) -> Pair:
    folder.mkdir(parents=True, exist_ok=True)
    return Pair(folder / f"{name}.crt", folder / f"{name}.key")


def _request(pair: Pair, subject: str, *extensions: str, issuer: Pair | None = None) -> None:
    config = pair.key.with_name("openssl.cnf")
    config.write_text(_EMPTY_CONFIG)
    argv = ["openssl", "req", "-x509", "-config", str(config), "-days", _DAYS, *_NEW_KEY, "-subj", subject]
    argv += ["-keyout", str(pair.key), "-out", str(pair.certificate)]
    for extension in ("subjectKeyIdentifier=hash", *extensions):
        argv += ["-addext", extension]
    if issuer is not None:
        argv += ["-CA", str(issuer.certificate), "-CAkey", str(issuer.key)]
    run(*argv)
