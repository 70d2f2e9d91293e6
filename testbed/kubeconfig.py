"""Kubeconfig files, with everything they need inside them."""

import base64
from pathlib import Path

from testbed.certificates import Pair


def with_certificate(server: str, ca: Path, pair: Pair) -> str:
    """The text of a kubeconfig that logs in with a client certificate."""
    certificate, key = _base64(pair.certificate.read_bytes()), _base64(pair.key.read_bytes())
    return _text(server, ca, f"    client-certificate-data: {certificate}\n    client-key-data: {key}\n", "default")


def with_token(server: str, ca: Path, token: str, namespace: str) -> str:
    """The text of a kubeconfig that logs in with a bearer token and starts in `namespace`."""
    return _text(server, ca, f"    token: {token}\n", namespace)


def _text(server: str, ca: Path, user: str, namespace: str) -> str:
    return f"""\
apiVersion: v1
kind: Config
clusters:
- name: testbed
  cluster:
    server: {server}
    certificate-authority-data: {_base64(ca.read_bytes())}
users:
- name: testbed
  user:
{user}contexts:
- name: testbed
  context:
    cluster: testbed
    user: testbed
    namespace: {namespace}
current-context: testbed
"""


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
