"""Waiting for a condition, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

from testbed.errors import StillWaiting

_POLL_SECONDS = 0.05

Value = TypeVar("Value")


def wait_for(condition: Callable[[], Value], what: str, timeout: float = 30.0) -> Value:
    """
    The first truthy value that `condition` returns.

    Args:
        condition: asked again every 50 ms; what it raises is not caught.
        what: names the condition in the error, as "web is rolled out".
        timeout: seconds. The condition is asked at least once, and once more after the time is up.

    Raises:
        StillWaiting: it stayed falsy; names `what` and the last value.
    """
    deadline = time.monotonic() + timeout
    while True:
        late = time.monotonic() >= deadline
        value = condition()
        if value:
            return value
        if late:
            raise StillWaiting(what, timeout, value)
        time.sleep(_POLL_SECONDS)
