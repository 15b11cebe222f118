"""The scripts that back the compose file's database up and bring it back."""

from base64 import b64decode
from pathlib import Path

import httpx
import pytest

from punctual.store.schema.migrate import head
from tests.containers.composition import Composition
from tests.containers.tasks import create, in_seconds, in_state, output

REFUSE_PSQL = """
CREATE FUNCTION refuse_psql() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('application_name') = 'psql' THEN RAISE 'refused'; END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER refuse_psql BEFORE UPDATE ON runs EXECUTE FUNCTION refuse_psql();
"""


def test_a_backup_brings_everything_back(
    composition: Composition, ann: httpx.Client, tmp_path: Path
) -> None:
    done = create(ann, command="echo kept", schedule_time=in_seconds(1))
    run = in_state(ann, done, "succeeded")
    file = tmp_path / "backup.dump"
    assert composition.script("backup.sh", str(file)).strip() == str(file)
    assert file.stat().st_mode & 0o777 == 0o600

    ann.delete(f"/api/tasks/{done['id']}/").raise_for_status()
    later = create(ann, command="true")
    text = composition.script("restore.sh", str(file))
    composition.up()

    assert "is kept as punctual_before_" in text
    assert ann.get(f"/api/tasks/{done['id']}/").json()["last_run"]["id"] == run["id"]
    assert output(ann, run) == "kept\n"
    assert ann.get(f"/api/tasks/{later['id']}/").status_code == 404
    in_state(ann, create(ann, command="true", schedule_time=in_seconds(1)), "succeeded")


@pytest.mark.parametrize("revision", ["0035", "0001_first"])
def test_a_backup_of_a_version_before_the_first_release_is_refused_and_changes_nothing(
    composition: Composition, tmp_path: Path, revision: str
) -> None:
    file = tmp_path / "old.dump"
    set_revision(composition, revision)
    composition.script("backup.sh", str(file))
    set_revision(composition, head())
    with pytest.raises(AssertionError, match=r"a development version before 0\.1\.0"):
        composition.script("restore.sh", str(file))
    assert_nothing_changed(composition)


def test_a_dump_of_another_database_is_refused_and_changes_nothing(
    composition: Composition, tmp_path: Path
) -> None:
    file = tmp_path / "other.dump"
    psql(composition, "CREATE DATABASE other")
    try:
        dump = "pg_dump -U punctual --format=custom other | base64"
        encoded = composition.compose("exec", "-T", "postgres", "sh", "-c", dump)
        file.write_bytes(b64decode(encoded))
    finally:
        psql(composition, "DROP DATABASE other")
    with pytest.raises(AssertionError, match="is no backup of Punctual: nothing was changed"):
        composition.script("restore.sh", str(file))
    assert_nothing_changed(composition)


def test_a_backup_whose_fences_cannot_be_raised_is_refused_and_changes_nothing(
    composition: Composition, tmp_path: Path
) -> None:
    file = tmp_path / "refusing.dump"
    psql(composition, REFUSE_PSQL)
    try:
        composition.script("backup.sh", str(file))
    finally:
        psql(composition, "DROP FUNCTION refuse_psql CASCADE")
    with pytest.raises(AssertionError, match="cannot be raised: nothing was changed"):
        composition.script("restore.sh", str(file))
    assert_nothing_changed(composition)


def assert_nothing_changed(composition: Composition) -> None:
    composition.up()
    names = psql(composition, "SELECT datname FROM pg_database WHERE datname LIKE '%restored%'")
    assert names == ""


def set_revision(composition: Composition, revision: str) -> None:
    psql(composition, f"UPDATE alembic_version SET version_num = '{revision}'")


def psql(composition: Composition, statement: str) -> str:
    """What the database's owner is answered."""
    command = ("psql", "-U", "punctual", "-d", "punctual", "-At", "-q", "-c", statement)
    return composition.compose("exec", "-T", "postgres", *command).strip()
