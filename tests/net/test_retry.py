"""Aspects: what is repeated and what never; how long is waited; what a host asks for; how much is repeated."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from figwasp.core.deadline import Deadline
from figwasp.errors import ConnectionFailed, DeadlineExceeded, NotTls, UnknownAuthority
from figwasp.net.http import Headers, Response
from figwasp.net.retry import ATTEMPTS, MOST_REPEATED, Retries, wait

OK = Response(200)
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SENT, NOT_SENT = (ConnectionFailed("host", "it closed the connection", sent=sent) for sent in (True, False))


class Time:
    """Virtual time: waiting takes none, and is noted."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    @property
    def passed(self) -> float:
        return sum(self.waits)

    def deadline(self, seconds: float = 300) -> Deadline:
        return Deadline(seconds, lambda: self.passed, "the pass is over")

    def wait(self, seconds: float, deadline: Deadline) -> None:
        deadline.remaining()
        self.waits.append(seconds)

    def retries(self, chance: float = 1.0) -> Retries:
        now = NOW.timestamp()
        return Retries(wait=self.wait, chance=lambda: chance, now=lambda: now + self.passed)


def refusal(status: int, retry_after: str = "") -> Response:
    return Response(status, Headers((("retry-after", retry_after),) if retry_after else ()))


def playing(outcomes: Sequence[Response | Exception]) -> tuple[Callable[[], Response], list[Response | Exception]]:
    """Something to attempt, of which these come one after another, and what is left of them."""
    left = list(outcomes)

    def attempt() -> Response:
        outcome = left.pop(0)
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    return attempt, left


def attempts(method: str, *outcomes: Response | Exception, seconds: float = 300) -> tuple[object, int]:
    """What came of a request, and how often it was sent."""
    attempt, left = playing([*outcomes, OK, OK, OK])
    time = Time()
    try:
        came: object = time.retries().run(method, "host", attempt, time.deadline(seconds)).status
    except ConnectionFailed as error:
        came = error
    return came, len(outcomes) + 3 - len(left)


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520, 521, 522, 523, 524])
def test_a_get_that_fails_in_passing_is_repeated(status: int) -> None:
    assert (200, 2) == attempts("GET", refusal(status))


@pytest.mark.parametrize("status", [200, 301, 400, 401, 403, 404, 405, 409, 410, 418, 429, 501, 519, 525])
def test_no_other_answer_is_repeated(status: int) -> None:
    assert (status, 1) == attempts("GET", refusal(status))


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504])
@pytest.mark.parametrize("method", ["PUT", "POST", "PATCH"])
def test_a_change_is_never_repeated_after_an_answer(method: str, status: int) -> None:
    assert (status, 1) == attempts(method, refusal(status, "1"))


def test_a_change_is_not_repeated_even_if_fewer_requests_are_wanted() -> None:
    assert (429, 1) == attempts("PUT", refusal(429, "1"))


@pytest.mark.parametrize(("method", "error"), [("PUT", SENT), ("POST", SENT)])
def test_a_change_whose_fate_is_unknown_is_not_sent_again(method: str, error: ConnectionFailed) -> None:
    assert (error, 1) == attempts(method, error)


@pytest.mark.parametrize(("method", "error"), [("GET", SENT), ("HEAD", SENT), ("GET", NOT_SENT), ("PUT", NOT_SENT)])
def test_what_is_harmless_is_sent_again_after_a_broken_connection(method: str, error: ConnectionFailed) -> None:
    assert (200, 2) == attempts(method, error)


@pytest.mark.parametrize("error", [UnknownAuthority("host", "not trusted"), NotTls("host")])
def test_what_no_repetition_mends_is_not_repeated(error: ConnectionFailed) -> None:
    assert (error, 1) == attempts("GET", error)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_refused_head_is_left_to_the_get_that_confirms_it(status: int) -> None:
    assert (status, 1) == attempts("HEAD", refusal(status))


def test_it_ends_after_three_attempts() -> None:
    assert (503, ATTEMPTS) == attempts("GET", *[refusal(503)] * 3)
    assert (SENT, ATTEMPTS) == attempts("GET", *[SENT] * 3)


