"""Migrations: applied once, and a release knows whether it can use what it finds."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic import command
from sqlalchemy import Engine, text

from punctual.store.driver.engine import make_engine
from punctual.store.schema.migrate import ADVISORY_LOCK, alembic_config, behind, migrate
from tests.support.database import process_number
from tests.support.eventually import eventually
from tests.support.servers import Ground

OTHERS = text("""
SELECT count(*) FROM pg_stat_activity
WHERE application_name = 'punctual-migrate' AND datname = current_database()
""")


@pytest.fixture
def own_url(ground: Ground) -> str:
    """A migrated database that this test may bring out of step."""
    return ground.new_database(f"punctual_migrate_{process_number()}")


@pytest.fixture
def own(own_url: str) -> Iterator[Engine]:
    made = make_engine(own_url, service="test")
    yield made
    made.dispose()


def set_revision(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})


def revision(engine: Engine) -> str:
    with engine.connect() as connection:
        found: str = connection.execute(
            text("SELECT version_num FROM alembic_version")
        ).scalar_one()
        return found


def test_the_tables_are_what_the_models_say(own: Engine) -> None:
    with own.connect() as connection:
        settings = alembic_config()
        settings.attributes["connection"] = connection
        command.check(settings)


def test_many_may_migrate_at_once(own_url: str, own: Engine) -> None:
    before = revision(own)
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(migrate, [own_url] * 3))
    assert revision(own) == before
    assert behind(own) is None


def test_an_index_is_built_concurrently_while_others_wait_to_migrate(
    own_url: str, own: Engine
) -> None:
    with (
        own.connect().execution_options(isolation_level="AUTOCOMMIT") as migrating,
        ThreadPoolExecutor(1) as pool,
    ):
        migrating.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
        waiting = pool.submit(migrate, own_url)
        try:
            eventually(lambda: migrating.execute(OTHERS).scalar_one() == 1)
            migrating.execute(text("CREATE INDEX CONCURRENTLY passing ON users (created_at)"))
        finally:
            migrating.execute(text("DROP INDEX IF EXISTS passing"))
            migrating.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
        waiting.result()


def test_an_older_database_is_behind_and_says_by_what(own: Engine) -> None:
    set_revision(own, "0001")
    assert str(behind(own)).startswith("database is at migration 0001, this needs")


def test_a_newer_database_is_usable_and_left_alone(own_url: str, own: Engine) -> None:
    set_revision(own, "9999")
    assert behind(own) is None
    migrate(own_url)
    assert revision(own) == "9999"
