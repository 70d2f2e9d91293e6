import threading
from itertools import count

import msgspec
import pytest

from figwasp.core.deadline import Deadline
from figwasp.core.url import Url
from figwasp.errors import DeadlineExceeded, RegistryUnreachable
from figwasp.net.http import Response
from figwasp.registry.auth import Token, TokenQuery, read_token
from figwasp.registry.tokens import MOST_KEPT, Tokens
from tests.registry.asking import within

QUERY = TokenQuery(Url.parse("https://auth.example/token"), "s", ("repository:a:pull",), None)


class Hours:
    """A clock that stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize(
    ("said", "seconds"),
    [('"expires_in": 300', 300), ('"expires_in": 5', 60), ('"expires_in": null', 60), ('"a": 1', 60)],
)
def test_a_token_lives_as_long_as_its_server_says_and_a_minute_at_least(said: str, seconds: float) -> None:
    answer = Response(200, body=f'{{"token": "t", {said}}}'.encode())

    assert seconds == read_token(answer, "auth.example").expires_in


def test_a_token_is_used_until_it_is_about_to_expire() -> None:
    clock, numbers = Hours(), count()
    tokens = Tokens(clock)

    def text() -> str:
        return tokens.get(QUERY, "", lambda: Token(str(next(numbers)), 60), within())

    first = text(), text()
    clock.now = 54
    before = text()
    clock.now = 56

    assert (("0", "0"), "0", "1") == (first, before, text())


def test_a_refused_token_is_not_given_again() -> None:
    tokens, numbers = Tokens(Hours()), count()

    def text(refused: str) -> str:
        return tokens.get(QUERY, refused, lambda: Token(str(next(numbers)), 60), within())

    assert ["0", "1", "1"] == [text(""), text("0"), text("0")]


def test_those_who_wait_for_a_token_share_its_failure_and_later_ones_try_again() -> None:
    tokens, fetches, failures = Tokens(Hours()), list[int](), list[str]()
    go_on, is_waited_for = threading.Event(), threading.Event()

    def fetch() -> Token:
        fetches.append(1)
        go_on.wait(10)
        raise RegistryUnreachable("down")

    def ask(deadline: Deadline) -> None:
        with pytest.raises(RegistryUnreachable) as caught:
            tokens.get(QUERY, "", fetch, deadline)
        failures.append(str(caught.value))

    def clock() -> float:  # whoever waits for another's token asks the time
        is_waited_for.set()
        return 0.0

    threads = [threading.Thread(target=ask, args=(Deadline(9, clock, "over"),)) for _ in range(2)]
    is_waited_for.clear()
    for thread in threads:
        thread.start()
    is_waited_for.wait(10)
    go_on.set()
    for thread in threads:
        thread.join()

    assert ([1], ["down", "down"]) == (fetches, failures)
    assert tokens.get(QUERY, "", lambda: Token("new", 60), within()) == "new"


def test_waiting_for_anothers_token_ends_with_the_deadline() -> None:
    tokens, begun, go_on = Tokens(Hours()), threading.Event(), threading.Event()

    def fetch() -> Token:
        begun.set()
        go_on.wait(10)
        return Token("late", 60)

    first = threading.Thread(target=tokens.get, args=(QUERY, "", fetch, within()))
    first.start()
    begun.wait(10)
    with pytest.raises(DeadlineExceeded):
        tokens.get(QUERY, "", fetch, within(0.1))
    go_on.set()
    first.join()


def test_tokens_that_are_too_long_together_are_let_go_of_the_oldest_first() -> None:
    tokens, fetched = Tokens(Hours()), list[str]()

    def get(label: str) -> str:
        def fetch() -> Token:
            fetched.append(label)
            return Token(label * (MOST_KEPT // 2), 60)

        return tokens.get(msgspec.structs.replace(QUERY, service=label), "", fetch, within())

    given = [get(label)[0] for label in "abbcba"]

    assert ("abbcba", "abca") == ("".join(given), "".join(fetched))


def test_a_token_that_was_fetched_anew_counts_once() -> None:
    tokens, fetched = Tokens(Hours()), list[str]()

    def get(label: str, refused: str = "") -> str:
        def fetch() -> Token:
            fetched.append(label)
            return Token(label * (MOST_KEPT // 2) + str(len(fetched)), 60)

        return tokens.get(msgspec.structs.replace(QUERY, service=label), refused, fetch, within())

    first = get("a")
    get("a", refused=first[:-1] + "1")
    get("a")

    assert ["a", "a"] == fetched
