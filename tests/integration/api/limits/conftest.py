"""APIs with limits, in this process."""

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from flask import Flask

from punctual_api.app import create_app
from punctual_api.http.database import release_database
from tests.integration.api.conftest import settings_for

Made = Callable[..., Flask]


@pytest.fixture
def made(database_url: str, redis_url: str, namespace: str) -> Iterator[Made]:
    """APIs with chosen settings, on one database."""
    apps: list[Flask] = []

    def make(**settings: object) -> Flask:
        usual = settings_for(database_url, redis_url, namespace)
        apps.append(create_app(replace(usual, **settings)))  # type: ignore[arg-type]
        return apps[-1]

    yield make
    for app in apps:
        release_database(app)
