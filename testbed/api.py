"""The API server, spoken to as the administrator."""

import http.client
import json
import ssl
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from testbed.errors import TestbedError
from testbed.pki import Pki
from testbed.site import Site

Json = dict[str, Any]
"""A JSON object, as the API server sends it. Any, because tests reach deep into it."""

_TIMEOUT_SECONDS = 60.0
_FIELD_MANAGER = "testbed"
_APPLY = "application/apply-patch+yaml"

_GROUP_OF_KIND = {
    "Deployment": "apps/v1",
    "StatefulSet": "apps/v1",
    "DaemonSet": "apps/v1",
    "ReplicaSet": "apps/v1",
    "ControllerRevision": "apps/v1",
    "Job": "batch/v1",
    "CronJob": "batch/v1",
    "Lease": "coordination.k8s.io/v1",
    "Role": "rbac.authorization.k8s.io/v1",
    "RoleBinding": "rbac.authorization.k8s.io/v1",
    "ClusterRole": "rbac.authorization.k8s.io/v1",
    "ClusterRoleBinding": "rbac.authorization.k8s.io/v1",
}
_WITHOUT_NAMESPACE = {"Namespace", "Node", "PersistentVolume", "ClusterRole", "ClusterRoleBinding"}


class ApiError(TestbedError):
    """The API server refused; `status` is the HTTP code."""

    def __init__(self, request: str, status: int, answer: str) -> None:
        self.status = status
        super().__init__(f"{request} was answered {status}: {answer[:1000]}")


class Api:
    """Requests by the user "admin", who may do everything and is told apart in the audit log."""

    def __init__(self, site: Site) -> None:
        pki = Pki(site.pki)
        admin = pki.pair("admin")
        self._address = urlsplit(site.api_server).netloc
        self._context = ssl.create_default_context(cafile=str(pki.cluster_ca))
        self._context.load_cert_chain(admin.certificate, admin.key)

    def request(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        content_type: str = "application/json",
        *,
        as_user: str = "",
    ) -> Json:
        """
        One request with a JSON object for an answer; `as_user` names whom the administrator acts for.

        Raises:
            ApiError: it was answered with another status than 2xx.
            TestbedError: it was not answered.
        """
        connection = http.client.HTTPSConnection(self._address, timeout=_TIMEOUT_SECONDS, context=self._context)
        data = None if body is None else json.dumps(body)
        headers = {"Content-Type": content_type, "Accept": "application/json"}
        try:
            connection.request(method, path, data, headers | ({"Impersonate-User": as_user} if as_user else {}))
            response = connection.getresponse()
            answer = response.read().decode()
        except OSError as error:
            raise TestbedError(f"{method} {path}: {error}; is the bed up?") from error
        finally:
            connection.close()
        if not 200 <= response.status < 300:
            raise ApiError(f"{method} {path}", response.status, answer)
        result: Json = json.loads(answer)
        return result

    def apply(self, manifest: Json, namespace: str = "default") -> Json:
        """
        Create or change the object as `kubectl apply --server-side --force-conflicts` does, and return it.

        Kind and apiVersion are the manifest's; a namespace of its own wins over `namespace`.
        """
        metadata = manifest["metadata"]
        namespace = metadata.get("namespace", namespace)
        path = path_of(manifest["kind"], namespace, metadata["name"], version=manifest["apiVersion"])
        query = urlencode({"fieldManager": _FIELD_MANAGER, "force": "true"})
        return self.request("PATCH", f"{path}?{query}", manifest, _APPLY)

    def get(self, kind: str, name: str, namespace: str = "default") -> Json:
        """The object of that kind and name."""
        return self.request("GET", path_of(kind, namespace, name))

    def objects(self, kind: str, namespace: str = "default", **query: str) -> list[Json]:
        """The objects of that kind; `query` as labelSelector="app=web"."""
        answer = self.request("GET", f"{path_of(kind, namespace)}?{urlencode(query)}")
        items: list[Json] = answer["items"]
        return items

    def merge(self, kind: str, name: str, patch: Json, namespace: str = "default") -> Json:
        """Change some fields of an object, by a JSON merge patch, and return it."""
        return self.request("PATCH", path_of(kind, namespace, name), patch, "application/merge-patch+json")

    def delete(self, kind: str, name: str, namespace: str = "default") -> None:
        """Have the object deleted, dependents too; does not wait."""
        options = {"propagationPolicy": "Background", "gracePeriodSeconds": 0}
        self.request("DELETE", path_of(kind, namespace, name), options)


def path_of(kind: str, namespace: str, name: str = "", *, version: str = "") -> str:
    """
    The path of an object, or of the list of its kind.

    `version` is the apiVersion; empty: known from the kind, for those that the tests use.
    """
    version = version or _GROUP_OF_KIND.get(kind, "v1")
    root = f"/apis/{version}" if "/" in version else f"/api/{version}"
    scope = "" if kind in _WITHOUT_NAMESPACE else f"/namespaces/{quote(namespace)}"
    return f"{root}{scope}/{_plural(kind)}" + (f"/{quote(name)}" if name else "")


def _plural(kind: str) -> str:
    word = kind.lower()
    if word.endswith("y"):
        return word[:-1] + "ies"
    return word if word == "endpoints" else word + ("es" if word.endswith("s") else "s")
