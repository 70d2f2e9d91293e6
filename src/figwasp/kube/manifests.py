"""The objects that install Figwasp in a cluster, with no more rights than it needs."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from msgspec import Struct

from figwasp.core.permission import Permission
from figwasp.core.yaml_text import Noted
from figwasp.kube.kind import WorkloadKind
from figwasp.kube.rbac import Needs, Rule, permissions, rules

Json = dict[str, Any]

LONGEST_NAME: Final = 52
"""Characters of a CronJob's name: its Jobs' have eleven more (Kubernetes, "Writing a CronJob spec")."""

CA_FOLDER: Final = "/etc/figwasp/registry-ca"
CA_FILE: Final = "ca.crt"
CONFIG_FOLDER: Final = "/etc/figwasp/config"
CONFIG_FILE: Final = "figwasp.toml"

_PASS_TIMEOUT: Final = "5m"  # noqa: S105 - a time, not a password
_ACTIVE_SECONDS: Final = 420
"""The pass timeout, and two minutes for a node to be found and the image to be pulled."""

_USER: Final = 65532
"""As in images without a root user; any number but 0 will do."""

_RBAC: Final = "rbac.authorization.k8s.io"


class CronJobOptions(Struct, frozen=True, kw_only=True):
    """
    What the CronJob is to be.

    `namespace` is empty where whoever applies the objects says it. `registry_ca` and `settings` name ConfigMaps, and
    `image_pull_secrets` are the names of secrets for Figwasp's own image. `limits` are the variables that keep restarts
    back, with their values. `needs` has its targets and rights.
    """

    name: str
    image: str
    schedule: str
    needs: Needs
    namespace: str = ""
    timezone: str = ""
    registry_ca: str = ""
    image_pull_secrets: tuple[str, ...] = ()
    settings: str = ""
    limits: Mapping[str, str] = {}


def cronjob(options: CronJobOptions, kinds: Sequence[WorkloadKind]) -> tuple[Json, ...]:
    """Make the objects, in the order in which they are applied; their values may be `Noted`."""
    allowed = permissions(options.needs, kinds)
    inside = [each for each in allowed if not each.is_cluster_wide]
    outside = [each for each in allowed if each.is_cluster_wide]
    name, namespace = options.name, options.namespace
    found = [_service_account(options), *role(name, namespace, inside, [_subject(name, namespace)])]
    if outside:
        # The name has the namespace in it, so that a second Figwasp elsewhere does not take this one's binding.
        found += role(f"{name}-{namespace}-nodes", "", outside, [_subject(name, namespace)], instance=name)
    return (*found, _cronjob(options))


def role(
    name: str, namespace: str, allowed: Iterable[Permission], subjects: Sequence[Json], *, instance: str = ""
) -> list[Json]:
    """
    Make a Role of these permissions and its binding to `subjects`.

    A ClusterRole and a ClusterRoleBinding where the permissions are cluster-wide. `instance` is what they are labelled
    with where their `name` may be longer than a label (63 characters).
    """
    allowed = list(allowed)
    prefix = "Cluster" if any(each.is_cluster_wide for each in allowed) else ""
    metadata = _metadata(name, namespace, instance)
    return [
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": f"{prefix}Role",
            "metadata": metadata,
            "rules": [_rule(each) for each in rules(allowed)],
        },
        {
            "apiVersion": f"{_RBAC}/v1",
            "kind": f"{prefix}RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": _RBAC, "kind": f"{prefix}Role", "name": name},
            "subjects": list(subjects),
        },
    ]


def _rule(rule: Rule) -> Noted:
    first = rule.permissions[0]
    notes = list(rule.reasons)
    if first.resource == "secrets" and not first.names:
        notes.append("whoever may list secrets may read them all: --pull-secret NAME allows only those that are named")
    return Noted({**first.rule, "verbs": rule.verbs}, tuple(notes))


def _service_account(options: CronJobOptions) -> Json:
    metadata = _metadata(options.name, options.namespace)
    account: Json = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata}
    if options.image_pull_secrets:
        account["imagePullSecrets"] = [{"name": each} for each in options.image_pull_secrets]
    note = "the CronJob's pods ask for their token themselves"
    return {**account, "automountServiceAccountToken": Noted(False, (note,))}


def _cronjob(options: CronJobOptions) -> Json:
    job = {
        "backoffLimit": Noted(0, ("the next run is the retry",)),
        "activeDeadlineSeconds": Noted(_ACTIVE_SECONDS, ("longer than FIGWASP_PASS_TIMEOUT, after which a pass ends",)),
        "template": {"metadata": {"labels": _labels(options.name)}, "spec": _pod(options)},
    }
    spec: Json = {"schedule": options.schedule}
    if options.timezone:
        spec["timeZone"] = options.timezone
    spec |= {
        "concurrencyPolicy": Noted("Forbid", ("a pass that is not over yet is not joined by a second one",)),
        "successfulJobsHistoryLimit": 1,
        "failedJobsHistoryLimit": Noted(3, ("their pods' logs say what needs attention",)),
        "jobTemplate": {"spec": job},
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": _metadata(options.name, options.namespace),
        "spec": spec,
    }


def _pod(options: CronJobOptions) -> Json:
    pod: Json = {
        "serviceAccountName": options.name,
        "automountServiceAccountToken": True,
        "restartPolicy": "Never",
        "securityContext": {
            "runAsNonRoot": True,
            "runAsUser": _USER,
            "runAsGroup": _USER,
            "seccompProfile": {"type": "RuntimeDefault"},
        },
        "containers": [_container(options)],
    }
    if mounted := _mounted(options):
        pod["volumes"] = [{"name": name, "configMap": {"name": given}} for name, given, _ in mounted]
    return pod


def _mounted(options: CronJobOptions) -> list[tuple[str, str, str]]:
    """The ConfigMaps that its container sees: the volume's name, theirs, and the folder."""
    wanted = [("registry-ca", options.registry_ca, CA_FOLDER), ("config", options.settings, CONFIG_FOLDER)]
    return [each for each in wanted if each[1]]


