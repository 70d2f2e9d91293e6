"""Reading workloads of the embedded API server: what is put there, selected and asked for."""

from figwasp.core.deadline import Deadline
from figwasp.core.ports import Observed
from figwasp.core.workload import Selection, Workload
from figwasp.embedded.api.server import ApiServer
from figwasp.kube.reader import Reader
from tests.kube.kinds.objects import daemon_set, member, revision, stateful_set
from tests.objects import IMAGE_ID, NAMESPACE, Json, put_workload

EVERYTHING = Selection(namespaces=(NAMESPACE,))
DEPLOYMENTS = {"apiGroups": ["apps"], "resources": ["deployments", "replicasets"], "verbs": ["get", "list", "update"]}
PODS = {"apiGroups": [""], "resources": ["pods", "secrets"], "verbs": ["list"]}


def role(*rules: Json, namespace: str = NAMESPACE) -> Json:
    return {"kind": "Role", "metadata": {"namespace": namespace}, "rules": list(rules)}


def put_all(server: ApiServer) -> None:
    """Store one workload of each kind, which runs `IMAGE_ID`."""
    put_workload(server, IMAGE_ID)
    server.put("statefulsets", stateful_set(replicas=1))
    server.put("pods", member("db", "db-1", image_id=IMAGE_ID))
    server.put("daemonsets", daemon_set())
    server.put("controllerrevisions", revision("agent", "a"))
    server.put("pods", member("agent", "a", image_id=IMAGE_ID))


def named(*names: str) -> Selection:
    """Select Deployments by their names."""
    return Selection(namespaces=(NAMESPACE,), targets=tuple(("deployment", name) for name in names))


def read_one(reader: Reader, deadline: Deadline) -> Workload:
    """Read the Deployment `web`."""
    (workload,) = reader.observe(named("web"), deadline).workloads
    return workload


def asked(server: ApiServer) -> list[str]:
    """Every verb with its resource."""
    return [f"{each.verb} {each.resource}" for each in server.requests]


def pods(observed: Observed) -> dict[str, list[str]]:
    """The pods that count, by their workloads."""
    return {str(each.key.target): [one.pod for one in each.running or ()] for each in observed.workloads}
