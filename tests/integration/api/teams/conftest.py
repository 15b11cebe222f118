"""What tests of teams share."""

import pytest
from flask.testing import FlaskClient

from tests.integration.api.conftest import Person, register


@pytest.fixture(autouse=True)
def admin(client: FlaskClient) -> Person:
    """The first user, who may do everything everywhere; those of the tests come after."""
    return register(client, "admin")
