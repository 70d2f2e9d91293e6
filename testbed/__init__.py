"""
A real Kubernetes node and real registries on one machine, for the tests. Never shipped.

`python -m testbed up|down|status` starts and ends it (root on Debian or Ubuntu, and Go). A test then says:

    app = bed.repository("team/web")
    first = app.push(image("1"), "1.2")
    namespace.apply(deployment("web", container(app.reference("1.2")), replicas=2))
    namespace.wait_rolled_out("web")
    assert {first} == namespace.running_digests("web")

Every part is a value (part.py, parts/); starting and ending them is processes.py; the order is lifecycle.py.
"""

from testbed.access import AccessLog, Call, RegistryRequest
from testbed.api import Api, ApiError, Json
from testbed.audit import ApiRequest, Asked, AuditLog
from testbed.bed import Bed
from testbed.binaries import oracle, original
from testbed.errors import PartFailed, StillWaiting, TestbedError
from testbed.images import NO_SUCH_PROGRAM, SLEEP_FOREVER, Image, Index, Style, attestation, image, index, respaced
from testbed.lifecycle import alone, down, is_up, status, up
from testbed.manifests import container, daemon_set, deployment, stateful_set
from testbed.namespace import Namespace
from testbed.parts.containerd import Runtime
from testbed.parts.registry import OWNER, Login, Registry
from testbed.repository import Repository
from testbed.service_account import ServiceAccount
from testbed.site import Site
from testbed.wait import wait_for

__all__ = [
    "NO_SUCH_PROGRAM",
    "OWNER",
    "SLEEP_FOREVER",
    "AccessLog",
    "Api",
    "ApiError",
    "ApiRequest",
    "Asked",
    "AuditLog",
    "Bed",
    "Call",
    "Image",
    "Index",
    "Json",
    "Login",
    "Namespace",
    "PartFailed",
    "Registry",
    "RegistryRequest",
    "Repository",
    "Runtime",
    "ServiceAccount",
    "Site",
    "StillWaiting",
    "Style",
    "TestbedError",
    "alone",
    "attestation",
    "container",
    "daemon_set",
    "deployment",
    "down",
    "image",
    "index",
    "is_up",
    "oracle",
    "original",
    "respaced",
    "stateful_set",
    "status",
    "up",
    "wait_for",
]