def _container(options: CronJobOptions) -> Json:
    container: Json = {
        "name": "figwasp",
        "image": options.image,
        "args": Noted(["once"], ("add -v to read of every workload in the log",)),
        "env": _environment(options),
        "resources": {
            "requests": {"cpu": "50m", "memory": "64Mi"},
            "limits": Noted(
                {"memory": "256Mi"}, ("a pass takes 22 MB, 36 MB over 1,000 Deployments, 68 MB over 10,000",)
            ),
        },
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    if mounted := _mounted(options):
        container["volumeMounts"] = [
            {"name": name, "mountPath": folder, "readOnly": True} for name, _, folder in mounted
        ]
    return container


def _environment(options: CronJobOptions) -> list[Json]:
    found: list[Json] = [
        {"name": "FIGWASP_TARGET_NAMESPACE", "valueFrom": {"fieldRef": {"fieldPath": "metadata.namespace"}}}
    ]
    if options.needs.targets:
        targets = ",".join(f"{kind}/{name}" for kind, name in options.needs.targets)
        found.append({"name": "FIGWASP_TARGET_DEPLOYMENT", "value": targets})
    elif options.needs.kinds:
        found.append({"name": "FIGWASP_TARGET_KIND", "value": ",".join(options.needs.kinds)})
    found += [{"name": name, "value": value} for name, value in options.limits.items()]
    found.append({"name": "FIGWASP_PASS_TIMEOUT", "value": _PASS_TIMEOUT})
    if options.registry_ca:
        found.append({"name": "FIGWASP_REGISTRY_CA", "value": f"{CA_FOLDER}/{CA_FILE}"})
    if options.settings:
        found.append({"name": "FIGWASP_CONFIG", "value": f"{CONFIG_FOLDER}/{CONFIG_FILE}"})
    return found


def _subject(name: str, namespace: str) -> Json:
    subject = {"kind": "ServiceAccount", "name": name}
    return {**subject, "namespace": namespace} if namespace else subject


def _metadata(name: str, namespace: str, instance: str = "") -> Json:
    inside = {"namespace": namespace} if namespace else {}
    return {"name": name, **inside, "labels": _labels(instance or name)}


def _labels(name: str) -> Json:
    return {"app.kubernetes.io/name": "figwasp", "app.kubernetes.io/instance": name}
