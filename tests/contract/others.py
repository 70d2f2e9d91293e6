"""Registries of the bed that no other test needs: newer ones, and ones that want tokens."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from functools import cached_property

from testbed import OWNER, Bed, Registry
from testbed.parts.registry import Program
from testbed.pki import Pki
from tests.contract.tokens import JwtServer


class Others:
    """Each is started when it is first asked for."""

    def __init__(self, bed: Bed, ends: ExitStack) -> None:
        self._bed = bed
        self._ends = ends
        self._started: dict[str, Registry] = {}

    @cached_property
    def tokens(self) -> JwtServer:
        """The token server, which knows the owner."""
        return self._ends.enter_context(JwtServer(Pki(self._bed.site.pki).pair("registry"), [OWNER]))

    def open(self, program: Program) -> Registry:
        """One that is open to all."""
        tls = program is not Program.GGCR
        return self._get(
            f"open-{program.value}", lambda name: self._bed.another_registry(name, tls=tls, program=program)
        )

    def wanting_tokens(self, program: Program) -> Registry:
        """One that wants tokens."""
        tokens = self.tokens.described(self._bed.registry_ca)
        return self._get(
            f"tokens-{program.value}",
            lambda name: self._bed.another_registry(name, logins=(OWNER,), program=program, tokens=tokens),
        )

    def _get(self, name: str, start: Callable[[str], AbstractContextManager[Registry]]) -> Registry:
        if name not in self._started:
            self._started[name] = self._ends.enter_context(start(name))
        return self._started[name]
