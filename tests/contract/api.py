"""The API servers under contract, each with a namespace: the tests' own program, and the bed's real one."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final
from urllib.parse import urlencode

import msgspec

from figwasp.core.credential import Secret
from figwasp.embedded.api.resources import RESOURCES
from figwasp.embedded.api.server import ApiServer
from figwasp.kube.access import Access
from figwasp.kube.client import ApiClient, Resource
from figwasp.kube.identity import Fixed, Proof
from figwasp.net.http import HttpClient
from figwasp.net.tls import Tls
from testbed import Bed, Namespace, container, deployment, wait_for
from testbed.errors import StillWaiting
from testbed.pki import Pki
from tests.contract.http import Answer, ask

Json = dict[str, Any]
Rules = Sequence[Mapping[str, Sequence[str]]]

ANYTHING: Final[Rules] = ({"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]},)
TABLE: Final = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
_PLURALS: Final = {resource.kind: resource.plural for resource in RESOURCES.values()}


def paused(name: str = "web") -> Json:
    """A Deployment without pods, whose controller does nothing but report that it has seen it."""
    made: Json = deployment(name, container("example.org/web"), replicas=0)
    made["spec"]["paused"] = True
    return made


def secret(name: str, **labels: str) -> Json:
    """A Secret, which no controller touches."""
    metadata = {"name": name, "labels": labels}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "type": "Opaque", "data": {"a": "Yg=="}}


def event(namespace: str, name: str) -> Json:
    """An Event, which only etcd keeps, so that its past can be forgotten at once."""
    about = {"kind": "Pod", "namespace": namespace, "name": "web"}
    return {"apiVersion": "v1", "kind": "Event", "metadata": {"name": name}, "involvedObject": about, "reason": "Test"}


@dataclass(frozen=True)
class Account:
    """A service account of the namespace; "" is nobody's token."""

    user: str
    token: str


NOBODY: Final = Account("system:anonymous", "")


def _encoded(body: object) -> bytes:
    return body if isinstance(body, bytes) else msgspec.json.encode(body)


