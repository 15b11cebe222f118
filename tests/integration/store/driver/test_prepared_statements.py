"""Prepared statements: parsed once a connection, planned anew once a minute."""

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError

from punctual.store.driver import prepared_statements

DOUBLE = text("SELECT 2 * CAST(:number AS int) AS twice, CAST(:number AS text) AS word, '50 %'")
KNOWN = text("SELECT generic_plans + custom_plans, name FROM pg_prepared_statements")


def known(connection: Connection) -> dict[str, int]:
    """How often each statement was carried out, by its name."""
    return {row.name: row[0] for row in connection.execute(KNOWN)}


def doubled(connection: Connection, number: int) -> Any:
    return prepared_statements.execute(connection, "double", DOUBLE, {"number": number}).one()


def test_a_statement_is_prepared_once_and_answers_for_each_value(engine: Engine) -> None:
    with engine.begin() as connection:
        assert doubled(connection, 4) == (8, "4", "50 %")
        assert doubled(connection, 5) == (10, "5", "50 %")
        [(name, times)] = known(connection).items()
        assert (name.startswith("double_"), times) == (True, 2)


def test_it_outlives_a_transaction_that_failed(engine: Engine) -> None:
    with engine.connect() as connection:
        with pytest.raises(DBAPIError), connection.begin():
            doubled(connection, 2**31 - 1)
        with connection.begin():
            assert doubled(connection, 6).twice == 12
            assert len(known(connection)) == 1


def test_two_texts_of_one_name_are_two_statements(engine: Engine) -> None:
    other = text("SELECT 3 * CAST(:number AS int)")
    with engine.begin() as connection:
        assert doubled(connection, 2).twice == 4
        numbers = {"number": 2}
        thrice = prepared_statements.execute(connection, "double", other, numbers).scalar_one()
        assert thrice == 6
        assert len(known(connection)) == 2


def test_a_new_connection_prepares_for_itself(engine: Engine) -> None:
    with engine.connect() as connection:
        doubled(connection, 1)
        connection.invalidate()
        connection.rollback()
        assert doubled(connection, 2).twice == 4


def test_old_plans_are_made_anew(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    clock = [1000.0]
    monkeypatch.setattr(prepared_statements, "monotonic", lambda: clock[0])
    with engine.begin() as connection:
        doubled(connection, 1)
        real = connection.exec_driver_sql

        def noted(statement: str) -> Any:
            sent.append(statement)
            return real(statement)

        monkeypatch.setattr(connection, "exec_driver_sql", noted)
        clock[0] += prepared_statements.PLAN_SECONDS
        doubled(connection, 1)
        assert sent == []
        clock[0] += 1
        assert doubled(connection, 1).twice == 2
        doubled(connection, 1)
        assert sent == ["DISCARD PLANS"]
