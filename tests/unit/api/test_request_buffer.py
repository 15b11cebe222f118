"""A request is handed on when it is whole, however it is cut into parts."""

import pytest

from punctual_api.http.server.request_buffer import (
    BUFFERED_BODY_BYTES,
    HEADERS_BYTES,
    UNKNOWN_BODY_BYTES,
    HeadersTooLarge,
    RequestBuffer,
)

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST / HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "request_",
    [
        GET,
        POST + b"content-LENGTH:5\r\n\r\nhello",
        POST + b"Content-Length: 0\r\n\r\n",
        CHUNKED + b"0\r\n\r\n",
        CHUNKED + b"5\r\nhello\r\n0\r\n\r\n",
        CHUNKED + b"5;a=b\r\nhello\r\nA\r\n0\r\n\r\n01234\r\n0\r\nTrailer: x\r\n\r\n",
    ],
)
def test_a_request_is_whole_with_its_last_byte_and_not_before(request_: bytes) -> None:
    buffer = RequestBuffer()
    whole = [buffer.add(request_[place : place + 1]) for place in range(len(request_))]
    assert whole == [False] * (len(request_) - 1) + [True]
    assert buffer.take() == request_
    assert not buffer.data
    assert buffer.add(request_ + GET)  # two at once: the parser gives back the second


@pytest.mark.parametrize(
    "body", [b"x\r\n", b"-5\r\nhello\r\n", b"5 5\r\n", b"\r\n", b"a" * (HEADERS_BYTES + 1)]
)
def test_malformed_chunks_are_for_the_parser_to_refuse(body: bytes) -> None:
    assert RequestBuffer().add(CHUNKED + body)


def test_what_a_stranger_may_not_send_is_not_waited_for() -> None:
    stranger = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n"
    assert not RequestBuffer().add(stranger % UNKNOWN_BODY_BYTES)
    assert RequestBuffer().add(stranger % (UNKNOWN_BODY_BYTES + 1))
    assert not RequestBuffer().add(POST + b"Content-Length: %d\r\n\r\n" % BUFFERED_BODY_BYTES)
    assert RequestBuffer().add(POST + b"Content-Length: %d\r\n\r\n" % (BUFFERED_BODY_BYTES + 1))
    size = b"%x\r\n" % (BUFFERED_BODY_BYTES + 1)
    assert RequestBuffer().add(CHUNKED + size)


def test_headers_without_an_end_are_refused() -> None:
    buffer = RequestBuffer()
    assert not buffer.add(b"GET / HTTP/1.1\r\nX: ")
    with pytest.raises(HeadersTooLarge):
        buffer.add(b"a" * HEADERS_BYTES)


def test_a_client_that_waits_for_100_continue_is_noticed() -> None:
    buffer = RequestBuffer()
    assert not buffer.add(POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
    assert buffer.expects_continue
    assert buffer.add(b"hello")
