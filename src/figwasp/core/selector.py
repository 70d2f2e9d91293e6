"""
Whether a text is a label selector, told before anybody is asked.

Source: kubernetes apimachinery pkg/labels/selector.go, Parse, and pkg/util/validation, IsQualifiedName and
IsValidLabelValue.
"""

import re
from typing import Final, NoReturn

from figwasp.core.names import DNS_NAME

_TOKEN: Final = re.compile(r"[ \t\r\n]*(?:(?P<sign>==|!=|[=!(),<>])|(?P<word>[^ \t\r\n=!(),<>]+)|(?P<end>\Z))")
_NAME: Final = "[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?"
_KEY: Final = rf"(?:(?P<prefix>[^/]*)/)?{_NAME}"
_OF_SETS: Final = frozenset({"in", "notin"})
_OF_NUMBERS: Final = frozenset({"<", ">"})
_OPERATORS: Final = _OF_SETS | _OF_NUMBERS | {"=", "==", "!="}
_SIGNS: Final = _OF_NUMBERS | {"=", "==", "!=", "!", "(", ")", ","}
_LARGEST: Final = 2**63 - 1


def check_selector(text: str) -> None:
    """
    See whether the API server will take `text` for a label selector.

    Raises:
        ValueError: it will not; says what was expected, and at which character, counted from 1.
    """
    _Parser(text).selector()


class _Parser:
    """Reads token by token; the last one is empty and stands for the end."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, int]] = []
        at = 0
        while at < len(text) or not self._tokens or self._tokens[-1][0]:
            found = _TOKEN.match(text, at)
            if found is None:  # the three alternatives leave nothing over
                raise AssertionError(f"no token at {at}")
            token = found["sign"] or found["word"] or ""
            at = found.end()
            self._tokens.append((token, at - len(token)))
            if not token:
                break

    def selector(self) -> None:
        if not self._next:
            return
        while True:
            self._requirement()
            if not self._next:
                return
            self._take("a comma", {","})

    @property
    def _next(self) -> str:
        return self._tokens[0][0]

    def _take(self, expected: str, tokens: set[str] | frozenset[str]) -> str:
        if self._next not in tokens:
            self._fail(expected)
        return self._tokens.pop(0)[0]

    def _fail(self, expected: str) -> NoReturn:
        token, at = self._tokens[0]
        found = f'"{token[:40]}" stands there' if token else "it ends there"
        raise ValueError(f"at character {at + 1} {expected} was expected, and {found}")

    def _requirement(self) -> None:
        if self._next == "!":
            self._tokens.pop(0)
            self._key()
            return
        self._key()
        if self._next in {"", ","}:
            return
        operator = self._take("an operator (=, !=, in, notin), a comma or the end", _OPERATORS)
        if operator in _OF_SETS:
            self._values()
        elif operator in _OF_NUMBERS:
            if not re.fullmatch("[0-9]{1,63}", self._next) or int(self._next) > _LARGEST:
                self._fail(f"a whole number up to {_LARGEST}")
            self._tokens.pop(0)
        elif self._next not in {"", ","}:
            self._value()

    def _key(self) -> None:
        key = self._next
        found = re.fullmatch(_KEY, key)
        if key in _SIGNS or not found or (found["prefix"] is not None and not re.fullmatch(DNS_NAME, found["prefix"])):
            self._fail("the key of a label")
        self._tokens.pop(0)

    def _value(self) -> None:
        if self._next in _SIGNS or not re.fullmatch(_NAME, self._next):
            self._fail("the value of a label")
        self._tokens.pop(0)

    def _values(self) -> None:
        """Read a set; values may be empty. Commas are read by twos: `(a,)` and `(a,,,)` are sets, `(a,,)` is none."""
        self._take('"("', {"("})
        while self._next != ")":
            if self._next != ",":
                self._value()
                if self._next not in {",", ")"}:
                    self._fail('a comma or ")"')
                continue
            self._tokens.pop(0)
            if self._next == ",":
                self._tokens.pop(0)
                if self._next == ")":
                    self._fail("the value of a label")
        self._tokens.pop(0)
