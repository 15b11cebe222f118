"""Every way to restore a backup raises the fences by the same statement."""

from pathlib import Path

import pytest

from punctual.store.lifecycle.fences import RAISE_FENCES

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize("path", ["deploy/compose/restore.sh", "docs/operate/operations.md"])
def test_fences_are_raised_by_the_statement_of_make_restore(path: str) -> None:
    assert str(RAISE_FENCES) in (ROOT / path).read_text()
