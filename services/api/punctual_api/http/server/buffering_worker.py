"""The gunicorn worker: threads get whole requests only; slow clients occupy none."""

import contextlib
import errno
import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, cast

from gunicorn.http.errors import ParseException
from gunicorn.workers.gthread import ThreadWorker

from punctual_api.http.server.client_connection import RECEIVE_BYTES, Connection
from punctual_api.http.server.raw_problems import StatusRecorder, raw_problem
from punctual_api.http.server.request_buffer import (
    BUFFERED_BODY_BYTES,
    HEADERS_BYTES,
    HeadersTooLarge,
)

REQUEST_SECONDS = 30.0
"""A request, up to BUFFERED_BODY_BYTES of its body included, has arrived within this time."""
SEND_SECONDS = 30.0
"""An answer has been taken by its client within this time."""
LINGER_SECONDS = 5.0
LINGER_BYTES = 32 * 1024 * 1024
"""So long and so much is read and thrown away before a connection is closed on its client."""
STOP_SECONDS = 1.0
"""While the process stops, silent connections are closed after this."""
WAITING_BYTES = 64 * 1024 * 1024
"""Parts of requests that wait in memory, of all connections together."""
UNREAD_SECONDS = 0.1

CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
NO_DESCRIPTOR_LEFT = (errno.EMFILE, errno.ENFILE)


