"""Each test meets an empty database, and fails when it leaves one locked."""

import pytest
from sqlalchemy import Engine, text

from punctual.store.driver.engine import make_engine
from tests.support.database import empty

COORDINATOR = """
    INSERT INTO coordinators (id, name, host, pid) VALUES (gen_random_uuid(), 'c', 'here', 1)
"""


@pytest.mark.parametrize("turn", [1, 2])
def test_what_one_test_writes_the_next_does_not_find(engine: Engine, turn: int) -> None:
    with engine.begin() as connection:
        assert connection.execute(text("SELECT count(*) FROM coordinators")).scalar_one() == 0
        connection.execute(text(COORDINATOR))


def test_an_open_transaction_is_reported_with_its_query(database_url: str) -> None:
    careless = make_engine(database_url, service="careless")
    with careless.connect() as connection:
        connection.execute(text("SELECT 'left open'"))
        with pytest.raises(AssertionError, match=r"punctual-careless.*left open"):
            empty(database_url, lock_seconds=0.1)
        connection.invalidate()
    careless.dispose()
