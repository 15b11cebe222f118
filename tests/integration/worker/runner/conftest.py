"""Stages for tests, struck afterwards whether the test passed or not."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.integration.worker.runner.harness import NewStage, Stage
from tests.support.shell import is_dash


@pytest.fixture
def new_stage(tmp_path: Path) -> Iterator[NewStage]:
    """Launches runners which share one working directory, as the workers of a machine do."""
    stages = []

    def launch(**options: Any) -> Stage:
        stages.append(Stage(tmp_path / "work", **options))
        return stages[-1]

    yield launch
    for stage in stages:
        stage.close()


@pytest.fixture
def stage(new_stage: NewStage) -> Stage:
    """A runner that holds a long lease."""
    return new_stage()


@pytest.fixture(scope="session")
def dash() -> None:
    """No other shell is held, or left out; elsewhere these tests would prove nothing."""
    assert is_dash(), "run this where sh is dash"
