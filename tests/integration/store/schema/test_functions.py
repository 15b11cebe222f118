"""The database's functions and triggers are those of functions/*.sql."""

import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from punctual.store.driver.engine import make_engine
from punctual.store.schema import functions
from punctual.store.schema.migrate import migrate
from tests.support.rows import new_run, new_task
from tests.support.servers import SharedServers

FUNCTIONS = text("""
SELECT proname, prosrc FROM pg_proc WHERE pronamespace = 'public'::regnamespace ORDER BY proname
""")
TRIGGERS = text("""
SELECT tgname, tgfoid::regproc::text FROM pg_trigger WHERE NOT tgisinternal ORDER BY tgname
""")


@pytest.fixture
def own_url(shared_servers: SharedServers) -> str:
    """A migrated database whose functions this test may change."""
    return shared_servers.new_database(f"punctual_functions_{uuid.uuid4().hex}")


@pytest.fixture
def own(own_url: str) -> Iterator[Engine]:
    made = make_engine(own_url, service="test")
    yield made
    made.dispose()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the files that this test may change, which is what is loaded."""
    copy = tmp_path / "functions"
    shutil.copytree(functions.FOLDER, copy)
    monkeypatch.setattr(functions, "FOLDER", copy)
    return copy


def functions_of(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        return {row.proname: row.prosrc for row in connection.execute(FUNCTIONS)}


def triggers_of(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        return {row.tgname: row.tgfoid for row in connection.execute(TRIGGERS)}


def load(engine: Engine) -> list[str]:
    with engine.begin() as connection:
        return functions.load(connection)


def test_every_function_of_a_migrated_database_has_its_file(engine: Engine) -> None:
    found = functions_of(engine)
    assert sorted(found) == functions.names()
    for name, source in found.items():
        assert f"$${source}$$" in (functions.FOLDER / f"{name}.sql").read_text()


def test_every_trigger_of_a_migrated_database_is_in_the_file_of_its_function(
    engine: Engine,
) -> None:
    in_files = {
        trigger: file.stem
        for file in functions.FOLDER.glob("*.sql")
        for trigger in re.findall(
            r"^CREATE (?:OR REPLACE|CONSTRAINT) TRIGGER (\w+)", file.read_text(), re.M
        )
    }
    assert triggers_of(engine) == in_files


def test_a_function_that_an_edit_changed_is_replaced_and_no_other(
    own: Engine, folder: Path
) -> None:
    file = folder / "held_run.sql"
    file.write_text(file.read_text().replace("'claimed', 'running'", "'claimed'"))
    assert load(own) == ["held_run"]
    assert "IN ('claimed')" in functions_of(own)["held_run"]
    assert load(own) == []


def test_a_trigger_that_left_its_file_is_dropped(own: Engine, folder: Path) -> None:
    file = folder / "runs_ended.sql"
    assert "runs_ended_born" in triggers_of(own)
    file.write_text(
        re.sub(r"CREATE OR REPLACE TRIGGER runs_ended_born .*?;", "", file.read_text(), flags=re.S)
    )
    assert load(own) == ["runs_ended"]
    assert "runs_ended_born" not in triggers_of(own)
    assert "runs_ended" in triggers_of(own)


def test_a_function_whose_file_is_gone_is_dropped_with_its_triggers(
    own: Engine, folder: Path
) -> None:
    (folder / "runs_reason_code.sql").unlink()
    assert load(own) == ["runs_reason_code"]
    assert "runs_reason_code" not in functions_of(own)
    assert "runs_reason_code" not in triggers_of(own)


def test_functions_of_others_are_left_alone(own: Engine) -> None:
    with own.begin() as connection:
        connection.execute(text("CREATE FUNCTION theirs() RETURNS int LANGUAGE sql AS 'SELECT 1'"))
    assert load(own) == []
    assert "theirs" in functions_of(own)


def test_a_migration_that_changes_nothing_waits_for_no_writer(own_url: str, own: Engine) -> None:
    run_id = new_run(own, new_task(own))
    with own.begin() as writing:
        writing.execute(text("UPDATE runs SET priority = 1 WHERE id = :id"), {"id": run_id})
        migrate(own_url)
