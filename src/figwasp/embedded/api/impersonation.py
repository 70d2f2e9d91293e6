"""Asking as somebody else (`kubectl --as`, `figwasp doctor --as`): who one is then, if one may be."""

from collections.abc import Callable, Mapping

from figwasp.embedded.api.resources import Resource
from figwasp.embedded.api.rules import Asked
from figwasp.embedded.api.status import forbidden

_SERVICE_ACCOUNT = "system:serviceaccount:"


def acting(user: str, headers: Mapping[str, str], allows: Callable[[Asked], bool]) -> str:
    """
    Tell as whom `user` asks: another one where the headers name one; groups and what else they may name do not count.

    Raises:
        Refusal: RBAC does not let them.

    Source: kubernetes, staging/src/k8s.io/apiserver, pkg/endpoints/filters, impersonation.
    """
    other = headers.get("impersonate-user", "")
    if not user or not other:
        return user
    resource, namespace, name = _meant(other)
    if not allows(Asked("impersonate", "", resource.plural, namespace, name, user=user)):
        raise forbidden(user, "impersonate", resource, (namespace, name, ""))
    return other


def _meant(user: str) -> tuple[Resource, str, str]:
    """What one must be allowed to impersonate: the resource, namespace and name."""
    namespace, _, name = user.removeprefix(_SERVICE_ACCOUNT).partition(":")
    if user.startswith(_SERVICE_ACCOUNT) and namespace and name:
        return Resource("", "v1", "serviceaccounts", "ServiceAccount"), namespace, name
    return Resource("", "v1", "users", "", namespaced=False), "", user
