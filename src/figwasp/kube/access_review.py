"""
Who we are to the API server and what we may do: the `Rights` of `app.checkup`.

Source: Kubernetes API, SelfSubjectReview (1.28 and later) and SelfSubjectAccessReview.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import msgspec
from msgspec import field

from figwasp.core.deadline import Deadline
from figwasp.core.permission import Permission
from figwasp.errors import Conflict, FigwaspError, Forbidden, ObjectNotFound, Unauthenticated, UnknownResource
from figwasp.kube.client import ApiClient, Resource
from figwasp.kube.kind import WorkloadKind
from figwasp.kube.picks import Pick

_NAME_OF_NOTHING = "figwasp-doctor"
"""Of an object that is asked for only to see whether that is allowed."""

_LABEL_OF_NOTHING = "figwasp/doctor=looks-for-nothing"
"""Selects nothing, so that not even the name of a secret is read."""


class _AccessStatus(Pick):
    allowed: bool = False


class _AccessAnswer(Pick):
    status: _AccessStatus = field(default_factory=_AccessStatus)


class _User(Pick):
    username: str = ""


class _SelfStatus(Pick):
    user_info: _User = field(default_factory=_User)


class _SelfAnswer(Pick):
    status: _SelfStatus = field(default_factory=_SelfStatus)


class AccessReview:
    """Asks one API server about ourselves; changes nothing."""

    def __init__(self, client: ApiClient, kinds: Sequence[WorkloadKind]) -> None:
        self._client = client
        self._versions = {kind.group: kind.version for kind in kinds}

    def time(self, deadline: Deadline) -> datetime | None:
        """Tell what time it is for the API server, to the second; raises a KubernetesError if it cannot be reached."""
        try:
            told = parsedate_to_datetime(self._client.date(deadline))
        except (ValueError, OverflowError):
            return None
        return told if told.tzinfo else told.replace(tzinfo=UTC)

    def caller(self, deadline: Deadline) -> str:
        """Tell who we are, such as system:serviceaccount:shop:figwasp; empty where the API server does not say."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
        resource = Resource("authentication.k8s.io", "v1", "selfsubjectreviews")
        try:
            answer = self._client.review(resource, msgspec.json.encode(body), _SelfAnswer, deadline)
        except Unauthenticated:
            raise
        except FigwaspError:
            return ""
        return answer.status.user_info.username

    def may(self, permission: Permission, namespace: str, name: str, deadline: Deadline) -> bool | None:
        """
        Tell whether we have a permission, for all objects or the one with `name`; None where that cannot be told.

        By a review or, where even that is not allowed, by a request that changes nothing.

        Raises:
            KubernetesError: the API server did not answer.
        """
        attributes = {
            "verb": permission.verb,
            "group": permission.group,
            "resource": permission.resource,
            "namespace": namespace,
            "name": name,
        }
        body = {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": attributes},
        }
        resource = Resource("authorization.k8s.io", "v1", "selfsubjectaccessreviews")
        try:
            return self._client.review(resource, msgspec.json.encode(body), _AccessAnswer, deadline).status.allowed
        except (Forbidden, UnknownResource):
            return self._tried(permission, namespace, name, deadline)

    def _tried(self, permission: Permission, namespace: str, name: str, deadline: Deadline) -> bool | None:
        version = self._versions.get(permission.group, "v1")
        resource = Resource(permission.group, version, permission.resource, namespace, name)
        try:
            match permission.verb:
                case "list":
                    only = {"fieldSelector": f"metadata.name={name}"} if name else {}
                    self._client.list_items(
                        resource, dict[str, Any], {"labelSelector": _LABEL_OF_NOTHING, **only}, deadline
                    )
                case "get" if namespace or permission.is_cluster_wide:
                    self._get(resource, deadline)
                case "update" if name:
                    return self._put_back(resource, deadline)
                case _:
                    return None
        except Forbidden as refused:
            # Where an update is tried the object has to be read first, which is another permission.
            return False if refused.verb == permission.verb else None
        return True

    def _get(self, resource: Resource, deadline: Deadline) -> None:
        named = msgspec.structs.replace(resource, name=resource.name or _NAME_OF_NOTHING)
        try:
            self._client.get(named, dict[str, Any], deadline)
        except ObjectNotFound:
            return

    def _put_back(self, resource: Resource, deadline: Deadline) -> bool | None:
        """Write an object as it was read, for the API server to forget; None where that tells nothing."""
        try:
            body = self._client.get(resource, dict[str, Any], deadline)
            self._client.put(resource, msgspec.json.encode(body), {"dryRun": "All"}, deadline)
        except (ObjectNotFound, Conflict):
            return None
        return True
