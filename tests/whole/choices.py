"""What the state machine chooses from: names, pushes, machines, doors and troubles."""

from typing import Any

from hypothesis import strategies as st

from figwasp.embedded.api.server import Fault
from figwasp.embedded.node.node import Runtime
from tests.whole.doors import REPOSITORIES, Door
from tests.whole.pushes import Push
from tests.whole.workloads import PLURALS, WORKLOADS

LETTERS = st.sampled_from("AB")
BUILDS = st.integers(0, 1)
NAMES = st.sampled_from(sorted(WORKLOADS))
ONE_REPOSITORY = st.sampled_from(REPOSITORIES)
KINDS = st.sampled_from(sorted(PLURALS))
SINGLE_MANIFESTS = st.builds(Push, amd=LETTERS, build=BUILDS)
INDEXES = st.builds(Push, amd=LETTERS, arm=LETTERS, build=BUILDS)
CRASHES = st.builds(Push, amd=LETTERS, arm=LETTERS, crashes=st.just(True))
BEHIND = st.sampled_from([(), (0,), (1,), (0, 1)])
PASSWORDS = st.sampled_from(["one", "two"])
DOORS = st.builds(
    Door,
    scheme=st.sampled_from(["Basic", "Bearer"]),
    private=st.sampled_from([(), ("web",), ("app",), REPOSITORIES]),
    password=PASSWORDS,
)
MACHINES = st.tuples(
    st.tuples(st.just("amd64"), st.sampled_from(Runtime)),
    st.tuples(st.sampled_from(["amd64", "arm64"]), st.sampled_from(Runtime)),
)
LOST = [Fault.APPLY_THEN_DROP, Fault.CUT, Fault.BAD_GATEWAY]
API_TROUBLES = st.sampled_from(
    [
        *(("update", "workloads", fault) for fault in (*LOST, Fault.DROP, Fault.INTERNAL_ERROR)),
        ("get", "workloads", Fault.INTERNAL_ERROR),
        ("list", "replicasets", Fault.DROP),
        ("list", "controllerrevisions", Fault.DROP),
        ("list", "pods", Fault.CUT),
        ("list", "secrets", Fault.INTERNAL_ERROR),
        ("get", "nodes", Fault.INTERNAL_ERROR),
    ]
)
REGISTRY_TROUBLES: list[dict[str, Any]] = [{"status": status} for status in (401, 403, 404, 429, 500)]
REGISTRY_TROUBLES += [{"reset": True}, {"body": b"<html>", "leave_out": ("docker-content-digest",)}]
