"""Visits of the doctor, as a program, to a test's own servers."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from punctual.store.processes.coordinators import register
from tests.support.steps import new_worker

Doctor = Callable[..., tuple[int, dict[str, Any]]]


def visit(arguments: list[str], settings: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """One visit of the doctor, as a program."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("PUNCTUAL_")}
    environ |= {f"PUNCTUAL_{name}": value for name, value in settings.items()}
    command = [sys.executable, "-m", "punctual", "doctor", *arguments]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


@pytest.fixture
def doctor(database_url: str, redis_url: str) -> Doctor:
    """Visits with the test's own servers, unless the call names others."""

    def see(**settings: str) -> tuple[int, dict[str, Any]]:
        done = visit(["--json"], {"DATABASE_URL": database_url, "REDIS_URL": redis_url} | settings)
        return done.returncode, json.loads(done.stdout)

    return see


@pytest.fixture
def at_work(engine: Engine) -> Engine:
    """A database at which a coordinator and a worker are at work."""
    with engine.begin() as connection:
        register(connection, name="c-1", host="h", pid=1)
    new_worker(engine, name="w-1")
    return engine


def bad(document: dict[str, Any], level: str) -> dict[str, str]:
    """What was found at this level, by what was looked at."""
    found = document["findings"]
    return {each["check"]: each["detail"] for each in found if each["level"] == level}
