"""What tests of queues share."""

import pytest
from flask.testing import FlaskClient

from tests.integration.api.conftest import Person, register


@pytest.fixture(autouse=True)
def admin(client: FlaskClient) -> Person:
    """The first user, who decides about queues; those of the tests come after."""
    return register(client, "admin")


def close(admin: Person, *teams: str, queue: str = "gpu") -> None:
    """Let these teams alone use a queue."""
    answer = admin.call("PUT", f"/queues/{queue}/", json={"teams": list(teams)})
    assert answer.status_code == 200, answer.get_json()
