"""The runner's end of the socket: it never blocks, whether the agent reads or not."""

from __future__ import annotations

import socket
from collections import deque

from punctual_worker.runner.protocol.wire import Frames, pack

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

READ_SIZE = 64 * 1024
FRAMES_PER_TURN = 64  # reading a burst of orders must not hold up a start: about a millisecond
# All that one look ends at once: in two parts it would wake the agent twice.
FLUSH_BUFFERS = 1024  # the most that sendmsg() takes


class AgentGoneError(Exception):
    """The agent closed its end, or died: no one is left to report to."""


class Channel:
    """Orders in, reports out, over one non-blocking stream socket."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._frames = Frames()
        self._queue: deque[memoryview] = deque()
        self.queued_bytes = 0
        self.unread = False  # whole frames may wait in our own buffer, where epoll sees nothing

    def fileno(self) -> int:
        """Return the socket's descriptor, for epoll."""
        return self._sock.fileno()

    def receive(self, *, readable: bool) -> list[dict[str, Any]]:
        """Return at most FRAMES_PER_TURN orders; AgentGoneError at the end of the stream."""
        if readable and not self.unread:
            try:
                data = self._sock.recv(READ_SIZE)
            except BlockingIOError:
                return []
            except OSError as error:
                raise AgentGoneError(str(error)) from None
            if not data:
                raise AgentGoneError("end of stream")
            self._frames.feed(data)
        orders: list[dict[str, Any]] = []
        self.unread = True
        while len(orders) < FRAMES_PER_TURN:
            frame = self._frames.next()
            if frame is None:
                self.unread = False
                break
            orders.append(frame[0])
        return orders

    def send(self, header: dict[str, Any], body: bytes = b"") -> None:
        """Queue one report; flush() puts it on the wire."""
        frame = pack(header, body)
        self._queue.append(memoryview(frame))
        self.queued_bytes += len(frame)

    def flush(self) -> bool:
        """Write what the socket takes; True when nothing is left to write."""
        queue = self._queue
        while queue:
            # An index loop, as a deque cannot be sliced.
            batch = [queue[i] for i in range(min(len(queue), FLUSH_BUFFERS))]
            try:
                sent = self._sock.sendmsg(batch)
            except BlockingIOError:
                return False
            except OSError as error:
                raise AgentGoneError(str(error)) from None
            self.queued_bytes -= sent
            while sent:
                first = queue[0]
                if sent < len(first):
                    queue[0] = first[sent:]
                    break
                sent -= len(first)
                queue.popleft()
        return True