class BufferingWorker(ThreadWorker):
    """Gunicorn's threaded worker, in which only the main thread waits for clients.

    It collects requests and hands them to a thread when they are whole, and it ends connections
    whose clients send, read or close too slowly.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._lingering: deque[Any] = deque()
        self._sending: dict[socket.socket, float] = {}
        self._waiting_bytes = 0

    def init_signals(self) -> None:
        """Leave a Ctrl-C, which reaches the whole group, to the process that started this one."""
        super().init_signals()
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    # In a thread.

    def handle(self, conn: Any) -> Any:
        """Answer a connection's request, which was received whole; return whether to keep it."""
        conn.hand_over()
        if super().handle(conn) is not True:
            return False
        try:
            conn.take_back()
        except HeadersTooLarge:
            return False
        return True

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer one request; sending the answer takes SEND_SECONDS at most."""
        if conn.continued:
            req._expected_100_continue = False  # noqa: SLF001 - or it would be sent again
        try:
            return super().handle_request(req, conn)
        finally:
            self._sending.pop(conn.sock, None)

    def load_wsgi(self) -> None:
        """Load the app, and note of each answer until when it is to be sent."""
        super().load_wsgi()
        app = self.wsgi

        def timed(environ: Any, start_response: Any) -> Iterable[bytes]:
            answer = app(environ, start_response)
            self._sending[environ["gunicorn.socket"]] = time.monotonic() + SEND_SECONDS
            return answer

        self.wsgi = timed

    def _keepalive_after(self, conn: Any, keepalive: Any) -> bool:
        # A body that the app did not want is thrown away here only as far as it has arrived.
        deadline = conn.unreader.deadline = time.monotonic() + UNREAD_SECONDS
        most = 2 * BUFFERED_BODY_BYTES
        try:
            return bool(keepalive) and bool(conn.parser.finish_body(deadline, max_bytes=most))
        except ParseException:  # its request is answered, and no second one begins in this
            return False

    def handle_error(self, req: Any, client: Any, addr: Any, exc: Any) -> None:
        """Answer what is no HTTP with a problem, of the status that gunicorn chooses for it.

        gunicorn has no setting for these answers; it logs them, and sends HTML of its own.
        """
        chosen = StatusRecorder()
        super().handle_error(req, cast("socket.socket", chosen), addr, exc)
        status = chosen.status or 500
        detail = "Internal error." if status == 500 else f"This is no request: {exc}."
        with contextlib.suppress(OSError):
            client.send(raw_problem(status, detail), socket.MSG_DONTWAIT)

    # In the main thread.

    def accept(self, listener: Any) -> None:
        """Accept a connection, and wait for its first request."""
        try:
            sock, client = listener.accept()
        except OSError as error:
            if error.errno in NO_DESCRIPTOR_LEFT:
                self._make_room()
            elif error.errno not in (errno.EAGAIN, errno.ECONNABORTED):
                raise
            return
        self.nr_conns += 1
        conn = Connection(self.cfg, sock, client, listener.getsockname())
        conn.init()
        self._wait_for_request(conn)
        if self.nr_conns >= self.worker_connections:
            self._make_room()

    def finish_request(self, conn: Any, fs: Any) -> None:
        """Keep a connection for its next request, or end it."""
        is_reused = not fs.cancelled() and fs.exception() is None and fs.result()
        if not is_reused:
            self._linger(conn)
        elif conn.is_whole:
            self.enqueue_req(conn)
        elif conn.received.data or not self.alive:
            self._wait_for_request(conn)
        else:
            conn.set_timeout()
            self.keepalived_conns.append(conn)
            self._watch(conn, self.on_client_socket_readable)

    def on_client_socket_readable(self, conn: Any, client: Any) -> None:
        """Begin to collect the next request of a reused connection."""
        self.poller.unregister(client)
        self.keepalived_conns.remove(conn)
        self._wait_for_request(conn)

    def on_pending_socket_readable(self, conn: Any, client: Any) -> None:
        """Take what has arrived of a request; a thread gets it when it is whole."""
        if proceed := self._collect(conn):
            self._end_waiting(conn)
            proceed(conn)

    def murder_pending(self) -> None:
        """End the connections whose client took too long for a request, an answer, or to close."""
        now = time.monotonic()
        early = 0.0 if self.alive else LINGER_SECONDS - STOP_SECONDS
        while self._lingering and self._lingering[0].timeout <= now + early:
            self._end_lingering(self._lingering[0])
        while self.pending_conns and self._is_too_slow(self.pending_conns[0], now):
            self._give_up(self.pending_conns[0])
        for sock, deadline in list(self._sending.items()):
            if deadline <= now:
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)  # the thread that sends gets an error

    def _is_too_slow(self, conn: Any, now: float) -> bool:
        if conn.timeout <= now or self._waiting_bytes > WAITING_BYTES:
            return True
        silent = not self.alive and not conn.received.data
        return silent and bool(conn.timeout <= now + REQUEST_SECONDS - STOP_SECONDS)

    def _wait_for_request(self, conn: Any) -> None:
        conn.timeout = time.monotonic() + REQUEST_SECONDS
        # Most requests have arrived already: the poller need not learn of them.
        if proceed := self._collect(conn):
            proceed(conn)
            return
        self.pending_conns.append(conn)
        self._watch(conn, self.on_pending_socket_readable)

    def _collect(self, conn: Any) -> Callable[[Any], None] | None:
        """Take what has arrived; return what to do with the connection, None while it waits."""
        try:
            whole = conn.receive()
        except HeadersTooLarge:
            detail = f"The headers of a request are at most {HEADERS_BYTES // 1024} KiB."
            conn.send_now(raw_problem(431, detail))
            return self._linger
        except (EOFError, OSError):
            return self._drop
        if whole:
            submit: Callable[[Any], None] = self.enqueue_req
            return submit
        self._waiting_bytes += len(conn.received.data) - conn.counted
        conn.counted = len(conn.received.data)
        if conn.received.expects_continue and not conn.continued:
            conn.continued = True
            conn.send_now(CONTINUE)
        return None

    def _end_waiting(self, conn: Any) -> None:
        self.poller.unregister(conn.sock)
        self.pending_conns.remove(conn)
        self._waiting_bytes -= conn.counted
        conn.counted = 0

    def _give_up(self, conn: Any) -> None:
        self._end_waiting(conn)
        if conn.received.data:
            detail = f"The request did not arrive whole within {REQUEST_SECONDS:g} seconds."
            conn.send_now(raw_problem(408, detail))
        self._drop(conn)

    def _make_room(self) -> None:
        """End the connection that has waited longest, with a part of a request or without."""
        if self.pending_conns:
            self._give_up(self.pending_conns[0])
        elif self._lingering:
            self._end_lingering(self._lingering[0])
        elif self.keepalived_conns:
            conn = self.keepalived_conns.popleft()
            self.poller.unregister(conn.sock)
            self._drop(conn)

    def _linger(self, conn: Any) -> None:
        """Close a connection so that its client gets the whole answer: read until it closes too."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
        except OSError:
            self._drop(conn)
            return
        conn.timeout = time.monotonic() + LINGER_SECONDS
        self._lingering.append(conn)
        self._watch(conn, self._discard)
        self._discard(conn, conn.sock)

    def _discard(self, conn: Any, client: Any) -> None:
        try:
            data = client.recv(RECEIVE_BYTES, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        conn.discarded += len(data)
        if not data or conn.discarded > LINGER_BYTES:
            self._end_lingering(conn)

    def _end_lingering(self, conn: Any) -> None:
        self.poller.unregister(conn.sock)
        self._lingering.remove(conn)
        self._drop(conn)

    def _watch(self, conn: Any, callback: Callable[[Any, Any], None]) -> None:
        # The socket stays blocking, for the threads that send: in this one each call says DONTWAIT.
        self.poller.register(conn.sock, selectors.EVENT_READ, partial(callback, conn))

    def _drop(self, conn: Any) -> None:
        self.nr_conns -= 1
        conn.close()
