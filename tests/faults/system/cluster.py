"""The whole product as processes, each behind proxies of its own, on real servers."""

import os
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import redis
from sqlalchemy import Engine, make_url, text

from punctual.messaging.broker import Broker
from punctual_devstack.ports import free_port
from punctual_devstack.servers.temporary import Servers
from tests.faults.injection.proxy import Wires
from tests.faults.system.journal import Journal
from tests.faults.system.observer import Watch
from tests.faults.system.service import Service
from tests.support.eventually import eventually
from tests.support.servers import as_service

# Everything six times as fast as by default, but for the sweep, which is what repairs wait for.
SCALED = {
    "CYCLE_SECONDS": "5",
    "WINDOW_SECONDS": "5",
    "SWEEP_SECONDS": "1",
    "HEARTBEAT_SECONDS": "1",
    "SELF_FENCE_SECONDS": "4",
    "LEASE_SECONDS": "6",
    "KILL_GRACE_SECONDS": "1",
    "DRAIN_SECONDS": "5",
}
MODULES = {
    "api": "punctual_api",
    "coordinator": "punctual_coordinator",
    "worker": "punctual_worker",
}
SECRET_KEY = "0123456789abcdefghijklmnopqrstuvwxyz"
ACTIVE = text("SELECT count(*) FROM workers WHERE state = 'active'")
IN_STATE = text("SELECT count(*) FROM runs WHERE state = :state")
BUSIEST = text("""
SELECT worker FROM runs WHERE state = 'running' GROUP BY worker ORDER BY count(*) DESC LIMIT 1
""")
COORDINATING = text("SELECT count(*) FROM coordinators WHERE cycle_at IS NOT NULL")


@dataclass(slots=True)
class Cluster:
    """A product under test; `services` by name: `api-1`, `coordinator-1`, `worker-1`."""

    servers: Servers
    database_url: str
    redis_url: str
    folder: Path
    engine: Engine
    journal: Journal
    watch: Watch
    wires: Wires
    settings: Mapping[str, str]
    plants: Mapping[str, str]
    logs: Path | None = None
    services: dict[str, Service] = field(default_factory=dict)

    def __getitem__(self, name: str) -> Service:
        return self.services[name]

    def of_kind(self, kind: str) -> list[Service]:
        """Every `api`, `coordinator` or `worker`."""
        return [s for name, s in self.services.items() if name.startswith(kind)]

    @property
    def grace(self) -> float:
        """Seconds a command is given between TERM and KILL."""
        return float(self.settings.get("KILL_GRACE_SECONDS", "10"))

    @property
    def api_url(self) -> str:
        """Where the APIs answer: they share one port."""
        return f"http://{self['api-1'].environ['PUNCTUAL_BIND']}"

    def add(
        self,
        kind: str,
        *,
        settings: Mapping[str, str] | None = None,
    ) -> Service:
        """Start one more service, with what is planted into one of its name."""
        name = f"{kind}-{len(self.of_kind(kind)) + 1}"
        logs = self.logs or self.folder
        service = Service(name, MODULES[kind], {}, folder=self.folder, logs=logs)
        service.database = self.wires.proxy(_port(self.database_url))
        service.redis = self.wires.proxy(_port(self.redis_url))
        own = {
            "NAME": name,
            "DATABASE_URL": _through(as_service(self.database_url, kind), service.database.port),
            "REDIS_URL": _through(self.redis_url, service.redis.port),
            "WORK_DIR": str(self.folder / "work" / name),
            "HEALTH_PORT": str(free_port()) if kind != "api" else "0",
            "SECRET_KEY": SECRET_KEY,
            "REGISTRATION": "open",
            **self.settings,
            **(settings or {}),
        }
        if os.geteuid() == 0:  # commands write into the test's folder, which no other user enters
            own.setdefault("COMMAND_USER", "root")
        service.environ = {f"PUNCTUAL_{key}": value for key, value in own.items()}
        service.environ["PATH"] = os.environ["PATH"]
        if name in self.plants:
            faults = Path(__file__).parents[1]
            service.environ["PYTHONPATH"] = f"{faults / 'planted'}{os.pathsep}{faults.parents[1]}"
            service.environ["CHAOS_PLANT"] = self.plants[name]
        self.services[name] = service
        service.start()
        return service

    def ready(self) -> None:
        """Wait until every worker beats and every coordinator has finished a cycle."""
        workers, coordinators = len(self.of_kind("worker")), len(self.of_kind("coordinator"))

        def there() -> bool:
            with self.engine.connect() as connection:
                active = int(connection.execute(ACTIVE).scalar_one())
                coordinating = int(connection.execute(COORDINATING).scalar_one())
            return active >= workers and coordinating >= coordinators

        eventually(there, within=30)

    def healthy(self) -> bool:
        """Whether every service answers that it is ready."""
        return all(service.is_ready() for service in self.services.values())

    def running(self, count: int, *, within: float = 30) -> None:
        """Wait until `count` commands have noted their start."""
        eventually(lambda: len(self.journal.starts()) >= count, within=within)

    def count(self, state: str) -> int:
        """How many runs are in a state now."""
        with self.engine.connect() as connection:
            return int(connection.execute(IN_STATE, {"state": state}).scalar_one())

    def busiest_worker(self) -> Service:
        """The worker with the most running commands."""
        with self.engine.connect() as connection:
            return self[str(connection.execute(BUSIEST).scalar_one())]

    def lasts(self, seconds: float) -> None:
        """A fault lasts so long: this is its length, and not a wait for something to happen."""
        threading.Event().wait(seconds)

    def calm(self) -> None:
        """Put an end to every fault of the wires."""
        for service in self.services.values():
            service.calm()

    def queue(self) -> "redis.Redis":
        """A client of the queue's server, past every proxy; its caller closes it."""
        return redis.Redis.from_url(self.redis_url)

    def now(self) -> float:
        """This machine's time, which is also the servers': seconds since 1970."""
        return time.time()

    def publish(self, pairs: Sequence[tuple[uuid.UUID, int]]) -> None:
        """Send messages as a coordinator does."""
        broker = Broker(self.redis_url, namespace=self.settings["NAMESPACE"])
        broker.publish(pairs, workers=len(self.of_kind("worker")))
        broker.close()

    def server_log(self) -> str:
        """What PostgreSQL has logged since its first start."""
        return self.servers.postgres.log.read_text(errors="replace")


def _port(url: str) -> int:
    port = make_url(url).port
    assert port is not None
    return port


def _through(url: str, port: int) -> str:
    return make_url(url).set(port=port).render_as_string(hide_password=False)
