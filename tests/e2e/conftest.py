"""The product and a browser, for tests that look at it from outside."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from punctual_devstack.servers.postgres_user import reachable_temporary
from tests.e2e.visitor import ann, bob, visitor  # noqa: F401
from tests.support.browser import (  # noqa: F401  # found by name here
    browser,
    context,
    page,
    without_scripts,
)
from tests.support.database import process_number
from tests.support.product import Product, running_product
from tests.support.servers import SharedServers


@pytest.fixture(scope="session")
def product(shared_servers: SharedServers) -> Iterator[Product]:
    """The whole product, shared by all tests of this process: each brings its own users.

    For a test that kills parts of it there is `running_product`.
    """
    # PostgreSQL it brings itself: so each service logs in under its own role, as for everybody.
    own = {"PUNCTUAL_REDIS_URL": shared_servers.redis_url(2 * process_number() + 1)}
    with running_product(own) as started:
        yield started


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder in which any user may write: commands of a stack of root are another user's.

    Not one of /tmp itself: from those, what a run leaves is removed.
    """
    made = reachable_temporary("punctual-open-")
    folder = made / "open"
    folder.mkdir()
    folder.chmod(0o777)
    yield folder
    shutil.rmtree(made)
