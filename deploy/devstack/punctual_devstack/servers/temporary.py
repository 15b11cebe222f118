"""The two servers on free ports in a folder of their own: what tests lean on."""

import os
import select
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from punctual_devstack.ports import free_port
from punctual_devstack.processes.pids import signal_group
from punctual_devstack.processes.spawn import spawn
from punctual_devstack.servers.postgres import Postgres
from punctual_devstack.servers.postgres_user import reachable_temporary
from punctual_devstack.servers.valkey import Valkey

READY_SECONDS = 30
STOP_SECONDS = 20
POLL_SECONDS = 0.05


class NotReady(Exception):
    """A server did not come up; the message is what it logged."""


@dataclass(slots=True)
class EmbeddedServer:
    """A server that can be stopped, killed and started again on its port.

    It ends with the thread that started it: start it in one that lives as long as it is needed.
    """

    kind: Postgres | Valkey
    log: Path
    pid: int | None = None

    def start(self) -> None:
        """Start the server and waits until it lets clients in; raises NotReady after 30 s."""
        deadline = time.monotonic() + READY_SECONDS
        pause = threading.Event()
        while True:
            if self.pid is None or self._has_ended(within=0):
                # The first try after a kill can meet what the killed one has not let go of yet.
                self.pid = spawn(self.kind.spec(), log=self.log)
            elif self.kind.is_ready():
                return
            elif time.monotonic() > deadline:
                self.kill()
                raise NotReady(self.log.read_text(errors="replace"))
            pause.wait(POLL_SECONDS)

    def stop(self) -> None:
        """End the server in its own orderly way, or by force after 20 s."""
        self._end(self.kind.spec().stop_signal, within=STOP_SECONDS)
        self.kill()

    def kill(self) -> None:
        """End the server as a crash would."""
        self._end(signal.SIGKILL, within=None)

    def _end(self, number: signal.Signals, *, within: float | None) -> None:
        if self.pid is not None:
            signal_group(self.pid, number)
            self._has_ended(within=within)

    def _has_ended(self, *, within: float | None) -> bool:
        assert self.pid is not None
        watched = os.pidfd_open(self.pid)
        try:
            poll = select.poll()  # select() knows no descriptor above 1023
            poll.register(watched, select.POLLIN)
            ended = bool(poll.poll(None if within is None else within * 1000))
        finally:
            os.close(watched)
        if ended:
            os.waitpid(self.pid, 0)
            self.pid = None
        return ended


@dataclass(frozen=True, slots=True)
class Servers:
    """A PostgreSQL and a Valkey of one's own."""

    postgres: EmbeddedServer
    valkey: EmbeddedServer
    folder: Path

    def database_url(self, database: str) -> str:
        """Return the URL of a database on the PostgreSQL server."""
        assert isinstance(self.postgres.kind, Postgres)
        return self.postgres.kind.url(database)

    def redis_url(self, database: int = 0) -> str:
        """Return the URL of one of the 256 databases on the Valkey server."""
        assert isinstance(self.valkey.kind, Valkey)
        return self.valkey.kind.url(database)

    def create_database(self, name: str, *, template: str = "template1") -> str:
        """Create a database, as a copy of `template`, and answers its URL."""
        assert isinstance(self.postgres.kind, Postgres)
        self.postgres.kind.create_database(name, template=template)
        return self.database_url(name)


@contextmanager
def temporary_servers(*, careless: bool = True, within: Path | None = None) -> Iterator[Servers]:
    """Both servers, fresh and running; `careless` lets PostgreSQL forget at a power cut.

    Their files go into a folder of their own, made in `within` if that is given.
    """
    folder = reachable_temporary("punctual-servers-", within=within)
    password = token_hex(16)
    postgres = Postgres(folder / "postgres", free_port(), password, careless=careless)
    valkey = Valkey(folder / "valkey", free_port(), password)
    servers = Servers(
        postgres=EmbeddedServer(postgres, folder / "postgres.log"),
        valkey=EmbeddedServer(valkey, folder / "valkey.log"),
        folder=folder,
    )
    try:
        postgres.make()
        valkey.make()
        servers.valkey.start()
        servers.postgres.start()
        yield servers
    finally:
        servers.valkey.stop()
        servers.postgres.stop()
        shutil.rmtree(folder, ignore_errors=True)
