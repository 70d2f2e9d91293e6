"""Running many tasks: order, width, lanes, the deadline, and what happens to errors."""

import threading
import time
from collections import Counter

import pytest

from figwasp.app.fan_out import fan_out
from figwasp.core.deadline import Deadline
from figwasp.errors import DeadlineExceeded


def soon(seconds: float = 20.0) -> Deadline:
    return Deadline(seconds, time.monotonic, "time is up")


def test_results_come_in_the_order_of_the_items() -> None:
    doubled = fan_out(lambda n: 2 * n, range(50), lane=lambda n: str(n % 3), width=4, deadline=soon())

    assert [2 * n for n in range(50)] == doubled


def test_no_items_give_no_results() -> None:
    assert [] == fan_out(str, [], lane=str, width=4, deadline=soon())


def test_one_item_needs_no_thread() -> None:
    ran_in = fan_out(lambda _: threading.current_thread(), ["x"], lane=str, width=4, deadline=soon())

    assert [threading.current_thread()] == ran_in


def test_a_lane_runs_as_many_tasks_at_a_time_as_it_is_wide_and_no_more() -> None:
    lock, running, most = threading.Lock(), Counter[str](), Counter[str]()
    full = threading.Barrier(3)

    def task(lane: str) -> None:
        with lock:
            running[lane] += 1
            most[lane] = max(most[lane], running[lane])
        full.wait(timeout=10)  # only passed if three run at the same time
        with lock:
            running[lane] -= 1

    fan_out(task, ["a"] * 9, lane=str, width=3, deadline=soon())

    assert {"a": 3} == most


def test_a_stuck_lane_does_not_hold_up_another() -> None:
    others_done = threading.Semaphore(0)

    def task(item: str) -> str:
        if item == "stuck":
            assert all(others_done.acquire(timeout=10) for _ in range(5))
        else:
            others_done.release()
        return item

    items = ["stuck", *(f"other{n}" for n in range(5))]
    assert items == fan_out(task, items, lane=lambda item: item[:5], width=1, deadline=soon())


def test_what_blocks_beyond_the_deadline_is_left_behind_and_the_rest_is_kept() -> None:
    quick, never, deadline = threading.Event(), threading.Event(), soon()

    def task(item: str) -> str:
        if item == "blocks":
            quick.wait(timeout=10)
            deadline.shorten(0.1, "time is up")
            never.wait()
        quick.set()
        return item

    results = fan_out(task, ["quick", "blocks"], lane=str, width=1, deadline=deadline)

    assert "quick" == results[0]
    assert isinstance(results[1], DeadlineExceeded)
    never.set()


def test_after_the_deadline_nothing_is_started() -> None:
    started: list[int] = []
    deadline = soon()
    deadline.shorten(0, "interrupted by SIGTERM")

    results = fan_out(started.append, range(3), lane=str, width=1, deadline=deadline)

    assert [] == started
    assert ["interrupted by SIGTERM"] * 3 == [str(each) for each in results]


def test_a_result_that_comes_with_the_deadline_is_not_lost() -> None:
    deadline = soon()

    def task(item: str) -> str:
        # Like a restart that was under way as the pass was interrupted: it happened, and must be reported.
        if item == "last":
            deadline.shorten(0, "interrupted")
        return item

    results = fan_out(task, ["first", "last"], lane=lambda _: "", width=1, deadline=deadline)

    assert ["first", "last"] == results


def test_what_a_task_raises_is_raised_to_the_caller() -> None:
    def task(item: int) -> int:
        return 1 // item

    with pytest.raises(ZeroDivisionError):
        fan_out(task, [1, 0, 1], lane=str, width=1, deadline=soon())


def test_an_error_that_a_task_gives_as_its_result_is_a_result_like_any_other() -> None:
    error = ZeroDivisionError("a value")

    assert [error, error] == fan_out(lambda _: error, [1, 2], lane=str, width=1, deadline=soon())


@pytest.mark.parametrize("nothing", [0, None, (), ""])
def test_a_result_that_is_nothing_is_a_result_like_any_other(nothing: object) -> None:
    assert [nothing] * 2 == fan_out(lambda _: nothing, [1, 2], lane=str, width=1, deadline=soon())
