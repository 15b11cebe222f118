"""Every way to restore a backup refuses the same ones, and raises the fences by one statement."""

from pathlib import Path

import pytest

from punctual.store.lifecycle.fences import RAISE_FENCES
from punctual.store.schema.migrate import UNRELEASED

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("path", ["deploy/compose/restore.sh", "docs/operate/operations.md"])
def test_fences_are_raised_by_the_statement_of_make_restore(path: str) -> None:
    assert str(RAISE_FENCES) in (ROOT / path).read_text()


def test_the_script_refuses_the_revisions_that_migrate_refuses() -> None:
    script = (ROOT / "deploy/compose/restore.sh").read_text()
    assert f"case $revision in {UNRELEASED.pattern})" in script
