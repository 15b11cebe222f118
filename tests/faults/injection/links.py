"""One connection through a proxy, and what a proxy may do to it."""

import asyncio
from dataclasses import dataclass
from typing import Protocol

from tests.faults.injection.statement_faults import Trap

CHUNK = 65_536
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Mode:
    """What the proxy does to everything that passes; the default is to let it pass.

    refuse: connections are closed, new ones at once. stall: nothing passes either way, and all of
    it once the mode changes (a network that retransmits). swallow: requests pass, replies are
    lost, and the connections that lost some are closed once the mode changes. delay: seconds
    added each way. cut_after: bytes of reply after which a connection is closed in the middle.
    """

    refuse: bool = False
    stall: bool = False
    swallow: bool = False
    delay: float = 0.0
    cut_after: int | None = None


PASS = Mode()
REFUSE = Mode(refuse=True)
STALL = Mode(stall=True)
SWALLOW = Mode(swallow=True)


class Rules(Protocol):
    """What a proxy's links ask it."""

    @property
    def mode(self) -> Mode:
        """The mode in force."""

    @property
    def trap(self) -> Trap | None:
        """The trap that is set."""

    async def passable(self) -> None:
        """Wait until the next bytes may pass."""


class Link:
    """One connection through a proxy."""

    def __init__(
        self, rules: Rules, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._rules = rules
        self._client = (reader, writer)
        self._writers = [writer]
        self.lost = False
        self.replied = 0

    def abort(self) -> None:
        """Close both ends at once, as a reset does."""
        for writer in self._writers:
            writer.transport.abort()

    async def carry(self, target_port: int) -> None:
        """Carry bytes until either end closes."""
        try:
            server = await asyncio.open_connection(LOOPBACK, target_port)
        except OSError:
            return
        self._writers.append(server[1])
        ways = [asyncio.ensure_future(way) for way in (self._up(*server), self._down(server[0]))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    async def _up(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await self._client[0].read(CHUNK):
            await self._rules.passable()
            trap = self._rules.trap
            if trap is not None and trap.sees_request(self, data):
                if trap.cut:
                    return
                continue
            writer.write(data)
            await writer.drain()

    async def _down(self, reader: asyncio.StreamReader) -> None:
        while data := await reader.read(CHUNK):
            await self._rules.passable()
            trap = self._rules.trap
            if trap is not None and trap.sees_reply(self):
                if trap.cut:
                    return
                continue
            mode = self._rules.mode
            if mode.swallow:
                self.lost = True
                continue
            if mode.cut_after is not None:
                data = data[: max(mode.cut_after - self.replied, 0)]
            self.replied += len(data)
            self._client[1].write(data)
            await self._client[1].drain()
            if mode.cut_after is not None and self.replied >= mode.cut_after:
                return
