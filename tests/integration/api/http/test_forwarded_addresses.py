"""What a trusted proxy says of a client is an address, or it is not believed."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from sqlalchemy import Engine, text

from punctual_api.app import create_app
from punctual_api.http.database import release_database
from tests.integration.api.conftest import PASSWORD, register, settings_for

PROXY = "10.0.0.7"
NEWEST = text("SELECT ip FROM api_tokens ORDER BY created_at DESC LIMIT 1")


@pytest.fixture
def client(database_url: str, redis_url: str, namespace: str) -> Iterator[FlaskClient]:
    """A client of an API behind a proxy, where anna has registered."""
    app = create_app(replace(settings_for(database_url, redis_url, namespace), trust_proxy=1))
    found = app.test_client()
    register(found, "anna")
    yield found
    release_database(app)


# RFC 7239, section 6, gives the forms of an address with a port.
@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("203.0.113.5", "203.0.113.5"),
        ("203.0.113.5:4711", "203.0.113.5"),
        ("2001:db8::1", "2001:db8::1"),
        ("2001:DB8:0::1", "2001:db8::1"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("[2001:db8::1]", "2001:db8::1"),
        ("<b>me</b>", PROXY),
        ("unknown", PROXY),
        ("203.0.113.5:x", PROXY),
        ("203.0.113", PROXY),
        ("[]:1", PROXY),
        ("\u0661.1.1.1", PROXY),
        ("1.1.1.1\t", "1.1.1.1"),
        ("", PROXY),
    ],
)
def test_a_forwarded_address_is_stored_as_an_address_or_not_at_all(
    client: FlaskClient, engine: Engine, sent: str, stored: str
) -> None:
    headers = {"X-Forwarded-For": sent.encode().decode("latin-1")}
    body = {"username": "anna", "password": PASSWORD}
    client.post("/api/login/", json=body, headers=headers, environ_base={"REMOTE_ADDR": PROXY})
    with engine.connect() as connection:
        assert connection.execute(NEWEST).scalar_one() == stored


def test_a_forwarded_scheme_is_http_or_https(client: FlaskClient) -> None:
    secure = client.get("/login/", headers={"X-Forwarded-Proto": "https"})
    odd = client.get("/login/", headers={"X-Forwarded-Proto": "javascript"})
    assert "Strict-Transport-Security" in secure.headers
    assert "Strict-Transport-Security" not in odd.headers
