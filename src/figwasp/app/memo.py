"""Answers that are asked for once."""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memo(Generic[K, V]):
    """Keeps the answer to each question; threads that ask the same at the same time wait for one answer."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._asking: dict[K, threading.Lock] = {}
        self._answers: dict[K, V] = {}

    def get(self, key: K, ask: Callable[[], V]) -> V:
        """Give the answer for `key`, by `ask` if nobody has asked before. What `ask` raises is not kept."""
        with self._lock:
            if key in self._answers:
                return self._answers[key]
            asking = self._asking.setdefault(key, threading.Lock())
        with asking:
            if key not in self._answers:
                self._answers.setdefault(key, ask())
            return self._answers[key]

    def give_up(self, key: K, answer: V) -> None:
        """Let `answer` be the answer for `key`, if there is none yet: whoever is still asking comes too late."""
        self._answers.setdefault(key, answer)
