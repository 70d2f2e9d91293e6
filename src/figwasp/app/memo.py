"""Answers that are asked for once."""

import threading
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Memo(Generic[K, V]):
    """
    Keeps the answer to each question; threads that ask the same at the same time wait for one answer.

    `weigh` says what an answer weighs. Of those that together weigh more than `most` the oldest are let go of, and are
    asked for again where they are wanted again.
    """

    def __init__(self, weigh: Callable[[V], int] = lambda _: 0, most: int = 0) -> None:
        self._weigh = weigh
        self._most = most
        self._weight = 0
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
            with self._lock:
                if key in self._answers:
                    return self._answers[key]
            return self._keep(key, ask())

    def give_up(self, key: K, answer: V) -> None:
        """Let `answer` be the answer for `key`, if there is none yet: whoever is still asking comes too late."""
        self._keep(key, answer)

    def _keep(self, key: K, answer: V) -> V:
        with self._lock:
            if key in self._answers:
                return self._answers[key]
            self._answers[key] = answer
            self._weight += self._weigh(answer)
            while self._weight > self._most and len(self._answers) > 1:
                self._weight -= self._weigh(self._answers.pop(next(iter(self._answers))))
            return answer
