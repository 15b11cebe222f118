"""Bring the database to this release's tables: `python -m punctual.store.schema.migrate`."""

import re
import sys
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from psycopg2.errors import InsufficientPrivilege
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from punctual.ops import config, logs
from punctual.store.driver.engine import connect_args, driver_url
from punctual.store.schema import functions
from punctual.store.schema.grants import MayNotMakeRolesError, grant_all
from punctual.store.schema.rights import SERVICES

ADVISORY_LOCK = 0x70756E6374  # "punct": one migration at a time, however many start at once
WAIT_SECONDS = 60
POLL_SECONDS = 0.1

TRY_LOCK = text("SELECT pg_try_advisory_lock(:key)")
OWNER = text("""
SELECT tableowner, current_user, pg_has_role(tableowner, 'MEMBER') FROM pg_tables
WHERE schemaname = ANY (current_schemas(false)) AND tablename = 'alembic_version'
""")


UNRELEASED = re.compile("[0-9][0-9][0-9][0-9]|0001_first")
"""Revisions before 0.1.0: nothing leads from their tables to those of 0001_initial.

deploy/compose/restore.sh has the same text, as a pattern of the shell.
"""


class UnreleasedTablesError(Exception):
    """The tables were made by a version that was never released; the message says what to do."""


class WrongRoleError(Exception):
    """The role that logs in may not change the tables; the message names the one that may."""


def alembic_config() -> Config:
    """Return Alembic's configuration; the connection is passed in `attributes`."""
    settings = Config()
    settings.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    return settings


def migrate(database_url: str, *, passwords: Mapping[str, str] | None = None) -> None:
    """Apply every migration that is missing; safe to run from many processes at once.

    Then loads this release's functions and triggers, and gives the services' roles their rights;
    `passwords`, by service, makes the roles too.
    A database that a newer release has migrated is left as it is.
    Waits up to 60 s for another one that is migrating, then raises TimeoutError; also raises
    WrongRoleError, UnreleasedTablesError, MayNotMakeRolesError and SQLAlchemy's errors.
    """
    engine = create_engine(
        driver_url(database_url),
        connect_args=connect_args(service="migrate", statement_timeout_ms=WAIT_SECONDS * 1000),
    )
    with engine.connect() as connection:
        _check_role(connection)
        _take_turn(connection)
        try:
            settings = alembic_config()
            found = MigrationContext.configure(connection).get_current_revision()
            if origin := _unreleased(found):
                raise UnreleasedTablesError(f"the database was {origin}: start with an empty one")
            if not _is_newer(ScriptDirectory.from_config(settings), found):
                settings.attributes["connection"] = connection
                command.upgrade(settings, "head")
                functions.load(connection)
                connection.commit()
                grant_all(connection, passwords=passwords or {})
                connection.commit()
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
            connection.commit()
    engine.dispose()


def _check_role(connection: Connection) -> None:
    found = connection.execute(OWNER).first()
    connection.rollback()
    if found is None:  # an empty database
        return
    owner, role, is_member = found
    if not is_member:
        raise WrongRoleError(
            f"PUNCTUAL_DATABASE_URL logs in as {role}, who may not change the tables: migrate takes"
            f" their owner, {owner}, whose URL only the migrate service has"
        )


def _take_turn(connection: Connection) -> None:
    # Asked for again and again, not waited for: an index that is built concurrently waits for every
    # transaction, and one that waited for this lock would in turn wait for the index.
    until = time.monotonic() + WAIT_SECONDS
    while not connection.execute(TRY_LOCK, {"key": ADVISORY_LOCK}).scalar_one():
        connection.rollback()
        if time.monotonic() > until:
            raise TimeoutError(f"another migration has been at work for {WAIT_SECONDS} s")
        threading.Event().wait(POLL_SECONDS)
    connection.commit()


def behind(engine: Engine) -> str | None:
    """Return why this release cannot use the database's tables yet, or None when it can.

    Tables of a newer release are fine: the release before a migration works with its tables.
    """
    scripts = ScriptDirectory.from_config(alembic_config())
    wanted = scripts.get_current_head()
    found = _revision(engine)
    if origin := _unreleased(found):
        return f"database was {origin}: start with an empty one"
    if found == wanted or _is_newer(scripts, found):
        return None
    at = f"at migration {found}" if found else "without tables"
    return f"database is {at}, this needs {wanted}: run python -m punctual.store.schema.migrate"


def unreleased(engine: Engine) -> str | None:
    """Return which version made tables that no release can use ("made by …"), or None."""
    return _unreleased(_revision(engine))


def head() -> str:
    """Return the newest migration that this release knows."""
    return str(ScriptDirectory.from_config(alembic_config()).get_current_head())


def _revision(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def _unreleased(revision: str | None) -> str | None:
    if revision is None or not UNRELEASED.fullmatch(revision):
        return None
    return (
        f"made by a development version before 0.1.0 (migration {revision}), which no release can"
        " use or convert"
    )


def _is_newer(scripts: ScriptDirectory, revision: str | None) -> bool:
    """Return whether this release does not know the database's revision."""
    return revision is not None and all(
        known.revision != revision for known in scripts.walk_revisions()
    )


def _passwords(settings: config.Settings) -> dict[str, str]:
    given = {name: getattr(settings, f"{name}_role_password") for name in SERVICES}
    return {name: password for name, password in given.items() if password}


def main() -> int:
    """Run as a program: 0 when the tables are current, 1 when the database refused."""
    try:
        settings = config.load(needs=["database_url"])
    except config.InvalidSetting as error:
        print(f"migrate: {error}", file=sys.stderr)
        return 2
    logs.configure(service="migrate", name=settings.name, level=settings.log_level)
    try:
        migrate(settings.database_url, passwords=_passwords(settings))
    except DBAPIError as error:
        print(f"migrate: {str(error.orig).strip()}", file=sys.stderr)
        if isinstance(error.orig, InsufficientPrivilege):
            print(
                "migrate: PUNCTUAL_DATABASE_URL must be that of the role which owns the database",
                file=sys.stderr,
            )
        return 1
    except (TimeoutError, UnreleasedTablesError, WrongRoleError, MayNotMakeRolesError) as error:
        print(f"migrate: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
