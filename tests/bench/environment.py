"""What the benchmarks lie on: real servers that sync to disk, databases, and the product."""

import itertools
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_hex

import psycopg2
from sqlalchemy import Engine, make_url

from punctual.store.driver.engine import make_engine
from punctual.store.schema.migrate import migrate
from punctual_devstack.ports import free_port
from punctual_devstack.servers.postgres import Postgres
from punctual_devstack.servers.postgres_user import reachable_temporary
from punctual_devstack.servers.temporary import EmbeddedServer
from punctual_devstack.servers.valkey import Valkey
from tests.bench.size import Size
from tests.bench.stamp import Stamp, build
from tests.support.product import Product, running_product

COUNTING = "shared_preload_libraries = 'pg_stat_statements'\npg_stat_statements.track = all\n"


@dataclass(slots=True)
class BenchEnv:
    """The servers, and a folder for what started programs write."""

    folder: Path
    size: Size
    stamp: Stamp
    _postgres: Postgres
    _valkey: Valkey
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _redis: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def stamps(self) -> Path:
        """A new file for stamps, which any account may append to."""
        file = self.folder / f"stamps-{next(self._numbers)}"
        file.touch()
        file.chmod(0o666)
        return file

    def database(self, name: str, *, tables: bool = True) -> str:
        """The URL of a database, made when it is not there, with the product's tables or none."""
        self._postgres.create_database(name)
        url = self._postgres.url(name)
        if tables:
            migrate(url)
        return url

    def redis_url(self) -> str:
        """The URL of an empty numbered database of Valkey."""
        return self._valkey.url(next(self._redis))

    @contextmanager
    def product(self, database: str, *, slots: int = 256, **environ: str) -> Iterator[Product]:
        """The product on that database, one process of each service unless `environ` says more."""
        own = {
            "PUNCTUAL_DATABASE_URL": self.database(database),
            "PUNCTUAL_REDIS_URL": self.redis_url(),
            "SLOTS": str(slots),
        }
        with running_product({**own, **environ}) as product:
            yield product


@contextmanager
def laid_bed(size: Size) -> Iterator[BenchEnv]:
    """Both servers, as `make run` sets them up, and counting their statements."""
    folder = reachable_temporary("punctual-bench-")
    postgres = Postgres(folder / "postgres", free_port(), token_hex(16))
    valkey = Valkey(folder / "valkey", free_port(), token_hex(16))
    postgres.make()
    valkey.make()
    with (folder / "postgres" / "postgresql.conf").open("a") as configuration:
        configuration.write(COUNTING)
    servers = [
        EmbeddedServer(each, folder / f"{type(each).__name__}.log") for each in (valkey, postgres)
    ]
    try:
        for server in servers:
            server.start()
        yield BenchEnv(folder, size, build(folder), postgres, valkey)
    finally:
        for server in servers:
            server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def bare(database_url: str) -> str:
    """The URL as libpq reads it."""
    return make_url(database_url).set(drivername="postgresql").render_as_string(False)


def connect(database_url: str) -> "psycopg2.extensions.connection":
    """A connection on which each statement is a transaction."""
    connection = psycopg2.connect(bare(database_url))
    connection.autocommit = True
    return connection


def engine(database_url: str, *, size: int = 4, service: str = "bench") -> Engine:
    """An engine as that service makes it, but patient enough for filling tables."""
    return make_engine(database_url, service=service, size=size, statement_timeout_ms=600_000)
