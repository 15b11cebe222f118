"""A row of health follows its task: paused, moved, deleted."""

import uuid

import pytest
from sqlalchemy import Engine, text

from punctual.domain.runs.health import Health
from tests.support.alerts.health import end_run, health_of, health_word
from tests.support.rows import new_task, new_team


def change(engine: Engine, task: uuid.UUID, changes: str) -> None:
    with engine.begin() as connection:
        connection.execute(text(f"UPDATE tasks SET {changes} WHERE id = :id"), {"id": task})


def test_a_paused_task_is_paused_and_what_it_was_once_it_is_resumed(engine: Engine) -> None:
    task = new_task(engine)
    end_run(engine, task, "failed")
    change(engine, task, "enabled = false")
    assert health_word(engine, task) == Health.PAUSED
    change(engine, task, "enabled = true")
    assert health_word(engine, task) == Health.FAILING


def test_the_row_moves_with_the_task(engine: Engine) -> None:
    task, team = new_task(engine), new_team(engine)
    change(engine, task, f"team_id = '{team}'")
    row = health_of(engine, task)
    assert row is not None
    assert row.team_id == team


@pytest.mark.parametrize("how", ["UPDATE tasks SET deleted_at = now()", "DELETE FROM tasks"])
def test_the_row_goes_with_the_task(engine: Engine, how: str) -> None:
    task = new_task(engine)
    with engine.begin() as connection:
        connection.execute(text(how))
    assert health_of(engine, task) is None


def test_a_pause_that_waits_for_a_run_to_end_does_not_block_its_end(engine: Engine) -> None:
    """The pause locks the task first, then its runs: the row of health comes last."""
    task = new_task(engine)
    with engine.connect() as pausing, pausing.begin():
        pausing.execute(text("UPDATE tasks SET enabled = false WHERE id = :id"), {"id": task})
        with engine.connect() as other, other.begin():
            other.execute(text("SET LOCAL lock_timeout = '1ms'"))
            locked = other.execute(text("SELECT FROM task_health FOR UPDATE")).all()
            assert len(locked) == 1
