"""What takes much memory, one at a time."""

import threading
import time

import pytest

from figwasp.app.aside import Aside
from figwasp.core.deadline import Deadline
from figwasp.errors import DeadlineExceeded, TagNotFound


def within(seconds: float = 10) -> Deadline:
    return Deadline(seconds, time.monotonic, "the test took too long")


def test_a_task_gives_what_it_gives_or_raises_what_it_raises() -> None:
    def fail() -> int:
        raise TagNotFound("gone")

    aside = Aside()

    assert 7 == aside.run(lambda: 7, within())
    with pytest.raises(TagNotFound, match="gone"):
        aside.run(fail, within())
    assert 8 == aside.run(lambda: 8, within())


def test_a_task_does_not_run_on_the_thread_that_asks_for_it() -> None:
    assert threading.current_thread() is not Aside().run(threading.current_thread, within())


def test_whose_turn_does_not_come_in_time_is_told_so() -> None:
    aside, has_begun, may_end = Aside(), threading.Event(), threading.Event()

    def task() -> None:
        has_begun.set()
        may_end.wait(timeout=10)

    first = threading.Thread(target=aside.run, args=(task, within()))
    first.start()
    has_begun.wait(timeout=10)
    with pytest.raises(DeadlineExceeded):
        aside.run(lambda: None, within(0.05))
    may_end.set()
    first.join(timeout=10)

    assert not first.is_alive()
