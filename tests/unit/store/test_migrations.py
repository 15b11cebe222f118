"""What a migration may contain, and how it is named."""

import re
from pathlib import Path

from alembic.script import ScriptDirectory

from punctual.store.schema.functions import FOLDER
from punctual.store.schema.migrate import UNRELEASED, alembic_config


def test_migrations_leave_functions_and_triggers_to_their_files() -> None:
    for script in ScriptDirectory.from_config(alembic_config()).walk_revisions():
        made = re.search(r"CREATE (OR REPLACE )?(FUNCTION|TRIGGER) \w+", source(script.path))
        assert made is None, (
            f"{script.path}: edit {FOLDER}/*.sql instead, which `migrate` loads after it"
        )


def test_a_migration_is_named_as_its_file_and_not_as_one_before_the_first_release() -> None:
    for script in ScriptDirectory.from_config(alembic_config()).walk_revisions():
        assert script.revision == Path(script.path).stem
        assert re.fullmatch(r"\d{4}_[a-z0-9_]{1,27}", script.revision)
        assert not UNRELEASED.fullmatch(script.revision)


def source(path: str) -> str:
    """What a migration may run: its own text, and the SQL files of its folder."""
    file = Path(path)
    return "".join(each.read_text() for each in (file, *file.with_suffix("").glob("*.sql")))
