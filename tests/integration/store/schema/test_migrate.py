"""Migrations: applied once, and a release knows whether it can use what it finds."""

import re
import shutil
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from punctual.store.driver.engine import make_engine
from punctual.store.schema.migrate import (
    ADVISORY_LOCK,
    UnreleasedTablesError,
    alembic_config,
    behind,
    head,
    migrate,
)
from tests.support.eventually import eventually
from tests.support.servers import SharedServers

NEXT = """
from alembic import op

revision, down_revision, branch_labels, depends_on = "9999_next", "{released}", None, None


def upgrade():
    op.execute("ALTER TABLE users ADD of_next_release text")
"""

OTHERS = text("""
SELECT count(*) FROM pg_stat_activity
WHERE application_name = 'punctual-migrate' AND datname = current_database()
""")


@pytest.fixture
def own_url(shared_servers: SharedServers) -> str:
    """A migrated database that this test may bring out of step."""
    return shared_servers.new_database(f"punctual_migrate_{uuid.uuid4().hex}")


@pytest.fixture
def own(own_url: str) -> Iterator[Engine]:
    made = make_engine(own_url, service="test")
    yield made
    made.dispose()


@pytest.fixture
def next_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Has `migrate` know one migration more, which adds a column to users; its revision."""
    released = head()
    scripts = tmp_path / "migrations"
    shutil.copytree(str(alembic_config().get_main_option("script_location")), scripts)
    (scripts / "versions" / "9999_next.py").write_text(NEXT.format(released=released))
    known = alembic_config()
    known.set_main_option("script_location", str(scripts))
    monkeypatch.setattr("punctual.store.schema.migrate.alembic_config", lambda: known)
    return "9999_next"


def set_revision(engine: Engine, revision: str) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = :r"), {"r": revision})


def revision(engine: Engine) -> str:
    with engine.connect() as connection:
        found: str = connection.execute(
            text("SELECT version_num FROM alembic_version")
        ).scalar_one()
        return found


# It compares the texts of a generated column, which PostgreSQL spells in its own way;
# test_schema_file.py compares what both of them make.
@pytest.mark.filterwarnings("ignore:Computed default on task_health:UserWarning")
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


def test_an_older_database_is_behind_and_says_by_what_until_it_is_migrated(
    own_url: str, own: Engine, next_release: str
) -> None:
    before = revision(own)
    assert behind(own) == (
        f"database is at migration {before}, this needs {next_release}:"
        " run python -m punctual.store.schema.migrate"
    )
    migrate(own_url)
    assert revision(own) == next_release
    assert behind(own) is None


@pytest.mark.usefixtures("next_release")
def test_a_migration_gives_up_on_a_lock_and_changes_nothing(own_url: str, own: Engine) -> None:
    before = revision(own)
    with own.begin() as working:
        working.execute(text("LOCK TABLE users IN ROW EXCLUSIVE MODE"))
        with pytest.raises(OperationalError, match="lock timeout"):
            migrate(own_url)
    assert revision(own) == before
    migrate(own_url)  # as soon as the table is free


def test_a_newer_database_is_usable_and_left_alone(own_url: str, own: Engine) -> None:
    set_revision(own, "9999_next")
    assert behind(own) is None
    migrate(own_url)
    assert revision(own) == "9999_next"


@pytest.mark.parametrize("unreleased", ["0001", "0035", "0036"])
def test_a_database_of_a_version_before_the_first_release_is_refused_and_left_alone(
    own_url: str, own: Engine, unreleased: str
) -> None:
    set_revision(own, unreleased)
    reason = f"was made by a development version before 0.1.0 (migration {unreleased})"
    assert reason in str(behind(own))
    with pytest.raises(UnreleasedTablesError, match=re.escape(reason)):
        migrate(own_url)
    assert revision(own) == unreleased


def test_a_database_of_release_0_1_0_keeps_its_data_and_its_oldest_user_becomes_admin(
    own_url: str, own: Engine
) -> None:
    user = text(
        "INSERT INTO users (id, username, email, password_hash, created_at)"
        " VALUES (gen_random_uuid(), :name, :name, '-', now() - :days * interval '1 day')"
    )
    with own.begin() as connection:
        connection.execute(text("DROP TABLE audit_events, task_versions"))
        connection.execute(text("ALTER TABLE tasks DROP created_by, DROP updated_by"))
        connection.execute(text("ALTER TABLE runs DROP triggered_by"))
        connection.execute(text("ALTER TABLE users DROP is_admin, DROP disabled_at"))
        connection.execute(text("DROP TABLE access_tokens, invites, identities, password_resets"))
        connection.execute(text("DROP TABLE secrets, task_secrets"))
        connection.execute(text("DROP TABLE alert_events, links, task_snoozes, alert_links"))
        connection.execute(text("DROP TABLE alert_escalations, alert_reports, alert_attempts"))
        connection.execute(text("DROP TABLE alert_delivery_events, alert_deliveries"))
        connection.execute(text("DROP TABLE alert_rules, alert_channels"))
        connection.execute(text("DROP FUNCTION tasks_secrets CASCADE"))
        connection.execute(text("DROP FUNCTION tasks_env CASCADE"))
        connection.execute(text("ALTER TABLE tasks DROP secrets, DROP ping"))
        connection.execute(text("ALTER TABLE workers DROP secret_keys"))
        connection.execute(text("ALTER TABLE memberships DROP by_groups"))
        connection.execute(text("DROP FUNCTION team_slots CASCADE"))
        connection.execute(text("ALTER TABLE teams DROP max_slots"))
        connection.execute(text("ALTER TABLE concurrency_limits DROP slots"))
        connection.execute(
            text("CREATE UNIQUE INDEX uq_concurrency_limits_tag ON concurrency_limits (team_id)")
        )
        connection.execute(text("DROP TABLE slot_default, queues, team_waits"))
        connection.execute(text("DROP INDEX ix_tasks_queue"))
        connection.execute(text("DROP TABLE task_health, task_norms, run_anomalies, unjudged_runs"))
        connection.execute(text("ALTER TABLE tasks DROP anomalies"))
        connection.execute(text("ALTER TABLE outages DROP reported_at"))
        connection.execute(text("DROP FUNCTION tasks_health, tasks_health_new CASCADE"))
        connection.execute(text("DROP FUNCTION attempts_health, runs_health CASCADE"))
        connection.execute(text("ALTER TABLE users ALTER password_hash SET NOT NULL"))
        connection.execute(text("DROP INDEX ix_api_tokens_user_id"))
        for table in ("api_tokens", "sessions"):
            columns = "DROP last_used_at, DROP ip, DROP user_agent"
            connection.execute(text(f"ALTER TABLE {table} {columns}"))
        for days, name in enumerate(["young", "old"]):
            connection.execute(user, {"name": name, "days": days})
    set_revision(own, "0001_initial")
    migrate(own_url)
    assert behind(own) is None
    with own.begin() as connection:
        connection.execute(user, {"name": "of-0.1.0", "days": 9})  # its services write on
        users = connection.execute(text("SELECT username, is_admin, disabled_at FROM users"))
        assert {tuple(row) for row in users} == {
            ("old", True, None),
            ("young", False, None),
            ("of-0.1.0", False, None),
        }
