"""The embedded PostgreSQL: made once, started on a loopback port, reached with a password."""

import shutil
import signal
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import psycopg2
from psycopg2 import sql

from punctual_devstack.full_disk import FULL, reports_full_disk
from punctual_devstack.processes.spawn import ServerUser, Spec, tied_command
from punctual_devstack.servers.database_location import programs
from punctual_devstack.servers.postgres_user import server_account

USER = "punctual"
DATABASE = "punctual"
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "max_connections": "300",
    "max_parallel_workers_per_gather": "0",  # small queries; keeps /dev/shm out of it
    "jit": "off",
    # After a checkpoint each page that changes is logged whole once, and ours change all the time.
    "checkpoint_timeout": "15min",
    "max_wal_size": "2GB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_line_prefix": "%m [%p] %q%a ",
    # Statements and values of rows have commands, environments and passwords in them.
    "log_min_error_statement": "panic",
    "log_error_verbosity": "terse",
    "log_parameter_max_length": "0",
    "log_parameter_max_length_on_error": "0",
}
ENVIRON = {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin"}  # a PGPORT of the user's must not matter
# A commit is in the kernel's hands before it is answered: it outlives a kill, not a power cut.
CARELESS = {"fsync": "off", "full_page_writes": "off"}
STATUS_LINE = 7  # of postmaster.pid, counted from 0


class Unusable(Exception):
    """The database cannot be made, is of another PostgreSQL, or refuses our password."""


@dataclass(frozen=True, slots=True)
class Postgres:
    """One server; `careless` trades safety at a power cut for speed, for tests only."""

    folder: Path
    port: int
    password: str = field(repr=False)
    careless: bool = False
    account: ServerUser | None = field(default_factory=server_account)

    def make(self) -> None:
        """Make the database's files when there are none; a torn attempt does not count.

        Raises Unusable where initdb fails, or when the files are of another major version.
        """
        if self.folder.exists():
            self._check_version()
            return
        new = self.folder.with_name(f"{self.folder.name}.new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700)
        password = new.with_suffix(".password")
        password.touch(mode=0o600)
        password.write_text(self.password)
        if self.account:
            for each in (new, password):
                shutil.chown(each, self.account.uid, self.account.gid)
        spec = self._initdb(new, password)
        done = subprocess.run(
            tied_command(spec),
            env=dict(spec.environ),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            check=False,
        )
        password.unlink()
        if done.returncode:
            shutil.rmtree(new, ignore_errors=True)
            raise Unusable(_why_not_made(self.folder, done.stdout.decode(errors="replace")))
        new.rename(self.folder)

    def spec(self) -> Spec:
        """Return how the server is started; orphaned, it closes its files as on a stop."""
        settings = SETTINGS | {"port": str(self.port)} | (CARELESS if self.careless else {})
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Spec(
            name="postgres",
            command=(str(programs(self.account) / "postgres"), "-D", str(self.folder), *options),
            environ=ENVIRON,
            cwd=self.folder,
            stop_signal=signal.SIGINT,  # its word for: end the sessions, write all out, leave
            orphan_signal=signal.SIGINT,
            stop_seconds=4,
            account=self.account,
            has_begun_to_stop=self._has_begun_to_stop,
        )

    def url(self, database: str = DATABASE, *, user: str = USER, password: str = "") -> str:
        """The URL of a database on this server, as SQLAlchemy reads it; its owner's as a rule."""
        secret = quote(password or self.password, safe="")
        return f"postgresql+psycopg2://{user}:{secret}@127.0.0.1:{self.port}/{database}"

    def is_ready(self) -> bool:
        """Return whether the server lets us in; raises Unusable when it refuses our password."""
        try:
            self._connect().close()
        except psycopg2.OperationalError as error:
            if "password authentication failed" in str(error):
                raise Unusable(f"{self.folder} was made with another password") from error
            return False
        return True

    def create_database(self, name: str = DATABASE, *, template: str = "template1") -> None:
        """Create the database unless it is there."""
        connection = self._connect()
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
                if cursor.fetchone() is None:
                    statement = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
                    cursor.execute(statement.format(sql.Identifier(name), sql.Identifier(template)))
        finally:
            connection.close()

    def _has_begun_to_stop(self, pid: int) -> bool:
        """Return whether the server with this pid takes no new client any more.

        After a SIGTERM it waits for its clients to leave, and services never do.
        """
        try:
            lines = (self.folder / "postmaster.pid").read_text().splitlines()
        except OSError:
            return False
        return lines[:1] == [str(pid)] and lines[STATUS_LINE:] == ["stopping"]

    def _connect(self) -> "psycopg2.extensions.connection":
        return psycopg2.connect(
            host="127.0.0.1",
            port=self.port,
            user=USER,
            password=self.password,
            dbname="postgres",
            connect_timeout=5,
        )

    def _initdb(self, folder: Path, password: Path) -> Spec:
        command = [str(programs(self.account) / "initdb"), "-D", str(folder), "-U", USER]
        command += ["--auth=scram-sha-256", f"--pwfile={password}", "--encoding=UTF8"]
        command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
        if self.careless:
            command.append("--no-sync")
        return Spec("initdb", tuple(command), ENVIRON, folder, account=self.account)

    def _check_version(self) -> None:
        shipped = programs(self.account).parent / "share" / "postgres.bki"
        made_by = (self.folder / "PG_VERSION").read_text().strip()
        with shipped.open() as catalog:
            ours = catalog.readline().split()[-1]
        if made_by != ours:
            raise Unusable(f"{self.folder} was made by PostgreSQL {made_by}, this is {ours}")


def _why_not_made(folder: Path, output: str) -> str:
    """Return a sentence for a person; initdb prints what it does in detail."""
    if reports_full_disk(output):
        return f"{folder}: {FULL}"
    lines = [line for line in output.splitlines() if "error:" in line or "FATAL" in line]
    message = "\n".join(lines or output.splitlines()[-5:])
    return f"{folder}: PostgreSQL's initdb could not make a database there:\n{message}"
