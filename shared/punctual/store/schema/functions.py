"""Load the database's functions and triggers from functions/*.sql.

A file has the name of the one function that it creates, and creates the triggers that call it. To
change a function, edit its file and add a migration, if only an empty one: its number is how a
release knows that the database has the change. A migration defines no function itself: `load` runs
after the last migration, when every table is as the files expect it.

A function of the release before stays until that release is gone: it is still called. So one whose
arguments or result change gets a new name, and the old file is deleted a release later.
"""

import hashlib
import re
from pathlib import Path

from sqlalchemy import Connection, text

FOLDER = Path(__file__).with_name("functions")

# Each function carries the hash of the file that made it as its comment, so that a start which
# changes nothing takes no lock on a table for a trigger.
LOADED = text("""
SELECT proname AS name, obj_description(oid, 'pg_proc') AS origin FROM pg_proc
WHERE pronamespace = CAST(current_schema() AS regnamespace)
  AND obj_description(oid, 'pg_proc') LIKE 'functions/%'
""")

TRIGGERS = text("""
SELECT tgname, tgrelid::regclass::text FROM pg_trigger
WHERE tgfoid = CAST(:function AS regproc) AND NOT tgisinternal
""")

TRIGGER_MADE = re.compile(r"^CREATE (?:OR REPLACE|CONSTRAINT) TRIGGER (\w+)", re.MULTILINE)


def load(connection: Connection) -> list[str]:
    """Bring functions and triggers to what the files say; return the names of those that changed.

    Drops what has no file any more. Does not commit. The connection's role must own the tables.
    """
    files = {file.stem: file.read_text() for file in sorted(FOLDER.glob("*.sql"))}
    loaded = {row.name: row.origin for row in connection.execute(LOADED)}
    gone = sorted(set(loaded) - set(files))
    for name in gone:
        connection.execute(text(f"DROP FUNCTION {name} CASCADE"))  # with its triggers
    changed = [name for name, sql in files.items() if loaded.get(name) != _origin(name, sql)]
    for name in changed:
        _replace(connection, name, files[name])
    return gone + changed


def names() -> list[str]:
    """Return the names of all functions that have a file."""
    return sorted(file.stem for file in FOLDER.glob("*.sql"))


def _replace(connection: Connection, name: str, sql: str) -> None:
    # Without parameters, or the driver would take each % in the SQL for one.
    connection.exec_driver_sql(sql, execution_options={"no_parameters": True})
    made = set(TRIGGER_MADE.findall(sql))
    for trigger, table in connection.execute(TRIGGERS, {"function": name}).all():
        if trigger not in made:
            connection.execute(text(f"DROP TRIGGER {trigger} ON {table}"))
    connection.execute(text(f"REVOKE ALL ON FUNCTION {name} FROM PUBLIC"))
    connection.execute(text(f"COMMENT ON FUNCTION {name} IS '{_origin(name, sql)}'"))


def _origin(name: str, sql: str) -> str:
    return f"functions/{name}.sql {hashlib.sha256(sql.encode()).hexdigest()[:16]}"
