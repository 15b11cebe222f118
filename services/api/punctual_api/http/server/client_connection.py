"""A client's connection: its buffered bytes, and how long its thread waits for more."""

import contextlib
import socket
import time

from gunicorn.http import get_parser
from gunicorn.http.unreader import Unreader
from gunicorn.workers.gthread import TConn

from punctual_api.http.server.request_buffer import RequestBuffer

BODY_SECONDS = 60.0
"""A body that is too long to be buffered arrives within this time, once a thread reads it."""
RECEIVE_BYTES = 65_536
LEAST_BYTES, MOST_BYTES = 8192, 1024 * 1024
"""Of a long body, read at a time: as gunicorn does."""


class TimedUnreader(Unreader):
    """The reader of a long body, with the request's deadline.

    It has no `sock`: the parser would set a time limit of its own there, and three system calls a
    request more are as many times that a thread gives up the interpreter.
    """

    def __init__(self, client: socket.socket) -> None:
        super().__init__()
        self._client = client
        self.deadline = 0.0

    def chunk(self, size_hint: int | None = None) -> bytes:
        """Return the next part; raises TimeoutError after the deadline."""
        left = self.deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._client.settimeout(left)
        try:
            return self._client.recv(min(max(size_hint or 0, LEAST_BYTES), MOST_BYTES))
        finally:
            self._client.setblocking(True)


class Connection(TConn):
    """A client's connection, and what it has sent of its next request."""

    received: RequestBuffer
    unreader: TimedUnreader
    counted = 0  # of the bytes received, those in the worker's sum
    discarded = 0
    continued = False  # the client was asked to continue with its body
    is_whole = False  # a whole request was received, and no thread has answered it

    def init(self) -> None:
        """Make the parser, which reads from the buffer first."""
        if not self.initialized:
            self.initialized = True
            self.received = RequestBuffer()
            self.unreader = TimedUnreader(self.sock)
            self.parser = get_parser(self.cfg, self.sock, self.client)
            self.parser.unreader = self.unreader

    def hand_over(self) -> None:
        """Let the parser have what was received."""
        self.unreader.deadline = time.monotonic() + BODY_SECONDS
        self.unreader.unread(self.received.take())

    def take_back(self) -> None:
        """Take what the parser has read and not used: the client's next request, or a part."""
        self.continued = False
        rest = self.unreader.take_buffered()
        self.is_whole = bool(rest) and self.received.add(rest)

    def receive(self) -> bool:
        """Take what has arrived, without waiting; return whether a whole request is there.

        Raises EOFError when the client has closed, OSError, HeadersTooLarge.
        """
        with contextlib.suppress(BlockingIOError):
            data = self.sock.recv(RECEIVE_BYTES, socket.MSG_DONTWAIT)
            if not data:
                raise EOFError
            self.is_whole = self.received.add(data)
        return self.is_whole

    def send_now(self, data: bytes) -> None:
        """Send a few bytes if there is room for them."""
        with contextlib.suppress(OSError):
            self.sock.send(data, socket.MSG_DONTWAIT)
