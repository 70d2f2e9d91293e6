"""Run many blocking tasks at a time, within a deadline."""

import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, TypeVar

from msgspec import Struct

from figwasp.core.deadline import Deadline
from figwasp.errors import DeadlineExceeded

if TYPE_CHECKING:
    from queue import SimpleQueue

T = TypeVar("T")
R = TypeVar("R")

LAST_WORDS_SECONDS = 1.0
"""How long tasks that the deadline ends may take to say so: one may just have restarted something."""


def fan_out(
    task: Callable[[T], R],
    items: Sequence[T],
    *,
    lane: Callable[[T], str],
    width: int,
    deadline: Deadline,
    last_words: float = LAST_WORDS_SECONDS,
) -> list[R | DeadlineExceeded]:
    """
    Run `task` on every item, at most `width` at a time for each lane, and give the results in order.

    Items share a lane where they ask the same host, so that a slow one does not hold up the others. An item that is
    not done when the deadline passes has the error as its result; its thread is left behind (it is a daemon: nothing
    that blocks beyond our reach, such as a name look-up, can keep a pass from ending). `last_words` says for how many
    seconds it is listened to all the same.

    What `task` raises is raised here, once, after the other tasks were let go: tasks return their failures as values.
    """
    if len(items) == 1:
        return [_run(task, items[0], deadline)]
    from queue import Empty, SimpleQueue  # noqa: PLC0415 - a pass over one workload needs none

    lanes: dict[str, SimpleQueue[int]] = {}
    for index, item in enumerate(items):
        lanes.setdefault(lane(item), SimpleQueue()).put(index)
    done: SimpleQueue[tuple[int, R | DeadlineExceeded | _Raised]] = SimpleQueue()

    def work(waiting: "SimpleQueue[int]") -> None:
        while True:
            try:
                index = waiting.get_nowait()
            except Empty:
                return
            try:
                done.put((index, _run(task, items[index], deadline)))
            except BaseException as error:  # noqa: BLE001 - carried to the caller's thread and raised there
                done.put((index, _Raised(error)))

    for waiting in lanes.values():
        for _ in range(min(width, waiting.qsize())):
            threading.Thread(target=work, args=(waiting,), daemon=True).start()
    return _gather(done, len(items), deadline, last_words)


class _Raised(Struct, frozen=True):
    """What a task raised, told apart from an error that is its result."""

    error: BaseException


def _run(task: Callable[[T], R], item: T, deadline: Deadline) -> R | DeadlineExceeded:
    try:
        deadline.remaining()
    except DeadlineExceeded as over:
        return over
    return task(item)


def _gather(
    done: "SimpleQueue[tuple[int, R | DeadlineExceeded | _Raised]]", count: int, deadline: Deadline, last_words: float
) -> list[R | DeadlineExceeded]:
    from queue import Empty  # noqa: PLC0415 - as above

    results: dict[int, R | DeadlineExceeded] = {}
    over: DeadlineExceeded | None = None
    while len(results) < count:
        try:
            # Short waits, so that a deadline that a signal has brought nearer is noticed.
            wait = min(deadline.remaining(), 0.5) if over is None else last_words
            index, result = done.get(timeout=wait)
        except DeadlineExceeded as error:
            over = error
        except Empty:
            if over is not None:
                break
        else:
            if isinstance(result, _Raised):
                raise result.error
            results[index] = result
    unfinished = over or DeadlineExceeded("not reached")
    return [results.get(index, unfinished) for index in range(count)]
