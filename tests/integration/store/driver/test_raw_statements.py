"""Raw statements: they are in the transaction, and their errors are SQLAlchemy's."""

import uuid

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from punctual.store.driver import raw_statements
from punctual.store.driver.engine import make_engine

NOTE = text("""
INSERT INTO users (id, username, email, password_hash) VALUES (:id, :name, :name, '%')
""")
NAMES = text("SELECT username, id FROM users ORDER BY username")
FIRST = uuid.UUID("00000000-0000-7000-8000-000000000001")


def note(connection: Connection, name: str, own_id: uuid.UUID | None = None) -> None:
    row = {"id": own_id or uuid.uuid4(), "name": name}
    raw_statements.rows(connection, "note", NOTE, row)


def names(connection: Connection) -> list[str]:
    return [name for name, _ in raw_statements.rows(connection, "names", NAMES, {})]


def stored_names(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [row.username for row in connection.execute(NAMES)]


def test_a_raw_statement_begins_a_transaction_and_is_kept_by_its_commit(
    quick: Engine, engine: Engine
) -> None:
    with quick.connect() as connection:
        note(connection, "anna", FIRST)
        assert raw_statements.rows(connection, "names", NAMES, {}) == [("anna", FIRST)]
        assert stored_names(engine) == []
        connection.commit()
    assert stored_names(engine) == ["anna"]


def test_a_raw_statement_that_is_rolled_back_never_was(quick: Engine, engine: Engine) -> None:
    with quick.connect() as connection:
        note(connection, "anna")
        connection.rollback()
        note(connection, "ben")
        connection.commit()
    assert stored_names(engine) == ["ben"]


def test_errors_are_those_of_sqlalchemy(quick: Engine) -> None:
    with quick.connect() as connection:
        note(connection, "anna", FIRST)
        connection.commit()
        with pytest.raises(IntegrityError):
            raw_statements.rows(connection, "note", NOTE, {"id": FIRST, "name": "anna"})
        connection.rollback()
        assert names(connection) == ["anna"]


def test_a_connection_that_broke_is_reported_and_not_reused(quick: Engine, engine: Engine) -> None:
    with quick.connect() as connection:
        names(connection)
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        with engine.connect() as killer:
            killer.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        with pytest.raises(DBAPIError) as raised:
            names(connection)
        assert raised.value.connection_invalidated
        connection.rollback()
        assert names(connection) == []  # on a new connection, on which nothing is prepared


def test_a_raw_statement_runs_on_connections_of_the_plain_dialect_too(
    database_url: str, engine: Engine
) -> None:
    usual = make_engine(database_url, service="test")
    with usual.connect() as connection:
        note(connection, "anna")
        assert names(connection) == ["anna"]
        assert stored_names(engine) == []
        connection.commit()
    usual.dispose()
    assert stored_names(engine) == ["anna"]
