"""Who may pull what: the logins that a registry and its cache want, and the one that the pods' secret holds."""

import base64
import json
from typing import Final

from msgspec import Struct

from figwasp.embedded.api.server import ApiServer
from figwasp.embedded.registry.server import Registry
from tests.objects import NAMESPACE
from tests.whole.workloads import SECRET

REPOSITORIES: Final = ("web", "app")


class Door(Struct, frozen=True, kw_only=True):
    """What a registry wants: logins by `scheme` with `password`, for `private` repositories."""

    scheme: str = "Basic"
    private: tuple[str, ...] = ()
    password: str = "one"

    def guard(self, *registries: Registry) -> None:
        """Have registries want it."""
        public = set(REPOSITORIES) - set(self.private)
        for each in registries:
            want = each.want_basic if self.scheme == "Basic" else each.want_token
            want({"team": self.password}, public=public)

    def opens(self, repository: str, given: str) -> bool:
        """
        Whether a kubelet gets in with the password that its secret holds; empty for no secret.

        A token server refuses a wrong login for what anybody may pull too, and the kubelet does not try without.
        """
        return self.tells(repository, given) or (repository not in self.private and self.scheme == "Basic")

    def tells(self, repository: str, given: str) -> bool:
        """Whether that holds without a doubt: by the login, if there is one, and not in spite of it."""
        return given == self.password or (not given and repository not in self.private)


def give(api: ApiServer, host: str, password: str) -> None:
    """Let the pods' secret hold a password for a registry; without one there is no secret."""
    if not password:
        if any(each["metadata"]["name"] == SECRET for each in api.list("secrets", NAMESPACE)):
            api.delete("secrets", NAMESPACE, SECRET)
        return
    auths = {"auths": {host: {"username": "team", "password": password}}}
    data = {".dockerconfigjson": base64.b64encode(json.dumps(auths).encode()).decode()}
    metadata = {"namespace": NAMESPACE, "name": SECRET}
    api.put("secrets", {"metadata": metadata, "type": "kubernetes.io/dockerconfigjson", "data": data})
