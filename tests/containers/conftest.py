"""One composition for all tests here: built, started, and removed with all that it kept."""

import os
import uuid
from collections.abc import Iterator
from contextlib import closing

import httpx
import pytest

from tests.containers.composition import Composition, missing

# Images are built inside the first test's time.
SECONDS = 900


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives these tests the time that containers take."""
    for item in items:
        if "containers" in item.path.parts:
            item.add_marker(pytest.mark.timeout(SECONDS))


@pytest.fixture(scope="session")
def composition() -> Iterator[Composition]:
    """The whole product in containers, with two workers and two APIs."""
    why = missing()
    if why is not None:
        assert os.environ.get("CONTAINERS_REQUIRED") != "1", f"no container engine: {why}"
        pytest.skip(f"no container engine answers: {why}")
    started = Composition()
    started.down("--volumes")  # what an earlier run that was killed may have left
    try:
        started.up("--build")
        yield started
    finally:
        started.down("--volumes", "--rmi=local")


@pytest.fixture
def ann(composition: Composition) -> Iterator[httpx.Client]:
    """A user who has just registered."""
    with closing(composition.user(f"ann-{uuid.uuid4().hex[:8]}")) as client:
        yield client
