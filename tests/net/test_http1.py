"""Aspects: how a body ends; what is kept; what is too large; what is not HTTP; what cannot be written."""

import contextlib
import http.client
import io
import tracemalloc
from collections.abc import Iterable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from figwasp.core.credential import Secret
from figwasp.errors import BadResponse, ConnectionFailed
from figwasp.net.http1 import LARGEST_HEAD, LARGEST_REFUSAL, Reader, Response, basic, read_response, write_request

OK = b"HTTP/1.1 200 OK\r\n"


def read(*parts: bytes, method: str = "GET", largest: int = 1000) -> tuple[Response, bool]:
    given_parts = iter(parts)
    return read_response(Reader(lambda: next(given_parts, b""), "host"), method, largest)


@pytest.mark.parametrize(
    "answer",
    [
        b"Content-Length: 5\r\n\r\nhello",
        b"content-length:5\n\nhello",
        b"Content-Length: 5, 5\r\nContent-Length: 5\r\n\r\nhello",
        b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nTrailer: x\r\n\r\n",
        b"Transfer-Encoding: Chunked\r\n\r\n5 \r\nhello\r\n0\r\n\r\n",
        b"Content-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello",
    ],
)
def test_a_body_ends_where_its_framing_says_and_the_connection_stays(answer: bytes) -> None:
    response, is_reusable = read(OK + answer)

    assert (b"hello", True) == (response.body, is_reusable)


def test_every_split_of_an_answer_reads_the_same() -> None:
    answer = OK + b"A: b\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"

    assert {read(answer[:i], answer[i:])[0].body for i in range(1, len(answer))} == {b"abc"}
    assert read(*[answer[i : i + 1] for i in range(len(answer))])[0].body == b"abc"


def test_a_body_without_a_length_ends_with_the_connection() -> None:
    response, is_reusable = read(OK + b"\r\n", b"hel", b"lo")

    assert (b"hello", False) == (response.body, is_reusable)


@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", b"200 OK"), ("GET", b"304 Same"), ("GET", b"204 None"), ("CONNECT", b"200 OK")]
)
def test_some_answers_have_no_body_whatever_their_length_says(method: str, status: bytes) -> None:
    response, is_reusable = read(b"HTTP/1.1 " + status + b"\r\nContent-Length: 99999\r\n\r\n", method=method)

    assert (b"", True) == (response.body, is_reusable)


