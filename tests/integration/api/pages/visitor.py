"""A user of the pages without scripts, in this process."""

import re
import uuid
from dataclasses import dataclass

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.integration.api.conftest import PASSWORD, Person


@dataclass(frozen=True)
class Visitor:
    """A user's browser: it sends the forms that it was shown."""

    person: Person
    browser: FlaskClient

    def get(self, path: str) -> TestResponse:
        """A page."""
        return self.browser.get(path)

    def post(self, path: str, *, of: str | None = None, **fields: str | list[str]) -> TestResponse:
        """Sends a form that the page `of` (the same one) shows."""
        data = {"csrf_token": self.token(of or path), **fields}
        return self.browser.post(path, data=data)

    def token(self, path: str) -> str:
        """The guard of a page's forms."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.get(path).text)
        assert found, path
        return found[1]


def visit(client: FlaskClient) -> Visitor:
    """A new user, logged in."""
    browser = client.application.test_client()
    name = f"ann-{uuid.uuid4().hex[:8]}"
    who = {"username": name, "password": PASSWORD}
    token = re.search(r'csrf_token" value="([^"]+)"', browser.get("/register/").text)
    assert token
    form = {**who, "email": f"{name}@example.com", "csrf_token": token[1]}
    assert browser.post("/register/", data=form).status_code == 302
    answer = client.post("/api/login/", json=who).get_json()
    return Visitor(Person(client, name, answer["token"], uuid.uuid4()), browser)
