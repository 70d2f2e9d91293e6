"""What mends a cluster, ready to be pasted: rules of a Role, and commands."""

import re
import shlex
from typing import Any, Final

import msgspec
from msgspec import Struct

from figwasp.core.permission import Permission
from figwasp.core.workload import Workload, WorkloadKey


class Remedy(Struct, frozen=True, kw_only=True):
    """
    What to do about a problem, in words.

    `rule` is a rule to add to a Role or ClusterRole, `commands` do the same, or all that there is to do, from a shell.
    What only a person can fill in stands in them in capitals.
    """

    words: str
    rule: dict[str, Any] | None = None
    commands: tuple[str, ...] = ()


_ACCOUNT: Final = r"system:serviceaccount:([a-z0-9-]+):([a-z0-9.-]+)"
_LONGEST_ROLE: Final = 250

NOTHING_TO_DO: Final = Remedy(words="")


def grant(permission: Permission, namespace: str, caller: str) -> Remedy:
    """
    Give `caller`, as the API server calls it, a permission; an empty `namespace` means all of them.

    The commands make a Role of its own, so that none that exists is overwritten.
    """
    scope = "" if permission.is_cluster_wide or not namespace else f" -n {namespace}"
    kind = "role" if scope else "clusterrole"
    group = f".{permission.group}" if permission.group else ""
    names = "".join(f" --resource-name={shlex.quote(name)}" for name in permission.names)
    account = re.fullmatch(_ACCOUNT, caller)
    # Of the Roles of the whole cluster each account has one of its own.
    owner = account.groups() if account and not scope else ()
    role = "-".join(["figwasp", permission.verb, permission.resource, *permission.names, *owner])[:_LONGEST_ROLE]
    role = shlex.quote(role)
    what = f"--verb={permission.verb} --resource={permission.resource}{group}{names}"
    make = f"kubectl create {kind} {role}{scope} {what}"
    bind = f"kubectl create {kind}binding {role}{scope} --{kind}={role} {_subject(caller)}"
    where = f"its Role in namespace {namespace}" if scope else "its ClusterRole"
    return Remedy(words=f"add this rule to {where}", rule=permission.rule, commands=(make, bind))


def make_secret(namespace: str, name: str, host: str, *, is_there: bool = False) -> Remedy:
    """Make a pull secret, or make one anew that is there and of no use."""
    made = _create(namespace, name, host)
    if not is_there:
        return Remedy(words="make the secret", commands=(made,))
    anew = f"{made} --dry-run=client -o yaml | kubectl replace --force -f -"
    return Remedy(words="make the secret anew", commands=(anew,))


def log_in(workload: Workload, host: str) -> Remedy:
    """
    Give a workload a login for a registry that it has none for.

    Pods get the pull secrets of their service account only where their template has none, so those that they have now
    are named too.
    """
    key = workload.key
    name = (re.sub("[^a-z0-9]+", "-", host.lower()).strip("-")[:50] or "registry") + "-login"
    patch = {"imagePullSecrets": [{"name": each} for each in (*workload.pull_secrets, name)]}
    return Remedy(
        words=f"give the workload a login for {host}; the second command rolls it out",
        commands=(_create(key.namespace, name, host), _patch(key, patch)),
    )


def pull_always(workload: WorkloadKey, containers: tuple[str, ...], *, are_init: bool) -> Remedy:
    """Let containers of a workload (all of one list: init ones or not) ask the registry at each start."""
    field = "initContainers" if are_init else "containers"
    patch = {field: [{"name": name, "imagePullPolicy": "Always"} for name in containers]}
    return Remedy(words="let it pull at each start; this rolls it out", commands=(_patch(workload, patch),))


def _create(namespace: str, name: str, host: str) -> str:
    server = "https://index.docker.io/v1/" if host == "docker.io" else host or "HOST"
    login = f"--docker-server={shlex.quote(server)} --docker-username=USER --docker-password=PASSWORD"
    return f"kubectl create secret docker-registry {shlex.quote(name)} -n {namespace} {login}"


def _patch(workload: WorkloadKey, pod: dict[str, Any]) -> str:
    text = msgspec.json.encode({"spec": {"template": {"spec": pod}}}).decode()
    return f"kubectl patch {workload.target} -n {workload.namespace} -p {shlex.quote(text)}"


def _subject(caller: str) -> str:
    if account := re.fullmatch(_ACCOUNT, caller):
        return f"--serviceaccount={account[1]}:{account[2]}"
    return f"--user={caller}" if re.fullmatch(r"[\w.@:/+-]+", caller) else "--user=NAME"
