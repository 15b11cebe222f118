"""A user of the pages of a running product, without scripts."""

import html
import re
import uuid
from collections.abc import Iterator

import httpx
import pytest

from tests.support.product import PASSWORD, Product

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
FORM = {"command": "true", "kind": "hand"}


class Visitor:
    """A user with a browser that runs no scripts."""

    def __init__(self, product: Product) -> None:
        self.http = httpx.Client(base_url=product.url, headers=BROWSER, timeout=10)
        self.name = f"ann-{uuid.uuid4().hex[:8]}"

    def token(self, path: str) -> str:
        """The CSRF token of a page's form."""
        found = re.search(r'name="csrf_token" value="([^"]+)"', self.http.get(path).text)
        assert found, path
        return found[1]

    def post(self, path: str, *, of: str | None = None, **fields: str) -> httpx.Response:
        """Sends the form that the page `of` (the same one) shows."""
        return self.http.post(path, data={"csrf_token": self.token(of or path), **fields})

    def registers(self) -> None:
        """Becomes a user, and is logged in by it."""
        who = {"username": self.name, "email": f"{self.name}@example.com", "password": PASSWORD}
        assert self.post("/register/", **who).headers["Location"] == "/dashboard/"

    def creates(self, **fields: str) -> str:
        """Saves a task; answers the path of its page."""
        answer = self.post("/task/create/", **{**FORM, **fields})
        assert answer.status_code == 302, answer.text
        return str(answer.headers["Location"])


@pytest.fixture
def visitor(product: Product) -> Iterator[Visitor]:
    made = Visitor(product)
    yield made
    made.http.close()


@pytest.fixture
def ann(visitor: Visitor) -> Visitor:
    visitor.registers()
    return visitor


@pytest.fixture
def bob(product: Product) -> Iterator[Visitor]:
    made = Visitor(product)
    made.registers()
    yield made
    made.http.close()


def value_of(page: httpx.Response, field: str) -> str:
    """What stands in an input of a page."""
    found = re.search(rf'<input id="{field}"[^>]* value="([^"]*)"', page.text)
    assert found, page.text
    return html.unescape(found[1])


def wrong(page: httpx.Response, field: str) -> str:
    """What a page says is wrong with a field."""
    found = re.search(rf'id="{field}-wrong">([^<]*)<', page.text)
    return html.unescape(found[1]) if found else ""
