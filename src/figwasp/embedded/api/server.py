"""
A small Kubernetes API server: real HTTP(S), one process, nothing on disk.

    with ApiServer() as server:
        server.put("deployments", {"metadata": {"namespace": "shop", "name": "web"}, "spec": {…}})
        server.log_in("s3cret", user="system:serviceaccount:shop:figwasp", roles=[role])
        server.before("update", "deployments", lambda: server.edit("deployments", "shop", "web", change))
        server.fault("list", "pods", Fault.TOO_MANY_REQUESTS)
        …
        assert server.asked("update", "deployments") == 1

It is one that `kubectl` can be pointed at: discovery, all verbs but server-side apply and the deletion of collections,
tables, watches and reviews of one's own rights. It refuses in the real server's words; contract tests hold it to them.
Nobody but its clients acts on what it holds: there is no controller and no kubelet in it.
"""

import ssl
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from figwasp.embedded.api.faults import Fault
from figwasp.embedded.api.handler import Handler
from figwasp.embedded.api.resources import BY_PLURAL, Json, Objects
from figwasp.embedded.api.rules import ANYTHING, Asked, Rule, rules_of
from figwasp.embedded.api.store import Store
from figwasp.embedded.serving import HttpServer, Program

_ADMIN = "admin"
"""Who everybody is before the first login."""


class _Planned(Struct):
    verb: str
    resource: str
    what: Fault | Callable[[], object]
    times: int


class ApiServer(Program):
    """The server, started as a context manager. All methods may be called from any thread."""

    def __init__(
        self,
        *,
        tls: ssl.SSLContext | None = None,
        port: int = 0,
        seconds_now: Callable[[], float] = time.time,
    ) -> None:
        self.seconds_now = seconds_now
        """The time, in seconds since 1970: objects are made at it, and their ages counted to it."""
        self._store = Store(seconds_now)
        self._lock = threading.Lock()
        self._planned: list[_Planned] = []
        self._users: dict[str, str] = {}
        self._rules: dict[str, list[Rule]] = {}
        self.requests: list[Asked] = []
        """Everything that was asked, in order, refused requests too (but those of who may not impersonate)."""
        self.admission: Mapping[str, Callable[[Json], object]] = {}
        http = HttpServer(lambda *connection: Handler(self, *connection), tls, port)
        super().__init__("api-server", http, tls=tls is not None)

    def put(self, resource: str, given: Json) -> Json:
        """Create or replace an object of `resource` (a plural), status included; answers it as stored."""
        return self._store.put(resource, given)

    def edit(self, resource: str, namespace: str, name: str, change: Callable[[Json], object]) -> Json:
        """Let `change` alter an object in place, as another writer would; answers it as stored."""
        return self._store.edit(resource, namespace, name, change)

    def get(self, resource: str, namespace: str, name: str) -> Json:
        """Read an object; raises Refusal where there is none. Cluster-wide ones have the namespace ""."""
        return self._store.get(resource, namespace, name)

    def create(self, resource: str, given: Json) -> Json:
        """Create an object as a POST does; raises Refusal where there is one already, or no such namespace."""
        return self._store.create(BY_PLURAL[resource], (given["metadata"]).get("namespace", ""), given)

    def list(self, resource: str, namespace: str = "") -> Objects:
        """Read all objects of `resource` in a namespace (or in all), in the order of their names."""
        return self._store.all(resource, namespace)

    def delete(self, resource: str, namespace: str, name: str) -> None:
        """Remove an object, and what belongs to it alone; raises Refusal where there is none."""
        self._store.delete(resource, namespace, name)

    def leave_to_node(self) -> None:
        """Let controllers and kubelets, which somebody plays from now on, end what a deletion leaves behind."""
        self._store.has_node = True

    def compact(self) -> None:
        """Let every continue token and every version that a watch could begin at be expired from now on."""
        self._store.compact()

    def log_in(self, token: str, *, user: str, roles: Sequence[Mapping[str, Any]] | None = None) -> None:
        """
        Let the bearer of `token` be `user`, who may do what `roles` allow (None: anything).

        Before the first login, and before `allow`, everybody may do anything; afterwards a request without a token is
        one of system:anonymous, who may do nothing, and a wrong token is a 401.
        """
        self.log_in_as(f"Bearer {token}", user=user, roles=roles)

    def log_in_as(self, authorization: str, *, user: str, roles: Sequence[Mapping[str, Any]] | None = None) -> None:
        """Let a request with this very Authorization header be one of `user`."""
        with self._lock:
            self._users[authorization] = user
        self.allow(user, roles)

    def log_out(self, token: str) -> None:
        """Make `token` invalid."""
        with self._lock:
            del self._users[f"Bearer {token}"]

    def allow(self, user: str, roles: Sequence[Mapping[str, Any]] | None = None) -> None:
        """Let `user` (such as the common name of a client certificate) do what `roles` allow, and no more."""
        rules = ANYTHING if roles is None else tuple(rule for role in roles for rule in rules_of(role))
        with self._lock:
            self._rules[user] = list(rules)

    def before(self, verb: str, resource: str, call: Callable[[], object], *, times: int = 1) -> None:
        """Call `call` before the next `times` allowed requests of that kind are served."""
        with self._lock:
            self._planned.append(_Planned(verb, resource, call, times))

    def fault(self, verb: str, resource: str, fault: Fault, *, times: int = 1) -> None:
        """Let the next `times` allowed requests of that kind end in `fault`."""
        with self._lock:
            self._planned.append(_Planned(verb, resource, fault, times))

    def admit(self, resource: str, change: Callable[[Json], object]) -> None:
        """Let `change` change whatever replaces an object of that kind from now on, as an admission webhook may."""
        self.admission = {**self.admission, resource: change}

    def calm(self) -> None:
        """Forget the calls and faults that are still to come."""
        with self._lock:
            self._planned.clear()

    def asked(self, verb: str, resource: str) -> int:
        """How many requests of that kind came."""
        return sum((each.verb, each.resource) == (verb, resource) for each in self.requests)

    # What follows is for the handler of a connection.

    @property
    def store(self) -> Store:
        """The objects."""
        return self._store

    def user(self, authorization: str, certificate_name: str) -> str:
        """Who asks; "" where a token or password is not known. As at the real server, it beats the certificate."""
        with self._lock:
            if not self._rules:
                return _ADMIN
            if authorization:
                return self._users.get(authorization, "")
            return certificate_name or "system:anonymous"

    def allows(self, request: Asked) -> bool:
        """Whether RBAC allows the request."""
        return any(rule.allows(request) for rule in self.rules(request.user))

    def rules(self, user: str) -> Sequence[Rule]:
        """What `user` may do."""
        with self._lock:
            return self._rules.get(user, ANYTHING if user == _ADMIN and not self._rules else ())

    def log(self, request: Asked) -> None:
        """Remember the request."""
        with self._lock:
            self.requests.append(request)

    def plan_for(self, request: Asked) -> Fault | None:
        """Make the calls that are due before this request; answers the fault that is due, if any."""
        fault, calls = None, []
        with self._lock:
            for planned in self._planned:
                if (planned.verb, planned.resource) != (request.verb, request.resource) or not planned.times:
                    continue
                if not isinstance(planned.what, Fault):
                    planned.times -= 1
                    calls.append(planned.what)
                elif fault is None and (planned.what is not Fault.EXPIRED or "continue" in request.query):
                    planned.times -= 1
                    fault = planned.what
        for call in calls:
            call()
        return fault


__all__ = ["ApiServer", "Fault"]
