"""Who may migrate and when, and the error that any other one gets."""

import pytest
from sqlalchemy import create_engine, make_url, text

from punctual.store.schema import migrate
from punctual.store.schema.migrate import ADVISORY_LOCK, main
from punctual.store.schema.rights import ROLES
from tests.support.database import process_number
from tests.support.servers import SharedServers, as_service


@pytest.fixture
def own_url(shared_servers: SharedServers) -> str:
    return shared_servers.new_database(f"punctual_migrate_as_{process_number()}")


def run_migrate(
    url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, str]:
    monkeypatch.setenv("PUNCTUAL_DATABASE_URL", url)
    return main(), capsys.readouterr().err


def test_a_role_without_the_right_learns_which_role_has_it(
    own_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for service, role in ROLES.items():
        code, error = run_migrate(as_service(own_url, service), monkeypatch, capsys)
        assert code == 1
        assert f"logs in as {role}, who may not change the tables: " in error
        assert "migrate takes their owner, punctual" in error
        assert error.count("\n") == 1
    assert run_migrate(own_url, monkeypatch, capsys) == (0, "")


def test_in_an_empty_database_the_right_that_is_missing_is_explained(
    shared_servers: SharedServers,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    shared_servers.new_database(f"punctual_roles_{process_number()}")  # so that the roles are there
    empty = f"punctual_empty_{process_number()}"
    shared_servers._postgres().create_database(empty, template="template0")
    url = make_url(shared_servers._postgres().url(empty)).render_as_string(hide_password=False)
    code, output = run_migrate(as_service(url, "api"), monkeypatch, capsys)
    assert code == 1
    assert output.startswith("migrate: permission denied for schema public\n")
    assert output.endswith("must be that of the role which owns the database\n")


def test_a_migration_that_waits_too_long_for_another_gives_up(
    own_url: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(migrate, "WAIT_SECONDS", 1)
    other = create_engine(own_url)
    with other.connect() as working:
        working.execute(text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
        waited = run_migrate(own_url, monkeypatch, capsys)
        working.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": ADVISORY_LOCK})
    other.dispose()
    assert waited == (1, "migrate: another migration has been at work for 1 s\n")
    assert run_migrate(own_url, monkeypatch, capsys) == (0, "")
