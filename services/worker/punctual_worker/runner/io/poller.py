"""Waits for descriptors and instants, to the microsecond."""

from __future__ import annotations

import os
import select
import time

from punctual_worker.runner.attempts.attempt import SECOND, RunnerAttempt

AGENT = -1  # the socket
PIDFD = 0
STDOUT = 1
STDERR = 2


class Poller:
    """An epoll whose descriptors know whose they are."""

    def __init__(self) -> None:
        # Made early, so that its number is one select() can take.
        self._epoll = select.epoll()
        self._known: dict[int, tuple[RunnerAttempt | None, int]] = {}

    def add(self, descriptor: int, attempt: RunnerAttempt | None, what: int) -> None:
        """Watch a descriptor for reading."""
        self._known[descriptor] = (attempt, what)
        self._epoll.register(descriptor, select.EPOLLIN)

    def remove(self, descriptor: int) -> None:
        """Stop watching a descriptor that stays open."""
        del self._known[descriptor]
        self._epoll.unregister(descriptor)

    def close(self, descriptor: int) -> None:
        """Close a descriptor, watched or not.

        It leaves the epoll first: what was just started may hold a copy for some moments, whose
        events would go on.
        """
        if self._known.pop(descriptor, None) is not None:
            self._epoll.unregister(descriptor)
        os.close(descriptor)

    def want_writable(self, descriptor: int, wanted: bool) -> None:
        """Also wake when a descriptor takes data again, or no longer."""
        events = select.EPOLLIN | select.EPOLLOUT if wanted else select.EPOLLIN
        self._epoll.modify(descriptor, events)

    def wait(self, until_ns: int, most: int) -> list[tuple[int, int, RunnerAttempt | None, int]]:
        """Return at most `most` of (descriptor, events, attempt, what), or none at `until_ns`.

        select() on the epoll's own descriptor sleeps by a high-resolution timer; epoll_wait()
        would round to milliseconds.
        """
        delay_ns = until_ns - time.monotonic_ns()
        if delay_ns > 0 and not select.select([self._epoll], [], [], delay_ns / SECOND)[0]:
            return []
        return [
            (descriptor, events, *self._known[descriptor])
            for descriptor, events in self._epoll.poll(0, most)
        ]
