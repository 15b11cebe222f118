"""What a migration may contain."""

import re
from pathlib import Path

from punctual.store.schema import migrate

VERSIONS = Path(migrate.__file__).with_name("migrations") / "versions"


def test_migrations_leave_functions_and_triggers_to_their_files() -> None:
    for file in VERSIONS.glob("*.py"):
        if file.name > "0036":
            made = re.search(r"CREATE (OR REPLACE )?(FUNCTION|TRIGGER) \w+", file.read_text())
            assert made is None, (
                f"{file.name}: edit store/schema/functions/*.sql instead, which `migrate` loads"
            )
