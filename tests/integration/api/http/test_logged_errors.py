"""An internal error is logged with its cause, and without what was sent."""

import traceback
from collections.abc import Iterator

import pytest
from sqlalchemy import Engine
from structlog.testing import capture_logs

from tests.integration.api.conftest import Person, run_sql


@pytest.fixture(autouse=True)
def refuses_odd_tasks(engine: Engine) -> Iterator[None]:
    """A database that does not take what the API lets through."""
    run_sql(engine, "ALTER TABLE tasks ADD CONSTRAINT odd CHECK (name <> 'odd')")
    yield
    run_sql(engine, "ALTER TABLE tasks DROP CONSTRAINT odd")


@pytest.mark.parametrize("many", [False, True])
def test_an_internal_error_is_logged_without_the_values_that_were_sent(
    anna: Person, many: bool
) -> None:
    task = {"name": "odd", "command": "echo hush-1", "env": {"DB_PASSWORD": "hush-2"}}
    with capture_logs() as logged:
        if many:
            answer = anna.post("/tasks/bulk/", json={"items": [task]})
        else:
            answer = anna.post("/tasks/", json=task)
    assert answer.status_code == 500
    [failure] = [event for event in logged if event["event"] == "request failed"]
    shown = "".join(traceback.format_exception(failure["exc_info"]))
    assert "violates check constraint" in shown
    assert "hush" not in shown
