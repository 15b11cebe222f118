"""A stage for each test, struck afterwards."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.runner.stage import Stage


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A runner that holds a long lease."""
    made = Stage(tmp_path / "work")
    yield made
    made.close()
