"""A server that is frozen: it keeps its connections and answers nothing on any of them."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from punctual_devstack.servers.temporary import EmbeddedServer


@contextmanager
def frozen(server: EmbeddedServer) -> Iterator[None]:
    """Stop a server and all of its processes, as a paused machine does."""
    assert server.pid is not None
    os.kill(server.pid, signal.SIGSTOP)
    stopped = children(server.pid)
    for pid in stopped:
        send(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in (server.pid, *stopped):
            send(pid, signal.SIGCONT)


def send(pid: int, number: signal.Signals) -> None:
    """Signal a process, unless it was just ending when it was to be stopped."""
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def children(pid: int) -> list[int]:
    """The processes that this one started."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
