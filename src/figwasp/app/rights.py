"""Whether we may do what a pass over the selected workloads does."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Protocol

from msgspec import Struct
from msgspec.structs import replace

from figwasp.core.deadline import Deadline
from figwasp.core.diagnosis import Check, State, Topic
from figwasp.core.permission import Permission
from figwasp.core.remedy import Remedy, grant
from figwasp.core.workload import Selection
from figwasp.errors import DeadlineExceeded, FigwaspError


class Rights(Protocol):
    """Tells who we are and what we may do. Every method raises a KubernetesError where there is no answer."""

    def time(self, deadline: Deadline) -> datetime | None:
        """Tell what time it is for the API server; None where it does not say."""
        ...

    def caller(self, deadline: Deadline) -> str:
        """Tell who we are; empty where the API server does not say."""
        ...

    def may(self, permission: Permission, namespace: str, name: str, deadline: Deadline) -> bool | None:
        """Tell whether we have a permission, for all objects or the one with `name`; None where it cannot be told."""
        ...


def check_permissions(
    needed: Iterable[Permission],
    selection: Selection,
    secret_names: Iterable[tuple[str, str]],
    rights: Rights,
    caller: str,
    deadline: Deadline,
) -> Iterator[Check]:
    """
    Ask for every permission, and where it is for certain objects only and not for all, for each of them.

    `secret_names` are the pull secrets that are read, as (namespace, name).
    """
    secrets: dict[str, dict[str, None]] = {}
    for of, name in secret_names:
        secrets.setdefault(of, {})[name] = None
    namespaces = selection.namespaces or ("",)
    for permission in needed:
        if permission.resource == "secrets":
            # Nodes are not asked for them, so a secret may be read by either verb.
            instead = replace(permission, verb="get")
            places = {namespace: tuple(names) for namespace, names in secrets.items()}
        else:
            instead = None
            places = dict.fromkeys(("",) if permission.is_cluster_wide else namespaces, permission.names)
        for namespace, names in places.items():
            question = _Question(permission, instead, namespace, names, caller)
            try:
                yield question.checked(rights, deadline)
            except DeadlineExceeded as over:
                yield Check(Topic.PERMISSION, State.PROBLEM, f"not all permissions were looked at: {over}")
                return
            except FigwaspError as error:
                yield Check(Topic.PERMISSION, State.PROBLEM, str(error), Remedy(words=error.hint))


class _Question(Struct, frozen=True):
    """A permission in a namespace, for all objects or those with `names`; `instead` does as well."""

    permission: Permission
    instead: Permission | None
    namespace: str
    names: tuple[str, ...]
    caller: str

    def checked(self, rights: Rights, deadline: Deadline) -> Check:
        for_all = self._may("", rights, deadline)
        if for_all is True:
            return self._check(State.OK, "may", replace(self.permission, names=self.names))
        answers = {name: self._may(name, rights, deadline) for name in self.names} or {"": for_all}
        refused = tuple(name for name, answer in answers.items() if answer is False)
        unsure = tuple(name for name, answer in answers.items() if answer is None)
        if not refused and not unsure:
            return self._check(State.OK, "may", replace(self.permission, names=self.names))
        lacking = replace(self.permission, names=tuple(filter(None, refused or unsure)))
        if refused:
            state = State.HINT if self.permission.is_optional else State.PROBLEM
            return self._check(state, "not allowed to", lacking, grant(lacking, self.namespace, self.caller))
        return self._check(State.HINT, "it cannot be told whether we may", lacking)

    def _may(self, name: str, rights: Rights, deadline: Deadline) -> bool | None:
        allowed = rights.may(self.permission, self.namespace, name, deadline)
        if allowed is not True and self.instead is not None:
            allowed = rights.may(self.instead, self.namespace, name, deadline) or allowed
        return allowed

    def _check(self, state: State, claim: str, permission: Permission, remedy: Remedy | None = None) -> Check:
        if permission.is_cluster_wide:
            where = ""
        else:
            where = f" in namespace {self.namespace}" if self.namespace else " in all namespaces"
        why = "" if state is State.OK else f"; it is needed to {permission.why}"
        text = f"{claim} {permission}{where}{why}"
        return Check(Topic.PERMISSION, state, text, remedy) if remedy else Check(Topic.PERMISSION, state, text)
