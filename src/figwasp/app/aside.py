"""What takes much memory, one at a time."""

import threading
from collections.abc import Callable
from typing import TypeVar

from figwasp.core.deadline import Deadline

T = TypeVar("T")


class Aside:
    """
    Runs tasks one at a time, each on a thread of its own; any number of threads may ask for it.

    Not on theirs, since the C library keeps for each thread what it once allocated: sixteen threads that read four
    megabytes in turn would hold them all.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def run(self, task: Callable[[], T], deadline: Deadline) -> T:
        """
        Give what `task` gives, or raise what it raises.

        Raises:
            DeadlineExceeded: its turn did not come in time.
        """
        given: list[T] = []
        raised: list[BaseException] = []

        def work() -> None:
            try:
                given.append(task())
            except BaseException as error:  # noqa: BLE001 - carried to the caller's thread and raised there
                raised.append(error)

        with deadline.turn(self._lock):
            thread = threading.Thread(target=work, daemon=True)
            thread.start()
            thread.join()
        if raised:
            raise raised.pop()
        return given.pop()
