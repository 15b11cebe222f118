"""Errors of the database say what is wrong, and no value that was sent or stored."""

import traceback
from collections.abc import Callable

import pytest
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.exc import DBAPIError

from punctual.store.driver import raw_statements
from punctual.store.driver.engine import driver_message

SECRET = "hush-hush"
DOUBLE = "INSERT INTO teams (id, slug, name) VALUES (gen_random_uuid(), :name, :name)"
NO_JSON = "SELECT CAST(:name AS jsonb)"
NO_NUMBER = "SELECT CAST('1' AS jsonb), :name, missing"


def by_sqlalchemy(connection: Connection, statement: str) -> None:
    for _ in range(2):
        connection.execute(text(statement), {"name": SECRET} if ":name" in statement else {})


def prepared(connection: Connection, statement: str) -> None:
    for _ in range(2):
        raw_statements.rows(
            connection, "t", text(statement), {"name": SECRET} if ":name" in statement else {}
        )


@pytest.fixture(params=["plain", "quick"])
def engine_of_either(request: pytest.FixtureRequest, engine: Engine, quick: Engine) -> Engine:
    return quick if request.param == "quick" else engine


@pytest.mark.parametrize("carry_out", [by_sqlalchemy, prepared])
@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (DOUBLE, 'duplicate key value violates unique constraint "uq_teams_slug"'),
        (NO_JSON, "invalid input syntax for type json"),
        (NO_NUMBER, 'column "missing" does not exist'),
    ],
)
def test_no_error_has_a_value(
    engine_of_either: Engine,
    statement: str,
    message: str,
    carry_out: Callable[[Connection, str], None],
) -> None:
    with engine_of_either.connect() as connection, pytest.raises(DBAPIError) as raised:
        carry_out(connection, statement)
    shown = "".join(traceback.format_exception(raised.value))
    assert message in shown
    assert SECRET not in shown
    assert driver_message(raised.value) == message


def test_an_error_of_a_statement_that_was_sent_later_has_no_value(quick: Engine) -> None:
    with quick.connect() as connection:
        prepared_once = text(DOUBLE)
        raw_statements.rows(connection, "t", prepared_once, {"name": SECRET})
        raw_statements.later(connection, "t", prepared_once, {"name": SECRET})
        with pytest.raises(DBAPIError) as raised:
            connection.commit()
    assert SECRET not in "".join(traceback.format_exception(raised.value))


def test_an_engine_that_was_made_elsewhere_shows_no_value(database_url: str) -> None:
    engine = create_engine(database_url)
    with engine.connect() as connection, pytest.raises(DBAPIError) as raised:
        by_sqlalchemy(connection, DOUBLE)
    engine.dispose()
    assert SECRET not in "".join(traceback.format_exception(raised.value))


def test_an_error_without_a_server_keeps_its_text() -> None:
    engine = create_engine("postgresql+psycopg2://127.0.0.1:1/none")
    with pytest.raises(DBAPIError, match="Connection refused"):
        engine.connect()