class Api(ABC):
    """An API server and a namespace in it that is the test's own."""

    namespace: str
    url: str
    tls: Tls

    def __init__(self, tls: Tls) -> None:
        self.tls = tls
        self._http = HttpClient(tls=tls, user_agent="contract")
        self._clients: list[ApiClient] = []

    def close(self) -> None:
        """Close all connections."""
        self._http.close()
        for client in self._clients:
            client.close()

    @abstractmethod
    def put(self, given: Json) -> Json:
        """Create or change an object as the administrator; answers it once its controller has seen it."""

    @abstractmethod
    def delete(self, plural: str, name: str) -> None:
        """Remove an object as the administrator."""

    @abstractmethod
    def compact(self) -> None:
        """Let every continue token that was given out so far be expired."""

    @abstractmethod
    def log_in(self, rules: Rules, name: str = "figwasp") -> Account:
        """Make a service account with a Role of these rules."""

    @abstractmethod
    def log_in_as_root(self) -> Account:
        """Make a service account that may do anything anywhere."""

    @cached_property
    def admin(self) -> Account:
        """One who may do anything in the namespace."""
        return self.log_in(ANYTHING, "admin")

    def at(self, plural: str, name: str = "") -> Resource:
        """A resource in the namespace, or all of that kind."""
        group = next(resource.group for resource in RESOURCES.values() if resource.plural == plural)
        return Resource(group, "v1", plural, self.namespace, name)

    def wait_for_names(self, plural: str, expected: Sequence[str]) -> list[str]:
        """The names of a list once they are as expected, or after a while."""
        with suppress(StillWaiting):
            wait_for(lambda: self._own_names(plural) == list(expected), f"{plural} {expected}")
        return self._own_names(plural)

    def _own_names(self, plural: str) -> list[str]:
        """Without those that service accounts bring along."""
        return [name for name in self.names(plural) if "token" not in name]

    def get(self, what: Resource | str, account: Account | None = None, /, **query: str) -> Answer:
        """GET an object, or list where it has no name, or any path."""
        return self._ask("GET", what, account, query)

    def names(self, plural: str, **query: str) -> list[str]:
        """The names of a list, in its order."""
        answer = self.get(self.at(plural), **query)
        assert answer.status == 200, answer
        return [item["metadata"]["name"] for item in answer.json["items"]]

    def update(
        self, what: Resource | str, body: Json | bytes, account: Account | None = None, /, **query: str
    ) -> Answer:
        """PUT an object."""
        return self._ask("PUT", what, account, query, _encoded(body))

    def create(
        self, what: Resource | str, body: Json | bytes, account: Account | None = None, /, **query: str
    ) -> Answer:
        """POST an object."""
        return self._ask("POST", what, account, query, _encoded(body))

    def patch(self, what: Resource | str, kind: str, patch: object, /, **query: str) -> Answer:
        """PATCH an object; `kind` is "merge", "strategic-merge", "json", or a whole media type."""
        media_type = kind if "/" in kind else f"application/{kind}-patch+json"
        return self._ask("PATCH", what, None, query, _encoded(patch), {"Content-Type": media_type})

    def remove(
        self, what: Resource | str, options: object = None, account: Account | None = None, /, **q: str
    ) -> Answer:
        """DELETE an object."""
        return self._ask("DELETE", what, account, q, b"" if options is None else _encoded(options))

    def get_as(self, accept: str, what: Resource | str, account: Account | None = None, /, **query: str) -> Answer:
        """GET an object or list in a form of one's choice."""
        return self._ask("GET", what, account, query, headers={"Accept": accept})

    def table(self, what: Resource | str, account: Account | None = None, /, **query: str) -> Json:
        """GET an object or list as a table."""
        answer = self.get_as(TABLE, what, account, **query)
        assert answer.status == 200, answer
        table: Json = answer.json
        return table

    def watch(
        self, what: Resource | str, since: int, *, least: int = 1, accept: str = "application/json", **query: str
    ) -> list[Json]:
        """
        The events of a collection after a version, without the bookmarks of which there may be any.

        A watch lasts for a second. One that has told of fewer than `least` by then is asked again for longer: what
        there is to tell stays the same.
        """
        events: list[Json] = []
        for seconds in (1, 3, 9):
            asked = {"watch": "true", "resourceVersion": str(since), "timeoutSeconds": str(seconds), **query}
            answer = self.get_as(accept, what, **asked)
            assert (200, "application/json") == (answer.status, answer.content_type), answer
            told = [msgspec.json.decode(line) for line in answer.body.splitlines()]
            events = [event for event in told if event["type"] != "BOOKMARK"]
            if len(events) >= least:
                break
        return events

    def as_figwasp(self, account: Account) -> ApiClient:
        """Figwasp's own client, logged in."""
        identity = Fixed(Proof(Secret(f"Bearer {account.token}")))
        access = Access(server=self.url, tls=self.tls, identity=identity, described="the contract")
        self._clients.append(ApiClient.to(access, environ={}))
        return self._clients[-1]

    def _ask(
        self,
        method: str,
        what: Resource | str,
        account: Account | None,
        query: Mapping[str, str],
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        path = what if isinstance(what, str) else what.path if what.name else what.collection
        url = f"{self.url}{path}?{urlencode(query)}" if query else f"{self.url}{path}"
        token = (account or self.admin).token
        default = {"Accept": "application/json", **({"Content-Type": "application/json"} if body else {})}
        login = {"Authorization": f"Bearer {token}"} if token else {}
        return ask(self._http, method, url, {**default, **login, **(headers or {})}, body)


class ProgramApi(Api):
    """The program."""

    def __init__(self, server: ApiServer) -> None:
        super().__init__(Tls())
        self._server = server
        self.namespace, self.url = "shop", server.url
        server.put("namespaces", {"metadata": {"name": self.namespace}})

    def put(self, given: Json) -> Json:
        """Store it."""
        metadata = {**given["metadata"], "namespace": self.namespace}
        return self._server.put(_PLURALS[given["kind"]], {**given, "metadata": metadata})

    def delete(self, plural: str, name: str) -> None:
        """Remove it."""
        self._server.delete(plural, self.namespace, name)

    def compact(self) -> None:
        """Forget the lists."""
        self._server.compact()

    def log_in(self, rules: Rules, name: str = "figwasp") -> Account:
        """Make up a token."""
        role = {"kind": "Role", "metadata": {"namespace": self.namespace}, "rules": rules}
        return self._let_in(name, role)

    def log_in_as_root(self) -> Account:
        """Make up a token."""
        return self._let_in("root", {"kind": "ClusterRole", "rules": ANYTHING})

    def _let_in(self, name: str, role: Json) -> Account:
        account = Account(f"system:serviceaccount:{self.namespace}:{name}", f"token-of-{name}")
        self._server.log_in(account.token, user=account.user, roles=[role])
        return account


class RealApi(Api):
    """The bed's API server."""

    def __init__(self, bed: Bed, namespace: Namespace) -> None:
        super().__init__(Tls(ca_files=(str(Pki(bed.site.pki).cluster_ca),), only_these_cas=True))
        self._bed, self._namespace = bed, namespace
        self.namespace, self.url = namespace.name, bed.site.api_server

    def put(self, given: Json) -> Json:
        """Apply it, and wait until its controller has seen it."""
        made = self._bed.api.apply(given, self.namespace)
        if "generation" not in made["metadata"]:
            return made

        def seen() -> Json:
            found = self._namespace.get(given["kind"], given["metadata"]["name"])
            return found if found["metadata"]["generation"] == found["status"].get("observedGeneration") else {}

        return wait_for(seen, "the controller to have seen the object")

    def delete(self, plural: str, name: str) -> None:
        """Delete it."""
        kind = next(kind for kind, each in _PLURALS.items() if each == plural)
        self._namespace.delete(kind, name)

    def compact(self) -> None:
        """
        Compact etcd up to now, which makes only the tokens of events expire at once.

        Lists of others are kept in the API server's own memory until it looks at etcd again, every 15 seconds.
        """
        later = self._bed.api.apply(secret("later"), self.namespace)["metadata"]["resourceVersion"]
        self._bed.etcdctl("compact", later)

    def log_in(self, rules: Rules, name: str = "figwasp") -> Account:
        """Have a token made."""
        made = self._namespace.service_account(name, [dict(rule) for rule in rules])
        return Account(made.user, made.token)

    def log_in_as_root(self) -> Account:
        """Have a token made, and bind it to the administrators' ClusterRole until the namespace goes."""
        account = self.log_in((), "root")
        group = "rbac.authorization.k8s.io"
        subject = {"kind": "ServiceAccount", "name": "root", "namespace": self.namespace}
        namespace = self._bed.api.get("Namespace", self.namespace)
        owner = {"apiVersion": "v1", "kind": "Namespace", "name": self.namespace, "uid": namespace["metadata"]["uid"]}
        self._bed.api.apply(
            {
                "apiVersion": f"{group}/v1",
                "kind": "ClusterRoleBinding",
                "metadata": {"name": f"root-of-{self.namespace}", "ownerReferences": [owner]},
                "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": "cluster-admin"},
                "subjects": [subject],
            }
        )
        self._namespace.wait_allowed(account.user, dict(ANYTHING[0]))
        return account


__all__ = [
    "ANYTHING",
    "NOBODY",
    "TABLE",
    "Account",
    "Api",
    "Json",
    "ProgramApi",
    "RealApi",
    "event",
    "paused",
    "secret",
]
