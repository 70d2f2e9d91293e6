"""An admission webhook of the real API server, for the workloads of one namespace."""

import base64
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path

from figwasp.embedded.serving import HttpServer, Program
from testbed import Json, Namespace
from tests.certificates import Authority

Change = Callable[[Json], list[Json]]
"""What becomes of an object that is updated: the operations of a JSON patch."""

_ADMISSION = "/apis/admissionregistration.k8s.io/v1"


@contextmanager
def webhook(namespace: Namespace, folder: Path, change: Change) -> Iterator[None]:
    """Have every update of a Deployment changed, while this lasts."""
    authority = Authority(folder)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            review = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            request = review["request"]
            patch = base64.b64encode(json.dumps(change(request["object"])).encode()).decode()
            answer = {"uid": request["uid"], "allowed": True, "patchType": "JSONPatch", "patch": patch}
            body = json.dumps({**review, "response": answer}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    http = HttpServer(Handler, authority.server_context(), 0)
    with Program("webhook", http, tls=True) as program:
        ca = base64.b64encode(authority.certificate.read_bytes()).decode()
        updates = {"apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments"], "operations": ["UPDATE"]}
        one = {
            "name": "changes.figwasp.test",
            "clientConfig": {"url": f"{program.url}/", "caBundle": ca},
            "rules": [updates],
            "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace.name}},
            "sideEffects": "None",
            "admissionReviewVersions": ["v1"],
        }
        kind = {"apiVersion": "admissionregistration.k8s.io/v1", "kind": "MutatingWebhookConfiguration"}
        place = f"{_ADMISSION}/mutatingwebhookconfigurations"
        namespace.api.request("POST", place, {**kind, "metadata": {"name": namespace.name}, "webhooks": [one]})
        try:
            yield
        finally:
            namespace.api.request("DELETE", f"{place}/{namespace.name}")