def test_interim_answers_are_skipped() -> None:
    assert read(b"HTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + OK + b"Content-Length: 1\r\n\r\nx")[0].status == 200


@pytest.mark.parametrize(
    "answer",
    [
        OK + b"Connection: Keep-Alive, Close\r\nContent-Length: 1\r\n\r\nx",
        b"HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx",
        OK + b"Content-Length: 1\r\n\r\nxHTTP/1.1 200 smuggled",
        OK + b"Content-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
    ],
)
def test_a_connection_is_not_kept_where_the_next_answer_could_be_anothers(answer: bytes) -> None:
    response, is_reusable = read(answer)

    assert (b"x", False) == (response.body, is_reusable)


def test_an_older_server_may_ask_to_keep_the_connection() -> None:
    assert read(b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx")[1]


@pytest.mark.parametrize(
    "answer",
    [
        b"Content-Length: 11\r\n\r\n",
        b"\r\nhello world",
        b"Transfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n5\r\nworld\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nffffffffffff\r\n",
    ],
)
def test_a_body_over_the_cap_is_refused_before_it_is_read(answer: bytes) -> None:
    with pytest.raises(BadResponse, match=r"^the answer of host cannot be taken: it is larger than 10 bytes$"):
        read(OK + answer, largest=10)


def test_a_body_of_just_the_cap_is_taken() -> None:
    assert len(read(OK + b"Content-Length: 10\r\n\r\n" + b"x" * 10, largest=10)[0].body) == 10
    assert len(read(OK + b"\r\n" + b"x" * 10, largest=10)[0].body) == 10


REFUSAL = b"HTTP/1.1 503 Not now\r\n"
LONG = b"x" * (LARGEST_REFUSAL + 1)


@pytest.mark.parametrize(
    "answer",
    [
        b"Content-Length: 999999999\r\n\r\n" + LONG,
        b"\r\n" + LONG,
        b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(LONG), LONG),
        b"Transfer-Encoding: chunked\r\n\r\n4\r\nxxxx\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(LONG), LONG),
        b"Transfer-Encoding: chunked\r\n\r\nfffffffff\r\n" + LONG,
    ],
)
def test_of_a_long_refusal_the_beginning_is_read_and_the_connection_not_kept(answer: bytes) -> None:
    response, is_reusable = read(REFUSAL + answer, largest=10**9)

    assert (503, LARGEST_REFUSAL, False) == (response.status, len(response.body), is_reusable)


@pytest.mark.parametrize("framing", [b"Content-Length: 999999\r\n\r\n", b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n"])
def test_a_long_refusal_is_not_read_to_its_end(framing: bytes) -> None:
    parts = iter([REFUSAL + framing, *[b"x" * 32768] * 4])
    _, is_reusable = read_response(Reader(lambda: next(parts), "host"), "GET", 10**9)

    assert (2, False) == (len(list(parts)), is_reusable)


@pytest.mark.parametrize(
    "framing", [b"Content-Length: %d\r\n\r\n%b", b"Transfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"]
)
def test_a_refusal_of_just_the_cap_is_read_whole_and_the_connection_kept(framing: bytes) -> None:
    response, is_reusable = read(REFUSAL + framing % (LARGEST_REFUSAL, LONG[1:]), largest=10**9)

    assert (LONG[1:], True) == (response.body, is_reusable)


def test_of_a_compressed_refusal_the_status_counts() -> None:
    response, is_reusable = read(REFUSAL + b"Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx")

    assert (503, b"", False) == (response.status, response.body, is_reusable)


def test_a_body_in_tiny_chunks_costs_no_more_memory_than_its_size() -> None:
    size = 100_000
    chunks = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * size + b"0\r\n\r\n"
    parts = (chunks[start : start + 4096] for start in range(0, len(chunks), 4096))
    reader = Reader(lambda: next(parts, b""), "host")
    tracemalloc.start()
    answer, _ = read_response(reader, "GET", size)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert b"x" * size == answer.body
    assert peak < 5 * size


def test_a_login_is_written_in_base64_of_utf_8() -> None:
    assert basic("ann", Secret("pä:ss")) == "Basic YW5uOnDDpDpzcw=="


def test_a_password_that_is_not_utf8_is_sent_with_its_own_bytes() -> None:
    assert basic("ann", Secret(b"p\xe4ss".decode("utf-8", "surrogateescape"))) == "Basic YW5uOnDkc3M="


def test_a_compressed_body_is_refused() -> None:
    with pytest.raises(BadResponse, match=r"it is compressed \(gzip\)"):
        read(OK + b"Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\nx")


@pytest.mark.parametrize(
    "answer",
    [
        b"SSH-2.0-OpenSSH_9.2\r\n\r\n",
        b"HTTP/2 200\r\n\r\n",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"HTTP/1.1 101 Switching\r\n\r\n",
        OK + b"no colon\r\n\r\n",
        OK + b"Content-Length : 1\r\n\r\nx",
        OK + b" folded: first\r\n\r\n",
        OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        OK + b"Content-Length: -1\r\n\r\n",
        OK + b"Content-Length: +1\r\n\r\nx",
        OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nxy\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\nx\n0\r\n\r\n",
        OK + b"A: " + b"x" * LARGEST_HEAD,
        OK + b"A: b\r\n" * LARGEST_HEAD,
        b"HTTP/1.1 200 " + b"x" * LARGEST_HEAD + b"\r\n\r\n",
    ],
)
def test_what_is_not_http_is_no_answer(answer: bytes) -> None:
    with pytest.raises(ConnectionFailed, match="what it sent is not HTTP") as caught:
        read(answer)

    assert caught.value.sent


@pytest.mark.parametrize("length", [1, 17, 40])
def test_an_answer_that_breaks_off_is_no_answer(length: int) -> None:
    answer = OK + b"Content-Length: 9\r\n\r\nhello"

    with pytest.raises(ConnectionFailed, match="closed the connection before its answer was complete"):
        read(answer[:length])


def test_headers_are_found_in_any_case_and_in_order() -> None:
    headers = read(OK + b"Link: a\r\nLINK: b\r\n folded\r\nContent-Length: 0\r\n\r\n")[0].headers

    assert ("a", ["a", "b folded"], None) == (headers.get("liNK"), headers.get_all("Link"), headers.get("X"))


def test_what_is_shown_of_an_answer_holds_no_values() -> None:
    response = read(OK + b"Set-Cookie: s3cret\r\nContent-Length: 6\r\n\r\ns3cret")[0]

    assert repr(response) == "Response(200, Headers(set-cookie, content-length), 6 bytes)"


@pytest.mark.parametrize("value", ["a\r\nX: y", "a\nb", "a\x00", "\x7f"])
def test_a_header_that_would_be_read_as_two_is_not_written(value: str) -> None:
    with pytest.raises(ValueError, match="the header 'A' cannot be sent"):
        write_request("GET", "/", {"A": value}, b"")


@pytest.mark.parametrize(("method", "body", "told"), [("GET", b"", False), ("PUT", b"", True), ("GET", b"x", True)])
def test_a_length_is_told_where_a_body_is_expected(method: str, body: bytes, told: bool) -> None:
    assert told == (b"\r\nContent-Length: %d\r\n" % len(body) in write_request(method, "/", {"A": "b"}, body))


class _Socket:
    def __init__(self, text: bytes) -> None:
        self._text = text

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._text)


def standard_library(text: bytes, method: str) -> tuple[int, bytes] | None:
    response = http.client.HTTPResponse(_Socket(text), method=method)  # type: ignore[arg-type]  # all that it uses
    with contextlib.suppress(http.client.HTTPException, ValueError):
        response.begin()
        return response.status, response.read()
    return None


CHUNKED = "Transfer-Encoding: chunked"
FIELDS = st.sampled_from(["Content-Length: 4", "Content-Length: 0", "X: y", CHUNKED, "Connection: close", "A:"])
BODIES = st.lists(st.sampled_from(["4\r\n", "abcd", "\r\n", "0\r\n\r\n", "2;x\r\nab\r\n", "x"]), max_size=6)


@settings(deadline=None)
@given(st.sampled_from([200, 404, 503]), st.sets(FIELDS), BODIES, st.sampled_from(["GET", "HEAD"]))
def test_what_we_take_reads_as_in_the_standard_library(
    status: int, fields: Iterable[str], body: Iterable[str], method: str
) -> None:
    head = "".join(f"{field}\r\n" for field in sorted(fields))
    text = f"HTTP/1.1 {status} Fine\r\n{head}\r\n{''.join(body)}".encode()
    with contextlib.suppress(ConnectionFailed):
        ours = read(text, method=method, largest=2**60)[0]
        assert (ours.status, ours.body) == standard_library(text, method)
