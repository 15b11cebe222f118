"""A user with a command line."""

import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.e2e.command_line.program import CommandLine
from tests.support.product import Product


@pytest.fixture
def api(product: Product) -> Iterator[httpx.Client]:
    """A new user's client of the API, apart from ours."""
    with closing(product.user(f"cli-{uuid.uuid4().hex[:8]}")) as client:
        yield client


@pytest.fixture
def punctual(product: Product, api: httpx.Client, tmp_path: Path) -> CommandLine:
    """The same user's command line."""
    token = api.headers["Authorization"].removeprefix("Token ")
    return CommandLine(tmp_path, PUNCTUAL_URL=product.url, PUNCTUAL_TOKEN=token)
