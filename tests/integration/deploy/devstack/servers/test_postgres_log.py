"""The log of our PostgreSQL says what failed, and no statement and no value."""

import threading

import psycopg2
import pytest

from punctual_devstack.servers.temporary import Servers, temporary_servers

SECRET = "hush-hush"


def connect(url: str) -> "psycopg2.extensions.connection":
    return psycopg2.connect(url.replace("+psycopg2", ""))


def test_a_statement_that_fails_is_not_logged_with_its_values() -> None:
    with temporary_servers() as servers:
        url = servers.create_database("logged")
        with connect(url) as connection, connection.cursor() as cursor:
            cursor.execute("CREATE TABLE t (a text UNIQUE CHECK (a <> 'x'), b text)")
            cursor.execute("PREPARE p (text) AS INSERT INTO t VALUES ($1, $1)")
            cursor.execute("EXECUTE p (%s)", [SECRET])
            connection.commit()
            for statement in (
                f"EXECUTE p ('{SECRET}')",
                f"INSERT INTO t VALUES ('x', '{SECRET}')",
                f"SELECT '{{\"command\": {SECRET}}}'::jsonb",
                f"SELECT '{SECRET}', missing",
                f"DO $$ BEGIN PERFORM 1 / 0, '{SECRET}'; END $$",
            ):
                with pytest.raises(psycopg2.Error):
                    cursor.execute(statement)
                connection.rollback()
        deadlock(servers, url)
        logged = (servers.folder / "postgres.log").read_text()
    for message in ("duplicate key", "check constraint", "type json", "missing", "by zero"):
        assert message in logged
    assert "deadlock detected" in logged
    assert SECRET not in logged


def deadlock(servers: Servers, url: str) -> None:
    """Two transactions wait for each other; the detail of it has both statements."""
    assert servers.postgres.pid
    names = ("1", "2")
    lines = [connect(url) for _ in names]
    for line, name in zip(lines, names, strict=True):
        line.cursor().execute("SELECT pg_advisory_xact_lock(%s)", [name])

    def wait(place: int) -> None:
        try:
            statement = f"SELECT pg_advisory_xact_lock({names[1 - place]}), '{SECRET}'"
            lines[place].cursor().execute(statement)
        except psycopg2.errors.DeadlockDetected:
            lines[place].rollback()

    threads = [threading.Thread(target=wait, args=[place]) for place in (0, 1)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for line in lines:
        line.close()
