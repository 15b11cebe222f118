"""What every test may ask for by name."""

import pytest
from hypothesis import settings

from tests.support.database import (  # noqa: F401  # fixtures are found by their names here
    _process_database,
    database_url,
    engine,
    namespace,
    redis_url,
)
from tests.support.servers import Controller, shared_servers  # noqa: F401

# How long an example takes says how busy the machine is, and nothing about the code.
settings.register_profile("punctual", deadline=None)
settings.load_profile("punctual")

NEEDS_NOTHING = ("tests/unit", "tests/containers")


def pytest_configure(config: pytest.Config) -> None:
    """Let the controlling process of pytest-xdist start servers, unless only unit tests run."""
    is_worker = hasattr(config, "workerinput")
    if not is_worker and not all(arg.startswith(NEEDS_NOTHING) for arg in config.args):
        config.pluginmanager.register(Controller(), "punctual-shared-servers")
