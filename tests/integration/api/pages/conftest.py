"""What tests of pages may ask for: the app in this process, and a visitor."""

import pytest
from flask.testing import FlaskClient

from tests.integration.api.conftest import app, client  # noqa: F401 - fixtures by name
from tests.integration.api.pages.visitor import Visitor, visit


@pytest.fixture
def ann(client: FlaskClient) -> Visitor:  # noqa: F811
    """A user with a browser."""
    return visit(client)


@pytest.fixture
def bob(client: FlaskClient) -> Visitor:  # noqa: F811
    """Another one."""
    return visit(client)
