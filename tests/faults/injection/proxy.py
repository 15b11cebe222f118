"""A TCP proxy between one service and one of its servers, whose faults are switched at run time."""

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, Self

from tests.faults.injection.links import LOOPBACK, PASS, Link, Mode
from tests.faults.injection.statement_faults import Kind, Trap


class Wires:
    """The thread that carries the bytes of every proxy."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, name="wires", daemon=True)
        self._proxies: list[Proxy] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        for proxy in self._proxies:
            self.do(proxy.close())
        self.do(self._drain())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()

    async def _drain(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def proxy(self, target_port: int) -> "Proxy":
        """A new proxy, on a port of its own, to a server on this machine."""
        proxy = Proxy(self, target_port)
        self.do(proxy.open())
        self._proxies.append(proxy)
        return proxy

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Have the thread do something, and wait until it is done."""
        asyncio.run_coroutine_threadsafe(work, self.loop).result(10)


class Proxy:
    """One proxy; `set` and `arm` may be called from any thread."""

    def __init__(self, wires: Wires, target_port: int) -> None:
        self._wires = wires
        self.target_port = target_port
        self.port = 0
        self.mode = PASS
        self.trap: Trap | None = None
        self._changed = asyncio.Event()
        self._links: set[Link] = set()
        self._server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK, 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Stop listening, and close every connection."""
        if self._server is not None:
            self._server.close()
        for link in list(self._links):
            link.abort()

    def set(self, mode: Mode) -> None:
        """Switch to another mode; returns once it is in force."""
        self._wires.do(self._set(mode))

    def arm(self, kind: Kind, marker: bytes, *, cut: bool = True) -> Trap:
        """Set a trap for the next statement that contains `marker`, in place of the last one."""
        self.trap = Trap(kind, marker, cut=cut)
        return self.trap

    def release(self) -> None:
        """Take the trap away; what it robbed is closed."""
        self._wires.do(self._release())

    async def _set(self, mode: Mode) -> None:
        self.mode = mode
        for link in list(self._links):
            if mode.refuse or (link.lost and not mode.swallow):
                link.abort()
            link.replied = 0
        self._wake()

    async def _release(self) -> None:
        trap, self.trap = self.trap, None
        for link in list(self._links):
            if trap is not None and trap.has_lost(link):
                link.abort()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def passable(self) -> None:
        """Wait while the mode stalls, or for its delay."""
        while self.mode.stall:
            await self._changed.wait()
        if self.mode.delay:
            await asyncio.sleep(self.mode.delay)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(self, reader, writer)
        self._links.add(link)
        try:
            if not self.mode.refuse:
                await self.passable()
                await link.carry(self.target_port)
        finally:
            link.abort()
            self._links.discard(link)