@pytest.mark.parametrize(("chance", "waits"), [(0.0, [0.25, 0.5]), (0.5, [0.375, 0.75]), (1.0, [0.5, 1.0])])
def test_the_waits_grow_and_are_spread(chance: float, waits: list[float]) -> None:
    time = Time()
    attempt, _ = playing([refusal(503)] * 3)
    time.retries(chance).run("GET", "host", attempt, time.deadline())

    assert waits == time.waits


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("40", 40.0),
        ("2.5", 2.5),
        ("0", 0.5),
        ("0.0006", 0.5),
        ("-3", 0.5),
        (format_datetime(NOW + timedelta(seconds=40), usegmt=True), 40.0),
        (format_datetime(NOW - timedelta(days=1), usegmt=True), 0.5),
    ],
)
def test_a_host_is_asked_again_when_it_says_and_never_at_once(status: int, text: str, seconds: float) -> None:
    time = Time()
    attempt, _ = playing([refusal(status, text), OK])

    assert 200 == time.retries().run("GET", "host", attempt, time.deadline()).status
    assert [seconds] == time.waits


@pytest.mark.parametrize("text", ["soon", "nan", "inf", "1e999", "Wed, 99 Foo 2026", "Fri, 31 Dec 99999 23:59:59 GMT"])
def test_a_time_that_is_none_is_as_if_it_were_not_said(text: str) -> None:
    assert (429, 1) == attempts("GET", refusal(429, text))


@pytest.mark.parametrize(
    ("words", "seconds"),
    [
        ("retry-after: 825.911µs, allowed: 44000/minute", 0.5),
        ("retry-after: 6.565868ms, allowed: 2000/minute", 0.5),
        ("retry-after: 1m10s", 70.0),
        ("Retry-After:2s", 2.0),
    ],
)
def test_a_host_that_says_in_words_when_to_come_back_is_asked_again_then(words: str, seconds: float) -> None:
    """As ghcr.io does, of whose limit everybody takes a share who has no login there."""
    time = Time()
    body = f'{{"errors":[{{"code":"TOOMANYREQUESTS","message":"{words}"}}]}}'.encode()
    attempt, _ = playing([Response(429, body=body), OK])

    assert 200 == time.retries().run("GET", "host", attempt, time.deadline()).status
    assert [seconds] == time.waits


@pytest.mark.parametrize(
    "body", [b"retry-after: soon", b"retry-after: ", b"retry-after: 5", b"retry-after: \xff\xfes", b"after: 5s", b""]
)
def test_words_that_say_no_time_are_as_if_they_were_not_said(body: bytes) -> None:
    assert (429, 1) == attempts("GET", Response(429, body=body))


@pytest.mark.parametrize(("seconds", "expected"), [(50, (200, 2)), (51, (429, 1)), (86400, (429, 1))])
def test_no_wait_takes_more_than_half_of_the_time_that_is_left(seconds: int, expected: tuple[int, int]) -> None:
    assert expected == attempts("GET", refusal(429, str(seconds)), seconds=100)


def test_a_host_in_trouble_is_not_given_ever_more_work() -> None:
    time = Time()
    retries = time.retries()
    sent: list[int] = []

    def attempt() -> Response:
        sent.append(1)
        return refusal(503)

    for _ in range(100):
        retries.run("GET", "host", attempt, time.deadline(3000))

    assert 100 + MOST_REPEATED == len(sent)


def test_a_host_that_is_well_again_is_given_the_same_patience_as_before() -> None:
    time = Time()
    retries = time.retries()
    for _ in range(2 * MOST_REPEATED):
        attempt, left = playing([refusal(503), OK])
        retries.run("GET", "host", attempt, time.deadline(3000))

        assert [] == left


def test_waiting_ends_with_the_deadline() -> None:
    time = Time()
    deadline = time.deadline(0.1)
    time.waits.append(1)

    with pytest.raises(DeadlineExceeded):
        wait(10, deadline)


def test_waiting_takes_the_time_that_it_says() -> None:
    import time as real  # noqa: PLC0415 - the only test that has to wait

    begin = real.monotonic()
    wait(0.05, Deadline(10, real.monotonic, "the pass is over"))

    assert 0.05 <= real.monotonic() - begin < 5
