"""What tests of statements share."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine

from punctual.store.driver.dialect import quick_url
from punctual.store.driver.engine import driver_url, pool_options


@pytest.fixture
def quick(database_url: str) -> Iterator[Engine]:
    """An engine with one connection, whose BEGIN travels with the first statement."""
    options = pool_options(service="test", size=1)
    made = create_engine(quick_url(driver_url(database_url)), **options)
    yield made
    made.dispose()
