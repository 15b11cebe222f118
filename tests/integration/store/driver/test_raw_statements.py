"""Raw statements: they are in the transaction, and their errors are SQLAlchemy's."""

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


def leave(connection: Connection, name: str, own_id: uuid.UUID | None = None) -> None:
    row = {"id": own_id or uuid.uuid4(), "name": name}
    raw_statements.later(connection, "note", NOTE, row)


@pytest.mark.parametrize("first", [True, False])
def test_a_statement_for_later_is_executed_ahead_of_the_next_one(
    quick: Engine, first: bool
) -> None:
    with quick.connect() as connection:
        if not first:
            note(connection, "anna")
        leave(connection, "ben")
        leave(connection, "carla")
        assert names(connection) == ["anna", "ben", "carla"][first:]


@pytest.mark.parametrize("first", [True, False])
def test_a_statement_for_later_goes_with_the_commit(
    quick: Engine, engine: Engine, first: bool
) -> None:
    with quick.connect() as connection:
        if not first:
            names(connection)
        leave(connection, "anna")
        assert stored_names(engine) == []
        connection.commit()
        assert stored_names(engine) == ["anna"]
        connection.commit()
    assert stored_names(engine) == ["anna"]


def test_a_statement_for_later_is_executed_at_once_by_another_dialect(engine: Engine) -> None:
    with engine.connect() as connection:
        leave(connection, "anna")
        connection.commit()
    assert stored_names(engine) == ["anna"]


def test_a_statement_for_later_is_forgotten_by_a_rollback(quick: Engine, engine: Engine) -> None:
    with quick.connect() as connection:
        leave(connection, "anna")
        connection.rollback()
        note(connection, "ben")
        connection.commit()
    assert stored_names(engine) == ["ben"]


def test_a_statement_for_later_is_forgotten_with_its_connection(
    quick: Engine, engine: Engine
) -> None:
    with quick.connect() as connection:
        leave(connection, "anna")
    with quick.connect() as connection:
        note(connection, "ben")
        connection.commit()
    assert stored_names(engine) == ["ben"]


def test_an_error_of_a_statement_for_later_is_raised_by_the_commit(
    quick: Engine, engine: Engine
) -> None:
    with quick.connect() as connection:
        note(connection, "anna", FIRST)
        connection.commit()
        note(connection, "ben")
        leave(connection, "carla", FIRST)
        with pytest.raises(IntegrityError):
            connection.commit()
        connection.rollback()
        assert names(connection) == ["anna"]
    assert stored_names(engine) == ["anna"]


def test_a_typing_mistake_behind_a_statement_for_later_loses_nothing(
    quick: Engine, engine: Engine
) -> None:
    with quick.connect() as connection:
        leave(connection, "anna")
        connection.commit()
        leave(connection, "ben")  # prepared by now: nothing of this transaction was sent
        with pytest.raises(ProgrammingError):
            connection.exec_driver_sql("SELEKT")
        connection.commit()
    assert stored_names(engine) == ["anna", "ben"]


def test_a_statement_for_later_goes_ahead_of_many_rows_at_once(
    quick: Engine, engine: Engine
) -> None:
    with quick.connect() as connection:
        leave(connection, "anna", FIRST)
        change = text("UPDATE users SET username = :name WHERE id = :id AND username = :before")
        connection.execute(
            change,
            [
                {"id": FIRST, "before": "anna", "name": "ben"},
                {"id": FIRST, "before": "ben", "name": "carla"},
            ],
        )
        connection.commit()
    assert stored_names(engine) == ["carla"]
