"""The API's connections: a transaction is one from its first statement, a dead one is noticed."""

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import ProgrammingError

NOTE = text("INSERT INTO users (id, username, email, password_hash) VALUES (:id, :id, :id, '%')")
USERS = text("SELECT count(*) FROM users")
FIRST, SECOND = "00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002"


def users(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(USERS).scalar_one())


def server_process(engine: Engine) -> int:
    with engine.connect() as connection:
        return int(connection.execute(text("SELECT pg_backend_pid()")).scalar_one())


def test_what_is_rolled_back_never_was_also_its_first_statement(
    quick: Engine, engine: Engine
) -> None:
    with quick.connect() as connection:
        connection.execute(NOTE, {"id": FIRST})
        connection.execute(NOTE, {"id": SECOND})
        assert users(engine) == 0
        connection.rollback()
        connection.execute(NOTE, {"id": FIRST})
        connection.commit()
    assert users(engine) == 1


def test_what_is_given_back_without_a_commit_is_rolled_back(quick: Engine, engine: Engine) -> None:
    with quick.connect() as connection:
        connection.execute(NOTE, {"id": FIRST})
    with quick.connect() as connection:
        connection.commit()
    assert users(engine) == 0


def test_several_rows_at_once_are_one_transaction(quick: Engine, engine: Engine) -> None:
    with quick.connect() as connection:
        connection.execute(NOTE, [{"id": FIRST}, {"id": SECOND}])
        assert users(engine) == 0
        connection.commit()
    assert users(engine) == 2


@pytest.mark.parametrize("wrong", ["SELEKT", "SELECT nothing FROM nowhere"])
def test_a_first_statement_that_fails_leaves_nothing_half_begun(
    quick: Engine, engine: Engine, wrong: str
) -> None:
    with quick.connect() as connection:
        with pytest.raises(ProgrammingError):
            connection.execute(text(wrong))
        connection.rollback()
        connection.execute(NOTE, {"id": FIRST})
        assert users(engine) == 0
        connection.commit()
    assert users(engine) == 1


def test_after_a_typing_mistake_the_next_statement_begins_the_transaction(
    quick: Engine, engine: Engine
) -> None:
    with quick.connect() as connection:
        with pytest.raises(ProgrammingError):
            connection.exec_driver_sql("SELEKT")
        connection.execute(NOTE, {"id": FIRST})
        assert users(engine) == 0
        connection.rollback()
    assert users(engine) == 0


def test_a_connection_that_the_server_closed_is_noticed_before_it_is_used(
    quick: Engine, engine: Engine
) -> None:
    first = server_process(quick)
    assert server_process(quick) == first  # now it was pinged, and is trusted for a second
    with engine.connect() as killer:
        killer.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": first})
    assert server_process(quick) != first
