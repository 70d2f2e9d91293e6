"""One answer for many who ask."""

import threading

import pytest

from figwasp.app.memo import Memo


def test_an_answer_is_asked_for_once() -> None:
    answers = iter([7, 8, 9])
    memo: Memo[str, int] = Memo()

    assert [7, 7, 7] == [memo.get("key", lambda: next(answers)) for _ in range(3)]


def test_threads_that_ask_the_same_wait_for_one_answer() -> None:
    memo: Memo[str, int] = Memo()
    asked, answers = [], []
    asking, may_answer = threading.Event(), threading.Event()

    def ask() -> int:
        asked.append(1)
        asking.set()
        may_answer.wait(timeout=10)
        return 7

    threads = [threading.Thread(target=lambda: answers.append(memo.get("key", ask))) for _ in range(4)]
    for thread in threads:
        thread.start()
    asking.wait(timeout=10)
    may_answer.set()
    for thread in threads:
        thread.join(timeout=10)

    assert ([7] * 4, [1]) == (answers, asked)


def test_what_the_asking_raises_is_not_kept() -> None:
    memo: Memo[str, int] = Memo()
    with pytest.raises(ZeroDivisionError):
        memo.get("key", lambda: 1 // 0)

    assert 7 == memo.get("key", lambda: 7)


def test_who_still_asks_when_it_was_given_up_comes_too_late() -> None:
    memo: Memo[str, int] = Memo()

    def ask() -> int:
        memo.give_up("key", 8)
        return 7

    assert [8, 8] == [memo.get("key", ask) for _ in range(2)]


def test_an_answer_that_is_there_is_not_given_up() -> None:
    memo: Memo[str, int] = Memo()
    memo.get("key", lambda: 7)
    memo.give_up("key", 8)

    assert 7 == memo.get("key", lambda: 9)


def test_of_what_is_too_much_together_the_oldest_is_asked_for_again() -> None:
    memo: Memo[str, int] = Memo(weigh=lambda number: number, most=10)
    asked: list[str] = []

    def get(key: str, weight: int) -> int:
        def ask() -> int:
            asked.append(key)
            return weight

        return memo.get(key, ask)

    answers = [get("a", 4), get("b", 6), get("b", 6), get("c", 1), get("b", 6), get("a", 4)]

    assert ([4, 6, 6, 1, 6, 4], ["a", "b", "c", "a"]) == (answers, asked)


def test_an_answer_that_is_too_much_by_itself_is_kept_until_another_comes() -> None:
    memo: Memo[str, int] = Memo(weigh=lambda number: number, most=10)
    answers = [memo.get("a", lambda: 11), memo.get("a", lambda: 12), memo.get("b", lambda: 1), memo.get("a", lambda: 2)]

    assert [11, 11, 1, 2] == answers
