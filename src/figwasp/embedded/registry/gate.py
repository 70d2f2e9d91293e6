"""Who may do what in the small registry: Basic, or tokens from its own token server."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from msgspec import Struct

from figwasp.embedded.registry.answers import refusal
from figwasp.embedded.registry.http import Answer, Asked, basic

_PULL: Final = ("pull",)
_ACTIONS: Final = {"GET": _PULL, "HEAD": _PULL, "DELETE": ("delete",)}
_ACTIONS_OF_A_PUSH: Final = ("pull", "push")


class Need(Struct, frozen=True):
    """Something that a request does to a repository: pull, push or delete."""

    repository: str
    action: str


class _Token(Struct, frozen=True):
    user: str
    allowed: frozenset[Need]


def needs_of(asked: Asked, repository: str) -> tuple[Need, ...]:
    """
    What a request needs; nothing where it names no repository.

    Source: distribution, registry/handlers/app.go, appendAccessRecords.
    """
    if not repository:
        return ()
    needs = [Need(repository, action) for action in _ACTIONS.get(asked.method, _ACTIONS_OF_A_PUSH)]
    if asked.method == "POST" and asked.query.get("from"):
        needs.append(Need(asked.query["from"], "pull"))
    return tuple(needs)


class Gate:
    """Lets requests through, or says what login they want. Not safe for threads: the registry's lock is."""

    def __init__(self) -> None:
        self.realm = ""
        self.denied: set[tuple[str, str]] = set()
        self._wants = ""
        self._users: dict[str, str] = {}
        self._public: frozenset[str] = frozenset()
        self._tokens: dict[str, _Token] = {}
        self._issued = 0

    def want(self, scheme: str, users: Mapping[str, str], public: frozenset[str] | set[str]) -> None:
        """Want logins of this scheme (Basic or Bearer), but for pulls from `public` repositories."""
        self._wants, self._users, self._public = scheme, dict(users), frozenset(public)

    def expire_tokens(self) -> None:
        """Make every token that was given invalid."""
        self._tokens.clear()

    def refuse(self, needs: Sequence[Need], asked: Asked, authorization: str) -> Answer | None:
        """Say why a request may not do what it needs to, or None where it may."""
        if not self._wants:
            return None
        user = self._let_in(needs, authorization)
        if user is None:
            return self._challenge(needs, asked)
        is_denied = any((user, need.repository) in self.denied for need in needs)
        return refusal(403, "DENIED", "denied") if is_denied else None

    def give_token(self, asked: Asked, authorization: str) -> Answer:
        """Give a token for what is asked for: all of it to users, pulls from public repositories to anybody."""
        user = self._user(authorization)
        wanted = _scopes(asked.query.get("scope", ""))
        allowed = wanted if user else frozenset(need for need in wanted if self._is_public(need))
        if not user and (authorization or not allowed):
            return refusal(401, "UNAUTHORIZED", "incorrect user name or password")
        self._issued += 1
        token = f"token-{self._issued}"
        self._tokens[token] = _Token(user, allowed)
        body = json.dumps({"token": token, "expires_in": 300}).encode()
        return Answer(status=200, headers={"Content-Type": "application/json"}, body=body)

    def _let_in(self, needs: Sequence[Need], authorization: str) -> str | None:
        """Who asks, empty for anybody; None where the login does not do for these needs."""
        if self._wants == "Basic":
            is_public = bool(needs) and all(map(self._is_public, needs)) and not authorization
            return self._user(authorization) or ("" if is_public else None)
        scheme, _, proof = authorization.partition(" ")
        token = self._tokens.get(proof) if scheme == "Bearer" else None
        return token.user if token is not None and token.allowed.issuperset(needs) else None

    def _challenge(self, needs: Sequence[Need], asked: Asked) -> Answer:
        records = [{"Type": "repository", "Class": "", "Name": n.repository, "Action": n.action} for n in needs]
        answer = refusal(401, "UNAUTHORIZED", "authentication required", records or None)
        challenge = 'Basic realm="test"'
        if self._wants == "Bearer":
            scope = f',scope="{_scope(needs)}"' if needs else ""
            challenge = f'Bearer realm="{self.realm or asked.origin + "/token"}",service="test"{scope}'
        answer.headers["WWW-Authenticate"] = challenge
        return answer

    def _is_public(self, need: Need) -> bool:
        return need.action == "pull" and need.repository in self._public

    def _user(self, authorization: str) -> str:
        user, password = basic(authorization)
        return user if user in self._users and self._users[user] == password else ""


def _scope(needs: Sequence[Need]) -> str:
    """
    What a challenge names.

    Source: distribution, docs/spec/auth/scope.md.
    """
    actions: dict[str, list[str]] = {}
    for need in needs:
        actions.setdefault(need.repository, []).append(need.action)
    return " ".join(f"repository:{repository}:{','.join(named)}" for repository, named in actions.items())


def _scopes(text: str) -> frozenset[Need]:
    """What the scopes of a token request name; those of other things than repositories are left out."""
    parts = [scope.split(":") for scope in text.split()]
    return frozenset(
        Need(":".join(part[1:-1]), action)
        for part in parts
        if len(part) > 2 and part[0] == "repository"
        for action in part[-1].split(",")
    )
