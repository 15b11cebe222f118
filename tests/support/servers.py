"""The servers that tests share: one PostgreSQL and one Valkey for a session of pytest.

With pytest-xdist they belong to the controlling process, which gives its workers their addresses.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import make_url

from punctual.store.schema.migrate import migrate
from punctual.store.schema.rights import ROLES, SERVICES
from punctual_devstack.servers.postgres import Postgres
from punctual_devstack.servers.temporary import Servers, temporary_servers
from punctual_devstack.servers.valkey import Valkey

TEMPLATE = "punctual_template"
INPUT = "punctual_servers"


@dataclass(frozen=True)
class SharedServers:
    """Where the servers are, in words that can be sent to another process."""

    folder: str
    postgres_port: int
    valkey_port: int
    password: str

    def new_database(self, name: str) -> str:
        """Creates a database with every table and no rows; answers its URL."""
        self._postgres().create_database(name, template=TEMPLATE)
        return self._postgres().url(name)

    def redis_url(self, number: int) -> str:
        """The URL of one of Valkey's numbered databases."""
        return Valkey(Path(self.folder), self.valkey_port, self.password).url(number)

    def _postgres(self) -> Postgres:
        return Postgres(Path(self.folder), self.postgres_port, self.password)


def as_service(database_url: str, service: str) -> str:
    """The URL under which a service logs in: its own role, with the servers' one password."""
    url = make_url(database_url).set(username=ROLES[service])
    return url.render_as_string(hide_password=False)


def create_template(servers: Servers) -> None:
    """Migrates the database that others become copies of; roles take the server's password."""
    url = servers.create_database(TEMPLATE)
    password = make_url(url).password
    assert password
    migrate(url, passwords=dict.fromkeys(SERVICES, password))


@contextmanager
def started_servers() -> Iterator[SharedServers]:
    """Starts the servers, with the template in place."""
    with temporary_servers() as servers:
        create_template(servers)
        yield _where(servers)


def _where(servers: Servers) -> SharedServers:
    postgres, valkey = servers.postgres.kind, servers.valkey.kind
    return SharedServers(str(servers.folder), postgres.port, valkey.port, postgres.password)


class Controller:
    """Starts the servers when the first worker is set up, and removes them at the end."""

    def __init__(self) -> None:
        self._started: Any = None
        self._servers: SharedServers | None = None

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        """Give a worker the servers' addresses."""
        if self._servers is None:
            self._started = started_servers()
            self._servers = self._started.__enter__()
        node.workerinput[INPUT] = asdict(self._servers)

    def pytest_unconfigure(self) -> None:
        """Ends the servers."""
        if self._started is not None:
            self._started.__exit__(None, None, None)
            self._started = self._servers = None


@pytest.fixture(scope="session")
def shared_servers(request: pytest.FixtureRequest) -> Iterator[SharedServers]:
    """The session's servers: those of the controlling process, or our own without one."""
    shared = getattr(request.config, "workerinput", {}).get(INPUT)
    if shared is not None:
        yield SharedServers(**shared)
        return
    with started_servers() as found:
        yield found
