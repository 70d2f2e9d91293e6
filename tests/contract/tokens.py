"""A token server whose tokens real registries believe: JSON Web Tokens, signed."""

import base64
import json
import ssl
import time
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from figwasp.embedded.registry.http import basic
from figwasp.embedded.serving import HttpServer, Program
from testbed import Login
from testbed.certificates import Pair
from testbed.parts.registry import TokenServer


class JwtServer(Program):
    """
    Gives tokens to its users, each for what he may do; speaks HTTPS and signs with the same certificate.

    Source: distribution, docs/spec/auth/jwt.md and token.md.
    """

    def __init__(self, pair: Pair, users: Sequence[Login]) -> None:
        self._pair = pair
        self._users = {each.user: each.password for each in users}
        self.asked: list[tuple[str, str]] = []
        """User and scope of each request."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pair.certificate, pair.key)
        http = HttpServer(lambda *connection: _Handler(self, *connection), context, 0)
        super().__init__("token server", http, tls=True)

    def described(self, authority: Path) -> TokenServer:
        """What a registry must know of it; the certificate `authority` has signed ours."""
        return TokenServer(realm=f"{self.url}/token", certificate=authority)

    def answer(self, authorization: str, scope: str) -> dict[str, object] | None:
        """Give a token for what is asked, as far as it is pulling; None to strangers."""
        user, password = basic(authorization)
        self.asked.append((user, scope))
        if self._users.get(user) != password or not user:
            return None
        _, name, _ = scope.split(":")
        return {"token": self.token(user, name, "pull"), "expires_in": 300, "issued_at": "2026-01-01T00:00:00Z"}

    def token(self, user: str, repository: str, *actions: str) -> str:
        """Sign a token."""
        now = int(time.time())
        certificate = x509.load_pem_x509_certificate(self._pair.certificate.read_bytes())
        der = certificate.public_bytes(serialization.Encoding.DER)
        header = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(der).decode()]}
        access = [{"type": "repository", "name": repository, "actions": list(actions)}]
        times = {"iat": now, "nbf": now - 10, "exp": now + 300}
        claims = {"iss": "tokens", "sub": user, "aud": "registry", "jti": f"{now}", "access": access, **times}
        signed = f"{_base64(json.dumps(header).encode())}.{_base64(json.dumps(claims).encode())}"
        key = serialization.load_pem_private_key(self._pair.key.read_bytes(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        r, s = decode_dss_signature(key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_base64(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def __init__(self, server: JwtServer, *connection: object) -> None:
        self._tokens = server
        super().__init__(*connection)  # type: ignore[arg-type]  # socketserver's

    def do_GET(self) -> None:
        """Give a token, or refuse to."""
        scope = parse_qs(urlsplit(self.path).query).get("scope", ["repository:nothing:pull"])[0]
        given = self._tokens.answer(self.headers.get("Authorization") or "", scope)
        body = json.dumps(given or {"details": "incorrect username or password"}).encode()
        self.send_response(401 if given is None else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
