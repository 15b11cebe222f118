"""Statements sent directly: what travels along is in the transaction, and errors are the usual."""

import uuid

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError, IntegrityError, ProgrammingError

from punctual.store.driver import raw_statements
from punctual.store.driver.engine import make_engine

NOTE = text("""
INSERT INTO users (id, username, email, password_hash) VALUES (:id, :name, :name, '%')
""")
NAMES = text("SELECT username, id FROM users ORDER BY username")
FIRST = uuid.UUID("00000000-0000-7000-8000-000000000001")


def note(connection: Connection, name: str, own_id: uuid.UUID | None = None) -> None:
    row = {"id": own_id or uuid.uuid4(), "name": name}
    raw_statements.send_along(connection, "note", NOTE, row)


def names(connection: Connection) -> list[str]:
    return [name for name, _ in raw_statements.rows(connection, "names", NAMES, {})]


def kept(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return [row.username for row in connection.execute(NAMES)]


def test_what_is_sent_along_is_there_once_it_is_committed_and_not_before(
    quick: Engine, engine: Engine
) -> None:
    with quick.connect() as connection:
        note(connection, "anna")
        note(connection, "ben")
        assert kept(engine) == []
        connection.commit()
    assert kept(engine) == ["anna", "ben"]


def test_what_is_sent_along_with_another_statement_comes_before_it(
    quick: Engine, engine: Engine
) -> None:
    with quick.connect() as connection:
        note(connection, "anna", FIRST)
        assert raw_statements.rows(connection, "names", NAMES, {}) == [("anna", FIRST)]
        note(connection, "ben")
        assert len(connection.execute(NAMES).all()) == 2
        assert kept(engine) == []
        connection.commit()
    assert kept(engine) == ["anna", "ben"]


def test_what_is_sent_along_with_several_rows_comes_before_them(
    quick: Engine, engine: Engine
) -> None:
    rows = [{"id": uuid.uuid4(), "name": name} for name in ("ben", "carl")]
    with quick.connect() as connection:
        note(connection, "anna")
        connection.execute(NOTE, rows)
        assert kept(engine) == []
        connection.commit()
    assert kept(engine) == ["anna", "ben", "carl"]


def test_what_is_rolled_back_before_it_left_never_was(quick: Engine, engine: Engine) -> None:
    with quick.connect() as connection:
        names(connection)
        note(connection, "anna")
        connection.rollback()
        note(connection, "ben")
    with quick.connect() as connection:
        note(connection, "carl")
        connection.commit()
    assert kept(engine) == ["carl"]


def test_an_error_of_what_is_sent_along_fails_the_commit_and_keeps_nothing(
    quick: Engine, engine: Engine
) -> None:
    with quick.connect() as connection:
        connection.execute(NOTE, {"id": uuid.uuid4(), "name": "anna"})
        note(connection, "ben", FIRST)
        note(connection, "carl", FIRST)
        with pytest.raises(IntegrityError):
            connection.commit()
        connection.rollback()
    assert kept(engine) == []
    with quick.connect() as connection:
        note(connection, "dora")
        connection.commit()
    assert kept(engine) == ["dora"]


def test_a_typing_mistake_does_not_lose_what_was_to_travel_with_it(
    quick: Engine, engine: Engine
) -> None:
    with quick.connect() as connection:
        note(connection, "anna")
        connection.commit()  # from now on it is prepared, and the next statement begins
        note(connection, "ben")
        with pytest.raises(ProgrammingError):
            connection.exec_driver_sql("SELEKT")
        connection.commit()
    assert kept(engine) == ["anna", "ben"]


def test_errors_are_those_of_sqlalchemy(quick: Engine) -> None:
    with quick.connect() as connection:
        note(connection, "anna", FIRST)
        connection.commit()
        with pytest.raises(IntegrityError):
            raw_statements.rows(connection, "note", NOTE, {"id": FIRST, "name": "anna"})
        connection.rollback()
        assert names(connection) == ["anna"]


def test_a_connection_that_broke_is_told_and_goes_to_nobody_else(
    quick: Engine, engine: Engine
) -> None:
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


def test_what_was_to_travel_with_a_lost_commit_is_not_sent_by_the_next(
    quick: Engine, engine: Engine
) -> None:
    with quick.connect() as connection:
        note(connection, "anna")
        pid = connection.execute(text("SELECT pg_backend_pid()")).scalar_one()
        note(connection, "ben")
        with engine.connect() as killer:
            killer.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
        with pytest.raises(DBAPIError) as raised:
            connection.commit()
        assert raised.value.connection_invalidated
    with quick.connect() as connection:
        note(connection, "carl")
        connection.commit()
    assert kept(engine) == ["carl"]


def test_where_begin_does_not_travel_nothing_else_does(database_url: str, engine: Engine) -> None:
    usual = make_engine(database_url, service="test")
    with usual.connect() as connection:
        note(connection, "anna")
        assert names(connection) == ["anna"]
        assert kept(engine) == []
        connection.commit()
    usual.dispose()
    assert kept(engine) == ["anna"]
