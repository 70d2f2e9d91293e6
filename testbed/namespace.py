"""A namespace of one test: what is applied in it, and what runs there."""

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from testbed.api import Api, Json
from testbed.errors import StillWaiting
from testbed.parts.registry import Login
from testbed.pki import Pki
from testbed.service_account import ServiceAccount
from testbed.site import Site
from testbed.wait import wait_for

_ROLLOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Namespace:
    """A namespace of the bed, used as the administrator."""

    name: str
    api: Api
    site: Site

    def apply(self, *manifests: Json) -> None:
        """Create or change the objects, in their order."""
        for manifest in manifests:
            self.api.apply(manifest, self.name)

    def get(self, kind: str, name: str) -> Json:
        """The object of that kind and name."""
        return self.api.get(kind, name, self.name)

    def objects(self, kind: str, **query: str) -> list[Json]:
        """The objects of that kind; `query` as labelSelector="app=web"."""
        return self.api.objects(kind, self.name, **query)

    def merge(self, kind: str, name: str, patch: Json) -> None:
        """Change some fields of an object, by a JSON merge patch."""
        self.api.merge(kind, name, patch, self.name)

    def delete(self, kind: str, name: str) -> None:
        """Have the object deleted, dependents too; does not wait."""
        self.api.delete(kind, name, self.name)

    def remove(self) -> None:
        """Have the namespace deleted with all that is in it; does not wait."""
        self.api.delete("Namespace", self.name)

    def wait_rolled_out(self, name: str, kind: str = "Deployment", timeout: float = _ROLLOUT_SECONDS) -> Json:
        """
        Wait until every pod of the workload is of its newest template and Ready and no other is left; return it.

        Raises:
            StillWaiting: not within `timeout` seconds; names the workload, its status and its containers' states.
        """

        def rolled_out() -> bool:
            return _is_rolled_out(self.get(kind, name)) and all(_is_ready(pod) for pod in self._pods(name, kind))

        what = f"{kind} {self.name}/{name} rolled out"
        try:
            wait_for(rolled_out, what, timeout)
        except StillWaiting:
            raise StillWaiting(what, timeout, self._state(name, kind)) from None
        return self.get(kind, name)

    def image_ids(self, name: str, kind: str = "Deployment", container: str = "") -> frozenset[str]:
        """
        What the kubelet reports as imageID of the workload's containers (init ones too), in pods that are not ending.

        `container` names the only one to look at; empty: all.
        """
        statuses = [
            status
            for pod in self._pods(name, kind)
            for field in ("containerStatuses", "initContainerStatuses")
            for status in pod["status"].get(field, [])
        ]
        return frozenset(s["imageID"] for s in statuses if s["imageID"] and container in ("", s["name"]))

    def running_digests(self, name: str, kind: str = "Deployment", container: str = "") -> frozenset[str]:
        """The digests in `image_ids`, as `sha256:…`, without the repositories before them."""
        return frozenset(image_id.rpartition("@")[2] for image_id in self.image_ids(name, kind, container))

    def pull_secret(self, name: str, host: str, login: Login) -> str:
        """Make a pull secret of type kubernetes.io/dockerconfigjson for `host`, and return its name."""
        auth = base64.b64encode(f"{login.user}:{login.password}".encode()).decode()
        config = {"auths": {host: {"username": login.user, "password": login.password, "auth": auth}}}
        self.apply(
            {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": name},
                "type": "kubernetes.io/dockerconfigjson",
                "stringData": {".dockerconfigjson": json.dumps(config)},
            }
        )
        return name

    def service_account(self, name: str, rules: Iterable[Json]) -> ServiceAccount:
        """
        Make a service account with a Role of these rules in this namespace, and a token for it (one hour).

        A rule is as in a Role: {"apiGroups": ["apps"], "resources": ["deployments"], "verbs": ["get"]}. One that is
        there already has these rules from now on in place of its old ones.
        """
        rules = [dict(rule) for rule in rules]
        rbac = "rbac.authorization.k8s.io"
        metadata = {"name": name}
        user = f"system:serviceaccount:{self.name}:{name}"
        roles = self.objects("Role", fieldSelector=f"metadata.name={name}")
        gone = [rule for role in roles for rule in role["rules"] or () if rule not in rules]
        self.apply(
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata},
            {"apiVersion": f"{rbac}/v1", "kind": "Role", "metadata": metadata, "rules": rules},
            {
                "apiVersion": f"{rbac}/v1",
                "kind": "RoleBinding",
                "metadata": metadata,
                "roleRef": {"apiGroup": rbac, "kind": "Role", "name": name},
                "subjects": [{"kind": "ServiceAccount", "name": name, "namespace": self.name}],
            },
        )
        self.wait_allowed(user, *rules, no_more=gone)
        path = f"/api/v1/namespaces/{self.name}/serviceaccounts/{name}/token"
        spec = {"expirationSeconds": 3600}
        token = self.api.request(
            "POST", path, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": spec}
        )["status"]["token"]
        return ServiceAccount(
            name=name,
            namespace=self.name,
            token=token,
            server=self.site.api_server,
            ca=Pki(self.site.pki).cluster_ca,
            folder=self.folder,
        )

    def wait_allowed(self, user: str, *rules: Json, no_more: Sequence[Json] = ()) -> None:
        """
        Wait until the API server lets the user do here what the rules say, and what `no_more` says no more.

        Its authorizer learns of a Role or binding a moment after that was written.
        """
        review = {"kind": "SelfSubjectRulesReview", "spec": {"namespace": self.name}}
        path = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"

        def is_known() -> bool:
            known = self.api.request("POST", path, review, as_user=user)["status"]["resourceRules"]
            return all(rule in known for rule in rules) and not any(rule in known for rule in no_more)

        wait_for(is_known, f"{user} to be allowed {rules}")

    @property
    def folder(self) -> Path:
        """A folder for files that belong to this namespace; goes with the bed."""
        folder = self.site.root / "namespaces" / self.name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _pods(self, name: str, kind: str) -> list[Json]:
        labels = self.get(kind, name)["spec"]["selector"]["matchLabels"]
        selector = ",".join(f"{key}={value}" for key, value in labels.items())
        pods = self.objects("Pod", labelSelector=selector)
        return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]

    def _state(self, name: str, kind: str) -> Json:
        """Why a workload may not be rolled out: its status, and what its containers wait for."""
        counts = {key: value for key, value in self.get(kind, name)["status"].items() if key != "conditions"}
        states = {
            f"{pod['metadata']['name']}/{status['name']}": status["state"] | {"before": status["lastState"]}
            for pod in self._pods(name, kind)
            for status in pod["status"].get("containerStatuses", [])
        }
        return {**counts, "containers": states}


def _is_ready(pod: Json) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod["status"].get("conditions", []))


def _is_rolled_out(workload: Json) -> bool:
    """Whether the workload's controller says so. Source: kubectl, pkg/polymorphichelpers/rollout_status.go."""
    spec, status = workload["spec"], workload["status"]
    if status.get("observedGeneration", 0) < workload["metadata"]["generation"]:
        return False
    if workload["kind"] == "DaemonSet":
        wanted = status["desiredNumberScheduled"]
        return all(status.get(key, 0) == wanted for key in ("updatedNumberScheduled", "numberAvailable"))
    counts = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    return all(status.get(key, 0) == spec["replicas"] for key in counts)
