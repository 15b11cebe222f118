"""Request buffer: collect bytes until a request is whole, without a thread."""

import re
from dataclasses import dataclass, field

HEADERS_BYTES = 64 * 1024
BUFFERED_BODY_BYTES = 1024 * 1024
"""Longer bodies are read by the thread that answers, within a time limit."""
UNKNOWN_BODY_BYTES = 16 * 1024
"""Without a token or a cookie, longer bodies are refused: there is no reason to wait for them."""

_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*([0-9]{1,18})[ \t]*\r\n", re.IGNORECASE)
_CHUNKED = re.compile(rb"\r\ntransfer-encoding:[^\r\n]*chunked", re.IGNORECASE)
_SIZE = re.compile(rb"([0-9a-fA-F]{1,16})[ \t]*(?:;|\Z)")
_KNOWN = re.compile(rb"\r\n(?:authorization|cookie):", re.IGNORECASE)
_EXPECTS = re.compile(rb"\r\nexpect:[ \t]*100-continue", re.IGNORECASE)


class HeadersTooLarge(Exception):
    """The headers do not end within HEADERS_BYTES."""


@dataclass(slots=True)
class RequestBuffer:
    """Bytes of one connection that no thread has taken yet: a whole request, or not yet."""

    data: bytearray = field(default_factory=bytearray)
    expects_continue: bool = False
    _searched: int = 0  # no end of the headers begins before
    _body: int = 0  # where the body begins; 0 while the headers are not complete
    _whole: int | None = None  # where the request ends; None while that is not known
    _chunk: int = 0  # where the next chunk's size stands

    def add(self, data: bytes) -> bool:
        """Take what has arrived; return whether a thread can answer it without waiting.

        Raises HeadersTooLarge.
        """
        self.data += data
        return (self._body > 0 or self._has_headers()) and self._has_body()

    def take(self) -> bytes:
        """Return everything, for the parser; from here on a next request is expected."""
        taken = bytes(self.data)
        self.data.clear()
        self.expects_continue = False
        self._searched = self._body = self._chunk = 0
        self._whole = None
        return taken

    def _has_headers(self) -> bool:
        end = self.data.find(_END, self._searched)
        if end < 0:
            self._searched = max(0, len(self.data) - 3)
            if len(self.data) > HEADERS_BYTES:
                raise HeadersTooLarge
            return False
        self._body = end + len(_END)
        headers = bytes(self.data[: end + 2])
        self.expects_continue = _EXPECTS.search(headers) is not None
        if _CHUNKED.search(headers):
            self._chunk = self._body
            return True
        length = _LENGTH.search(headers)
        size = int(length[1]) if length else 0
        most = BUFFERED_BODY_BYTES if _KNOWN.search(headers) else UNKNOWN_BODY_BYTES
        self._whole = self._body + (size if size <= most else 0)
        return True

    def _has_body(self) -> bool:
        if self._whole is None:
            self._whole = self._end_of_chunks()
        return self._whole is not None and len(self.data) >= self._whole

    def _end_of_chunks(self) -> int | None:
        """Return where a chunked body ends; what is malformed or too long ends where it is."""
        while self._chunk < len(self.data):
            line = self.data.find(b"\r\n", self._chunk)
            if line < 0:
                return len(self.data) if len(self.data) - self._chunk > HEADERS_BYTES else None
            found = _SIZE.match(self.data, self._chunk, line)
            if found is None:
                return len(self.data)
            size = int(found[1], 16)
            if size == 0:
                end = self.data.find(_END, line)
                if end >= 0:
                    return end + len(_END)
                return len(self.data) if len(self.data) - line > HEADERS_BYTES else None
            self._chunk = line + 2 + size + 2
            if self._chunk - self._body > BUFFERED_BODY_BYTES:
                return len(self.data)
        return None
