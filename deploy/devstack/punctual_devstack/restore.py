"""`make restore`: make a backup the database; keep the previous one under another name."""

import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psycopg2
from psycopg2 import sql
from sqlalchemy.exc import ProgrammingError, SQLAlchemyError

from punctual.store.driver.engine import driver_message, make_engine
from punctual.store.lifecycle.fences import raise_fences
from punctual.store.schema.migrate import unreleased
from punctual_devstack import settings
from punctual_devstack.data_dir import DataDir, InUse
from punctual_devstack.full_disk import reports_full_disk
from punctual_devstack.servers.database_session import (
    CannotVisit,
    Client,
    program,
    stopped_database,
)
from punctual_devstack.servers.postgres import DATABASE, Postgres, Unusable
from punctual_devstack.servers.temporary import NotReady

TORN = (
    "end of file",
    "too short",
    "magic string",
    "not appear to be",
    "unexpected block",
    "corrupt",
)
"""Messages of pg_restore about a file that is no backup, or a part of one."""

FULL = "the disk is full: nothing was changed. Make room for a second copy of the database"


class RestoreFailed(Exception):
    """Nothing was changed; the message says why, and what to do."""


def restore(postgres: Postgres, source: Path) -> str:
    """Make `source` the database of a server without other clients; return the old one's new name.

    The old database is renamed, not dropped, and only after the backup is in whole.
    """
    stamp = f"{datetime.now(UTC):%Y%m%dt%H%M%S}"
    new, old = f"{DATABASE}_restored_{stamp}", f"{DATABASE}_before_{stamp}"
    postgres.create_database(new, template="template0")
    try:
        _fill(postgres.url(new), source)
        _prepare(postgres.url(new), source)
    except RestoreFailed:
        _execute(postgres, sql.SQL("DROP DATABASE {}").format(sql.Identifier(new)))
        raise
    for name, to in ((DATABASE, old), (new, DATABASE)):
        rename = sql.SQL("ALTER DATABASE {} RENAME TO {}")
        _execute(postgres, rename.format(sql.Identifier(name), sql.Identifier(to)))
    return old


def _fill(url: str, source: Path) -> None:
    client = Client.of(url)
    options = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges"]
    done = subprocess.run(
        [program("pg_restore"), *options, f"--dbname={client.database}", str(source)],
        env=dict(client.environ),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RestoreFailed(_why(source, done.stderr.strip(), done.returncode))


def _prepare(url: str, source: Path) -> None:
    """Raise the fences of a restored database, however many runs it has."""
    engine = make_engine(url, service="restore", statement_timeout_ms=0)
    try:
        if origin := unreleased(engine):
            raise RestoreFailed(f"{source} was {origin}. Nothing was changed")
        with engine.begin() as connection:
            raise_fences(connection)
    except ProgrammingError as error:
        raise RestoreFailed(
            f"{source} holds no table of runs: take a file that make backup wrote."
            " Nothing was changed"
        ) from error
    except SQLAlchemyError as error:
        message = driver_message(error)
        if reports_full_disk(message):
            raise RestoreFailed(FULL) from error
        raise RestoreFailed(
            f"the fences of its runs cannot be raised: {message}. Nothing was changed"
        ) from error
    finally:
        engine.dispose()


def _why(source: Path, output: str, status: int) -> str:
    if any(each in output for each in TORN):
        return (
            f"{source} is not a whole backup: it was cut short, or was not made by make backup."
            " Nothing was changed; take another file"
        )
    if reports_full_disk(output):
        return FULL
    return output or f"pg_restore ended with {status}"


def _execute(postgres: Postgres, statement: sql.Composed) -> None:
    dsn = Client.of(postgres.url("postgres"))
    connection = psycopg2.connect(dsn.database, password=postgres.password)
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
    finally:
        connection.close()


def _source(name: str) -> Path:
    source = Path(name).expanduser()
    if not source.is_file():
        raise CannotVisit(f"say which file: make restore FROM=file (not {name!r})")
    return source


def main() -> int:
    """0 when the backup is in place, or 1, a sentence, and nothing changed."""
    try:
        stack = settings.read(os.environ)
        source = _source(os.environ.get("FROM", ""))
        with stopped_database(stack, DataDir(stack.data_dir)) as postgres:
            old = restore(postgres, source)
    except InUse as why:
        sys.stderr.write(f"not restored: {why}: stop it first\n")
        return 1
    except (
        CannotVisit,
        NotReady,
        OSError,
        RestoreFailed,
        Unusable,
        settings.InvalidStackSetting,
    ) as why:
        sys.stderr.write(f"not restored: {why}\n")
        return 1
    sys.stdout.write(f"restored {source}; the database before it is kept as {old}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
